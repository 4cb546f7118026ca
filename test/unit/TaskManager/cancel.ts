import { expect } from "chai";
import { packOrder, taskIdOf } from "../../../src/protocol/order.js";
import { fractionAfter, movements, openView, priceAfter, shares, State, viewOf } from "../../helpers/manager.js";
import { loadFixture, time } from "../../helpers/network.js";
import {
  BOND,
  CAP,
  deliveredTask,
  deployMarket,
  openTask,
  random32,
  resultFor,
  reviewOrder,
  WINDOWS,
} from "../../helpers/suite.js";

const NOTICE = WINDOWS.cancelNotice;

/** An open task whose deadline is `left` seconds after the moment of the next transaction. */
async function opened(left: number) {
  const market = await loadFixture(deployMarket);
  const now = (await time.latest()) + 100;
  const task = await openTask(market, { deadline: now + left });
  const openedAt = await time.latest();
  await time.setNextBlockTimestamp(now);
  return { ...task, market, now, openedAt, manager: market.taskManager.connect(market.client) };
}

/** A task reserved in a second `now`, whose deadline is `left` seconds later; tells the last second of the hold. */
async function reserved(reservation: number, left: number) {
  const market = await loadFixture(deployMarket);
  const now = (await time.latest()) + 100;
  const task = await openTask(market, { deadline: now + left, reservation });
  const openedAt = await time.latest();
  await time.setNextBlockTimestamp(now);
  await market.taskManager.connect(market.agent).reserve(task.packed, market.provider);
  return { ...task, market, now, end: now + reservation, openedAt, manager: market.taskManager.connect(market.client) };
}

describe("TaskManager.cancel", () => {
  for (const { title, left, rest } of [
    { title: "brings a far deadline forward to the notice", left: NOTICE + 1, rest: NOTICE },
    { title: "keeps a deadline that is the notice away", left: NOTICE, rest: NOTICE },
    { title: "never moves a near deadline back", left: NOTICE - 1, rest: NOTICE - 1 },
    { title: "is possible in the last second of the deadline", left: 0, rest: 0 },
  ]) {
    it(title, async () => {
      const { market, manager, order, packed, taskId, now, openedAt } = await opened(left);
      expect(
        await movements(market, () =>
          expect(manager.cancel(packed))
            .to.emit(manager, "TaskCancelled")
            .withArgs(taskId, market.client.address, now + rest),
        ),
      ).to.deep.equal({});
      const view = await viewOf(market, taskId);
      expect(view).to.deep.equal(
        openView(order, openedAt, {
          cancelled: true,
          deadline: BigInt(now + rest),
          priceFraction: view["priceFraction"],
        }),
      );
    });
  }

  it("is too late one second after the deadline", async () => {
    const { manager, order, packed, now } = await opened(-1);
    await expect(manager.cancel(packed))
      .to.be.revertedWithCustomError(manager, "DeadlinePassed")
      .withArgs(order.deadline, now);
  });

  it("is possible once", async () => {
    const { manager, packed, taskId } = await opened(3600);
    await manager.cancel(packed);
    const { deadline } = await manager.getTask(taskId);
    await expect(manager.cancel(packed)).to.be.revertedWithCustomError(manager, "AlreadyCancelled").withArgs(taskId);
    expect((await manager.getTask(taskId)).deadline).to.equal(deadline);
  });

  it("is open to agents of the client and to nobody else", async () => {
    const { market, manager, packed, taskId } = await opened(3600);
    const { agent, stranger } = market;
    await expect(manager.connect(stranger).cancel(packed))
      .to.be.revertedWithCustomError(manager, "NotClientOrAgent")
      .withArgs(taskId, stranger.address);
    await manager.setClientAgent(agent, true);
    await expect(manager.connect(agent).cancel(packed))
      .to.emit(manager, "TaskCancelled")
      .withArgs(taskId, market.client.address, (await time.latest()) + 1 + NOTICE);
  });

  it("refuses a task that is not open", async () => {
    const market = await loadFixture(deployMarket);
    const manager = market.taskManager.connect(market.client);
    const order = await reviewOrder(market);
    await expect(manager.cancel(packOrder(order)))
      .to.be.revertedWithCustomError(manager, "WrongState")
      .withArgs(taskIdOf(order, market.domain), State.None);
    const { packed, taskId } = await deliveredTask(market);
    await expect(manager.cancel(packed))
      .to.be.revertedWithCustomError(manager, "WrongState")
      .withArgs(taskId, State.Delivered);
    await manager.accept(packed);
    await expect(manager.cancel(packed))
      .to.be.revertedWithCustomError(manager, "WrongState")
      .withArgs(taskId, State.Settled);
  });

  describe("when the notice runs", () => {
    it("lets a provider deliver in its last second", async () => {
      const { market, manager, packed, taskId, now } = await opened(7200);
      await manager.cancel(packed);
      await time.setNextBlockTimestamp(now + NOTICE);
      await manager.connect(market.agent).deliver(packed, market.provider, resultFor(taskId, market.provider).seal);
      expect((await manager.getTask(taskId)).state).to.equal(State.Delivered);
    });

    it("ends with it: no delivery, but a refund", async () => {
      const { market, manager, packed, taskId, now } = await opened(7200);
      await manager.cancel(packed);
      const end = now + NOTICE;
      await time.setNextBlockTimestamp(end);
      await expect(manager.refund(packed))
        .to.be.revertedWithCustomError(manager, "TooEarly")
        .withArgs(taskId, end, end);
      await time.setNextBlockTimestamp(end + 1);
      const { seal } = resultFor(taskId, market.provider);
      await expect(manager.connect(market.agent).deliver(packed, market.provider, seal))
        .to.be.revertedWithCustomError(manager, "DeadlinePassed")
        .withArgs(end, end + 1);
      await manager.refund(packed);
      expect((await manager.getTask(taskId)).state).to.equal(State.Refunded);
    });

    it("stays cancelled through a delivery that lapses", async () => {
      const { market, manager, packed, taskId } = await opened(86_400);
      await manager.cancel(packed);
      await manager.connect(market.agent).deliver(packed, market.provider, resultFor(taskId, market.provider).seal);
      await time.increase(WINDOWS.disclose + 1);
      await manager.reopen(packed);
      await expect(manager.cancel(packed)).to.be.revertedWithCustomError(manager, "AlreadyCancelled").withArgs(taskId);
      await manager.refund(packed);
    });
  });

  describe("when a provider has reserved the task", () => {
    for (const { title, reservation, left, after, rest } of [
      { title: "keeps a far deadline at the end of the hold", reservation: 1800, left: 7200, after: 1, rest: 1800 },
      {
        title: "keeps the end of the hold, a second past the notice",
        reservation: 700,
        left: 7200,
        after: 99,
        rest: 700,
      },
      { title: "gives the notice where it is as long", reservation: 700, left: 7200, after: 100, rest: 700 },
      { title: "gives the notice where it is longer", reservation: 700, left: 7200, after: 101, rest: 701 },
      {
        title: "gives the notice in the last second of the hold",
        reservation: 700,
        left: 7200,
        after: 700,
        rest: 1300,
      },
      { title: "gives the notice once the hold is over", reservation: 700, left: 7200, after: 701, rest: 1301 },
      { title: "never moves a near deadline back", reservation: 700, left: 900, after: 500, rest: 900 },
      { title: "keeps a deadline with which the hold ends", reservation: 700, left: 700, after: 1, rest: 700 },
      { title: "is possible in the last second of both", reservation: 700, left: 700, after: 700, rest: 700 },
    ]) {
      it(title, async () => {
        const { market, manager, order, packed, taskId, now, openedAt } = await reserved(reservation, left);
        await time.setNextBlockTimestamp(now + after);
        expect(
          await movements(market, () =>
            expect(manager.cancel(packed))
              .to.emit(manager, "TaskCancelled")
              .withArgs(taskId, market.client.address, now + rest),
          ),
        ).to.deep.equal({});
        expect(await viewOf(market, taskId)).to.deep.equal(
          openView(order, openedAt, {
            state: State.Reserved,
            provider: market.provider,
            cancelled: true,
            deadline: BigInt(now + rest),
            clearedAt: BigInt(now),
            priceFraction: fractionAfter(order, now - openedAt),
          }),
        );
        const { providerPool } = market;
        expect((await providerPool.getMembership(1, 1)).reserved).to.equal(1n);
        expect((await providerPool.getMarket(1)).openTasks).to.equal(1n);
      });
    }

    it("is too late one second after the deadline", async () => {
      const { manager, order, packed, now } = await reserved(700, 700);
      await time.setNextBlockTimestamp(now + 701);
      await expect(manager.cancel(packed))
        .to.be.revertedWithCustomError(manager, "DeadlinePassed")
        .withArgs(order.deadline, now + 701);
    });

    it("is possible once, and before or while it is held, not both", async () => {
      const { market, manager, packed, taskId } = await reserved(1800, 7200);
      await manager.cancel(packed);
      await expect(manager.cancel(packed)).to.be.revertedWithCustomError(manager, "AlreadyCancelled").withArgs(taskId);
      const other = await openTask(market, { reservation: 60 });
      await manager.cancel(other.packed);
      await manager.connect(market.agent).reserve(other.packed, market.provider);
      await expect(manager.cancel(other.packed))
        .to.be.revertedWithCustomError(manager, "AlreadyCancelled")
        .withArgs(other.taskId);
    });

    it("is open to agents of the client and to nobody else, not even the holder", async () => {
      const { market, manager, packed, taskId, end } = await reserved(1800, 7200);
      const { agent, stranger } = market;
      for (const caller of [stranger, agent]) {
        await expect(manager.connect(caller).cancel(packed))
          .to.be.revertedWithCustomError(manager, "NotClientOrAgent")
          .withArgs(taskId, caller.address);
      }
      await manager.setClientAgent(stranger, true);
      await expect(manager.connect(stranger).cancel(packed))
        .to.emit(manager, "TaskCancelled")
        .withArgs(taskId, market.client.address, end);
    });

    it("leaves the holder its time: it may deliver in the last second, and is paid the fixed price", async () => {
      const { market, manager, order, packed, taskId, now, end, openedAt } = await reserved(1800, 7200);
      await time.setNextBlockTimestamp(end - 1);
      await manager.cancel(packed);
      // The notice is longer than what is left; nevertheless the hold ends when it should.
      expect((await manager.getTask(taskId)).deadline).to.equal(end - 1 + NOTICE);
      const { seal } = resultFor(taskId, market.provider);
      await time.setNextBlockTimestamp(end);
      await manager.connect(market.agent).deliver(packed, market.provider, seal);
      const { price, fee, royalty, payment } = shares(priceAfter(order, now - openedAt));
      expect(await movements(market, () => manager.accept(packed))).to.deep.equal({
        "client.held": -CAP,
        "client.free": CAP - price,
        "client.fees": fee,
        "publisher.free": royalty,
        "provider.free": payment,
        "stake.free": BOND,
        "stake.locked": -BOND,
      });
    });

    it("opens the way to a refund as soon as a holder lets it lapse", async () => {
      const { market, manager, packed, taskId, end } = await reserved(1800, 7200);
      const { stranger, client, agent, provider } = market;
      await manager.cancel(packed);
      await time.setNextBlockTimestamp(end + 1);
      await expect(manager.refund(packed))
        .to.be.revertedWithCustomError(manager, "WrongState")
        .withArgs(taskId, State.Reserved);
      await manager.reopen(packed);
      const { state, cancelled, deadline } = await manager.getTask(taskId);
      expect([state, cancelled, deadline]).to.deep.equal([State.Open, true, BigInt(end)]);
      await expect(manager.connect(agent).deliver(packed, provider, random32())).to.be.revertedWithCustomError(
        manager,
        "DeadlinePassed",
      );
      const tip = (CAP * 50n) / 10_000n;
      await expect(manager.connect(stranger).refund(packed))
        .to.emit(manager, "TaskRefunded")
        .withArgs(taskId, client.address, stranger.address, CAP - tip, 0, tip);
    });
  });
});
