import type { BytesLike } from "ethers";
import type { EventArguments } from "../../../typechain-types/abi/events.js";
import { DISPUTE_OUTCOMES, type DisputeOutcome } from "../dispute.js";
import { ReadOnlyError } from "../errors.js";
import type { Executed } from "../execute.js";
import { address, bytes, bytes32, uint } from "../fields.js";
import { type Order, type PackedOrder, packOrder } from "../order.js";
import type { Protocol } from "../protocol.js";

/** An amount as the contracts take it. No balance has more than 96 bits. */
export const wei = (field: string, value: bigint): bigint => uint(field, value, 96);

/** A provider's number as the contracts take it. */
export const providerId = (provider: number): bigint => uint("provider", provider, 32);

/** A source's number as the contracts take it. */
export const sourceId = (source: number): bigint => uint("source", source, 32);

/** A version's number as the contracts take it. */
export const versionId = (version: number): bigint => uint("version", version, 16);

/**
 * Address of whoever signs.
 *
 * @throws {ReadOnlyError} if nobody does.
 */
export function senderOf({ sender }: Protocol): string {
  if (sender === undefined) throw new ReadOnlyError();
  return sender.address;
}

/** Why an order may not become a task. */
export type AdmissionRevert =
  | "BondTooLow"
  | "CapAboveMaximum"
  | "CapBelowFloor"
  | "DeadlinePassed"
  | "DeadlineTooFar"
  | "EnvironmentsNotOffered"
  | "FeeAboveOrder"
  | "GpuMemoryBelowTerms"
  | "InsufficientBalance"
  | "NotDeterministic"
  | "NotOffered"
  | "PoolTooSmall"
  | "ReservationPastDeadline"
  | "ReviewTooLong"
  | "RoyaltyAboveOrder"
  | "SourceNotActive"
  | "SubmissionsPaused"
  | "TrustOutOfBounds"
  | "UnknownSource"
  | "UnknownVersion"
  | "VerifierMismatch"
  | "VerifierNotAdmitted"
  | "VersionNotActive"
  | "WrongState"
  | "ZeroClientKey"
  | "ZeroInputDigest";

/** Why a signature of an order does not count. */
export type SignatureRevert = "InsufficientCallGas" | "InvalidSignature" | "NonceRevoked";

/** Why a provider may not answer a task. */
export type WorkRevert = "HardwareMismatch" | "InsufficientStake" | "NotAgent" | "NotMember" | "ScoreTooLow";

/** Why a proof does not count. */
export type ProofRevert = "InsufficientCallGas" | "ProofRejected" | "WrongVerification";

/** What belongs to a version and never changes. */
export interface VersionTerms {
  /** SHA-256 of the manifest, 32 bytes in hexadecimal. */
  manifestDigest: string;
  /** Where it runs, a mask of {@link Environment}. */
  environments: number;
  /** Least memory of a GPU that runs it, GiB; 0, the default, if it needs no GPU. */
  minGpuMemory?: number;
  /** Whether equal inputs give byte-identical outputs; no by default. */
  deterministic?: boolean;
  /** Contracts that may judge Proof tasks of the version, at most 16; none by default. */
  verifiers?: readonly string[];
}

/** Why a version may not be published. */
export type VersionRevert =
  "GpuMemoryWithoutGpu" | "InvalidEnvironments" | "TooManyVerifiers" | "ZeroDigest" | "ZeroVerifier";

/** Terms and verifiers of a version as SourceRegistry takes them. */
export type PackedVersion = [
  terms: { manifestDigest: string; environments: bigint; minGpuMemory: bigint; deterministic: boolean },
  verifiers: string[],
];

/**
 * Packs a version.
 *
 * @throws {FieldRangeError | FieldFormatError} if a part of it does not fit.
 */
export function packVersion(version: VersionTerms): PackedVersion {
  const { manifestDigest, environments, minGpuMemory = 0, deterministic = false, verifiers = [] } = version;
  const terms = {
    manifestDigest: bytes32("manifestDigest", manifestDigest),
    environments: uint("environments", environments, 8),
    minGpuMemory: uint("minGpuMemory", minGpuMemory, 16),
    deterministic,
  };
  return [terms, verifiers.map((verifier) => address("verifiers", verifier))];
}

/** A signed Proof order with the proof that answers it. */
export interface SignedProof {
  order: Order;
  /** Of the order by its client: 65 bytes, or what the client's contract understands. */
  signature: BytesLike;
  /** SHA-256 of the output, 32 bytes in hexadecimal. */
  resultDigest: string;
  /** keccak256 of the envelope's bytes, 32 bytes in hexadecimal. */
  envelopeHash: string;
  /** Whatever the order's verifier understands. */
  proof: BytesLike;
}

/** The same as TaskManager takes it. */
export interface PackedSignedProof {
  order: PackedOrder;
  signature: string;
  resultDigest: string;
  envelopeHash: string;
  proof: string;
}

/**
 * Packs a signed proof.
 *
 * @throws {FieldRangeError | FieldFormatError} if a part of it does not fit.
 */
export function packSignedProof(signed: SignedProof): PackedSignedProof {
  return {
    order: packOrder(signed.order),
    signature: bytes("signature", signed.signature),
    resultDigest: bytes32("resultDigest", signed.resultDigest),
    envelopeHash: bytes32("envelopeHash", signed.envelopeHash),
    proof: bytes("proof", signed.proof),
  };
}

/** A paid task. Amounts in wei. */
export interface Settlement {
  /** Id of the task, 32 bytes in hexadecimal. */
  taskId: string;
  /** Who is paid. */
  provider: number;
  /** Who pays. */
  client: string;
  /** Who earns the royalty; the zero address if there is none. */
  publisher: string;
  /** What the client pays in all. */
  price: bigint;
  /** The protocol's part of it. */
  fee: bigint;
  /** The publisher's part of it. */
  royalty: bigint;
  /** What remains for the provider. */
  payment: bigint;
}

/** What the event of a settlement tells. */
export function settlementOf(event: EventArguments["taskManager"]["TaskSettled"]): Settlement {
  const { taskId, provider, client, publisher, price, fee, royalty } = event;
  return {
    taskId,
    provider: Number(provider),
    client,
    publisher,
    price,
    fee,
    royalty,
    payment: price - fee - royalty,
  };
}

/** What a member of a panel was paid. */
export interface Award {
  /** Number of the provider. */
  provider: number;
  seat: number;
  /** Wei. */
  amount: bigint;
}

/** How a dispute ended. Amounts in wei. */
export interface Ruling {
  /** Id of the task, 32 bytes in hexadecimal. */
  taskId: string;
  /** Number of the provider whose delivery was disputed. */
  provider: number;
  client: string;
  outcome: DisputeOutcome;
  /** What the client pays for a result, beside the panel. */
  price: bigint;
  /** What the provider lost of its stake. */
  slashed: bigint;
  awards: readonly Award[];
}

/** How the dispute ended that a transaction has ended; `undefined` if it ended none. */
export function rulingOf({ events }: Executed): Ruling | undefined {
  const awards: Award[] = [];
  for (const event of events) {
    if (event.contract !== "taskManager") continue;
    if (event.name === "ValidatorPaid") {
      const { provider, seat, amount } = event.args;
      awards.push({ provider: Number(provider), seat: Number(seat), amount });
    }
    if (event.name !== "DisputeEnded") continue;
    const { taskId, provider, client, outcome, price, slashed } = event.args;
    const name = DISPUTE_OUTCOMES[Number(outcome)] ?? "Undecided";
    return { taskId, provider: Number(provider), client, outcome: name, price, slashed, awards };
  }
  return undefined;
}

/** All payments that a transaction made, in their sequence. */
export function settlementsOf({ events }: Executed): Settlement[] {
  return events.flatMap((event) =>
    event.contract === "taskManager" && event.name === "TaskSettled" ? [settlementOf(event.args)] : [],
  );
}
