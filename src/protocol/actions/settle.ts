import { emitted, execute, type Executed } from "../execute.js";
import { type Order, packOrder } from "../order.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import { type Settlement, settlementOf } from "./shared.js";

export interface SettleParameters {
  /** The order of the task. */
  order: Order;
}

/** The settlement. */
export type SettleResult = Executed & Settlement;

/** Why the contracts refuse it. */
export type SettleRevert = RevertError<"TooEarly" | "WrongState">;

/**
 * Pays a disclosed task whose review period is over. Anyone may.
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
  return { ...done, ...settlementOf(emitted(done, "taskManager", "TaskSettled")) };
}
