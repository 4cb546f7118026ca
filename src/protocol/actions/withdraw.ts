import { emitted, execute, type Executed } from "../execute.js";
import { address } from "../fields.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import { wei } from "./shared.js";

export interface WithdrawParameters {
  /** Wei. */
  amount: bigint;
  /** Account on the chain that gets the coin; the sender's own if left out. */
  to?: string;
}

export interface WithdrawResult extends Executed {
  /** Account whose free balance shrank. */
  account: string;
  /** Who got the coin. */
  to: string;
  /** Wei. */
  amount: bigint;
}

/** Why the contracts refuse it. */
export type WithdrawRevert = RevertError<"InsufficientBalance" | "WithdrawalFailed" | "ZeroAddress" | "ZeroAmount">;

/**
 * Sends coin of the sender's free balance in Escrow out of it.
 *
 * @throws {WithdrawRevert}
 * @throws {FieldRangeError | FieldFormatError} if a parameter does not fit.
 */
export async function withdraw(
  protocol: Protocol,
  { amount, to }: WithdrawParameters,
  options?: SendOptions,
): Promise<WithdrawResult> {
  const taken = wei("amount", amount);
  const done =
    to === undefined
      ? await execute(protocol, "escrow", "withdraw", [taken], options)
      : await execute(protocol, "escrow", "withdrawTo", [address("to", to), taken], options);
  const event = emitted(done, "escrow", "Withdrawn");
  return { ...done, account: event.account, to: event.to, amount: event.amount };
}
