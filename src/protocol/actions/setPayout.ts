import { emitted, execute, type Executed } from "../execute.js";
import { address } from "../fields.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import { providerId } from "./shared.js";

export interface SetPayoutParameters {
  /** Number of the provider. */
  provider: number;
  /** Escrow account that earnings and claimed stake are credited to. */
  payout: string;
}

export interface SetPayoutResult extends Executed {
  /** Number of the provider. */
  provider: number;
  /** Account that earnings and claimed stake are credited to. */
  payout: string;
}

/** Why the contracts refuse it. */
export type SetPayoutRevert = RevertError<"NotOwner" | "ZeroAddress">;

/**
 * Changes the account that earnings and claimed stake of a provider of the sender go to.
 *
 * @throws {SetPayoutRevert}
 * @throws {FieldRangeError | FieldFormatError} if a parameter does not fit.
 */
export async function setPayout(
  protocol: Protocol,
  { provider, payout }: SetPayoutParameters,
  options?: SendOptions,
): Promise<SetPayoutResult> {
  const done = await execute(
    protocol,
    "providerPool",
    "setPayout",
    [providerId(provider), address("payout", payout)],
    options,
  );
  const event = emitted(done, "providerPool", "PayoutSet");
  return { ...done, provider: Number(event.provider), payout: event.payout };
}
