import { emitted, execute, type Executed } from "../execute.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";

export interface AcceptOwnershipResult extends Executed {
  previousOwner: string;
  owner: string;
}

/** Why the contracts refuse it. */
export type AcceptOwnershipRevert = RevertError<"OwnableUnauthorizedAccount">;

/**
 * Takes the offered ownership of the suite.
 *
 * @throws {AcceptOwnershipRevert}
 */
export async function acceptOwnership(protocol: Protocol, options?: SendOptions): Promise<AcceptOwnershipResult> {
  const done = await execute(protocol, "taskManager", "acceptOwnership", [], options);
  const event = emitted(done, "taskManager", "OwnershipTransferred");
  return { ...done, previousOwner: event.previousOwner, owner: event.newOwner };
}
