import { emitted, execute, type Executed } from "../execute.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import { providerId, wei } from "./shared.js";

export interface UnbondParameters {
  /** Number of the provider. */
  provider: number;
  /** Wei. */
  amount: bigint;
}

export interface UnbondResult extends Executed {
  /** Number of the provider. */
  provider: number;
  /** Wei. */
  amount: bigint;
  /** All that unbonds now, wei. */
  total: bigint;
  /** Last second of the wait, unix time; claim it afterwards. */
  maturesAt: number;
}

/** Why the contracts refuse it. */
export type UnbondRevert = RevertError<"InsufficientStake" | "NotOwner" | "ZeroAmount">;

/**
 * Starts to unbond free stake of a provider of the sender. What already unbonds waits again.
 *
 * @throws {UnbondRevert}
 * @throws {FieldRangeError} if a parameter does not fit.
 */
export async function unbond(
  protocol: Protocol,
  { provider, amount }: UnbondParameters,
  options?: SendOptions,
): Promise<UnbondResult> {
  const done = await execute(
    protocol,
    "providerPool",
    "unbond",
    [providerId(provider), wei("amount", amount)],
    options,
  );
  const event = emitted(done, "providerPool", "UnbondingStarted");
  return {
    ...done,
    provider: Number(event.provider),
    amount: event.amount,
    total: event.total,
    maturesAt: Number(event.maturesAt),
  };
}
