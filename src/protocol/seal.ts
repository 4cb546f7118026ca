import { AbiCoder, id, keccak256 } from "ethers";

const SEAL_TYPEHASH = /* @__PURE__ */ id(
  "Seal(bytes32 taskId,uint32 providerId,bytes32 commitment,bytes32 envelopeHash)",
);

/** Commitment to a result digest under a salt, both 32 bytes in hexadecimal. The salt must be random and fresh. */
export function commitmentOf(resultDigest: string, salt: string): string {
  return keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "bytes32"], [resultDigest, salt]));
}

/** What a provider seals. */
export interface SealParts {
  taskId: string;
  provider: bigint | number;
  /** See {@link commitmentOf}. */
  commitment: string;
  /** keccak256 of the envelope's bytes. */
  envelopeHash: string;
}

/** The seal that commits one provider to one result of one task, and to its envelope. */
export function sealOf({ taskId, provider, commitment, envelopeHash }: SealParts): string {
  return keccak256(
    AbiCoder.defaultAbiCoder().encode(
      ["bytes32", "bytes32", "uint32", "bytes32", "bytes32"],
      [SEAL_TYPEHASH, taskId, provider, commitment, envelopeHash],
    ),
  );
}
