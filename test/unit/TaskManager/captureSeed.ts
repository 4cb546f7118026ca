import { expect } from "chai";
import { packOrder, taskIdOf } from "../../../src/protocol/order.js";
import { SEED_DELAY, seedOf } from "../../../src/protocol/consensus.js";
import { fractionAfter, openView, priceAfter, State, viewOf } from "../../helpers/manager.js";
import { ethers, loadFixture, networkHelpers, passTo, time } from "../../helpers/network.js";
import { quorumOrder } from "../../helpers/rounds.js";
import { openTask, proofOrder, random32, WINDOWS } from "../../helpers/suite.js";
import { changesIn, deployFive, expectRefusal } from "../../helpers/verdicts.js";

/** A Quorum task, `passed` blocks after that of its submission. */
async function posted(passed: number, changes: Parameters<typeof quorumOrder>[1] = {}) {
  const panel = await loadFixture(deployFive);
  await networkHelpers.mine();
  const order = await quorumOrder(panel, changes);
  const packed = packOrder(order);
  await time.setNextBlockTimestamp((await time.latest()) + 1);
  await panel.taskManager.connect(panel.client).submit(packed);
  const [openedAt, openBlock] = [await time.latest(), await time.latestBlock()];
  await networkHelpers.mine(passed, { interval: 1 });
  const manager = panel.taskManager.connect(panel.stranger);
  return { panel, order, packed, taskId: taskIdOf(order, panel.domain), openedAt, openBlock, manager };
}

const hashOf = async (block: number): Promise<string> => (await ethers.provider.getBlock(block))?.hash ?? "";

describe("TaskManager.captureSeed", () => {
  it("takes the last 66 bits of a hash, whoever calls, and moves nothing else", async () => {
    const { panel, manager, order, taskId, openedAt, openBlock } = await posted(SEED_DELAY, { rampDuration: 20_000 });
    const seedBlock = openBlock + SEED_DELAY;
    const seed = seedOf(await hashOf(seedBlock));
    await time.setNextBlockTimestamp(openedAt + 100);
    const changes = await changesIn(panel, () =>
      expect(manager.captureSeed(taskId)).to.emit(manager, "SeedCaptured").withArgs(taskId, seedBlock, seed),
    );
    expect(changes).to.deep.equal({});
    const round = await manager.getRound(taskId);
    expect([round.seedBlock, round.seed, round.capacity, round.closedAt]).to.deep.equal([0n, seed, 6n, 0n]);
    expect(round.seats).to.have.length(0);
    const priceFraction = fractionAfter(order, 100);
    expect(await viewOf(panel, taskId)).to.deep.equal(openView(order, openedAt, { state: State.Round, priceFraction }));
  });

  it("leaves the price to climb up to the deadline", async () => {
    const { manager, order, packed, taskId, openedAt } = await posted(SEED_DELAY, { rampDuration: 20_000 });
    await manager.captureSeed(taskId);
    for (const elapsed of [500, 3_000]) {
      await time.increaseTo(openedAt + elapsed);
      expect(await manager.priceOf(packed)).to.equal(priceAfter(order, elapsed));
    }
    await time.increaseTo(order.deadline + 500);
    expect(await manager.priceOf(packed)).to.equal(priceAfter(order, order.deadline - openedAt));
    expect(await manager.priceAt(packed, openedAt + 7)).to.equal(priceAfter(order, 7));
  });

  describe("when the block of the seed is not in the past", () => {
    for (let passed = 0; passed < SEED_DELAY; passed++) {
      it(`refuses ${passed + 1} ${passed === 0 ? "block" : "blocks"} after the submission`, async () => {
        const { panel, manager, taskId, openBlock } = await posted(passed);
        const args = [taskId, openBlock + SEED_DELAY, openBlock + passed + 1];
        await expectRefusal(panel, () => manager.captureSeed(taskId), "SeedNotReady", args);
        expect((await manager.getTask(taskId)).state).to.equal(State.Open);
      });
    }
  });

  describe("when the chain has forgotten the first block", () => {
    for (const [passed, after] of [
      [SEED_DELAY + 1, SEED_DELAY],
      [SEED_DELAY + 256, SEED_DELAY],
      [SEED_DELAY + 257, SEED_DELAY + 256],
      [SEED_DELAY + 512, SEED_DELAY + 256],
      [SEED_DELAY + 513, SEED_DELAY + 512],
    ] as const) {
      it(`takes the hash of block ${after} after the submission in block ${passed} after it`, async () => {
        const { manager, taskId, openBlock } = await posted(passed - 1);
        const { seedBlock } = await manager.getRound(taskId, { blockTag: "pending" });
        expect(seedBlock).to.equal(openBlock + after);
        await expect(manager.captureSeed(taskId))
          .to.emit(manager, "SeedCaptured")
          .withArgs(taskId, openBlock + after, seedOf(await hashOf(openBlock + after)));
        expect(await time.latestBlock()).to.equal(openBlock + passed);
      });
    }
  });

  it("cannot be had again", async () => {
    const { panel, manager, taskId } = await posted(SEED_DELAY);
    await manager.captureSeed(taskId);
    const { seed } = await manager.getRound(taskId);
    for (const blocks of [1, 300]) {
      await networkHelpers.mine(blocks, { interval: 1 });
      await expectRefusal(panel, () => manager.captureSeed(taskId), "WrongState", [taskId, State.Round]);
      expect((await manager.getRound(taskId)).seed).to.equal(seed);
    }
  });

  describe("when the task has no round to come", () => {
    it("refuses Review and Proof tasks", async () => {
      const panel = await loadFixture(deployFive);
      const manager = panel.taskManager.connect(panel.client);
      const review = await openTask(panel);
      const proof = await proofOrder(panel);
      await manager.submit(packOrder(proof));
      await networkHelpers.mine(SEED_DELAY + 1, { interval: 1 });
      for (const taskId of [review.taskId, taskIdOf(proof, panel.domain)]) {
        await expectRefusal(panel, () => manager.captureSeed(taskId), "NotQuorum", [taskId]);
      }
    });

    it("refuses a Review task that lapsed", async () => {
      const panel = await loadFixture(deployFive);
      const manager = panel.taskManager.connect(panel.agent);
      const { packed, taskId } = await openTask(panel, { deadline: (await time.latest()) + 40_000 });
      await manager.deliver(packed, 1, random32());
      await time.increase(WINDOWS.disclose + 1);
      await manager.reopen(packed);
      await expectRefusal(panel, () => manager.captureSeed(taskId), "NotQuorum", [taskId]);
    });

    it("refuses what nobody posted, or the client has back", async () => {
      const { panel, manager, order, packed, taskId } = await posted(SEED_DELAY);
      const unknown = random32();
      await expectRefusal(panel, () => manager.captureSeed(unknown), "WrongState", [unknown, State.None]);
      await time.increaseTo(order.deadline + 1);
      await manager.refund(packed);
      await expectRefusal(panel, () => manager.captureSeed(taskId), "WrongState", [taskId, State.Refunded]);
    });
  });

  describe("when the deadline comes", () => {
    it("may be in its last second, not in the second after", async () => {
      const { panel, manager, order, taskId } = await posted(SEED_DELAY);
      const snapshot = await networkHelpers.takeSnapshot();
      await passTo(order.deadline + 1);
      const args = [order.deadline, order.deadline + 1];
      await expectRefusal(panel, () => manager.captureSeed(taskId), "DeadlinePassed", args);
      await snapshot.restore();
      await passTo(order.deadline);
      await manager.captureSeed(taskId);
      expect((await manager.getTask(taskId)).state).to.equal(State.Round);
    });

    it("counts the deadline of a cancellation", async () => {
      const { panel, manager, packed, taskId } = await posted(SEED_DELAY);
      await manager.connect(panel.client).cancel(packed);
      const end = (await time.latest()) + WINDOWS.cancelNotice;
      await passTo(end + 1);
      await expectRefusal(panel, () => manager.captureSeed(taskId), "DeadlinePassed", [end, end + 1]);
    });
  });
});
