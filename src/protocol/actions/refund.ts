import { emitted, execute, type Executed } from "../execute.js";
import { type Order, packOrder } from "../order.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";

export interface RefundParameters {
  /** The order of the task. */
  order: Order;
}

export interface RefundResult extends Executed {
  /** Id of the task, 32 bytes in hexadecimal. */
  taskId: string;
  /** Who has its money back. */
  client: string;
  /** What the client got, wei. */
  refund: bigint;
  /** What the protocol kept, wei. */
  fee: bigint;
  /** What the sender earned, wei; 0 for the client and its agents. */
  tip: bigint;
}

/** Why the contracts refuse it. */
export type RefundRevert = RevertError<"TooEarly" | "WrongState">;

/**
 * Returns the money of an open task past its deadline. Anyone may; a third party earns a tip.
 *
 * @throws {RefundRevert}
 * @throws {FieldRangeError | FieldFormatError} if a field of the order does not fit.
 */
export async function refund(
  protocol: Protocol,
  { order }: RefundParameters,
  options?: SendOptions,
): Promise<RefundResult> {
  const done = await execute(protocol, "taskManager", "refund", [packOrder(order)], options);
  const { taskId, client, refund, fee, tip } = emitted(done, "taskManager", "TaskRefunded");
  return { ...done, taskId, client, refund, fee, tip };
}
