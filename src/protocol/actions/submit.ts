import { emitted, execute, type Executed } from "../execute.js";
import { heldBy } from "../consensus.js";
import { type Order, packOrder } from "../order.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import type { AdmissionRevert } from "./shared.js";

export interface SubmitParameters {
  /** Order of the sender. */
  order: Order;
  /** Whether to send what it holds along, see {@link heldBy}, instead of taking it from the free balance. */
  attach?: boolean;
}

export interface SubmitResult extends Executed {
  /** Id of the task, 32 bytes in hexadecimal. */
  taskId: string;
  /** Where its price begins, wei. */
  startPrice: bigint;
}

/** Why the contracts refuse it. */
export type SubmitRevert = RevertError<AdmissionRevert | "NotClient">;

/**
 * Posts an order of the sender, which makes it a task and holds its cap, a Quorum order's for each seat.
 *
 * @throws {SubmitRevert}
 * @throws {FieldRangeError | FieldFormatError} if a field of the order does not fit.
 */
export async function submit(
  protocol: Protocol,
  { order, attach = false }: SubmitParameters,
  options?: SendOptions,
): Promise<SubmitResult> {
  const value = attach ? { value: heldBy(order) } : {};
  const done = await execute(protocol, "taskManager", "submit", [packOrder(order)], { ...options, ...value });
  const { taskId, startPrice } = emitted(done, "taskManager", "TaskSubmitted");
  return { ...done, taskId, startPrice };
}
