import type { BytesLike } from "ethers";
import { emitted, execute, type Executed } from "../execute.js";
import { bytes, uint } from "../fields.js";
import { type Order, packOrder } from "../order.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import { type Ruling, rulingOf, type Settlement, settlementsOf } from "./shared.js";

export interface ClaimSeatParameters {
  /** The order of the task. */
  order: Order;
  /** Number of the seat, from 0. */
  seat: number;
  /** The envelope that was sealed, at most 512 bytes. */
  envelope: BytesLike;
}

export interface ClaimSeatResult extends Executed {
  /** Id of the task, 32 bytes in hexadecimal. */
  taskId: string;
  /** Number of the provider that has the seat. */
  provider: number;
  /** Who was paid with it: all winners if it was the last claim, else nobody yet. */
  settlements: readonly Settlement[];
  /** How the dispute ended, if it was the last claim of one. */
  ruling: Ruling | undefined;
}

/** Why the contracts refuse it. */
export type ClaimSeatRevert = RevertError<
  | "AlreadyClaimed"
  | "ClaimTooLate"
  | "EnvelopeMismatch"
  | "EnvelopeTooLarge"
  | "NoSuchSeat"
  | "NothingToClaim"
  | "NotWinner"
  | "NoWinner"
  | "TooEarly"
  | "WrongState"
>;

/**
 * Puts the envelope of a seat that has won on chain, so that it is paid although the client is silent. Anyone who knows
 * the envelope may.
 *
 * @throws {ClaimSeatRevert}
 * @throws {FieldRangeError | FieldFormatError} if a parameter does not fit.
 */
export async function claimSeat(
  protocol: Protocol,
  { order, seat, envelope }: ClaimSeatParameters,
  options?: SendOptions,
): Promise<ClaimSeatResult> {
  const args = [packOrder(order), uint("seat", seat, 8), bytes("envelope", envelope)] as const;
  const done = await execute(protocol, "taskManager", "claimSeat", [...args], options);
  const { taskId, provider } = emitted(done, "taskManager", "SeatClaimed");
  return { ...done, taskId, provider: Number(provider), settlements: settlementsOf(done), ruling: rulingOf(done) };
}
