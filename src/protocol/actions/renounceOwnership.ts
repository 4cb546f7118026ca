import { emitted, execute, type Executed } from "../execute.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";

export interface RenounceOwnershipResult extends Executed {
  previousOwner: string;
}

/** Why the contracts refuse it. */
export type RenounceOwnershipRevert = RevertError<"OwnableUnauthorizedAccount" | "SubmissionsPaused">;

/**
 * Leaves the suite without owner, for good. Owner of the suite; refused while new tasks are paused.
 *
 * @throws {RenounceOwnershipRevert}
 */
export async function renounceOwnership(protocol: Protocol, options?: SendOptions): Promise<RenounceOwnershipResult> {
  const done = await execute(protocol, "taskManager", "renounceOwnership", [], options);
  const { previousOwner } = emitted(done, "taskManager", "OwnershipTransferred");
  return { ...done, previousOwner };
}
