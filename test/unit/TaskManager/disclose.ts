import { expect } from "chai";
import { keccak256 } from "ethers";
import { packOrder, taskIdOf } from "../../../src/protocol/order.js";
import { sealOf } from "../../../src/protocol/seal.js";
import { fractionAfter, movements, openView, State, viewOf } from "../../helpers/manager.js";
import { loadFixture, time } from "../../helpers/network.js";
import {
  deliveredTask,
  deployMarket,
  disclosedTask,
  openTask,
  random32,
  resultFor,
  reviewOrder,
  WINDOWS,
} from "../../helpers/suite.js";

async function delivered() {
  const market = await loadFixture(deployMarket);
  const task = await deliveredTask(market);
  return { market, ...task, deliveredAt: await time.latest(), manager: market.taskManager.connect(market.stranger) };
}

/** A task sealed with an envelope of `size` bytes. */
async function withEnvelope(size: number) {
  const market = await loadFixture(deployMarket);
  const { packed, taskId } = await openTask(market);
  const [commitment, envelope] = [random32(), `0x${"ab".repeat(size)}`];
  const seal = sealOf({ taskId, provider: market.provider, commitment, envelopeHash: keccak256(envelope) });
  const manager = market.taskManager.connect(market.agent);
  await manager.deliver(packed, market.provider, seal);
  return { market, manager, packed, taskId, commitment, envelope };
}

describe("TaskManager.disclose", () => {
  it("puts the envelope on chain and starts the review, whoever calls", async () => {
    const { market, manager, order, packed, taskId, deliveredAt, commitment, envelope, seal } = await delivered();
    const { client, provider } = market;
    await time.setNextBlockTimestamp(deliveredAt + 30);
    expect(
      await movements(market, () =>
        expect(manager.disclose(packed, commitment, envelope))
          .to.emit(manager, "TaskDisclosed")
          .withArgs(taskId, provider, client.address, commitment, envelope),
      ),
    ).to.deep.equal({});
    expect(await viewOf(market, taskId)).to.deep.equal(
      openView(order, deliveredAt - 1, {
        state: State.Disclosed,
        provider,
        clearedAt: BigInt(deliveredAt),
        markedAt: BigInt(deliveredAt + 30),
        priceFraction: fractionAfter(order, 1),
        seal,
      }),
    );
  });

  it("is possible in the last second of the window, not after", async () => {
    const { manager, packed, taskId, deliveredAt, commitment, envelope } = await delivered();
    const end = deliveredAt + WINDOWS.disclose;
    await time.setNextBlockTimestamp(end + 1);
    await expect(manager.disclose(packed, commitment, envelope))
      .to.be.revertedWithCustomError(manager, "DisclosureTooLate")
      .withArgs(taskId, end, end + 1);
    await time.setNextBlockTimestamp(end);
    await manager.disclose(packed, commitment, envelope);
    expect((await manager.getTask(taskId)).markedAt).to.equal(end);
  });

  it("is possible after the deadline: only delivery had to be in time", async () => {
    const market = await loadFixture(deployMarket);
    const task = await openTask(market);
    await time.setNextBlockTimestamp(task.order.deadline);
    const { seal, commitment, envelope } = resultFor(task.taskId, market.provider);
    const agent = market.taskManager.connect(market.agent);
    await agent.deliver(task.packed, market.provider, seal);
    await agent.disclose(task.packed, commitment, envelope);
    expect((await agent.getTask(task.taskId)).state).to.equal(State.Disclosed);
  });

  describe("when the opening does not fit the seal", () => {
    it("refuses another commitment and another envelope", async () => {
      const { market, manager, packed, taskId, commitment, envelope, envelopeHash, seal } = await delivered();
      const { provider } = market;
      const other = random32();
      await expect(manager.disclose(packed, other, envelope))
        .to.be.revertedWithCustomError(manager, "SealMismatch")
        .withArgs(taskId, seal, sealOf({ taskId, provider, commitment: other, envelopeHash }));
      for (const bytes of ["0x", `${envelope}00`, envelope.slice(0, -2)]) {
        await expect(manager.disclose(packed, commitment, bytes))
          .to.be.revertedWithCustomError(manager, "SealMismatch")
          .withArgs(taskId, seal, sealOf({ taskId, provider, commitment, envelopeHash: keccak256(bytes) }));
      }
      expect((await manager.getTask(taskId)).state).to.equal(State.Delivered);
    });

    it("refuses a seal made for another provider or another task", async () => {
      const market = await loadFixture(deployMarket);
      const { provider } = market;
      const manager = market.taskManager.connect(market.agent);
      for (const make of [
        (taskId: string) => resultFor(taskId, provider + 1n),
        () => resultFor(random32(), provider),
      ]) {
        const { packed, taskId } = await openTask(market);
        const { seal, commitment, envelope, envelopeHash } = make(taskId);
        await manager.deliver(packed, provider, seal);
        await expect(manager.disclose(packed, commitment, envelope))
          .to.be.revertedWithCustomError(manager, "SealMismatch")
          .withArgs(taskId, seal, sealOf({ taskId, provider, commitment, envelopeHash }));
      }
    });
  });

  describe("when envelopes are large", () => {
    for (const size of [0, 512]) {
      it(`takes ${size} bytes`, async () => {
        const { market, manager, packed, taskId, commitment, envelope } = await withEnvelope(size);
        await expect(manager.disclose(packed, commitment, envelope))
          .to.emit(manager, "TaskDisclosed")
          .withArgs(taskId, market.provider, market.client.address, commitment, envelope);
      });
    }

    it("refuses 513 bytes", async () => {
      const { manager, packed, commitment, envelope } = await withEnvelope(513);
      await expect(manager.disclose(packed, commitment, envelope))
        .to.be.revertedWithCustomError(manager, "EnvelopeTooLarge")
        .withArgs(513, 512);
    });
  });

  describe("when no seal is waiting", () => {
    it("refuses a second disclosure, which would prolong the review", async () => {
      const market = await loadFixture(deployMarket);
      const { packed, taskId, commitment, envelope } = await disclosedTask(market);
      const { markedAt } = await market.taskManager.getTask(taskId);
      await expect(market.taskManager.disclose(packed, commitment, envelope))
        .to.be.revertedWithCustomError(market.taskManager, "WrongState")
        .withArgs(taskId, State.Disclosed);
      expect((await market.taskManager.getTask(taskId)).markedAt).to.equal(markedAt);
    });

    it("refuses an open task and an order that nobody posted", async () => {
      const market = await loadFixture(deployMarket);
      const { packed, taskId } = await openTask(market);
      const { commitment, envelope } = resultFor(taskId, market.provider);
      await expect(market.taskManager.disclose(packed, commitment, envelope))
        .to.be.revertedWithCustomError(market.taskManager, "WrongState")
        .withArgs(taskId, State.Open);
      const order = await reviewOrder(market);
      await expect(market.taskManager.disclose(packOrder(order), commitment, envelope))
        .to.be.revertedWithCustomError(market.taskManager, "WrongState")
        .withArgs(taskIdOf(order, market.domain), State.None);
    });
  });
});
