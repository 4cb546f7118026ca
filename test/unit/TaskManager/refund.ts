import { expect } from "chai";
import { type Order, packOrder, taskIdOf } from "../../../src/protocol/order.js";
import { movements, openView, startPrice, State, viewOf } from "../../helpers/manager.js";
import { loadFixture, time } from "../../helpers/network.js";
import {
  CAP,
  deliveredTask,
  deployMarket,
  disclosedTask,
  FLOOR,
  openTask,
  proofOrder,
  reviewOrder,
} from "../../helpers/suite.js";

async function expired(changes: Partial<Order> = {}) {
  const market = await loadFixture(deployMarket);
  const task = await openTask(market, changes);
  const openedAt = await time.latest();
  await time.setNextBlockTimestamp(task.order.deadline + 1);
  return { market, ...task, openedAt, manager: market.taskManager.connect(market.stranger) };
}

describe("TaskManager.refund", () => {
  it("waits through the last second of the deadline", async () => {
    const { market, manager, order, packed, taskId } = await expired();
    await time.setNextBlockTimestamp(order.deadline);
    expect(
      await movements(market, () =>
        expect(manager.refund(packed))
          .to.be.revertedWithCustomError(manager, "TooEarly")
          .withArgs(taskId, order.deadline, order.deadline),
      ),
    ).to.deep.equal({});
    await time.setNextBlockTimestamp(order.deadline + 1);
    await manager.refund(packed);
    expect((await manager.getTask(taskId)).state).to.equal(State.Refunded);
  });

  describe("when a third party calls", () => {
    // The fee is 2.5 % of the start price, the tip 0.5 % of the cap, both rounded down.
    for (const { maxReward, fee, tip } of [
      { maxReward: CAP, fee: 250_000_000_058_207n, tip: 100_000_000_000_000n },
      { maxReward: FLOOR, fee: 250_000_000_000_000n, tip: 50_000_000_000_000n },
      { maxReward: 3n * FLOOR, fee: 250_000_000_000_000n, tip: 150_000_000_000_000n },
      { maxReward: FLOOR + 199n, fee: 250_000_000_000_004n, tip: 50_000_000_000_000n },
      { maxReward: FLOOR + 200n, fee: 250_000_000_000_005n, tip: 50_000_000_000_001n },
    ]) {
      it(`returns ${maxReward} wei but for a fee of ${fee} and a tip of ${tip}`, async () => {
        const { market, manager, order, packed, taskId, openedAt } = await expired({ maxReward, bond: maxReward });
        const { client, stranger } = market;
        const refund = maxReward - fee - tip;
        expect(
          await movements(market, () =>
            expect(manager.refund(packed))
              .to.emit(manager, "TaskRefunded")
              .withArgs(taskId, client.address, stranger.address, refund, fee, tip),
          ),
        ).to.deep.equal({
          "client.held": -maxReward,
          "client.free": refund,
          "client.fees": fee,
          "stranger.free": tip,
        });
        // The ramp was over long before the deadline.
        expect(await viewOf(market, taskId)).to.deep.equal(
          openView(order, openedAt, { state: State.Refunded, priceFraction: 2n ** 32n - 1n }),
        );
      });
    }
  });

  for (const caller of ["client", "agent"] as const) {
    it(`pays the ${caller} no tip`, async () => {
      const { market, manager, packed, taskId } = await expired();
      const { client } = market;
      await manager.connect(client).setClientAgent(market.agent, true);
      const fee = (startPrice(CAP) * 250n) / 10_000n;
      expect(
        await movements(
          market,
          () =>
            expect(manager.connect(market[caller]).refund(packed))
              .to.emit(manager, "TaskRefunded")
              .withArgs(taskId, client.address, market[caller].address, CAP - fee, fee, 0),
          { agent: market.agent },
        ),
      ).to.deep.equal({ "client.held": -CAP, "client.free": CAP - fee, "client.fees": fee });
    });
  }

  it("charges the fee of the submission", async () => {
    const { market, manager, packed, taskId } = await expired();
    await manager.connect(market.owner).setFee(1000);
    const fee = (startPrice(CAP) * 250n) / 10_000n;
    const tip = CAP / 200n;
    await expect(manager.refund(packed))
      .to.emit(manager, "TaskRefunded")
      .withArgs(taskId, market.client.address, market.stranger.address, CAP - fee - tip, fee, tip);
  });

  it("returns the money of a Proof task that nobody answered", async () => {
    const market = await loadFixture(deployMarket);
    const order = await proofOrder(market);
    const manager = market.taskManager.connect(market.client);
    await manager.submit(packOrder(order));
    await time.setNextBlockTimestamp(order.deadline + 1);
    await manager.refund(packOrder(order));
    expect((await manager.getTask(taskIdOf(order, market.domain))).state).to.equal(State.Refunded);
  });

  describe("when the task is not open", () => {
    for (const { state, make } of [
      { state: "Delivered", make: deliveredTask },
      { state: "Disclosed", make: disclosedTask },
    ] as const) {
      it(`refuses a task that is ${state}, deadline or not`, async () => {
        const market = await loadFixture(deployMarket);
        const { order, packed, taskId } = await make(market);
        await time.setNextBlockTimestamp(order.deadline + 1);
        await expect(market.taskManager.refund(packed))
          .to.be.revertedWithCustomError(market.taskManager, "WrongState")
          .withArgs(taskId, State[state]);
      });
    }

    it("refuses an order that nobody posted", async () => {
      const { market, manager } = await expired();
      const order = await reviewOrder(market);
      await expect(manager.refund(packOrder(order)))
        .to.be.revertedWithCustomError(manager, "WrongState")
        .withArgs(taskIdOf(order, market.domain), State.None);
    });

    it("refuses to pay back twice", async () => {
      const { market, manager, packed, taskId } = await expired();
      await openTask(market, { deadline: (await time.latest()) + 86_400 });
      await manager.refund(packed);
      await expect(manager.refund(packed))
        .to.be.revertedWithCustomError(manager, "WrongState")
        .withArgs(taskId, State.Refunded);
      expect((await market.escrow.accountOf(market.client)).held).to.equal(CAP);
    });
  });
});
