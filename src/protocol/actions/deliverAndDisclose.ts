import type { BytesLike } from "ethers";
import { emitted, execute, type Executed } from "../execute.js";
import { bytes, bytes32 } from "../fields.js";
import { type Order, packOrder } from "../order.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import { providerId } from "./shared.js";

export interface DeliverAndDiscloseParameters {
  /** The order of the task. */
  order: Order;
  /** Number of the provider that holds it. */
  provider: number;
  /** Commitment to result digest and salt, see {@link commitmentOf}; 32 bytes in hexadecimal. */
  commitment: string;
  /** The opening, encrypted to the client; at most 512 bytes. */
  envelope: BytesLike;
}

export interface DeliverAndDiscloseResult extends Executed {
  /** Id of the task, 32 bytes in hexadecimal. */
  taskId: string;
  /** Number of the provider. */
  provider: number;
  /** Seal that follows from commitment and envelope. */
  seal: string;
  /** What the task costs, wei. */
  price: bigint;
  commitment: string;
  /** In hexadecimal. */
  envelope: string;
}

/** Why the contracts refuse it. */
export type DeliverAndDiscloseRevert = RevertError<
  "EnvelopeTooLarge" | "NotAgent" | "NotHolder" | "ReservationLapsed" | "WrongState"
>;

/**
 * Answers a reserved task at one stroke: seals a result and puts its envelope on chain, which starts the review period.
 * Owner and agents of the provider that holds the task. If the client can be reached off chain, {@link deliver} and an
 * envelope to its inbox cost less.
 *
 * @throws {DeliverAndDiscloseRevert}
 * @throws {FieldRangeError | FieldFormatError} if a parameter does not fit.
 */
export async function deliverAndDisclose(
  protocol: Protocol,
  { order, provider, commitment, envelope }: DeliverAndDiscloseParameters,
  options?: SendOptions,
): Promise<DeliverAndDiscloseResult> {
  const values = [
    packOrder(order),
    providerId(provider),
    bytes32("commitment", commitment),
    bytes("envelope", envelope),
  ] as const;
  const done = await execute(protocol, "taskManager", "deliverAndDisclose", [...values], options);
  const { seal, price } = emitted(done, "taskManager", "TaskDelivered");
  const event = emitted(done, "taskManager", "TaskDisclosed");
  return {
    ...done,
    taskId: event.taskId,
    provider: Number(event.provider),
    seal,
    price,
    commitment: event.commitment,
    envelope: event.envelope,
  };
}
