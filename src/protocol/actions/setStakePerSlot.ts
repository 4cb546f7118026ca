import { emitted, execute, type Executed } from "../execute.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import { sourceId, wei } from "./shared.js";

export interface SetStakePerSlotParameters {
  /** Number of the source. */
  source: number;
  /** Stake that a joining provider locks for each slot, wei. */
  stakePerSlot: bigint;
}

export interface SetStakePerSlotResult extends Executed {
  /** Number of the source. */
  source: number;
  /** Wei. */
  stakePerSlot: bigint;
}

/** Why the contracts refuse it. */
export type SetStakePerSlotRevert = RevertError<"NotPublisher" | "StakePerSlotBelowMinimum" | "UnknownSource">;

/**
 * Changes the stake a slot of a source of the sender, for providers that join from now on.
 *
 * @throws {SetStakePerSlotRevert}
 * @throws {FieldRangeError} if a parameter does not fit.
 */
export async function setStakePerSlot(
  protocol: Protocol,
  { source, stakePerSlot }: SetStakePerSlotParameters,
  options?: SendOptions,
): Promise<SetStakePerSlotResult> {
  const done = await execute(
    protocol,
    "sourceRegistry",
    "setStakePerSlot",
    [sourceId(source), wei("stakePerSlot", stakePerSlot)],
    options,
  );
  const event = emitted(done, "sourceRegistry", "StakePerSlotSet");
  return { ...done, source: Number(event.source), stakePerSlot: event.stakePerSlot };
}
