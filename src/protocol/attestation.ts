import type { Signer } from "ethers";

/** What an attester vouches for: that the result answers the input and that the envelope opens it for the client. */
export interface Attestation {
  taskId: string;
  providerId: bigint | number;
  /** SHA-256 of the input. */
  inputDigest: string;
  /** SHA-256 of the output. */
  resultDigest: string;
  /** keccak256 of the envelope's bytes. */
  envelopeHash: string;
}

const ATTESTATION_TYPES = {
  Attestation: [
    { name: "taskId", type: "bytes32" },
    { name: "providerId", type: "uint32" },
    { name: "inputDigest", type: "bytes32" },
    { name: "resultDigest", type: "bytes32" },
    { name: "envelopeHash", type: "bytes32" },
  ],
};

/**
 * Signs an attestation for an AttestationVerifier; 65 bytes in hexadecimal. A proof for a threshold of several is their
 * signatures in ascending order of the signers' addresses.
 */
export function signAttestation(
  attester: Signer,
  attestation: Attestation,
  { chainId, verifier }: { chainId: bigint; verifier: string },
): Promise<string> {
  const domain = { name: "OpenGPU Attestation", version: "1", chainId, verifyingContract: verifier };
  return attester.signTypedData(domain, ATTESTATION_TYPES, attestation);
}
