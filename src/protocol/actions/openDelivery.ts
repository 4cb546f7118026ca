import { emitted, execute, type Executed } from "../execute.js";
import { bytes32 } from "../fields.js";
import { type Order, packOrder } from "../order.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";

export interface OpenDeliveryParameters {
  /** The order of the task. */
  order: Order;
  /** SHA-256 of the output, 32 bytes in hexadecimal. */
  resultDigest: string;
  /** Salt of the seal, 32 bytes in hexadecimal. */
  salt: string;
  /** keccak256 of the envelope's bytes, 32 bytes in hexadecimal. */
  envelopeHash: string;
  /** Ephemeral secret key of the envelope, see {@link SealedEnvelope}: with it everybody can read the envelope. */
  envelopeSecret: string;
}

export interface OpenDeliveryResult extends Executed {
  /** Id of the task, 32 bytes in hexadecimal. */
  taskId: string;
  /** Number of the provider. */
  provider: number;
}

/** Why the contracts refuse it. */
export type OpenDeliveryRevert = RevertError<
  "DeliveryAlreadyOpened" | "NotAgent" | "NotDisputed" | "OpeningTooLate" | "SealMismatch" | "TooEarly" | "WrongState"
>;

/**
 * Opens the seal of a disputed delivery once the panel has sealed, or, where judges wait for it, at once. Owner and agents
 * of its provider, which loses its bond if they do not.
 *
 * @throws {OpenDeliveryRevert}
 * @throws {FieldRangeError | FieldFormatError} if a parameter does not fit.
 */
export async function openDelivery(
  protocol: Protocol,
  { order, resultDigest, salt, envelopeHash, envelopeSecret }: OpenDeliveryParameters,
  options?: SendOptions,
): Promise<OpenDeliveryResult> {
  const done = await execute(
    protocol,
    "taskManager",
    "openDelivery",
    [
      packOrder(order),
      bytes32("resultDigest", resultDigest),
      bytes32("salt", salt),
      bytes32("envelopeHash", envelopeHash),
      bytes32("envelopeSecret", envelopeSecret),
    ],
    options,
  );
  const { taskId, provider } = emitted(done, "taskManager", "DeliveryOpened");
  return { ...done, taskId, provider: Number(provider) };
}
