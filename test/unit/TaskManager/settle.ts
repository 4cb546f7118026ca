import { expect } from "chai";
import { packOrder, taskIdOf } from "../../../src/protocol/order.js";
import { fractionAfter, movements, openView, priceAfter, shares, State, viewOf } from "../../helpers/manager.js";
import { loadFixture, time } from "../../helpers/network.js";
import { BOND, CAP, deliveredTask, deployMarket, disclosedTask, openTask, reviewOrder } from "../../helpers/suite.js";

async function disclosed(reviewPeriod = 3600) {
  const market = await loadFixture(deployMarket);
  const task = await disclosedTask(market, { reviewPeriod });
  const disclosedAt = await time.latest();
  return { market, ...task, disclosedAt, manager: market.taskManager.connect(market.stranger) };
}

describe("TaskManager.settle", () => {
  it("pays what was delivered once the client let the review pass, whoever calls", async () => {
    const { market, manager, order, packed, taskId, disclosedAt, seal } = await disclosed();
    const { client, provider, publisher, reputation } = market;
    await time.setNextBlockTimestamp(disclosedAt + 3601);
    const { price, fee, royalty, payment } = shares(priceAfter(order, 1));
    expect(
      await movements(market, () =>
        expect(manager.settle(packed))
          .to.emit(manager, "TaskSettled")
          .withArgs(taskId, provider, client.address, publisher.address, price, fee, royalty),
      ),
    ).to.deep.equal({
      "client.held": -CAP,
      "client.free": CAP - price,
      "client.fees": fee,
      "provider.free": payment,
      "publisher.free": royalty,
      "stake.free": BOND,
      "stake.locked": -BOND,
    });
    expect(await viewOf(market, taskId)).to.deep.equal(
      openView(order, disclosedAt - 2, {
        state: State.Settled,
        provider,
        clearedAt: BigInt(disclosedAt - 1),
        markedAt: BigInt(disclosedAt),
        priceFraction: fractionAfter(order, 1),
        seal,
      }),
    );
    const { settled, earned } = await reputation.getRecord(provider);
    expect([settled, earned]).to.deep.equal([1n, payment / 10n ** 9n]);
  });

  for (const reviewPeriod of [0, 1, 3600]) {
    it(`waits through the last second of a review of ${reviewPeriod} seconds`, async () => {
      const { market, manager, packed, taskId, disclosedAt } = await disclosed(reviewPeriod);
      const end = disclosedAt + reviewPeriod;
      if (reviewPeriod !== 0) {
        await time.setNextBlockTimestamp(end);
        expect(
          await movements(market, () =>
            expect(manager.settle(packed))
              .to.be.revertedWithCustomError(manager, "TooEarly")
              .withArgs(taskId, end, end),
          ),
        ).to.deep.equal({});
      }
      await time.setNextBlockTimestamp(end + 1);
      await manager.settle(packed);
      expect((await manager.getTask(taskId)).state).to.equal(State.Settled);
    });
  }

  describe("when nothing is under review", () => {
    it("refuses a task that was never disclosed", async () => {
      const market = await loadFixture(deployMarket);
      const manager = market.taskManager.connect(market.agent);
      const { packed, taskId } = await deliveredTask(market, { reviewPeriod: 0 });
      await time.increase(100_000);
      await expect(manager.settle(packed))
        .to.be.revertedWithCustomError(manager, "WrongState")
        .withArgs(taskId, State.Delivered);
    });

    it("refuses an open task and an order that nobody posted", async () => {
      const market = await loadFixture(deployMarket);
      const { packed, taskId } = await openTask(market);
      await expect(market.taskManager.settle(packed))
        .to.be.revertedWithCustomError(market.taskManager, "WrongState")
        .withArgs(taskId, State.Open);
      const order = await reviewOrder(market);
      await expect(market.taskManager.settle(packOrder(order)))
        .to.be.revertedWithCustomError(market.taskManager, "WrongState")
        .withArgs(taskIdOf(order, market.domain), State.None);
    });

    it("refuses to pay twice", async () => {
      const { market, manager, packed, taskId } = await disclosed(0);
      await manager.connect(market.client).accept(packed);
      await expect(manager.settle(packed))
        .to.be.revertedWithCustomError(manager, "WrongState")
        .withArgs(taskId, State.Settled);
    });
  });
});
