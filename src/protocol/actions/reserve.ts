import { emitted, execute, type Executed } from "../execute.js";
import { type Order, packOrder } from "../order.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import { providerId, type WorkRevert } from "./shared.js";

export interface ReserveParameters {
  /** The order of the task, which asks for a reservation. */
  order: Order;
  /** Number of the provider. */
  provider: number;
}

export interface ReserveResult extends Executed {
  /** Id of the task, 32 bytes in hexadecimal. */
  taskId: string;
  /** Number of the provider. */
  provider: number;
  /** What the task costs from now on, wei. */
  price: bigint;
  /** Last second in which the provider may deliver, unix time. */
  until: number;
}

/** Why the contracts refuse it. */
export type ReserveRevert = RevertError<
  | "Barred"
  | "DeadlinePassed"
  | "NoFreeSlot"
  | "NotReservable"
  | "ReservationPastDeadline"
  | WorkRevert
  | "WrongState"
  | "WrongVerification"
>;

/**
 * Takes an open Review task that asks for a reservation, at the price of now, and locks the bond: nobody else may answer
 * it until the reservation ends. A provider that does not deliver by then loses stake. Owner and agents of a member of the
 * pool that holds fewer reservations there than it has slots.
 *
 * @throws {ReserveRevert}
 * @throws {FieldRangeError} if a parameter does not fit.
 */
export async function reserve(
  protocol: Protocol,
  { order, provider }: ReserveParameters,
  options?: SendOptions,
): Promise<ReserveResult> {
  const done = await execute(protocol, "taskManager", "reserve", [packOrder(order), providerId(provider)], options);
  const event = emitted(done, "taskManager", "TaskReserved");
  const { taskId, price, until } = event;
  return { ...done, taskId, provider: Number(event.provider), price, until: Number(until) };
}
