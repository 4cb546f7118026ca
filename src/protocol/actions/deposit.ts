import { emitted, execute, type Executed } from "../execute.js";
import { address } from "../fields.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import { wei } from "./shared.js";

export interface DepositParameters {
  /** Wei. */
  amount: bigint;
  /** Account whose free balance grows; the sender's own if left out. */
  account?: string;
}

export interface DepositResult extends Executed {
  /** Account whose free balance grew. */
  account: string;
  /** Wei. */
  amount: bigint;
}

/** Why the contracts refuse it. */
export type DepositRevert = RevertError<"ZeroAddress" | "ZeroAmount">;

/**
 * Adds coin of the sender to a free balance in Escrow.
 *
 * @throws {DepositRevert}
 * @throws {FieldRangeError | FieldFormatError} if a parameter does not fit.
 */
export async function deposit(
  protocol: Protocol,
  { amount, account }: DepositParameters,
  options?: SendOptions,
): Promise<DepositResult> {
  const sent = { ...options, value: wei("amount", amount) };
  const done =
    account === undefined
      ? await execute(protocol, "escrow", "deposit", [], sent)
      : await execute(protocol, "escrow", "depositFor", [address("account", account)], sent);
  const event = emitted(done, "escrow", "Deposited");
  return { ...done, account: event.account, amount: event.amount };
}
