import { expect } from "chai";
import { RevertError } from "../../src/protocol/reverts.js";

/**
 * Asserts that an action is refused with a custom error and its arguments.
 *
 * @typeParam R What the action says that it can be refused with: another error does not compile.
 */
export async function expectRevert<R extends RevertError>(
  action: Promise<unknown>,
  revert: R["revert"],
  args?: R["args"],
): Promise<void> {
  const error = await action.then(
    () => expect.fail(`nothing was refused with ${revert}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof RevertError)) throw error;
  expect({ revert: error.revert, args: error.args }).to.deep.equal({ revert, args: args ?? {} });
}
