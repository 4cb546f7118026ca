import { emitted, execute, type Executed } from "../execute.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import { providerId, sourceId } from "./shared.js";

export interface LeavePoolParameters {
  /** Number of the provider. */
  provider: number;
  /** Number of the source. */
  source: number;
}

export interface LeavePoolResult extends Executed {
  /** Number of the provider. */
  provider: number;
  /** Number of the source. */
  source: number;
  /** Slots that were unlocked. */
  slots: number;
}

/** Why the contracts refuse it. */
export type LeavePoolRevert = RevertError<"NotAgent" | "NotMember" | "ReservationsHeld">;

/**
 * Leaves the pool of a source and unlocks its slots; obligations keep their own locks. Not while the provider holds
 * reservations there. Owner and agents of the provider.
 *
 * @throws {LeavePoolRevert}
 * @throws {FieldRangeError} if a parameter does not fit.
 */
export async function leavePool(
  protocol: Protocol,
  { provider, source }: LeavePoolParameters,
  options?: SendOptions,
): Promise<LeavePoolResult> {
  const done = await execute(protocol, "providerPool", "leavePool", [providerId(provider), sourceId(source)], options);
  const event = emitted(done, "providerPool", "Left");
  return { ...done, provider: Number(event.provider), source: Number(event.source), slots: Number(event.slots) };
}
