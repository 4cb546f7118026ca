import { expect } from "chai";
import { priceAfter, startPrice, State } from "../../helpers/manager.js";
import { loadFixture, passTo, time } from "../../helpers/network.js";
import { everybodyEnters, postRound, sealedRound, seatMember, WINDOW } from "../../helpers/rounds.js";
import { CAP, FLOOR, openTask, WINDOWS } from "../../helpers/suite.js";
import { changesIn, deployFive, expectRefusal, expectVerdict, panelOf, passDeadline } from "../../helpers/verdicts.js";

const HELD = 3n * CAP;
/** Fee that an order that counted pays for each of three seats nobody took. */
const FEE = 3n * ((startPrice(CAP) * 250n) / 10_000n);

const deployEight = () => panelOf(8);

/** A Quorum task whose seed can be captured. */
async function posted(changes: Parameters<typeof postRound>[1] = {}) {
  const panel = await loadFixture(deployFive);
  const task = await postRound(panel, changes);
  const { taskManager, client } = panel;
  return { panel, task, taskId: task.taskId, manager: taskManager.connect(client) };
}

describe("TaskManager.cancel of a Quorum task", () => {
  for (const captured of [false, true]) {
    describe(captured ? "when only the seed is there" : "when it is open", () => {
      it("brings the deadline forward, to the notice and no earlier", async () => {
        const { panel, task, taskId, manager } = await posted();
        if (captured) await manager.captureSeed(taskId);
        const now = (await time.latest()) + 1;
        await time.setNextBlockTimestamp(now);
        const end = now + WINDOWS.cancelNotice;
        const changes = await changesIn(panel, () =>
          expect(manager.cancel(task.packed))
            .to.emit(manager, "TaskCancelled")
            .withArgs(taskId, panel.client.address, end),
        );
        expect(changes).to.deep.equal({});
        const { state, cancelled, deadline } = await manager.getTask(taskId);
        expect([state, cancelled, deadline]).to.deep.equal([captured ? State.Round : State.Open, true, BigInt(end)]);
        expect((await manager.getRound(taskId)).seed !== 0n).to.equal(captured);
        await expectRefusal(panel, () => manager.cancel(task.packed), "AlreadyCancelled", [taskId]);
      });

      it("never puts the deadline off", async () => {
        const { task, taskId, manager } = await posted();
        if (captured) await manager.captureSeed(taskId);
        await passTo(task.order.deadline);
        await manager.cancel(task.packed);
        expect((await manager.getTask(taskId)).deadline).to.equal(task.order.deadline);
      });

      it("refuses after the deadline", async () => {
        const { panel, task, taskId, manager } = await posted();
        if (captured) await manager.captureSeed(taskId);
        const { deadline } = task.order;
        await passTo(deadline + 1);
        await expectRefusal(panel, () => manager.cancel(task.packed), "DeadlinePassed", [deadline, deadline + 1]);
      });

      it("is the client's and its agents' alone", async () => {
        const { panel, task, taskId, manager } = await posted();
        if (captured) await manager.captureSeed(taskId);
        const { stranger, agent } = panel;
        const act = () => manager.connect(stranger).cancel(task.packed);
        await expectRefusal(panel, act, "NotClientOrAgent", [taskId, stranger.address]);
        await manager.setClientAgent(agent, true);
        await manager.connect(agent).cancel(task.packed);
        expect((await manager.getTask(taskId)).cancelled).to.be.true;
      });
    });
  }

  describe("when a seat is taken", () => {
    it("refuses: somebody has worked for it", async () => {
      const { panel, task, taskId, manager } = await posted();
      await everybodyEnters(task);
      await seatMember(panel, task, 1n);
      await expectRefusal(panel, () => manager.cancel(task.packed), "WrongState", [taskId, State.Round]);
    });

    it("refuses when sealing has ended", async () => {
      const panel = await loadFixture(deployFive);
      const { task } = await sealedRound(panel, ["a", "a", "a"]);
      const act = () => panel.taskManager.connect(panel.client).cancel(task.packed);
      await expectRefusal(panel, act, "WrongState", [task.taskId, State.Round]);
    });
  });

  it("lets a round that began in its notice go on to be paid, at the price of the new deadline", async () => {
    const { panel, task, taskId, manager } = await posted({ rampDuration: 20_000 });
    await everybodyEnters(task);
    await manager.cancel(task.packed);
    const seats = [await seatMember(panel, task, 1n), await seatMember(panel, task, 2n)];
    const { deadline } = await manager.getTask(taskId);
    await passTo(Number(deadline) + 1);
    for (const { seat, resultDigest, salt, envelopeHash } of seats) {
      await manager.openSeat(taskId, seat, resultDigest, salt, envelopeHash);
    }
    const price = priceAfter(task.order, Number(deadline) - task.openedAt);
    await expectVerdict(panel, task, seats, { outcomes: ["Paid", "Paid"], price }, () => manager.accept(task.packed));
  });

  it("ends a round without seats like the deadline would, with the fee", async () => {
    const { panel, task, taskId, manager } = await posted();
    await manager.captureSeed(taskId);
    await manager.cancel(task.packed);
    await passTo(Number((await manager.getTask(taskId)).deadline) + 1);
    await expectVerdict(panel, task, [], { outcomes: [], fee: FEE }, () => manager.settle(task.packed));
  });
});

describe("TaskManager.refund of a Quorum task", () => {
  it("returns all that was held, less the fee for each seat and a tip", async () => {
    const { panel, task, taskId, manager } = await posted();
    const { client, stranger } = panel;
    const tip = CAP / 200n;
    await passDeadline(task);
    const changes = await changesIn(panel, () =>
      expect(manager.connect(stranger).refund(task.packed))
        .to.emit(manager, "TaskRefunded")
        .withArgs(taskId, client.address, stranger.address, HELD - FEE - tip, FEE, tip),
    );
    expect(changes).to.deep.equal({
      "client.held": -HELD,
      "client.free": HELD - FEE - tip,
      "client.fees": FEE,
      "stranger.free": tip,
      "market.openTasks": -3n,
    });
    const { state, provider, markedAt, clearedAt } = await manager.getTask(taskId);
    expect([state, provider, markedAt, clearedAt]).to.deep.equal([State.Refunded, 0n, 0n, 0n]);
    const { seedBlock, seed, capacity, closedAt, seats } = await manager.getRound(taskId);
    expect([seedBlock, seed, capacity, closedAt, seats.length]).to.deep.equal([0n, 0n, 0n, 0n, 0]);
  });

  it("pays the client no tip", async () => {
    const { panel, task, manager } = await posted();
    await passDeadline(task);
    expect(await changesIn(panel, () => manager.refund(task.packed))).to.deep.equal({
      "client.held": -HELD,
      "client.free": HELD - FEE,
      "client.fees": FEE,
      "market.openTasks": -3n,
    });
  });

  it("charges as many seats as the trust asks for", async () => {
    const panel = await loadFixture(deployEight);
    const task = await postRound(panel, { trust: 16 });
    await passDeadline(task);
    expect(await changesIn(panel, () => panel.taskManager.connect(panel.client).refund(task.packed))).to.deep.equal({
      "client.held": -6n * CAP,
      "client.free": 6n * CAP - 2n * FEE,
      "client.fees": 2n * FEE,
      "market.openTasks": -6n,
    });
  });

  it("charges nothing that never counted", async () => {
    const panel = await loadFixture(deployFive);
    for (let i = 0; i < 6; i++) await openTask(panel);
    await time.increase(300);
    const task = await postRound(panel, { maxReward: FLOOR });
    await passDeadline(task);
    expect(await changesIn(panel, () => panel.taskManager.connect(panel.client).refund(task.packed))).to.deep.equal({
      "client.held": -3n * FLOOR,
      "client.free": 3n * FLOOR,
    });
  });

  it("waits through the last second of the deadline", async () => {
    const { panel, task, taskId, manager } = await posted();
    const { deadline } = task.order;
    expect(deadline - task.openedAt).to.equal(WINDOW);
    await passTo(deadline);
    await expectRefusal(panel, () => manager.refund(task.packed), "TooEarly", [taskId, deadline, deadline]);
  });

  it("refuses a round: its way out is to settle", async () => {
    const { panel, task, taskId, manager } = await posted();
    await manager.captureSeed(taskId);
    await passDeadline(task);
    await expectRefusal(panel, () => manager.refund(task.packed), "WrongState", [taskId, State.Round]);
  });
});
