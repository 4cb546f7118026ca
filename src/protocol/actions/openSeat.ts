import { emitted, execute, type Executed } from "../execute.js";
import { bytes32, uint } from "../fields.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";

export interface OpenSeatParameters {
  /** Id of the task, 32 bytes in hexadecimal. */
  taskId: string;
  /** Number of the seat, from 0. */
  seat: number;
  /** SHA-256 of the output, 32 bytes in hexadecimal. */
  resultDigest: string;
  /** Salt of the seal, 32 bytes in hexadecimal. */
  salt: string;
  /** keccak256 of the envelope's bytes, 32 bytes in hexadecimal. */
  envelopeHash: string;
}

export interface OpenSeatResult extends Executed {
  /** Id of the task, 32 bytes in hexadecimal. */
  taskId: string;
  /** Number of the provider that has the seat. */
  provider: number;
  seat: number;
}

/** Why the contracts refuse it. */
export type OpenSeatRevert = RevertError<
  "AlreadyOpened" | "IsDisputed" | "NoSuchSeat" | "OpeningTooLate" | "SealMismatch" | "TooEarly" | "WrongState"
>;

/**
 * Opens the seal of a seat, once sealing has ended. Anyone who knows how may.
 *
 * @throws {OpenSeatRevert}
 * @throws {FieldRangeError | FieldFormatError} if a parameter does not fit.
 */
export async function openSeat(
  protocol: Protocol,
  { taskId, seat, resultDigest, salt, envelopeHash }: OpenSeatParameters,
  options?: SendOptions,
): Promise<OpenSeatResult> {
  const done = await execute(
    protocol,
    "taskManager",
    "openSeat",
    [
      bytes32("taskId", taskId),
      uint("seat", seat, 8),
      bytes32("resultDigest", resultDigest),
      bytes32("salt", salt),
      bytes32("envelopeHash", envelopeHash),
    ],
    options,
  );
  const event = emitted(done, "taskManager", "SeatOpened");
  return { ...done, taskId: event.taskId, provider: Number(event.provider), seat: Number(event.seat) };
}
