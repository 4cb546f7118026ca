import { seatsOf } from "../consensus.js";
import { emitted, execute, type Executed } from "../execute.js";
import { type Order, packOrder } from "../order.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";

export interface DisputeParameters {
  /** The order of the task. */
  order: Order;
  /**
   * Price of the task, wei, see `TaskManager.priceOf`: to send the panel's fee along, a price for each seat, instead of
   * taking it from the free balance. Agents of the client have to.
   */
  attach?: { price: bigint } | false;
}

export interface DisputeResult extends Executed {
  /** Id of the task, 32 bytes in hexadecimal. */
  taskId: string;
  /** Number of the provider whose delivery is disputed. */
  provider: number;
  /** What is held for the panel, wei. */
  fee: bigint;
  /** Whether the panel judges the output instead of computing its own. */
  judged: boolean;
}

/** Why the contracts refuse it. */
export type DisputeRevert = RevertError<
  "InsufficientBalance" | "NoPanel" | "NotClient" | "NotClientOrAgent" | "ReviewOver" | "WrongState" | "WrongValue"
>;

/**
 * Asks a panel about a disclosed result. It costs the client nothing if the result is wrong or the envelope unreadable,
 * and a price for each member of the panel if it is right.
 *
 * @throws {DisputeRevert}
 * @throws {FieldRangeError | FieldFormatError} if a field of the order does not fit.
 */
export async function dispute(
  protocol: Protocol,
  { order, attach = false }: DisputeParameters,
  options?: SendOptions,
): Promise<DisputeResult> {
  const value = attach === false ? {} : { value: BigInt(seatsOf(order.trust)) * attach.price };
  const done = await execute(protocol, "taskManager", "dispute", [packOrder(order)], { ...options, ...value });
  const { taskId, provider, fee, judged } = emitted(done, "taskManager", "TaskDisputed");
  return { ...done, taskId, provider: Number(provider), fee, judged };
}
