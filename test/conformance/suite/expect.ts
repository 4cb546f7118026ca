import { expect } from "chai";
import type { RevertArguments } from "../../../typechain-types/abi/errors.js";
import { RevertError, type RevertName } from "../../../src/protocol/reverts.js";

/** What a promise is rejected with. */
export async function failureOf(attempt: Promise<unknown>): Promise<unknown> {
  return attempt.then(
    () => expect.fail("It should have been refused."),
    (error: unknown) => error,
  );
}

/** A contract refuses it with this error and at least these arguments. */
export async function refused<N extends RevertName>(
  attempt: Promise<unknown>,
  name: N,
  args: Partial<RevertArguments[N]>,
): Promise<RevertArguments[N]> {
  const error = await failureOf(attempt);
  if (!(error instanceof RevertError)) throw error;
  expect(error.revert, error.message).to.equal(name);
  expect(error.args).to.deep.include(args);
  return error.args as RevertArguments[N];
}
