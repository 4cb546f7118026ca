import { emitted, execute, type Executed } from "../execute.js";
import { bytes32 } from "../fields.js";
import { type Order, packOrder } from "../order.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import { providerId, type WorkRevert } from "./shared.js";

export interface DeliverParameters {
  /** The order of the task. */
  order: Order;
  /** Number of the provider. */
  provider: number;
  /** Seal of the result, see {@link sealOf}; 32 bytes in hexadecimal. */
  seal: string;
}

export interface DeliverResult extends Executed {
  /** Id of the task, 32 bytes in hexadecimal. */
  taskId: string;
  /** Number of the provider. */
  provider: number;
  seal: string;
  /** What the task costs from now on, wei. */
  price: bigint;
}

/** Why the contracts refuse it. */
export type DeliverRevert = RevertError<
  | "Barred"
  | "DeadlinePassed"
  | "NotHolder"
  | "NotReserved"
  | "ReservationLapsed"
  | WorkRevert
  | "WrongState"
  | "WrongVerification"
  | "ZeroSeal"
>;

/**
 * Takes an open Review task at the price of now with the seal of a result, and locks the bond; or answers a task that
 * the provider has reserved, at the price and with the bond of then. Owner and agents of a member of the pool.
 *
 * @throws {DeliverRevert}
 * @throws {FieldRangeError | FieldFormatError} if a parameter does not fit.
 */
export async function deliver(
  protocol: Protocol,
  { order, provider, seal }: DeliverParameters,
  options?: SendOptions,
): Promise<DeliverResult> {
  const done = await execute(
    protocol,
    "taskManager",
    "deliver",
    [packOrder(order), providerId(provider), bytes32("seal", seal)],
    options,
  );
  const event = emitted(done, "taskManager", "TaskDelivered");
  return { ...done, taskId: event.taskId, provider: Number(event.provider), seal: event.seal, price: event.price };
}
