import { emitted, execute, type Executed } from "../execute.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import {
  type AdmissionRevert,
  packSignedProof,
  type ProofRevert,
  providerId,
  type Settlement,
  settlementOf,
  type SignatureRevert,
  type SignedProof,
  type WorkRevert,
} from "./shared.js";

export interface ProveSignedParameters extends SignedProof {
  /** Number of the provider. */
  provider: number;
}

/** The settlement. */
export type ProveSignedResult = Executed & Settlement;

/** Why the contracts refuse it. */
export type ProveSignedRevert = RevertError<AdmissionRevert | ProofRevert | SignatureRevert | WorkRevert>;

/**
 * Posts a signed Proof order and answers it at once, at the first price of its ramp. Owner and agents of a member of
 * the pool.
 *
 * @throws {ProveSignedRevert}
 * @throws {FieldRangeError | FieldFormatError} if a parameter does not fit.
 */
export async function proveSigned(
  protocol: Protocol,
  parameters: ProveSignedParameters,
  options?: SendOptions,
): Promise<ProveSignedResult> {
  const provider = providerId(parameters.provider);
  const done = await execute(protocol, "taskManager", "proveSigned", [provider, packSignedProof(parameters)], options);
  return { ...done, ...settlementOf(emitted(done, "taskManager", "TaskSettled")) };
}
