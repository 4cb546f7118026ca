import { emitted, execute, type Executed } from "../execute.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import { providerId, wei } from "./shared.js";

export interface StakeParameters {
  /** Number of the provider. */
  provider: number;
  /** Wei. */
  amount: bigint;
  /** Whether to send the coin along, as by default, or to take it from the sender's free balance in Escrow. */
  attach?: boolean;
}

export interface StakeResult extends Executed {
  /** Number of the provider. */
  provider: number;
  /** Who paid. */
  from: string;
  /** Wei. */
  amount: bigint;
}

/** Why the contracts refuse it. */
export type StakeRevert = RevertError<"AmountTooLarge" | "InsufficientBalance" | "UnknownProvider" | "ZeroAmount">;

/**
 * Adds to the stake of a provider. Anyone may, but only the provider's owner gets it out.
 *
 * @throws {StakeRevert}
 * @throws {FieldRangeError} if a parameter does not fit.
 */
export async function stake(
  protocol: Protocol,
  { provider, amount, attach = true }: StakeParameters,
  options?: SendOptions,
): Promise<StakeResult> {
  const args: [bigint, bigint] = [providerId(provider), wei("amount", amount)];
  const value = attach ? { value: amount } : {};
  const done = await execute(protocol, "providerPool", "stake", args, { ...options, ...value });
  const event = emitted(done, "providerPool", "Staked");
  return { ...done, provider: Number(event.provider), from: event.from, amount: event.amount };
}
