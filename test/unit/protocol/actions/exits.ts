import { expect } from "chai";
import { parseEther } from "ethers";
import { collectFees, type CollectFeesRevert } from "../../../../src/protocol/actions/collectFees.js";
import { refund, type RefundRevert } from "../../../../src/protocol/actions/refund.js";
import { reopen, type ReopenRevert } from "../../../../src/protocol/actions/reopen.js";
import { settle, type SettleRevert } from "../../../../src/protocol/actions/settle.js";
import { priceAfter, shares, startPrice, State } from "../../../helpers/manager.js";
import { loadFixture, passTo, time } from "../../../helpers/network.js";
import { protocolOf } from "../../../helpers/protocol.js";
import { expectRevert } from "../../../helpers/refusal.js";
import {
  BOND,
  CAP,
  deliveredTask,
  deployMarket,
  disclosedTask,
  joinProvider,
  openTask,
  random32,
  reviewOrder,
  WINDOWS,
} from "../../../helpers/suite.js";

const setUp = async () => {
  const market = await loadFixture(deployMarket);
  return {
    market,
    manager: market.taskManager,
    stranger: await protocolOf(market, market.stranger),
    provider: Number(market.provider),
  };
};

describe("protocol.settle", () => {
  it("pays for silence", async () => {
    const { market, manager, stranger, provider } = await setUp();
    const { order, taskId } = await disclosedTask(market);
    await time.increase(order.reviewPeriod + 1);
    const { price, fee, royalty, payment } = shares(priceAfter(order, 1));
    const done = await settle(stranger, { order });
    const publisher = market.publisher.address;
    const settlement = { taskId, provider, client: market.client.address, publisher, price, fee, royalty, payment };
    expect(done.settlements).to.deep.equal([settlement]);
    expect(done.refund).to.equal(undefined);
    expect((await manager.getTask(taskId)).state).to.equal(State.Settled);
  });

  it("is refused during the review, and without an envelope", async () => {
    const { market, stranger } = await setUp();
    const { order, taskId } = await disclosedTask(market);
    const end = (await time.latest()) + order.reviewPeriod;
    await passTo(end);
    await expectRevert<SettleRevert>(settle(stranger, { order }), "TooEarly", {
      taskId,
      end: BigInt(end),
      // What refuses is judged in the newest block.
      now_: BigInt(end - 1),
    });
    const delivered = await deliveredTask(market);
    await expectRevert<SettleRevert>(settle(stranger, delivered), "WrongState", {
      taskId: delivered.taskId,
      state: State.Delivered,
    });
  });
});

describe("protocol.reopen", () => {
  it("opens a task again that its holder did not disclose, six times, and then refunds it", async () => {
    const { market, manager, stranger } = await setUp();
    const { client, others } = market;
    const { order, packed, taskId } = await openTask(market, { deadline: (await time.latest()) + 86_400 });
    for (const [index, owner] of [market.agent, ...others.slice(0, 6)].entries()) {
      const provider = index === 0 ? market.provider : await joinProvider(market, owner);
      await manager.connect(owner).deliver(packed, provider, random32());
      await time.increase(WINDOWS.disclose + 1);
      const done = await reopen(stranger, { order });
      const last = index === 6;
      expect([done.taskId, done.provider, done.client]).to.deep.equal([taskId, Number(provider), client.address]);
      expect([done.lapses, done.slashed, done.refund]).to.deep.equal([index + 1, BOND / 2n, last ? CAP : 0n]);
      expect((await manager.getTask(taskId)).state).to.equal(last ? State.Refunded : State.Open);
    }
    const { free, held } = await market.escrow.accountOf(client);
    expect([free, held]).to.deep.equal([parseEther("10"), 0n]);
  });

  it("is refused while the envelope may come, and for what nobody holds", async () => {
    const { market, stranger } = await setUp();
    const { order, taskId } = await deliveredTask(market);
    const end = (await time.latest()) + WINDOWS.disclose;
    const open = await reviewOrder(market, { deadline: end + 100 });
    await passTo(end);
    await expectRevert<ReopenRevert>(reopen(stranger, { order }), "TooEarly", {
      taskId,
      end: BigInt(end),
      // What refuses is judged in the newest block.
      now_: BigInt(end - 1),
    });
    const task = await openTask(market, open);
    const args = { taskId: task.taskId, state: State.Open };
    await expectRevert<ReopenRevert>(reopen(stranger, task), "WrongState", args);
  });
});

describe("protocol.refund", () => {
  it("returns the money without fee and tip that is due, and tells them", async () => {
    const { market, manager, stranger } = await setUp();
    const { order, taskId } = await openTask(market);
    await time.increaseTo(order.deadline + 1);
    const done = await refund(stranger, { order });
    const fee = (startPrice(CAP) * 250n) / 10_000n;
    const tip = (CAP * 50n) / 10_000n;
    expect([done.taskId, done.client]).to.deep.equal([taskId, market.client.address]);
    expect([done.refund, done.fee, done.tip]).to.deep.equal([CAP - fee - tip, fee, tip]);
    expect((await market.escrow.accountOf(market.stranger)).free).to.equal(tip);
    expect((await manager.getTask(taskId)).state).to.equal(State.Refunded);
  });

  it("costs the client itself no tip", async () => {
    const { market } = await setUp();
    const client = await protocolOf(market, market.client);
    const { order } = await openTask(market);
    await time.increaseTo(order.deadline + 1);
    expect((await refund(client, { order })).tip).to.equal(0n);
  });

  it("is refused before the deadline is over, and for a held task", async () => {
    const { market, stranger } = await setUp();
    const { order, taskId } = await openTask(market);
    await passTo(order.deadline);
    const now = BigInt(order.deadline);
    await expectRevert<RefundRevert>(refund(stranger, { order }), "TooEarly", { taskId, end: now, now_: now - 1n });
    const held = await deliveredTask(market);
    const args = { taskId: held.taskId, state: State.Delivered };
    await expectRevert<RefundRevert>(refund(stranger, held), "WrongState", args);
  });
});

describe("protocol.collectFees", () => {
  it("passes fees on to the treasury", async () => {
    const { market, manager, stranger } = await setUp();
    const { order, packed } = await deliveredTask(market);
    await manager.connect(market.client).accept(packed);
    const { fee } = shares(priceAfter(order, 1));
    const done = await collectFees(stranger, { payers: [market.publisher.address, market.client.address] });
    expect([done.treasury, done.amount]).to.deep.equal([market.treasury.address, fee]);
    expect((await market.escrow.accountOf(market.treasury)).free).to.equal(fee);
  });

  it("is refused if there are none", async () => {
    const { market, stranger } = await setUp();
    const payers = [market.client.address];
    await expectRevert<CollectFeesRevert>(collectFees(stranger, { payers }), "NothingCollected");
    await expectRevert<CollectFeesRevert>(collectFees(stranger, { payers: [] }), "NothingCollected");
  });
});
