import { emitted, execute, type Executed } from "../execute.js";
import { type Order, packOrder } from "../order.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";

export interface RevokeOrderParameters {
  /** Order of the sender. */
  order: Order;
}

export interface RevokeOrderResult extends Executed {
  /** Id that its task would have had, 32 bytes in hexadecimal. */
  taskId: string;
}

/** Why the contracts refuse it. */
export type RevokeOrderRevert = RevertError<"NotClient" | "WrongState">;

/**
 * Makes an order of the sender that nobody posted yet worthless.
 *
 * @throws {RevokeOrderRevert}
 * @throws {FieldRangeError | FieldFormatError} if a field of the order does not fit.
 */
export async function revokeOrder(
  protocol: Protocol,
  { order }: RevokeOrderParameters,
  options?: SendOptions,
): Promise<RevokeOrderResult> {
  const done = await execute(protocol, "taskManager", "revoke", [packOrder(order)], options);
  const { taskId } = emitted(done, "taskManager", "OrderRevoked");
  return { ...done, taskId };
}
