import { expect } from "chai";
import { concat, dataSlice, id, ZeroHash } from "ethers";
import { AttestationVerifier__factory } from "../../../typechain-types/index.js";
import { CLAIM, type Claim, deployVerifier, type Domain, flipped, KEYS, proofOf } from "../../helpers/attestation.js";
import { loadFixture } from "../../helpers/network.js";

const YES = AttestationVerifier__factory.createInterface().getFunction("verify").selector;
const NO = "0x00000000";
const [A, B, C, STRANGER] = KEYS;

/** The given byte in place of the parity of the second signature. */
const withParity = (proof: string, parity: string) => concat([dataSlice(proof, 0, 129), parity]);

describe("AttestationVerifier.verify", () => {
  describe("when two of three attesters signed in ascending order", () => {
    for (const [name, keys] of [
      ["first and second", [A, B]],
      ["first and third", [A, C]],
      ["second and third", [B, C]],
    ] as const) {
      it(`accepts ${name}`, async () => {
        const { verifier, domain } = await loadFixture(deployVerifier);
        expect(await verifier.verify(CLAIM, proofOf(domain, CLAIM, keys))).to.equal(YES);
      });
    }
  });

  describe("when the signatures are not what was asked for", () => {
    const proofs: [name: string, proof: (domain: Domain) => string][] = [
      ["none", () => "0x"],
      ["one of two", (domain) => proofOf(domain, CLAIM, [A])],
      ["all three", (domain) => proofOf(domain, CLAIM, [A, B, C])],
      ["descending order", (domain) => proofOf(domain, CLAIM, [B, A])],
      ["one signer twice", (domain) => proofOf(domain, CLAIM, [A, A])],
      [
        "one signer twice, once with the other s",
        (domain) => {
          const proof = proofOf(domain, CLAIM, [A]);
          return concat([proof, flipped(proof)]);
        },
      ],
      ["a stranger behind an attester", (domain) => proofOf(domain, CLAIM, [C, STRANGER])],
      ["strangers only", (domain) => proofOf(domain, CLAIM, [STRANGER, STRANGER])],
      ["a byte less", (domain) => dataSlice(proofOf(domain, CLAIM, [A, B]), 0, 129)],
      ["a byte more", (domain) => concat([proofOf(domain, CLAIM, [A, B]), "0x00"])],
      ["zeros", () => concat([ZeroHash, ZeroHash, ZeroHash, ZeroHash, "0x0000"])],
      ["parity 0 for 27", (domain) => withParity(proofOf(domain, CLAIM, [A, B]), "0x00")],
      ["parity 1 for 28", (domain) => withParity(proofOf(domain, CLAIM, [A, B]), "0x01")],
      ["parity 29", (domain) => withParity(proofOf(domain, CLAIM, [A, B]), "0x1d")],
      ["a high s", (domain) => concat([proofOf(domain, CLAIM, [A]), flipped(proofOf(domain, CLAIM, [B]))])],
      ["another chain", (domain) => proofOf({ ...domain, chainId: domain.chainId + 1n }, CLAIM, [A, B])],
      [
        "another contract",
        (domain) => proofOf({ ...domain, verifyingContract: `0x${"22".repeat(20)}` }, CLAIM, [A, B]),
      ],
      ["another name", (domain) => proofOf({ ...domain, name: "OpenGPU" }, CLAIM, [A, B])],
      ["another version", (domain) => proofOf({ ...domain, version: "2" }, CLAIM, [A, B])],
    ];
    for (const [name, proof] of proofs) {
      it(`refuses ${name}`, async () => {
        const { verifier, domain } = await loadFixture(deployVerifier);
        expect(await verifier.verify(CLAIM, proof(domain))).to.equal(NO);
      });
    }
  });

  describe("when the claim is not what they signed", () => {
    const claims: [name: string, claim: Claim][] = [
      ["task", { ...CLAIM, taskId: id("other") }],
      ["provider", { ...CLAIM, provider: 8 }],
      ["input", { ...CLAIM, inputDigest: id("other") }],
      ["result", { ...CLAIM, resultDigest: id("other") }],
      ["envelope", { ...CLAIM, envelopeHash: id("other") }],
      [
        "result, swapped with the input",
        { ...CLAIM, inputDigest: CLAIM.resultDigest, resultDigest: CLAIM.inputDigest },
      ],
    ];
    for (const [name, claim] of claims) {
      it(`refuses another ${name}`, async () => {
        const { verifier, domain } = await loadFixture(deployVerifier);
        expect(await verifier.verify(claim, proofOf(domain, CLAIM, [A, B]))).to.equal(NO);
      });
    }
  });

  describe("when every attester must sign", () => {
    it("accepts all of them and no two", async () => {
      const { attesters, deployer, domain } = await loadFixture(deployVerifier);
      const verifier = await new AttestationVerifier__factory(deployer).deploy(attesters, 3);
      const own = { ...domain, verifyingContract: await verifier.getAddress() };
      expect(await verifier.verify(CLAIM, proofOf(own, CLAIM, [A, B, C]))).to.equal(YES);
      expect(await verifier.verify(CLAIM, proofOf(own, CLAIM, [A, B]))).to.equal(NO);
      expect(await verifier.verify(CLAIM, proofOf(own, CLAIM, [A, C, C]))).to.equal(NO);
    });
  });

  describe("when the attesters were given in another order", () => {
    it("still wants signatures by ascending address", async () => {
      const { attesters, deployer, domain } = await loadFixture(deployVerifier);
      const verifier = await new AttestationVerifier__factory(deployer).deploy(attesters.toReversed(), 2);
      const own = { ...domain, verifyingContract: await verifier.getAddress() };
      expect(await verifier.verify(CLAIM, proofOf(own, CLAIM, [A, C]))).to.equal(YES);
      expect(await verifier.verify(CLAIM, proofOf(own, CLAIM, [C, A]))).to.equal(NO);
    });
  });
});
