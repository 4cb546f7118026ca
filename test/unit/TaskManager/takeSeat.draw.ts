import { expect } from "chai";
import { entryOf, reachAt, SEED_DELAY, ticketBound, ticketOf } from "../../../src/protocol/consensus.js";
import { packOrder, taskIdOf } from "../../../src/protocol/order.js";
import { ethers, loadFixture, networkHelpers, passTo, time } from "../../helpers/network.js";
import { everybodyEnters, ownerOf, postRound, quorumOrder, type RoundTask, WINDOW } from "../../helpers/rounds.js";
import { joinProvider, WINDOWS } from "../../helpers/suite.js";
import { deployFive, deploySix, expectRefusal, takeSeat as take } from "../../helpers/verdicts.js";

describe("TaskManager.takeSeat draws seats", () => {
  describe("when the seed is not known yet", () => {
    it("refuses up to its block, takes the first seat in the block after", async () => {
      const panel = await loadFixture(deployFive);
      await networkHelpers.mine();
      const order = await quorumOrder(panel);
      const task = { packed: packOrder(order), taskId: taskIdOf(order, panel.domain) } as RoundTask;
      await time.setNextBlockTimestamp((await time.latest()) + 1);
      await panel.taskManager.connect(panel.client).submit(task.packed);
      const block = await time.latestBlock();
      for (let passed = 1; passed <= SEED_DELAY; passed++) {
        const args = [task.taskId, block + SEED_DELAY, block + passed];
        await expectRefusal(panel, () => take(panel, task, panel.agent, 1n), "SeedNotReady", args);
        await networkHelpers.mine(1, { interval: 1 });
      }
      await time.setNextBlockTimestamp(order.deadline);
      await take(panel, task, panel.agent, 1n);
      expect((await panel.taskManager.getRound(task.taskId)).seats).to.have.length(1);
    });
  });

  describe("when the provider is drawn", () => {
    it("may sit from the very second on that its ticket and slots give it", async () => {
      const panel = await loadFixture(deployFive);
      const { taskManager, members, providerPool } = panel;
      const task = await postRound(panel);
      await taskManager.captureSeed(task.taskId);
      const { seed, capacity } = await taskManager.getRound(task.taskId);
      const snapshot = await networkHelpers.takeSnapshot();
      let refused = 0;
      for (const provider of members.keys()) {
        const { slots } = await providerPool.getMembership(provider, 1);
        const share = { slots: Number(slots), capacity: Number(capacity) };
        const ticket = ticketOf(seed, task.taskId, provider);
        const duration = task.order.deadline - task.openedAt;
        expect(duration).to.equal(WINDOW);
        const entry = entryOf(ticket, share, duration);
        const act = () => take(panel, task, ownerOf(panel, provider), provider);
        // Who is drawn at once may sit before anybody could have captured the seed.
        if (task.openedAt + entry > (await time.latest()) + 2) {
          await passTo(task.openedAt + entry - 1);
          const bound = ticketBound(reachAt(entry - 1, duration), share);
          await expectRefusal(panel, act, "NotDrawn", [task.taskId, provider, ticket, bound]);
          expect(ticket >= bound).to.be.true;
          await time.setNextBlockTimestamp(task.openedAt + entry);
          refused += 1;
        }
        await act();
        expect((await taskManager.getRound(task.taskId)).seats.map((seat) => seat.provider)).to.deep.equal([provider]);
        await snapshot.restore();
      }
      expect(refused).to.be.greaterThan(0);
    });

    it("counts the slots that it had at the submission against those of the pool then", async () => {
      const panel = await loadFixture(deployFive);
      const { taskManager, others } = panel;
      const task = await postRound(panel);
      // Capacity that joins later dilutes nobody.
      const [, , , , , late] = others;
      if (late === undefined) throw new Error("no account");
      await joinProvider(panel, late, { slots: 9 });
      await taskManager.captureSeed(task.taskId);
      const { seed, capacity } = await taskManager.getRound(task.taskId);
      expect(capacity).to.equal(6n);
      const ticket = ticketOf(seed, task.taskId, 1);
      const entry = entryOf(ticket, { slots: 2, capacity: 6 }, WINDOW);
      const at = Math.max(task.openedAt + entry, (await time.latest()) + 1);
      await time.setNextBlockTimestamp(at);
      await take(panel, task, panel.agent, 1n);
    });

    it("goes by the order's deadline even after a cancellation", async () => {
      const panel = await loadFixture(deployFive);
      const { taskManager, client } = panel;
      const task = await postRound(panel);
      await taskManager.captureSeed(task.taskId);
      await taskManager.connect(client).cancel(task.packed);
      const end = (await time.latest()) + WINDOWS.cancelNotice;
      const { seed } = await taskManager.getRound(task.taskId);
      // The last second of the notice is within the first quarter of the window.
      const bound = (slots: number) => ticketBound(1n << 16n, { slots, capacity: 6 });
      await passTo(end);
      for (const provider of panel.members.keys()) {
        const ticket = ticketOf(seed, task.taskId, provider);
        const limit = bound(provider === 1n ? 2 : 1);
        if (ticket < limit) continue;
        const act = () => take(panel, task, ownerOf(panel, provider), provider);
        await expectRefusal(panel, act, "NotDrawn", [task.taskId, provider, ticket, limit]);
      }
    });
  });

  describe("when the provider joined late", () => {
    it("refuses who joined in the same second, takes who joined in the second before", async () => {
      const panel = await loadFixture(deploySix);
      const { providerPool, taskManager, client, members } = panel;
      const [, early = 0n, same = 0n] = [...members.keys()];
      for (const provider of [early, same]) await providerPool.connect(ownerOf(panel, provider)).leavePool(provider, 1);
      const joins = (provider: bigint, options = {}) =>
        providerPool.connect(ownerOf(panel, provider)).joinPool(provider, 1, 1, 1, 1, 0, options);
      const second = (await time.latest()) + 10;
      const order = await quorumOrder(panel, { deadline: second + WINDOW });
      const task = { order, packed: packOrder(order), taskId: taskIdOf(order, panel.domain) } as RoundTask;
      await time.setNextBlockTimestamp(second - 1);
      await joins(early);
      // One block, so one second, for both.
      const options = { gasLimit: 2_000_000 };
      await ethers.provider.send("evm_setAutomine", [false]);
      try {
        await joins(same, options);
        await taskManager.connect(client).submit(task.packed, options);
        await time.setNextBlockTimestamp(second);
        await networkHelpers.mine();
      } finally {
        await ethers.provider.send("evm_setAutomine", [true]);
      }
      expect((await providerPool.getMembership(same, 1)).joinedAt).to.equal(second);
      expect((await taskManager.getTask(task.taskId)).openedAt).to.equal(second);
      await networkHelpers.mine(SEED_DELAY, { interval: 1 });
      await everybodyEnters({ ...task, openedAt: second });
      const act = () => take(panel, task, ownerOf(panel, same), same);
      await expectRefusal(panel, act, "JoinedTooLate", [same, 1, second, second], providerPool);
      await take(panel, task, ownerOf(panel, early), early);
    });

    it("refuses who joined after the submission, and who left and came back", async () => {
      const panel = await loadFixture(deployFive);
      const { providerPool, others, agent } = panel;
      const [, , , , , owner] = others;
      if (owner === undefined) throw new Error("no account");
      const task = await postRound(panel);
      const late = await joinProvider(panel, owner);
      await providerPool.connect(agent).leavePool(1, 1);
      const gone = () => take(panel, task, agent, 1n);
      await expectRefusal(panel, gone, "NotMember", [1, 1], providerPool);
      await providerPool.connect(agent).joinPool(1, 1, 1, 2, 1, 0);
      await everybodyEnters(task);
      for (const [provider, caller] of [
        [late, owner],
        [1n, agent],
      ] as const) {
        const { joinedAt } = await providerPool.getMembership(provider, 1);
        const act = () => take(panel, task, caller, provider);
        await expectRefusal(panel, act, "JoinedTooLate", [provider, 1, joinedAt, task.openedAt], providerPool);
      }
    });
  });
});
