import { execute, type Executed } from "../execute.js";
import { type Order, packOrder } from "../order.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import { type Ruling, rulingOf, type Settlement, settlementsOf } from "./shared.js";

export interface SettleParameters {
  /** The order of the task. */
  order: Order;
}

export interface SettleResult extends Executed {
  /** Who was paid: nobody if a round without verdict was refunded. */
  settlements: readonly Settlement[];
  /** What the client got back, wei, if nobody was paid. */
  refund: bigint | undefined;
  /** How the dispute ended, if it ended one. */
  ruling: Ruling | undefined;
}

/** Why the contracts refuse it. */
export type SettleRevert = RevertError<"TooEarly" | "WrongState">;

/**
 * Pays a disclosed task whose review period is over, or ends a round or a dispute as far as its clocks allow: with a
 * payment of those that claimed, or with a refund. Anyone may.
 *
 * @throws {SettleRevert}
 * @throws {FieldRangeError | FieldFormatError} if a field of the order does not fit.
 */
export async function settle(
  protocol: Protocol,
  { order }: SettleParameters,
  options?: SendOptions,
): Promise<SettleResult> {
  const done = await execute(protocol, "taskManager", "settle", [packOrder(order)], options);
  const refunded = done.events.find(({ contract, name }) => contract === "taskManager" && name === "TaskRefunded");
  const refund = refunded?.name === "TaskRefunded" ? refunded.args.refund : undefined;
  return { ...done, settlements: settlementsOf(done), refund, ruling: rulingOf(done) };
}
