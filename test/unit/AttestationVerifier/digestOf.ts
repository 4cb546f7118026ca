import { expect } from "chai";
import { id } from "ethers";
import { attestationOf, CLAIM, type Claim, deployVerifier } from "../../helpers/attestation.js";
import { loadFixture } from "../../helpers/network.js";

describe("AttestationVerifier.digestOf", () => {
  it("is the EIP-712 digest that a wallet computes", async () => {
    const { verifier, domain } = await loadFixture(deployVerifier);
    expect(await verifier.digestOf(CLAIM)).to.equal(attestationOf(domain, CLAIM));
  });

  const bound: [name: string, claim: Claim][] = [
    ["task", { ...CLAIM, taskId: id("other") }],
    ["provider", { ...CLAIM, provider: 8 }],
    ["input", { ...CLAIM, inputDigest: id("other") }],
    ["result", { ...CLAIM, resultDigest: id("other") }],
    ["envelope", { ...CLAIM, envelopeHash: id("other") }],
  ];
  for (const [name, claim] of bound) {
    it(`changes with the ${name}`, async () => {
      const { verifier, domain } = await loadFixture(deployVerifier);
      const digest = await verifier.digestOf(claim);
      expect(digest).to.equal(attestationOf(domain, claim));
      expect(digest).not.to.equal(await verifier.digestOf(CLAIM));
    });
  }

  it("leaves source, version and bond to the task's id, which binds them", async () => {
    const { verifier } = await loadFixture(deployVerifier);
    const other = await verifier.digestOf({ ...CLAIM, source: 1, version: 1, bond: 1 });
    expect(other).to.equal(await verifier.digestOf(CLAIM));
  });
});
