import { execute, type Executed } from "../execute.js";
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

export interface ProveBatchParameters {
  /** Number of the provider. */
  provider: number;
  /** Cheapest when orders of one client, and of one source, stand together. */
  proofs: readonly SignedProof[];
}

export interface ProveBatchResult extends Executed {
  /** One for each proof, in the same sequence. */
  settlements: Settlement[];
  /** What the provider earned in all, wei. */
  payment: bigint;
}

/** Why the contracts refuse it. */
export type ProveBatchRevert = RevertError<AdmissionRevert | "EmptyBatch" | ProofRevert | SignatureRevert | WorkRevert>;

/**
 * Posts many signed Proof orders and answers them at once, all or none. Owner and agents of a member of the pools.
 *
 * @throws {ProveBatchRevert}
 * @throws {FieldRangeError | FieldFormatError} if a parameter does not fit.
 */
export async function proveBatch(
  protocol: Protocol,
  { provider, proofs }: ProveBatchParameters,
  options?: SendOptions,
): Promise<ProveBatchResult> {
  const packed = proofs.map(packSignedProof);
  const done = await execute(protocol, "taskManager", "proveBatch", [providerId(provider), packed], options);
  const settlements = done.events.flatMap((event) =>
    event.contract === "taskManager" && event.name === "TaskSettled" ? [settlementOf(event.args)] : [],
  );
  return { ...done, settlements, payment: settlements.reduce((sum, { payment }) => sum + payment, 0n) };
}
