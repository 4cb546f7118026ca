import type { BytesLike } from "ethers";
import { emitted, execute, type Executed } from "../execute.js";
import { bytes, bytes32 } from "../fields.js";
import { type Order, packOrder } from "../order.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import { type ProofRevert, providerId, type Settlement, settlementOf, type WorkRevert } from "./shared.js";

export interface ProveParameters {
  /** The order of the task. */
  order: Order;
  /** Number of the provider. */
  provider: number;
  /** SHA-256 of the output, 32 bytes in hexadecimal. */
  resultDigest: string;
  /** keccak256 of the envelope's bytes, 32 bytes in hexadecimal. */
  envelopeHash: string;
  /** Whatever the order's verifier understands. */
  proof: BytesLike;
}

/** The settlement. */
export type ProveResult = Executed & Settlement;

/** Why the contracts refuse it. */
export type ProveRevert = RevertError<"DeadlinePassed" | ProofRevert | WorkRevert | "WrongState">;

/**
 * Answers an open Proof task and is paid the price of now. Owner and agents of a member of the pool.
 *
 * @throws {ProveRevert}
 * @throws {FieldRangeError | FieldFormatError} if a parameter does not fit.
 */
export async function prove(
  protocol: Protocol,
  { order, provider, resultDigest, envelopeHash, proof }: ProveParameters,
  options?: SendOptions,
): Promise<ProveResult> {
  const done = await execute(
    protocol,
    "taskManager",
    "prove",
    [
      packOrder(order),
      providerId(provider),
      bytes32("resultDigest", resultDigest),
      bytes32("envelopeHash", envelopeHash),
      bytes("proof", proof),
    ],
    options,
  );
  return { ...done, ...settlementOf(emitted(done, "taskManager", "TaskSettled")) };
}
