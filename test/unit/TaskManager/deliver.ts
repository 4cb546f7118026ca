import { expect } from "chai";
import { parseEther, ZeroHash } from "ethers";
import { type Order, packOrder, taskIdOf, Verification } from "../../../src/protocol/order.js";
import {
  fractionAfter,
  giveScore,
  movements,
  openView,
  priceAfter,
  speakingAs,
  State,
  viewOf,
} from "../../helpers/manager.js";
import { loadFixture, time } from "../../helpers/network.js";
import {
  BOND,
  deliveredTask,
  deployMarket,
  joinProvider,
  KEY,
  openTask,
  proofOrder,
  random32,
  reviewOrder,
  WINDOWS,
} from "../../helpers/suite.js";

const SEAL = `0x${"5e".repeat(32)}`;

async function opened(changes: Partial<Order> = {}) {
  const market = await loadFixture(deployMarket);
  const task = await openTask(market, changes);
  return { market, ...task, openedAt: await time.latest(), manager: market.taskManager.connect(market.agent) };
}

describe("TaskManager.deliver", () => {
  it("takes the task at the price of now, locks the bond and keeps the seal", async () => {
    const { market, manager, order, packed, taskId, openedAt } = await opened();
    const { client, provider } = market;
    await time.setNextBlockTimestamp(openedAt + 123);
    expect(
      await movements(market, () =>
        expect(manager.deliver(packed, provider, SEAL))
          .to.emit(manager, "TaskDelivered")
          .withArgs(taskId, provider, client.address, SEAL, priceAfter(order, 123)),
      ),
    ).to.deep.equal({ "stake.free": -BOND, "stake.locked": BOND });
    const delivered = openView(order, openedAt, {
      state: State.Delivered,
      provider,
      clearedAt: BigInt(openedAt + 123),
      priceFraction: fractionAfter(order, 123),
      seal: SEAL,
    });
    expect(await viewOf(market, taskId)).to.deep.equal(delivered);
    await time.increase(1000);
    expect(await viewOf(market, taskId)).to.deep.equal(delivered);
    expect(await manager.priceOf(packed)).to.equal(priceAfter(order, 123));
  });

  it("is open to the provider's owner too, and keeps providers apart", async () => {
    const { market, manager, packed, taskId } = await opened();
    const owner = market.stranger;
    const second = await joinProvider(market, owner);
    await manager.connect(owner).deliver(packed, second, SEAL);
    expect((await manager.getTask(taskId)).provider).to.equal(2);
    expect((await market.providerPool.getProvider(2)).free).to.equal(parseEther("0.8") - BOND);
    expect((await market.providerPool.getProvider(1)).free).to.equal(parseEther("0.8"));
  });

  it("is possible in the last second of the deadline, not after", async () => {
    const { market, manager, order, packed, taskId } = await opened();
    await time.setNextBlockTimestamp(order.deadline + 1);
    await expect(manager.deliver(packed, market.provider, SEAL))
      .to.be.revertedWithCustomError(manager, "DeadlinePassed")
      .withArgs(order.deadline, order.deadline + 1);
    await time.setNextBlockTimestamp(order.deadline);
    await manager.deliver(packed, market.provider, SEAL);
    expect((await manager.getTask(taskId)).clearedAt).to.equal(order.deadline);
  });

  it("refuses a seal of zero", async () => {
    const { market, manager, packed } = await opened();
    expect(
      await movements(market, () =>
        expect(manager.deliver(packed, market.provider, ZeroHash)).to.be.revertedWithCustomError(manager, "ZeroSeal"),
      ),
    ).to.deep.equal({});
  });

  describe("when the task cannot be taken", () => {
    it("refuses an order that nobody posted", async () => {
      const { market, manager } = await opened();
      const order = await reviewOrder(market);
      await expect(manager.deliver(packOrder(order), market.provider, SEAL))
        .to.be.revertedWithCustomError(manager, "WrongState")
        .withArgs(taskIdOf(order, market.domain), State.None);
    });

    it("refuses a second delivery and keeps the first", async () => {
      const market = await loadFixture(deployMarket);
      const { packed, taskId, seal } = await deliveredTask(market);
      const manager = market.taskManager.connect(market.stranger);
      const second = await joinProvider(market, market.stranger);
      await expect(manager.deliver(packed, second, SEAL))
        .to.be.revertedWithCustomError(manager, "WrongState")
        .withArgs(taskId, State.Delivered);
      expect((await manager.getTask(taskId)).seal).to.equal(seal);
      expect((await manager.getTask(taskId)).provider).to.equal(1);
    });

    it("refuses a Proof task", async () => {
      const { market, manager } = await opened();
      const order = await proofOrder(market);
      await manager.connect(market.client).submit(packOrder(order));
      await expect(manager.deliver(packOrder(order), market.provider, SEAL))
        .to.be.revertedWithCustomError(manager, "WrongVerification")
        .withArgs(taskIdOf(order, market.domain), Verification.Proof);
    });

    it("bars a provider that let this task lapse from it, and from no other", async () => {
      const market = await loadFixture(deployMarket);
      const { packed, taskId } = await deliveredTask(market, { deadline: (await time.latest()) + 86_400 });
      const manager = market.taskManager.connect(market.agent);
      await time.increase(WINDOWS.disclose + 1);
      await manager.reopen(packed);
      await expect(manager.deliver(packed, market.provider, SEAL))
        .to.be.revertedWithCustomError(manager, "Barred")
        .withArgs(taskId, market.provider);
      await deliveredTask(market);
      const second = await joinProvider(market, market.stranger);
      await manager.connect(market.stranger).deliver(packed, second, SEAL);
      expect((await manager.getTask(taskId)).provider).to.equal(second);
    });
  });

  describe("when the provider is not fit for it", () => {
    it("refuses a key without authority, for known and unknown providers", async () => {
      const { market, manager, packed } = await opened();
      const { client, stranger, agent, providerPool } = market;
      for (const { caller, provider } of [
        { caller: stranger, provider: 1 },
        { caller: client, provider: 1 },
        { caller: agent, provider: 2 },
        { caller: agent, provider: 0 },
      ]) {
        await expect(manager.connect(caller).deliver(packed, provider, SEAL))
          .to.be.revertedWithCustomError(providerPool, "NotAgent")
          .withArgs(provider, caller.address);
      }
    });

    it("refuses a provider that is no member", async () => {
      const { market, manager, packed } = await opened();
      const pool = market.providerPool.connect(market.stranger);
      await pool.register(market.stranger, KEY);
      await pool.stake(2, BOND, { value: BOND });
      await expect(manager.connect(market.stranger).deliver(packed, 2, SEAL))
        .to.be.revertedWithCustomError(pool, "NotMember")
        .withArgs(2, 1);
    });

    it("refuses hardware that does not fit, takes what just fits", async () => {
      const { market, manager } = await opened();
      const { stranger, providerPool } = market;
      const gpu = await joinProvider(market, stranger, { environments: 2, gpuMemory: 16 });
      const tooLarge = await openTask(market, { environments: 2, minGpuMemory: 17 });
      await expect(manager.deliver(tooLarge.packed, 1, SEAL))
        .to.be.revertedWithCustomError(providerPool, "HardwareMismatch")
        .withArgs(1, 0, 2, 17);
      await expect(manager.connect(stranger).deliver(tooLarge.packed, gpu, SEAL))
        .to.be.revertedWithCustomError(providerPool, "HardwareMismatch")
        .withArgs(2, 16, 2, 17);
      const fits = await openTask(market, { environments: 2, minGpuMemory: 16 });
      await manager.connect(stranger).deliver(fits.packed, gpu, SEAL);
    });

    it("refuses a bond above the free stake, takes one equal to it", async () => {
      const bond = parseEther("0.8");
      const { market, manager, packed } = await opened({ bond: bond + 1n });
      await expect(manager.deliver(packed, 1, SEAL))
        .to.be.revertedWithCustomError(market.providerPool, "InsufficientStake")
        .withArgs(1, bond, bond + 1n);
      const fits = await openTask(market, { bond });
      await manager.deliver(fits.packed, 1, SEAL);
      expect((await market.providerPool.getProvider(1)).free).to.equal(0);
      const second = await openTask(market);
      await expect(manager.deliver(second.packed, 1, random32()))
        .to.be.revertedWithCustomError(market.providerPool, "InsufficientStake")
        .withArgs(1, 0, BOND);
    });

    it("refuses a jailed provider through its last second", async () => {
      const { market, manager, packed, openedAt } = await opened();
      const until = openedAt + 1000;
      await market.providerPool.connect(await speakingAs(market.taskManager)).jail(1, until);
      await time.setNextBlockTimestamp(until);
      await expect(manager.deliver(packed, 1, SEAL))
        .to.be.revertedWithCustomError(market.providerPool, "Jailed")
        .withArgs(1, until);
      await time.setNextBlockTimestamp(until + 1);
      await manager.deliver(packed, 1, SEAL);
    });

    it("refuses no score at all where the least is asked for", async () => {
      const { market, manager, packed } = await opened({ minScore: 1 });
      await expect(manager.deliver(packed, market.provider, SEAL))
        .to.be.revertedWithCustomError(manager, "ScoreTooLow")
        .withArgs(1, 0, 1);
    });

    it("refuses a score below the minimum, takes one equal to it", async () => {
      const { market, manager, packed, taskId } = await opened({ minScore: 500_000 });
      await expect(manager.deliver(packed, 1, SEAL))
        .to.be.revertedWithCustomError(manager, "ScoreTooLow")
        .withArgs(1, 0, 500_000);
      await giveScore(market);
      const higher = await openTask(market, { minScore: 500_001 });
      await expect(manager.deliver(higher.packed, 1, SEAL))
        .to.be.revertedWithCustomError(manager, "ScoreTooLow")
        .withArgs(1, 500_000, 500_001);
      await manager.deliver(packed, 1, SEAL);
      expect((await manager.getTask(taskId)).state).to.equal(State.Delivered);
    });
  });
});
