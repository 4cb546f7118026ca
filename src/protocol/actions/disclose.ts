import type { BytesLike } from "ethers";
import { emitted, execute, type Executed } from "../execute.js";
import { bytes, bytes32 } from "../fields.js";
import { type Order, packOrder } from "../order.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";

export interface DiscloseParameters {
  /** The order of the task. */
  order: Order;
  /** Commitment to result digest and salt, see {@link commitmentOf}; 32 bytes in hexadecimal. */
  commitment: string;
  /** The opening, encrypted to the client; at most 512 bytes. */
  envelope: BytesLike;
}

export interface DiscloseResult extends Executed {
  /** Id of the task, 32 bytes in hexadecimal. */
  taskId: string;
  /** Number of the provider. */
  provider: number;
  commitment: string;
  /** In hexadecimal. */
  envelope: string;
}

/** Why the contracts refuse it. */
export type DiscloseRevert = RevertError<"DisclosureTooLate" | "EnvelopeTooLarge" | "SealMismatch" | "WrongState">;

/**
 * Puts the envelope of a sealed result on chain, which starts the review period. Anyone who knows it.
 *
 * @throws {DiscloseRevert}
 * @throws {FieldRangeError | FieldFormatError} if a parameter does not fit.
 */
export async function disclose(
  protocol: Protocol,
  { order, commitment, envelope }: DiscloseParameters,
  options?: SendOptions,
): Promise<DiscloseResult> {
  const done = await execute(
    protocol,
    "taskManager",
    "disclose",
    [packOrder(order), bytes32("commitment", commitment), bytes("envelope", envelope)],
    options,
  );
  const event = emitted(done, "taskManager", "TaskDisclosed");
  return {
    ...done,
    taskId: event.taskId,
    provider: Number(event.provider),
    commitment: event.commitment,
    envelope: event.envelope,
  };
}
