import type { BytesLike } from "ethers";
import { emitted, execute, type Executed } from "../execute.js";
import { bytes } from "../fields.js";
import { type Order, packOrder } from "../order.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import type { AdmissionRevert, SignatureRevert } from "./shared.js";

export interface SubmitSignedParameters {
  /** Order of whoever signed it. */
  order: Order;
  /** Of the order by its client: 65 bytes, or what the client's contract understands. */
  signature: BytesLike;
}

export interface SubmitSignedResult extends Executed {
  /** Id of the task, 32 bytes in hexadecimal. */
  taskId: string;
  /** Where its price begins, wei. */
  startPrice: bigint;
}

/** Why the contracts refuse it. */
export type SubmitSignedRevert = RevertError<AdmissionRevert | SignatureRevert>;

/**
 * Posts an order that its client signed, which makes it a task and holds its cap from the client's free balance. Anyone
 * may.
 *
 * @throws {SubmitSignedRevert}
 * @throws {FieldRangeError | FieldFormatError} if a parameter does not fit.
 */
export async function submitSigned(
  protocol: Protocol,
  { order, signature }: SubmitSignedParameters,
  options?: SendOptions,
): Promise<SubmitSignedResult> {
  const done = await execute(
    protocol,
    "taskManager",
    "submitSigned",
    [packOrder(order), bytes("signature", signature)],
    options,
  );
  const { taskId, startPrice } = emitted(done, "taskManager", "TaskSubmitted");
  return { ...done, taskId, startPrice };
}
