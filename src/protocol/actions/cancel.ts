import { emitted, execute, type Executed } from "../execute.js";
import { type Order, packOrder } from "../order.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";

export interface CancelParameters {
  /** The order of the task. */
  order: Order;
}

export interface CancelResult extends Executed {
  /** Id of the task, 32 bytes in hexadecimal. */
  taskId: string;
  client: string;
  /** Last second in which a provider may still deliver, unix time; refund the task afterwards. */
  deadline: number;
}

/** Why the contracts refuse it. */
export type CancelRevert = RevertError<"AlreadyCancelled" | "DeadlinePassed" | "NotClientOrAgent" | "WrongState">;

/**
 * Brings the deadline of an open task forward to the cancel notice from now, once. Its client and the client's agents.
 *
 * @throws {CancelRevert}
 * @throws {FieldRangeError | FieldFormatError} if a field of the order does not fit.
 */
export async function cancel(
  protocol: Protocol,
  { order }: CancelParameters,
  options?: SendOptions,
): Promise<CancelResult> {
  const done = await execute(protocol, "taskManager", "cancel", [packOrder(order)], options);
  const event = emitted(done, "taskManager", "TaskCancelled");
  return { ...done, taskId: event.taskId, client: event.client, deadline: Number(event.deadline) };
}
