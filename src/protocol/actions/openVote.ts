import { emitted, execute, type Executed } from "../execute.js";
import { bytes32, uint } from "../fields.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import type { OpenSeatParameters } from "./openSeat.js";

export interface OpenVoteParameters extends OpenSeatParameters {
  /** Whether the disputed envelope could be read and its bytes have the digest that was opened; judges are not asked. */
  available: boolean;
}

export interface OpenVoteResult extends Executed {
  /** Id of the task, 32 bytes in hexadecimal. */
  taskId: string;
  /** Number of the provider that has the seat. */
  provider: number;
  seat: number;
}

/** Why the contracts refuse it. */
export type OpenVoteRevert = RevertError<
  | "AlreadyOpened"
  | "DeliveryNotOpened"
  | "NoJudgement"
  | "NoSuchSeat"
  | "NotAgent"
  | "NotDisputed"
  | "OpeningTooLate"
  | "SealMismatch"
  | "TooEarly"
  | "WrongState"
>;

/**
 * Opens a seat of the panel of a dispute, once the delivery is opened or the time for that is over. Owner and agents of
 * the seat's provider.
 *
 * @throws {OpenVoteRevert}
 * @throws {FieldRangeError | FieldFormatError} if a parameter does not fit.
 */
export async function openVote(
  protocol: Protocol,
  { taskId, seat, resultDigest, salt, envelopeHash, available }: OpenVoteParameters,
  options?: SendOptions,
): Promise<OpenVoteResult> {
  const done = await execute(
    protocol,
    "taskManager",
    "openVote",
    [
      bytes32("taskId", taskId),
      uint("seat", seat, 8),
      bytes32("resultDigest", resultDigest),
      bytes32("salt", salt),
      bytes32("envelopeHash", envelopeHash),
      available,
    ],
    options,
  );
  const event = emitted(done, "taskManager", "VoteOpened");
  return { ...done, taskId: event.taskId, provider: Number(event.provider), seat: Number(event.seat) };
}
