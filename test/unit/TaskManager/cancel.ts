import { expect } from "chai";
import { packOrder, taskIdOf } from "../../../src/protocol/order.js";
import { movements, openView, State, viewOf } from "../../helpers/manager.js";
import { loadFixture, time } from "../../helpers/network.js";
import { deliveredTask, deployMarket, openTask, resultFor, reviewOrder, WINDOWS } from "../../helpers/suite.js";

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
});
