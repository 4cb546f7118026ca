import { expect } from "chai";
import { packOrder } from "../../../src/protocol/order.js";
import { loadFixture } from "../../helpers/network.js";
import { attest, deployMarket, random32, signedProof } from "../../helpers/suite.js";

const SETTLED = 6n;
const NONE = 0n;

/** A suite with a signed Proof order and its attested answer. */
async function proven() {
  const market = await deployMarket();
  return { market, ...(await signedProof(market)) };
}

describe("AttestationVerifier through TaskManager.proveSigned", () => {
  it("pays a claim that the attester signed", async () => {
    const { market, packed, taskId } = await loadFixture(proven);
    const { taskManager, agent, provider } = market;
    await expect(taskManager.connect(agent).proveSigned(provider, packed))
      .to.emit(taskManager, "TaskProven")
      .withArgs(taskId, packed.resultDigest, packed.envelopeHash);
    expect((await taskManager.getTask(taskId)).state).to.equal(SETTLED);
  });

  describe("when the claim differs from the attestation", () => {
    for (const changed of ["resultDigest", "envelopeHash"] as const) {
      it(`refuses another ${changed} and takes nothing`, async () => {
        const { market, packed, taskId } = await loadFixture(proven);
        const { taskManager, escrow, agent, provider, client, attestation } = market;
        const before = await escrow.accountOf(client);
        await expect(taskManager.connect(agent).proveSigned(provider, { ...packed, [changed]: random32() }))
          .to.be.revertedWithCustomError(taskManager, "ProofRejected")
          .withArgs(taskId, attestation);
        expect((await taskManager.getTask(taskId)).state).to.equal(NONE);
        expect(await escrow.accountOf(client)).to.deep.equal(before);
      });
    }

    it("refuses an attestation for another provider, or of a stranger", async () => {
      const { market, packed, taskId, order } = await loadFixture(proven);
      const { taskManager, agent, provider, stranger, attestation } = market;
      const proofs = [
        await attest(market, taskId, provider + 1n, order.inputDigest, packed),
        await attest(market, taskId, provider, order.inputDigest, packed, [stranger]),
      ];
      for (const proof of proofs) {
        await expect(taskManager.connect(agent).proveSigned(provider, { ...packed, proof }))
          .to.be.revertedWithCustomError(taskManager, "ProofRejected")
          .withArgs(taskId, attestation);
      }
    });
  });

  it("binds the order: the proof of one answers no other", async () => {
    const { market, packed } = await loadFixture(proven);
    const { taskManager, agent, provider, attestation } = market;
    const other = await signedProof(market);
    expect(other.packed.order).not.to.deep.equal(packed.order);
    const { resultDigest, envelopeHash, proof } = packed;
    const stolen = { ...other.packed, order: packOrder(other.order), resultDigest, envelopeHash, proof };
    await expect(taskManager.connect(agent).proveSigned(provider, stolen))
      .to.be.revertedWithCustomError(taskManager, "ProofRejected")
      .withArgs(other.taskId, attestation);
  });
});
