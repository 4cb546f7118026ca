import { expect } from "chai";
import { packOrder, taskIdOf } from "../../../src/protocol/order.js";
import { priceAfter, State } from "../../helpers/manager.js";
import { loadFixture, time } from "../../helpers/network.js";
import { CAP, deliveredTask, deployMarket, openTask, reviewOrder } from "../../helpers/suite.js";

describe("TaskManager.priceOf", () => {
  it("stands from delivery to payment and after", async () => {
    const market = await loadFixture(deployMarket);
    const { taskManager, client } = market;
    const { order, packed } = await deliveredTask(market);
    const price = priceAfter(order, 1);
    expect(await taskManager.priceOf(packed)).to.equal(price);
    await time.increase(300);
    expect(await taskManager.priceOf(packed)).to.equal(price);
    await taskManager.connect(client).accept(packed);
    expect(await taskManager.priceOf(packed)).to.equal(price);
  });

  it("is the cap at once where there is no ramp", async () => {
    const market = await loadFixture(deployMarket);
    const { packed } = await openTask(market, { rampDuration: 0 });
    expect(await market.taskManager.priceOf(packed)).to.equal(CAP);
  });

  it("refuses an order that nobody posted, and a changed one", async () => {
    const market = await loadFixture(deployMarket);
    const { order } = await openTask(market);
    for (const other of [await reviewOrder(market), { ...order, maxReward: order.maxReward + 1n }]) {
      await expect(market.taskManager.priceOf(packOrder(other)))
        .to.be.revertedWithCustomError(market.taskManager, "WrongState")
        .withArgs(taskIdOf(other, market.domain), State.None);
    }
  });

  it("refuses a revoked order", async () => {
    const market = await loadFixture(deployMarket);
    const order = await reviewOrder(market);
    await market.taskManager.connect(market.client).revoke(packOrder(order));
    await expect(market.taskManager.priceOf(packOrder(order)))
      .to.be.revertedWithCustomError(market.taskManager, "WrongState")
      .withArgs(taskIdOf(order, market.domain), State.Revoked);
  });
});
