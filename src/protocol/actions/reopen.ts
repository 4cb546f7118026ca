import { emitted, execute, type Executed } from "../execute.js";
import { type Order, packOrder } from "../order.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";

export interface ReopenParameters {
  /** The order of the task. */
  order: Order;
}

export interface ReopenResult extends Executed {
  /** Id of the task, 32 bytes in hexadecimal. */
  taskId: string;
  /** Number of the provider that failed. */
  provider: number;
  client: string;
  /** How often a holder has failed the task, this one included. */
  lapses: number;
  /** What the provider lost of its bond, wei. */
  slashed: bigint;
  /** What the client got back, wei: its cap at the seventh lapse, which ends the task, else 0. */
  refund: bigint;
}

/** Why the contracts refuse it. */
export type ReopenRevert = RevertError<"TooEarly" | "WrongState">;

/**
 * Ends the hold of a provider that did not disclose in time, or did not deliver within its reservation, which is slashed:
 * the task is open again, or refunded at its seventh lapse. Anyone may.
 *
 * @throws {ReopenRevert}
 * @throws {FieldRangeError | FieldFormatError} if a field of the order does not fit.
 */
export async function reopen(
  protocol: Protocol,
  { order }: ReopenParameters,
  options?: SendOptions,
): Promise<ReopenResult> {
  const done = await execute(protocol, "taskManager", "reopen", [packOrder(order)], options);
  const { taskId, provider, client, lapses, slashed } = emitted(done, "taskManager", "TaskLapsed");
  const refunded = done.events.some(({ name }) => name === "TaskRefunded");
  const refund = refunded ? emitted(done, "taskManager", "TaskRefunded").refund : 0n;
  return { ...done, taskId, provider: Number(provider), client, lapses: Number(lapses), slashed, refund };
}
