import { emitted, execute, type Executed } from "../execute.js";
import { bytes32, uint } from "../fields.js";
import { type Order, packOrder } from "../order.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import { providerId, type WorkRevert } from "./shared.js";

export interface TakeSeatParameters {
  /** The order of the task. */
  order: Order;
  /** Number of the provider. */
  provider: number;
  /** With which it sits, 2 to 32; each step above 2 locks the suite's weight unit. See {@link affordableWeight}. */
  weight: number;
  /** Seal of the result, see {@link sealOf}; 32 bytes in hexadecimal. */
  seal: string;
}

export interface TakeSeatResult extends Executed {
  /** Id of the task, 32 bytes in hexadecimal. */
  taskId: string;
  /** Number of the seat, from 0. */
  seat: number;
  /** What each execution that wins is worth, wei, if sealing ended with this seat. */
  price: bigint | undefined;
}

/** Why the contracts refuse it. */
export type TakeSeatRevert = RevertError<
  | "AlreadySeated"
  | "ClientOfTask"
  | "DeliveryNotOpened"
  | "DisputedProvider"
  | "Jailed"
  | "JoinedTooLate"
  | "NotDrawn"
  | "SealingOver"
  | "SeedNotReady"
  | "WeightOutOfBounds"
  | WorkRevert
  | "WrongState"
  | "WrongVerification"
  | "ZeroSeal"
>;

/**
 * Takes a seat in the round of a Quorum task with the seal of a result, and locks the order's bond and what the weight
 * costs. Owner and agents of a member of the pool that is drawn. A seal that is not opened in time costs all of it.
 *
 * @throws {TakeSeatRevert}
 * @throws {FieldRangeError | FieldFormatError} if a parameter does not fit.
 */
export async function takeSeat(
  protocol: Protocol,
  { order, provider, weight, seal }: TakeSeatParameters,
  options?: SendOptions,
): Promise<TakeSeatResult> {
  const args = [packOrder(order), providerId(provider), uint("weight", weight, 6), bytes32("seal", seal)] as const;
  const done = await execute(protocol, "taskManager", "takeSeat", [...args], options);
  const { taskId, seat } = emitted(done, "taskManager", "SeatTaken");
  const ended = done.events.find(({ contract, name }) => contract === "taskManager" && name === "SealingEnded");
  const price = ended?.name === "SealingEnded" ? ended.args.price : undefined;
  return { ...done, taskId, seat: Number(seat), price };
}
