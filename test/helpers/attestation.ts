import { concat, id, Signature, type SigningKey, toBeHex, TypedDataEncoder, Wallet } from "ethers";
import { AttestationVerifier__factory, type IVerifier } from "../../typechain-types/index.js";
import { ethers } from "./network.js";

const ORDER_OF_CURVE = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const TYPES = {
  Attestation: [
    { name: "taskId", type: "bytes32" },
    { name: "providerId", type: "uint32" },
    { name: "inputDigest", type: "bytes32" },
    { name: "resultDigest", type: "bytes32" },
    { name: "envelopeHash", type: "bytes32" },
  ],
};

export type Claim = IVerifier.ClaimStruct;
export type Domain = Awaited<ReturnType<typeof deployVerifier>>["domain"];

/** Keys in ascending order of their addresses; the first three are the attesters. */
export const KEYS: readonly [SigningKey, SigningKey, SigningKey, SigningKey] = (() => {
  const wallets = ["a", "b", "c", "d"].map((name) => new Wallet(id(name)));
  wallets.sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
  const [first, second, third, fourth] = wallets.map(({ signingKey }) => signingKey);
  if (!first || !second || !third || !fourth) throw new Error("four keys are made");
  return [first, second, third, fourth];
})();

export const CLAIM = {
  taskId: id("task"),
  provider: 7,
  source: 8,
  version: 9,
  inputDigest: id("input"),
  resultDigest: id("result"),
  envelopeHash: id("envelope"),
  bond: 10n,
} as const satisfies Claim;

/** A verifier that wants two of three attesters, and the domain they sign under. */
export async function deployVerifier() {
  const deployer = await ethers.provider.getSigner(0);
  const attesters = KEYS.slice(0, 3).map((key) => ethers.computeAddress(key));
  const verifier = await new AttestationVerifier__factory(deployer).deploy(attesters, 2);
  const domain = {
    name: "OpenGPU Attestation",
    version: "1",
    chainId: (await ethers.provider.getNetwork()).chainId,
    verifyingContract: await verifier.getAddress(),
  };
  return { verifier, attesters, domain, deployer };
}

/** What attesters sign of a claim, by the library's encoder. */
export function attestationOf(domain: Domain, claim: Claim): string {
  const { provider, taskId, inputDigest, resultDigest, envelopeHash } = claim;
  const value = { taskId, providerId: provider, inputDigest, resultDigest, envelopeHash };
  return TypedDataEncoder.hash(domain, TYPES, value);
}

/** The signatures of some keys, in the given order. */
export function proofOf(domain: Domain, claim: Claim, keys: readonly SigningKey[]): string {
  const digest = attestationOf(domain, claim);
  return concat(keys.map((key) => key.sign(digest).serialized));
}

/** The other signature of the same key over the same message: −s in place of s, and the other parity. */
export function flipped(signature: string): string {
  const { r, s, v } = Signature.from(signature);
  return concat([r, toBeHex(ORDER_OF_CURVE - BigInt(s), 32), toBeHex(v === 27 ? 28 : 27, 1)]);
}
