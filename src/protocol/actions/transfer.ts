import { emitted, execute, type Executed } from "../execute.js";
import { address } from "../fields.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import { wei } from "./shared.js";

export interface TransferParameters {
  /** Account whose free balance grows. */
  to: string;
  /** Wei. */
  amount: bigint;
}

export interface TransferResult extends Executed {
  /** Account whose free balance shrank. */
  from: string;
  /** Account whose free balance grew. */
  to: string;
  /** Wei. */
  amount: bigint;
}

/** Why the contracts refuse it. */
export type TransferRevert = RevertError<"InsufficientBalance" | "ZeroAddress" | "ZeroAmount">;

/**
 * Moves a part of the sender's free balance in Escrow to another account's free balance.
 *
 * @throws {TransferRevert}
 * @throws {FieldRangeError | FieldFormatError} if a parameter does not fit.
 */
export async function transfer(
  protocol: Protocol,
  { to, amount }: TransferParameters,
  options?: SendOptions,
): Promise<TransferResult> {
  const done = await execute(protocol, "escrow", "transfer", [address("to", to), wei("amount", amount)], options);
  const event = emitted(done, "escrow", "Transferred");
  return { ...done, from: event.from, to: event.to, amount: event.amount };
}
