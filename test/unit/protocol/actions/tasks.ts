import { expect } from "chai";
import { ZeroHash } from "ethers";
import { accept, type AcceptRevert } from "../../../../src/protocol/actions/accept.js";
import { cancel, type CancelRevert } from "../../../../src/protocol/actions/cancel.js";
import { deliver, type DeliverRevert } from "../../../../src/protocol/actions/deliver.js";
import { disclose, type DiscloseRevert } from "../../../../src/protocol/actions/disclose.js";
import { sealOf } from "../../../../src/protocol/seal.js";
import { priceAfter, shares, State } from "../../../helpers/manager.js";
import { loadFixture, passTo, time } from "../../../helpers/network.js";
import { protocolOf } from "../../../helpers/protocol.js";
import { expectRevert } from "../../../helpers/refusal.js";
import {
  BOND,
  deliveredTask,
  deployMarket,
  openTask,
  proofOrder,
  random32,
  resultFor,
  WINDOWS,
} from "../../../helpers/suite.js";

const setUp = async () => {
  const market = await loadFixture(deployMarket);
  return {
    market,
    manager: market.taskManager,
    client: await protocolOf(market, market.client),
    agent: await protocolOf(market, market.agent),
    stranger: await protocolOf(market, market.stranger),
    provider: Number(market.provider),
  };
};

describe("protocol.accept", () => {
  it("pays the provider and tells who got what", async () => {
    const { market, manager, client, provider } = await setUp();
    const { order, taskId } = await deliveredTask(market);
    const { price, fee, royalty, payment } = shares(priceAfter(order, 1));
    const done = await accept(client, { order });
    expect([done.taskId, done.provider, done.client]).to.deep.equal([taskId, provider, market.client.address]);
    expect(done.publisher).to.equal(market.publisher.address);
    expect([done.price, done.fee, done.royalty, done.payment]).to.deep.equal([price, fee, royalty, payment]);
    expect((await manager.getTask(taskId)).state).to.equal(State.Settled);
    expect((await market.escrow.accountOf(market.providerOwner)).free).to.equal(payment);
  });

  it("is refused to others, and before delivery", async () => {
    const { market, client, stranger } = await setUp();
    const { order, taskId } = await openTask(market);
    const args = { taskId, caller: market.stranger.address };
    await expectRevert<AcceptRevert>(accept(stranger, { order }), "NotClientOrAgent", args);
    await expectRevert<AcceptRevert>(accept(client, { order }), "WrongState", { taskId, state: State.Open });
  });
});

describe("protocol.cancel", () => {
  it("brings the deadline forward", async () => {
    const { market, manager, client } = await setUp();
    const { order, taskId } = await openTask(market);
    const done = await cancel(client, { order });
    const deadline = (await time.latest()) + WINDOWS.cancelNotice;
    expect([done.taskId, done.client, done.deadline]).to.deep.equal([taskId, market.client.address, deadline]);
    expect((await manager.getTask(taskId)).deadline).to.equal(deadline);
  });

  it("is refused to others, a second time, and when it is too late", async () => {
    const { market, client, stranger } = await setUp();
    const { order, taskId } = await openTask(market);
    const args = { taskId, caller: market.stranger.address };
    await expectRevert<CancelRevert>(cancel(stranger, { order }), "NotClientOrAgent", args);
    await cancel(client, { order });
    await expectRevert<CancelRevert>(cancel(client, { order }), "AlreadyCancelled", { taskId });
    const late = await openTask(market);
    const now = late.order.deadline + 60;
    await passTo(now);
    await expectRevert<CancelRevert>(cancel(client, { order: late.order }), "DeadlinePassed", {
      deadline: BigInt(late.order.deadline),
      now_: BigInt(now),
    });
  });
});

describe("protocol.deliver", () => {
  it("takes a task at the price of now and locks the bond", async () => {
    const { market, manager, agent, provider } = await setUp();
    const { order, taskId } = await openTask(market);
    const openedAt = await time.latest();
    const { seal } = resultFor(taskId, market.provider);
    await time.setNextBlockTimestamp(openedAt + 300);
    const done = await deliver(agent, { order, provider, seal });
    expect([done.taskId, done.provider, done.seal]).to.deep.equal([taskId, provider, seal]);
    expect(done.price).to.equal(priceAfter(order, 300));
    const view = await manager.getTask(taskId);
    expect([view.state, view.provider, view.seal]).to.deep.equal([State.Delivered, market.provider, seal]);
    expect((await market.providerPool.getProvider(provider)).locked).to.equal(BOND + 2n * 10n ** 17n);
  });

  it("is refused to who may not, and for what is no open Review task", async () => {
    const { market, agent, stranger, provider } = await setUp();
    const { order, taskId } = await openTask(market);
    const seal = random32();
    const refusal = (
      { order: subject = order, provider: who = provider, seal: sealed = seal, sender = agent },
      revert: DeliverRevert["revert"],
      args?: DeliverRevert["args"],
    ) => expectRevert<DeliverRevert>(deliver(sender, { order: subject, provider: who, seal: sealed }), revert, args);
    const id = market.provider;
    await refusal({ seal: ZeroHash }, "ZeroSeal");
    await refusal({ sender: stranger }, "NotAgent", { provider: id, key: market.stranger.address });
    const rich = await openTask(market, { bond: 10n ** 18n });
    const free = 8n * 10n ** 17n;
    await refusal({ order: rich.order }, "InsufficientStake", { provider: id, free, needed: 10n ** 18n });
    const gpu = await openTask(market, { environments: 2, minGpuMemory: 8 });
    await refusal({ order: gpu.order }, "HardwareMismatch", {
      environments: 1n,
      gpuMemory: 0n,
      wanted: 2n,
      wantedMemory: 8n,
    });
    const best = await openTask(market, { minScore: 7 });
    await refusal({ order: best.order }, "ScoreTooLow", { provider: id, score: 0n, minimum: 7n });
    const proof = await openTask(market, await proofOrder(market));
    await refusal({ order: proof.order }, "WrongVerification", { taskId: proof.taskId, verification: 1n });
    await market.providerPool.connect(market.agent).leavePool(provider, market.source);
    await refusal({}, "NotMember", { provider: id, source: BigInt(market.source) });
    await market.providerPool.connect(market.agent).joinPool(provider, market.source, 1, 2, 1, 0);
    await deliver(agent, { order, provider, seal });
    await refusal({}, "WrongState", { taskId, state: State.Delivered });
    const lasting = await openTask(market, { deadline: (await time.latest()) + 2 * WINDOWS.disclose });
    await deliver(agent, { order: lasting.order, provider, seal });
    await time.increase(WINDOWS.disclose + 1);
    await market.taskManager.reopen(lasting.packed);
    await refusal({ order: lasting.order }, "Barred", { taskId: lasting.taskId, provider: id });
  });

  it("is refused after the deadline", async () => {
    const { market, agent, provider } = await setUp();
    const { order } = await openTask(market);
    const now = order.deadline + 5;
    await passTo(now);
    await expectRevert<DeliverRevert>(deliver(agent, { order, provider, seal: random32() }), "DeadlinePassed", {
      deadline: BigInt(order.deadline),
      now_: BigInt(now),
    });
  });
});

describe("protocol.disclose", () => {
  it("puts the envelope on chain, from bytes or from hexadecimal", async () => {
    const { market, manager, stranger, provider } = await setUp();
    for (const form of ["bytes", "hexadecimal"]) {
      const { order, taskId, commitment, envelope } = await deliveredTask(market);
      const given = form === "bytes" ? Buffer.from(envelope.slice(2), "hex") : envelope;
      const done = await disclose(stranger, { order, commitment, envelope: given });
      expect([done.taskId, done.provider]).to.deep.equal([taskId, provider]);
      expect([done.commitment, done.envelope]).to.deep.equal([commitment, envelope]);
      expect((await manager.getTask(taskId)).state).to.equal(State.Disclosed);
    }
  });

  it("is refused for another opening, a large envelope, a second time, and when it is too late", async () => {
    const { market, agent } = await setUp();
    const { order, taskId, commitment, envelope, envelopeHash, seal } = await deliveredTask(market);
    const other = random32();
    const found = sealOf({ taskId, provider: market.provider, commitment: other, envelopeHash });
    await expectRevert<DiscloseRevert>(disclose(agent, { order, commitment: other, envelope }), "SealMismatch", {
      taskId,
      seal,
      found,
    });
    const large = `0x${"00".repeat(513)}`;
    await expectRevert<DiscloseRevert>(disclose(agent, { order, commitment, envelope: large }), "EnvelopeTooLarge", {
      size: 513n,
      maximum: 512n,
    });
    await disclose(agent, { order, commitment, envelope });
    await expectRevert<DiscloseRevert>(disclose(agent, { order, commitment, envelope }), "WrongState", {
      taskId,
      state: State.Disclosed,
    });
    const late = await deliveredTask(market);
    const end = (await time.latest()) + WINDOWS.disclose;
    await passTo(end + 2);
    await expectRevert<DiscloseRevert>(disclose(agent, late), "DisclosureTooLate", {
      taskId: late.taskId,
      end: BigInt(end),
      now_: BigInt(end + 2),
    });
  });
});
