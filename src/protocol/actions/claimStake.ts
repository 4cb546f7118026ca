import { emitted, execute, type Executed } from "../execute.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import { providerId } from "./shared.js";

export interface ClaimStakeParameters {
  /** Number of the provider. */
  provider: number;
}

export interface ClaimStakeResult extends Executed {
  /** Number of the provider. */
  provider: number;
  /** Account that it was credited to. */
  payout: string;
  /** Wei. */
  amount: bigint;
}

/** Why the contracts refuse it. */
export type ClaimStakeRevert = RevertError<"NothingUnbonding" | "NotOwner" | "StillUnbonding">;

/**
 * Credits matured stake of a provider of the sender to its payout account in Escrow.
 *
 * @throws {ClaimStakeRevert}
 * @throws {FieldRangeError} if a parameter does not fit.
 */
export async function claimStake(
  protocol: Protocol,
  { provider }: ClaimStakeParameters,
  options?: SendOptions,
): Promise<ClaimStakeResult> {
  const done = await execute(protocol, "providerPool", "claim", [providerId(provider)], options);
  const event = emitted(done, "providerPool", "StakeClaimed");
  return { ...done, provider: Number(event.provider), payout: event.payout, amount: event.amount };
}
