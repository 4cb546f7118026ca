import { expect } from "chai";
import { MaxUint256 } from "ethers";
import { type Order, packOrder, taskIdOf } from "../../../src/protocol/order.js";
import { priceAfter, startPrice, State } from "../../helpers/manager.js";
import { loadFixture, time } from "../../helpers/network.js";
import { CAP, deployMarket, openTask, random32, reviewOrder } from "../../helpers/suite.js";

const RESERVATION = 600;

async function opened(changes: Partial<Order> = {}) {
  const market = await loadFixture(deployMarket);
  const task = await openTask(market, { reservation: RESERVATION, ...changes });
  return { market, ...task, openedAt: await time.latest(), manager: market.taskManager.connect(market.agent) };
}

describe("TaskManager.priceAt", () => {
  describe("when the task is open", () => {
    for (const elapsed of [0, 1, 299, 599, 600, 3000]) {
      it(`tells the price ${elapsed} seconds after it opened, whatever the time`, async () => {
        const { manager, order, packed, openedAt } = await opened();
        const price = priceAfter(order, elapsed);
        expect(await manager.priceAt(packed, openedAt + elapsed)).to.equal(price);
        await time.increaseTo(openedAt + 1500);
        expect(await manager.priceAt(packed, openedAt + elapsed)).to.equal(price);
        await time.increaseTo(order.deadline + 1500);
        expect(await manager.priceAt(packed, openedAt + elapsed)).to.equal(price);
      });
    }

    it("tells the start price of any time before it opened", async () => {
      const { manager, packed, openedAt } = await opened();
      for (const moment of [0, 1, openedAt - 1000, openedAt - 1]) {
        expect(await manager.priceAt(packed, moment)).to.equal(startPrice(CAP));
      }
    });

    it("tells the price of the deadline for any time after it", async () => {
      const { manager, order, packed, openedAt } = await opened({ rampDuration: 100_000 });
      const last = priceAfter(order, order.deadline - openedAt);
      expect(await manager.priceAt(packed, order.deadline - 1)).to.be.lessThan(last);
      for (const moment of [order.deadline, order.deadline + 1, order.deadline + 50_000, 2n ** 40n, MaxUint256]) {
        expect(await manager.priceAt(packed, moment)).to.equal(last);
      }
    });

    it("goes by the deadline of a cancellation", async () => {
      const { market, manager, order, packed, taskId, openedAt } = await opened({ rampDuration: 100_000 });
      await manager.connect(market.client).cancel(packed);
      const deadline = Number((await manager.getTask(taskId)).deadline);
      expect(deadline).to.be.lessThan(order.deadline);
      expect(await manager.priceAt(packed, order.deadline)).to.equal(priceAfter(order, deadline - openedAt));
    });

    it("is the cap at any time where there is no ramp", async () => {
      const { manager, packed, openedAt } = await opened({ rampDuration: 0 });
      for (const moment of [0, openedAt, MaxUint256]) expect(await manager.priceAt(packed, moment)).to.equal(CAP);
    });

    it("agrees with the price of now", async () => {
      const { manager, packed, openedAt } = await opened();
      for (const elapsed of [10, 400, 5000]) {
        await time.increaseTo(openedAt + elapsed);
        expect(await manager.priceAt(packed, openedAt + elapsed)).to.equal(await manager.priceOf(packed));
      }
    });
  });

  describe("when the price is fixed", () => {
    it("tells that one for any time, from the reservation to the payment and after", async () => {
      const { market, manager, order, packed, openedAt } = await opened();
      const price = priceAfter(order, 100);
      const moments = [0, openedAt, openedAt + 100, openedAt + 500, order.deadline, order.deadline + 1, MaxUint256];
      for (const { act, at } of [
        { act: () => manager.reserve(packed, 1), at: 100 },
        { act: () => manager.deliver(packed, 1, random32()), at: 400 },
        { act: () => manager.connect(market.client).accept(packed), at: 500 },
      ]) {
        await time.setNextBlockTimestamp(openedAt + at);
        await act();
        for (const moment of moments) expect(await manager.priceAt(packed, moment)).to.equal(price);
      }
    });
  });

  describe("when a holder has failed", () => {
    it("is as if the time that it held the task had not been", async () => {
      const { manager, order, packed, openedAt } = await opened();
      await time.setNextBlockTimestamp(openedAt + 100);
      await manager.reserve(packed, 1);
      await time.setNextBlockTimestamp(openedAt + 900);
      await manager.reopen(packed);
      const shifted = openedAt + 800;
      for (const elapsed of [0, 1, 100, 350, 600, 1000]) {
        expect(await manager.priceAt(packed, shifted + elapsed)).to.equal(priceAfter(order, elapsed));
      }
      expect(await manager.priceAt(packed, openedAt + 100)).to.equal(startPrice(CAP));
    });
  });

  describe("when there is no such task", () => {
    it("refuses an order that nobody posted, and a changed one", async () => {
      const { market, manager, order, openedAt } = await opened();
      for (const other of [await reviewOrder(market), { ...order, maxReward: order.maxReward + 1n }]) {
        await expect(manager.priceAt(packOrder(other), openedAt))
          .to.be.revertedWithCustomError(manager, "WrongState")
          .withArgs(taskIdOf(other, market.domain), State.None);
      }
    });

    it("refuses a revoked order", async () => {
      const { market, manager, openedAt } = await opened();
      const order = await reviewOrder(market);
      await manager.connect(market.client).revoke(packOrder(order));
      await expect(manager.priceAt(packOrder(order), openedAt))
        .to.be.revertedWithCustomError(manager, "WrongState")
        .withArgs(taskIdOf(order, market.domain), State.Revoked);
    });
  });
});
