import { expect } from "chai";
import { fractionAfter, openView, priceAfter, State, viewOf } from "../../helpers/manager.js";
import { loadFixture, networkHelpers, passTo, time } from "../../helpers/network.js";
import { ownerOf, postRound, sealedRound, seatMember } from "../../helpers/rounds.js";
import { CAP, FLOOR, openTask } from "../../helpers/suite.js";
import {
  changesIn,
  deployFive,
  deploySix,
  enteredRound as entered,
  expectRefusal,
  panelOf,
  takeSeat as take,
  WEIGHT_UNIT,
} from "../../helpers/verdicts.js";

/** As large as the pool of the largest round must be. */
const deployEighteen = () => panelOf(18);

describe("TaskManager.takeSeat ends sealing", () => {
  describe("when sealing ends", () => {
    it("takes a seat in the last second of the deadline, none after, seed or not", async () => {
      const panel = await loadFixture(deployFive);
      const task = await postRound(panel);
      const { deadline } = task.order;
      const act = () => take(panel, task, panel.agent, 1n);
      const snapshot = await networkHelpers.takeSnapshot();
      for (const captured of [false, true]) {
        if (captured) await panel.taskManager.captureSeed(task.taskId);
        const state = await networkHelpers.takeSnapshot();
        await passTo(deadline + 1);
        await expectRefusal(panel, act, "SealingOver", [task.taskId, deadline, deadline + 1]);
        await state.restore();
      }
      await snapshot.restore();
      await passTo(deadline);
      await act();
    });

    it("refuses more once all seats are taken", async () => {
      const panel = await loadFixture(deployFive);
      const { task } = await sealedRound(panel, ["a", "b", "c"]);
      const closedAt = await time.latest();
      const [, , , , fifth = 0n] = [...panel.members.keys()];
      await time.setNextBlockTimestamp(closedAt + 1);
      const act = () => take(panel, task, ownerOf(panel, fifth), fifth);
      await expectRefusal(panel, act, "SealingOver", [task.taskId, closedAt, closedAt + 1]);
    });

    it("ends with the last seat, at the price of then, and the demand is over", async () => {
      const rampDuration = 20_000;
      const { panel, task, taskId, manager } = await entered({ rampDuration });
      const { client, providerPool, members } = panel;
      const [, second = 0n, third = 0n] = [...members.keys()];
      await take(panel, task, panel.agent, 1n);
      await take(panel, task, ownerOf(panel, second), second);
      expect((await providerPool.getMarket(1)).openTasks).to.equal(3n);
      const closedAt = (await time.latest()) + 5;
      await time.setNextBlockTimestamp(closedAt);
      const elapsed = closedAt - task.openedAt;
      const price = priceAfter(task.order, elapsed);
      const changes = await changesIn(panel, () =>
        expect(take(panel, task, ownerOf(panel, third), third))
          .to.emit(manager, "SealingEnded")
          .withArgs(taskId, client.address, 3, price),
      );
      expect(changes).to.deep.equal({
        [`stake ${third}.free`]: -CAP,
        [`stake ${third}.locked`]: CAP,
        "market.openTasks": -3n,
      });
      const round = await manager.getRound(taskId);
      expect([round.seedBlock, round.seed, round.capacity, round.closedAt]).to.deep.equal([
        0n,
        0n,
        0n,
        BigInt(closedAt),
      ]);
      expect(round.seats.map(({ provider }) => provider)).to.deep.equal([1n, second, third]);
      const fixed = { state: State.Round, opened: true, clearedAt: BigInt(closedAt) };
      const view = openView(task.order, task.openedAt, { ...fixed, priceFraction: fractionAfter(task.order, elapsed) });
      expect(await viewOf(panel, taskId)).to.deep.equal(view);
      await time.increase(10_000);
      expect(await viewOf(panel, taskId)).to.deep.equal(view);
      expect(await manager.priceOf(task.packed)).to.equal(price);
    });

    it("ends once those that sit survive the loss of the heaviest", async () => {
      const { panel, task, taskId, manager } = await entered({ trust: 4 }, deploySix);
      const [, second = 0n, third = 0n, fourth = 0n] = [...panel.members.keys()];
      await seatMember(panel, task, 1n, { weight: 4 });
      await seatMember(panel, task, second, { weight: 4 });
      expect((await manager.getTask(taskId)).opened).to.be.false;
      const snapshot = await networkHelpers.takeSnapshot();
      // 4 · 4 · 3 are below 4 · 4².
      await seatMember(panel, task, third, { weight: 3 });
      expect((await manager.getTask(taskId)).opened).to.be.false;
      await snapshot.restore();
      const closing = changesIn(panel, () =>
        expect(take(panel, task, ownerOf(panel, third), third, { weight: 4 }))
          .to.emit(manager, "SealingEnded")
          .withArgs(taskId, panel.client.address, 3, CAP),
      );
      // All four seats were wanted.
      expect(await closing).to.deep.equal({
        [`stake ${third}.free`]: -CAP - 2n * WEIGHT_UNIT,
        [`stake ${third}.locked`]: CAP + 2n * WEIGHT_UNIT,
        "market.openTasks": -4n,
      });
      const closedAt = await time.latest();
      await time.setNextBlockTimestamp(closedAt + 1);
      const act = () => take(panel, task, ownerOf(panel, fourth), fourth);
      await expectRefusal(panel, act, "SealingOver", [taskId, closedAt, closedAt + 1]);
    });

    it("seats sixteen, and no more", async () => {
      const panel = await loadFixture(deployEighteen);
      const { task } = await sealedRound(panel, Array<string>(15).fill("a"), { trust: 16_384 });
      expect((await panel.taskManager.getTask(task.taskId)).opened).to.be.false;
      const [sixteenth = 0n, seventeenth = 0n] = [...panel.members.keys()].slice(15);
      await seatMember(panel, task, sixteenth);
      const { opened, clearedAt } = await panel.taskManager.getTask(task.taskId);
      expect(opened).to.be.true;
      expect((await panel.taskManager.getRound(task.taskId)).seats).to.have.length(16);
      await time.setNextBlockTimestamp(clearedAt + 1n);
      const act = () => take(panel, task, ownerOf(panel, seventeenth), seventeenth);
      await expectRefusal(panel, act, "SealingOver", [task.taskId, clearedAt, clearedAt + 1n]);
    });

    it("leaves the demand alone that it never counted to", async () => {
      const panel = await loadFixture(deployFive);
      for (let i = 0; i < 6; i++) await openTask(panel);
      await time.increase(300);
      const { task } = await sealedRound(panel, ["a", "a", "a"], { maxReward: FLOOR });
      const { opened, counted } = await panel.taskManager.getTask(task.taskId);
      expect([opened, counted]).to.deep.equal([true, false]);
      expect((await panel.providerPool.getMarket(1)).openTasks).to.equal(6n);
    });
  });
});
