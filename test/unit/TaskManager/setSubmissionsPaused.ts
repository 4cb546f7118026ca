import { expect } from "chai";
import { packOrder, taskIdOf } from "../../../src/protocol/order.js";
import { State } from "../../helpers/manager.js";
import { loadFixture, time } from "../../helpers/network.js";
import {
  attest,
  CAP,
  deliveredTask,
  deployMarket,
  disclosedTask,
  type Market,
  openTask,
  proofOrder,
  resultFor,
  reviewOrder,
  WINDOWS,
} from "../../helpers/suite.js";

/** Submissions off, and tasks that were there before. */
async function paused<T>(prepare: (market: Market) => Promise<T>) {
  const market = await loadFixture(deployMarket);
  const task = await prepare(market);
  await market.taskManager.connect(market.owner).setSubmissionsPaused(true);
  return { ...market, ...task, agents: market.taskManager.connect(market.agent) };
}

describe("TaskManager.setSubmissionsPaused", () => {
  it("stops and resumes, and touches nothing else", async () => {
    const { taskManager, owner, treasury } = await loadFixture(deployMarket);
    const manager = taskManager.connect(owner);
    for (const state of [true, false]) {
      await expect(manager.setSubmissionsPaused(state)).to.emit(manager, "SubmissionsPauseSet").withArgs(state);
      expect(await manager.submissionsPaused()).to.equal(state);
      expect(await manager.feeBps()).to.equal(250);
      expect(await manager.treasury()).to.equal(treasury.address);
    }
  });

  it("refuses a call that would change nothing", async () => {
    const { taskManager, owner } = await loadFixture(deployMarket);
    const manager = taskManager.connect(owner);
    await expect(manager.setSubmissionsPaused(false))
      .to.be.revertedWithCustomError(manager, "PauseUnchanged")
      .withArgs(false);
    await manager.setSubmissionsPaused(true);
    await expect(manager.setSubmissionsPaused(true))
      .to.be.revertedWithCustomError(manager, "PauseUnchanged")
      .withArgs(true);
  });

  it("refuses anyone but the owner", async () => {
    const { taskManager, treasury } = await loadFixture(deployMarket);
    await expect(taskManager.connect(treasury).setSubmissionsPaused(true))
      .to.be.revertedWithCustomError(taskManager, "OwnableUnauthorizedAccount")
      .withArgs(treasury.address);
  });

  describe("when tasks were there before", () => {
    it("lets them be delivered, disclosed and settled", async () => {
      const { agents, packed, taskId, provider, order } = await paused(openTask);
      const { seal, commitment, envelope } = resultFor(taskId, provider);
      await agents.deliver(packed, provider, seal);
      await agents.disclose(packed, commitment, envelope);
      await time.increase(order.reviewPeriod + 1);
      await agents.settle(packed);
      expect((await agents.getTask(taskId)).state).to.equal(State.Settled);
    });

    for (const make of [deliveredTask, disclosedTask]) {
      it(`lets their clients accept a ${make === deliveredTask ? "delivered" : "disclosed"} one`, async () => {
        const { agents, client, packed, taskId } = await paused(make);
        await agents.connect(client).accept(packed);
        expect((await agents.getTask(taskId)).state).to.equal(State.Settled);
      });
    }

    it("lets them lapse, be cancelled and be refunded", async () => {
      const { agents, client, packed, taskId } = await paused((market) => deliveredTask(market, { reviewPeriod: 1 }));
      await time.increase(WINDOWS.disclose + 1);
      await agents.reopen(packed);
      await agents.refund(packed);
      expect((await agents.getTask(taskId)).state).to.equal(State.Refunded);
      const other = await paused(openTask);
      await other.agents.connect(client).cancel(other.packed);
      await time.increase(WINDOWS.cancelNotice + 1);
      await other.agents.refund(other.packed);
      expect((await other.agents.getTask(other.taskId)).state).to.equal(State.Refunded);
    });

    it("lets them be proven", async () => {
      const task = await paused(async (market) => {
        const order = await proofOrder(market);
        await market.taskManager.connect(market.client).submit(packOrder(order));
        const taskId = taskIdOf(order, market.domain);
        const result = resultFor(taskId, market.provider);
        return { order, taskId, result, proof: await attest(market, taskId, 1n, order.inputDigest, result) };
      });
      const { resultDigest, envelopeHash } = task.result;
      await task.agents.prove(packOrder(task.order), 1, resultDigest, envelopeHash, task.proof);
      expect((await task.agents.getTask(task.taskId)).state).to.equal(State.Settled);
    });

    it("lets clients revoke orders and everyone take money out", async () => {
      const { agents, client, escrow, packed } = await paused(async (market) => {
        const order = await reviewOrder(market);
        return { packed: packOrder(order) };
      });
      await agents.connect(client).revoke(packed);
      await agents.connect(client).revokeBelow(1000);
      await escrow.connect(client).withdraw(CAP);
    });
  });
});
