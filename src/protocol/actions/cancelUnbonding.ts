import { emitted, execute, type Executed } from "../execute.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import { providerId } from "./shared.js";

export interface CancelUnbondingParameters {
  /** Number of the provider. */
  provider: number;
}

export interface CancelUnbondingResult extends Executed {
  /** Number of the provider. */
  provider: number;
  /** Wei. */
  amount: bigint;
}

/** Why the contracts refuse it. */
export type CancelUnbondingRevert = RevertError<"NothingUnbonding" | "NotOwner">;

/**
 * Returns all that unbonds, matured or not, to the free stake of a provider of the sender.
 *
 * @throws {CancelUnbondingRevert}
 * @throws {FieldRangeError} if a parameter does not fit.
 */
export async function cancelUnbonding(
  protocol: Protocol,
  { provider }: CancelUnbondingParameters,
  options?: SendOptions,
): Promise<CancelUnbondingResult> {
  const done = await execute(protocol, "providerPool", "cancelUnbonding", [providerId(provider)], options);
  const event = emitted(done, "providerPool", "UnbondingCancelled");
  return { ...done, provider: Number(event.provider), amount: event.amount };
}
