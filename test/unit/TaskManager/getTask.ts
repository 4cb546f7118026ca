import { expect } from "chai";
import { ZeroHash } from "ethers";
import { type Order } from "../../../src/protocol/order.js";
import { fractionAfter, openView, priceAfter, State, viewOf, WHOLE } from "../../helpers/manager.js";
import { loadFixture, time } from "../../helpers/network.js";
import { deliveredTask, deployMarket, disclosedTask, openTask, random32, ROYALTY_BPS } from "../../helpers/suite.js";

async function opened(changes: Partial<Order> = {}) {
  const market = await loadFixture(deployMarket);
  const task = await openTask(market, changes);
  return { market, ...task, openedAt: await time.latest() };
}

describe("TaskManager.getTask", () => {
  it("knows nothing of a task that nobody posted", async () => {
    const market = await loadFixture(deployMarket);
    const view = await viewOf(market, random32());
    const flags = { cancelled: false, disputed: false, opened: false, counted: false };
    const numbers = { state: State.None, provider: 0n, openedAt: 0n, deadline: 0n, clearedAt: 0n, markedAt: 0n };
    const terms = { rampDuration: 0n, startFraction: 0n, priceFraction: 0n, feeBps: 0n, royaltyBps: 0n, lapses: 0n };
    expect(view).to.deep.equal({ ...flags, ...numbers, ...terms, seal: ZeroHash });
  });

  for (const elapsed of [0, 1, 299, 599, 600, 3000]) {
    it(`tells the price of an open task after ${elapsed} seconds`, async () => {
      const { market, order, packed, taskId, openedAt } = await opened();
      if (elapsed !== 0) await time.increaseTo(openedAt + elapsed);
      const priceFraction = fractionAfter(order, elapsed);
      expect(await viewOf(market, taskId)).to.deep.equal(openView(order, openedAt, { priceFraction }));
      expect(await market.taskManager.priceOf(packed)).to.equal(priceAfter(order, elapsed));
    });
  }

  it("lets the price stand from the deadline on", async () => {
    const { market, order, packed, taskId, openedAt } = await opened({ rampDuration: 100_000 });
    for (const { moment, elapsed } of [
      { moment: order.deadline - 1, elapsed: order.deadline - 1 - openedAt },
      { moment: order.deadline, elapsed: order.deadline - openedAt },
      { moment: order.deadline + 1, elapsed: order.deadline - openedAt },
      { moment: order.deadline + 50_000, elapsed: order.deadline - openedAt },
    ]) {
      await time.increaseTo(moment);
      expect((await viewOf(market, taskId))["priceFraction"]).to.equal(fractionAfter(order, elapsed));
    }
    await market.taskManager.refund(packed);
    await time.increase(100);
    const priceFraction = fractionAfter(order, order.deadline - openedAt);
    expect(await viewOf(market, taskId)).to.deep.equal(
      openView(order, openedAt, { state: State.Refunded, priceFraction }),
    );
    expect(priceFraction).to.be.lessThan(WHOLE);
  });

  it("does not change with time once the price is fixed", async () => {
    const market = await loadFixture(deployMarket);
    for (const make of [deliveredTask, disclosedTask]) {
      const { taskId } = await make(market);
      const before = await viewOf(market, taskId);
      await time.increase(1_000_000);
      expect(await viewOf(market, taskId)).to.deep.equal(before);
    }
  });

  it("keeps tasks apart that differ in their nonce only", async () => {
    const market = await loadFixture(deployMarket);
    const first = await deliveredTask(market);
    const openedAt = (await time.latest()) + 1;
    const second = await openTask(market, { deadline: first.order.deadline });
    expect(await viewOf(market, second.taskId)).to.deep.equal(openView(second.order, openedAt));
    expect((await viewOf(market, first.taskId))["state"]).to.equal(State.Delivered);
  });

  it("remembers every field at its full width", async () => {
    const market = await loadFixture(deployMarket);
    const { owner, publisher, taskManager, sourceRegistry } = market;
    await taskManager.connect(owner).setFee(1000);
    await sourceRegistry.connect(publisher).setRoyalty(1, 2000);
    const { order, taskId } = await openTask(market, { rampDuration: 2 ** 24 - 1 });
    expect(await viewOf(market, taskId)).to.deep.equal(
      openView(order, await time.latest(), { feeBps: 1000n, royaltyBps: ROYALTY_BPS * 4n }),
    );
  });
});
