import { expect } from "chai";
import { toQuantity } from "ethers";
import { packOrder, signOrder, taskIdOf } from "../../../src/protocol/order.js";
import { AcceptFirstVerifier__factory } from "../../../typechain-types/index.js";
import { CLAIM } from "../../helpers/attestation.js";
import { loadFixture } from "../../helpers/network.js";
import { deployMarket, type Market, proofOrder, random32 } from "../../helpers/suite.js";

const YES = AcceptFirstVerifier__factory.createInterface().getFunction("verify").selector;

/** A signed order for this verifier with some answer. */
async function answered(market: Market, bond: bigint) {
  const order = await proofOrder(market, { verifier: await market.acceptFirst.getAddress(), bond });
  const signature = await signOrder(market.client, order, market.domain);
  const answer = { resultDigest: random32(), envelopeHash: random32(), proof: "0x" };
  return { taskId: taskIdOf(order, market.domain), signed: { order: packOrder(order), signature, ...answer } };
}

describe("AcceptFirstVerifier.verify", () => {
  const table: [bond: bigint, answer: string][] = [
    [0n, "0x00000000"],
    [1n, YES],
    [2n ** 96n - 1n, YES],
    [2n ** 256n - 1n, YES],
  ];
  for (const [bond, answer] of table) {
    it(`answers ${answer} to a bond of ${toQuantity(bond)} wei, whatever the proof`, async () => {
      const { acceptFirst } = await loadFixture(deployMarket);
      expect(await acceptFirst.verify({ ...CLAIM, bond }, "0x")).to.equal(answer);
      expect(await acceptFirst.verify({ ...CLAIM, bond }, `0x${"ab".repeat(97)}`)).to.equal(answer);
    });
  }

  describe("when TaskManager asks", () => {
    it("pays the first answer of a provider with a bond", async () => {
      const market = await loadFixture(deployMarket);
      const { taskManager, agent, provider } = market;
      const { taskId, signed } = await answered(market, 1n);
      await expect(taskManager.connect(agent).proveSigned(provider, signed))
        .to.emit(taskManager, "TaskProven")
        .withArgs(taskId, signed.resultDigest, signed.envelopeHash);
    });

    it("refuses an order without a bond", async () => {
      const market = await loadFixture(deployMarket);
      const { taskManager, acceptFirst, agent, provider } = market;
      const { taskId, signed } = await answered(market, 0n);
      await expect(taskManager.connect(agent).proveSigned(provider, signed))
        .to.be.revertedWithCustomError(taskManager, "ProofRejected")
        .withArgs(taskId, acceptFirst);
    });
  });
});
