import { ZeroAddress } from "ethers";
import { emitted, execute, type Executed } from "../execute.js";
import { type Order, packOrder } from "../order.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import { type Ruling, rulingOf, type Settlement, settlementOf, settlementsOf } from "./shared.js";

export interface AcceptParameters {
  /** The order of the task. */
  order: Order;
}

/**
 * The settlement, of a round the first; `settlements` has one for each winner. Where it ended a dispute, `ruling` tells
 * how; a disputed provider that was wrong is paid nothing, whatever the price was for.
 */
export type AcceptResult = Executed & Settlement & { settlements: readonly Settlement[]; ruling: Ruling | undefined };

/** Why the contracts refuse it. */
export type AcceptRevert = RevertError<"NotClientOrAgent" | "NoWinner" | "TooEarly" | "WrongState">;

/**
 * Pays the provider that holds a task, or all winners of its round or of the panel that has overturned its delivery. Its client and the client's agents, from delivery or
 * from the verdict on. Check the opening against the seal first.
 *
 * @throws {AcceptRevert}
 * @throws {FieldRangeError | FieldFormatError} if a field of the order does not fit.
 */
export async function accept(
  protocol: Protocol,
  { order }: AcceptParameters,
  options?: SendOptions,
): Promise<AcceptResult> {
  const done = await execute(protocol, "taskManager", "accept", [packOrder(order)], options);
  const [settlements, ruling] = [settlementsOf(done), rulingOf(done)];
  if (ruling === undefined || settlements.length > 0) {
    return { ...done, ...settlementOf(emitted(done, "taskManager", "TaskSettled")), settlements, ruling };
  }
  const { taskId, provider, client, price } = ruling;
  const nothing = { publisher: ZeroAddress, fee: 0n, royalty: 0n, payment: 0n };
  return { ...done, taskId, provider, client, price, ...nothing, settlements, ruling };
}
