import { expect } from "chai";
import { parseEther, ZeroHash } from "ethers";
import { type Order, packOrder, taskIdOf, Verification } from "../../../src/protocol/order.js";
import {
  fractionAfter,
  giveScore,
  movements,
  openView,
  priceAfter,
  secondSource,
  speakingAs,
  State,
  viewOf,
} from "../../helpers/manager.js";
import { loadFixture, passTo, time } from "../../helpers/network.js";
import {
  BOND,
  deployMarket,
  FLOOR,
  joinProvider,
  KEY,
  openTask,
  proofOrder,
  random32,
  reservedTask,
  reviewOrder,
  STAKE_PER_SLOT,
  WINDOWS,
} from "../../helpers/suite.js";

const RESERVATION = 600;

/** An open task that asks for a reservation of ten minutes. */
async function opened(changes: Partial<Order> = {}) {
  const market = await loadFixture(deployMarket);
  const task = await openTask(market, { reservation: RESERVATION, ...changes });
  return { market, ...task, openedAt: await time.latest(), manager: market.taskManager.connect(market.agent) };
}

describe("TaskManager.reserve", () => {
  it("holds the task at the price of now, locks the bond and takes a slot", async () => {
    const { market, manager, order, packed, taskId, openedAt } = await opened();
    const { client, provider, providerPool } = market;
    await time.setNextBlockTimestamp(openedAt + 123);
    expect(
      await movements(market, () =>
        expect(manager.reserve(packed, provider))
          .to.emit(manager, "TaskReserved")
          .withArgs(taskId, provider, client.address, priceAfter(order, 123), openedAt + 123 + RESERVATION),
      ),
    ).to.deep.equal({ "stake.free": -BOND, "stake.locked": BOND });
    const reserved = openView(order, openedAt, {
      state: State.Reserved,
      provider,
      clearedAt: BigInt(openedAt + 123),
      priceFraction: fractionAfter(order, 123),
      seal: ZeroHash,
    });
    expect(await viewOf(market, taskId)).to.deep.equal(reserved);
    expect((await providerPool.getMembership(provider, 1)).reserved).to.equal(1n);
    // It still waits for a delivery.
    expect((await providerPool.getMarket(1)).openTasks).to.equal(1n);

    await time.increase(2 * RESERVATION);
    expect(await viewOf(market, taskId)).to.deep.equal(reserved);
    expect(await manager.priceOf(packed)).to.equal(priceAfter(order, 123));
  });

  it("is open to the provider's owner too, and keeps providers apart", async () => {
    const { market, manager, packed, taskId } = await opened();
    const { stranger, providerPool } = market;
    const second = await joinProvider(market, stranger);
    await manager.connect(stranger).reserve(packed, second);
    expect((await manager.getTask(taskId)).provider).to.equal(second);
    expect((await providerPool.getProvider(second)).free).to.equal(parseEther("0.8") - BOND);
    expect((await providerPool.getMembership(second, 1)).reserved).to.equal(1n);
    expect((await providerPool.getProvider(1)).free).to.equal(parseEther("0.8"));
    expect((await providerPool.getMembership(1, 1)).reserved).to.equal(0n);
  });

  for (const reservation of [1, 3000]) {
    it(`lasts for the ${reservation} seconds that the order says`, async () => {
      const { market, manager, order, packed, taskId, openedAt } = await opened({ reservation });
      await time.setNextBlockTimestamp(openedAt + 1);
      await expect(manager.reserve(packed, market.provider))
        .to.emit(manager, "TaskReserved")
        .withArgs(taskId, 1, market.client.address, priceAfter(order, 1), openedAt + 1 + reservation);
    });
  }

  describe("when the deadline is near", () => {
    it("may end with it, but not a second later", async () => {
      const { market, manager, order, packed, taskId } = await opened();
      const last = order.deadline - RESERVATION;
      await time.setNextBlockTimestamp(last + 1);
      expect(
        await movements(market, () =>
          expect(manager.reserve(packed, market.provider))
            .to.be.revertedWithCustomError(manager, "ReservationPastDeadline")
            .withArgs(order.deadline + 1, order.deadline),
        ),
      ).to.deep.equal({});
      expect((await market.providerPool.getMembership(1, 1)).reserved).to.equal(0n);
      await time.setNextBlockTimestamp(last);
      await manager.reserve(packed, market.provider);
      const { state, clearedAt, deadline } = await manager.getTask(taskId);
      expect([state, clearedAt, deadline]).to.deep.equal([State.Reserved, BigInt(last), BigInt(order.deadline)]);
    });

    it("is too long a second later for an order that asks for its whole life, and more than that is never posted", async () => {
      const market = await loadFixture(deployMarket);
      const { taskManager, client, agent, provider } = market;
      const now = (await time.latest()) + 1;
      const order = await reviewOrder(market, { deadline: now + 500, reservation: 500 });
      await time.setNextBlockTimestamp(now);
      const longer = packOrder({ ...order, reservation: 501 });
      await expect(taskManager.connect(client).submit(longer))
        .to.be.revertedWithCustomError(taskManager, "ReservationPastDeadline")
        .withArgs(now + 501, order.deadline);
      const later = { ...order, deadline: now + 501 };
      await time.setNextBlockTimestamp(now + 1);
      await taskManager.connect(client).submit(packOrder(later));
      await time.setNextBlockTimestamp(now + 2);
      await expect(taskManager.connect(agent).reserve(packOrder(later), provider))
        .to.be.revertedWithCustomError(taskManager, "ReservationPastDeadline")
        .withArgs(now + 502, later.deadline);
    });

    it("is over in the second after", async () => {
      const { market, manager, order, packed } = await opened();
      await passTo(order.deadline + 1);
      await expect(manager.reserve(packed, market.provider))
        .to.be.revertedWithCustomError(manager, "DeadlinePassed")
        .withArgs(order.deadline, order.deadline + 1);
    });

    it("counts the deadline of a cancellation", async () => {
      const { market, manager, packed, taskId } = await opened({ reservation: 200 });
      await manager.connect(market.client).cancel(packed);
      const end = (await time.latest()) + WINDOWS.cancelNotice;
      await time.setNextBlockTimestamp(end - 199);
      await expect(manager.reserve(packed, market.provider))
        .to.be.revertedWithCustomError(manager, "ReservationPastDeadline")
        .withArgs(end + 1, end);
      await time.setNextBlockTimestamp(end - 200);
      await manager.reserve(packed, market.provider);
      const { state, cancelled } = await manager.getTask(taskId);
      expect([state, cancelled]).to.deep.equal([State.Reserved, true]);
    });
  });

  describe("when the task cannot be taken", () => {
    it("refuses an order that asks for no reservation", async () => {
      const { market, manager, packed, taskId } = await opened({ reservation: 0 });
      expect(
        await movements(market, () =>
          expect(manager.reserve(packed, market.provider))
            .to.be.revertedWithCustomError(manager, "NotReservable")
            .withArgs(taskId),
        ),
      ).to.deep.equal({});
    });

    it("refuses an order that nobody posted", async () => {
      const { market, manager } = await opened();
      const order = await reviewOrder(market, { reservation: RESERVATION });
      await expect(manager.reserve(packOrder(order), market.provider))
        .to.be.revertedWithCustomError(manager, "WrongState")
        .withArgs(taskIdOf(order, market.domain), State.None);
    });

    it("refuses it to everyone while one holds it, the holder included", async () => {
      const market = await loadFixture(deployMarket);
      const { packed, taskId } = await reservedTask(market);
      const { taskManager, agent, stranger, provider } = market;
      const second = await joinProvider(market, stranger);
      for (const { caller, by } of [
        { caller: stranger, by: second },
        { caller: agent, by: provider },
      ]) {
        await expect(taskManager.connect(caller).reserve(packed, by))
          .to.be.revertedWithCustomError(taskManager, "WrongState")
          .withArgs(taskId, State.Reserved);
      }
      expect((await taskManager.getTask(taskId)).provider).to.equal(provider);
    });

    it("refuses a task that was delivered", async () => {
      const market = await loadFixture(deployMarket);
      const { packed, taskId, seal } = await reservedTask(market);
      const manager = market.taskManager.connect(market.agent);
      await manager.deliver(packed, market.provider, seal);
      await expect(manager.reserve(packed, market.provider))
        .to.be.revertedWithCustomError(manager, "WrongState")
        .withArgs(taskId, State.Delivered);
    });

    it("refuses a Proof task", async () => {
      const { market, manager } = await opened();
      const order = await proofOrder(market);
      await manager.connect(market.client).submit(packOrder(order));
      await expect(manager.reserve(packOrder(order), market.provider))
        .to.be.revertedWithCustomError(manager, "WrongVerification")
        .withArgs(taskIdOf(order, market.domain), Verification.Proof);
    });

    it("bars a provider that let this task lapse from it, and from no other", async () => {
      const market = await loadFixture(deployMarket);
      const { packed, taskId } = await reservedTask(market);
      const { taskManager, agent, stranger, provider } = market;
      await time.increase(RESERVATION + 1);
      await taskManager.reopen(packed);
      await expect(taskManager.connect(agent).reserve(packed, provider))
        .to.be.revertedWithCustomError(taskManager, "Barred")
        .withArgs(taskId, provider);
      await reservedTask(market);
      const second = await joinProvider(market, stranger);
      await taskManager.connect(stranger).reserve(packed, second);
      expect((await taskManager.getTask(taskId)).provider).to.equal(second);
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
        await expect(manager.connect(caller).reserve(packed, provider))
          .to.be.revertedWithCustomError(providerPool, "NotAgent")
          .withArgs(provider, caller.address);
      }
    });

    it("refuses a provider that is no member", async () => {
      const { market, manager, packed } = await opened();
      const pool = market.providerPool.connect(market.stranger);
      await pool.register(market.stranger, KEY);
      await pool.stake(2, BOND, { value: BOND });
      await expect(manager.connect(market.stranger).reserve(packed, 2))
        .to.be.revertedWithCustomError(pool, "NotMember")
        .withArgs(2, 1);
    });

    it("refuses hardware that does not fit, takes what just fits", async () => {
      const { market, manager } = await opened();
      const { stranger, providerPool } = market;
      const gpu = await joinProvider(market, stranger, { environments: 2, gpuMemory: 16 });
      const tooLarge = await openTask(market, { reservation: RESERVATION, environments: 2, minGpuMemory: 17 });
      await expect(manager.reserve(tooLarge.packed, 1))
        .to.be.revertedWithCustomError(providerPool, "HardwareMismatch")
        .withArgs(1, 0, 2, 17);
      await expect(manager.connect(stranger).reserve(tooLarge.packed, gpu))
        .to.be.revertedWithCustomError(providerPool, "HardwareMismatch")
        .withArgs(2, 16, 2, 17);
      const fits = await openTask(market, { reservation: RESERVATION, environments: 2, minGpuMemory: 16 });
      await manager.connect(stranger).reserve(fits.packed, gpu);
      expect((await manager.getTask(fits.taskId)).provider).to.equal(gpu);
    });

    it("refuses a bond above the free stake, takes one equal to it", async () => {
      const bond = parseEther("0.8");
      const { market, manager, packed } = await opened({ bond: bond + 1n });
      const { providerPool } = market;
      await expect(manager.reserve(packed, 1))
        .to.be.revertedWithCustomError(providerPool, "InsufficientStake")
        .withArgs(1, bond, bond + 1n);
      const fits = await openTask(market, { reservation: RESERVATION, bond });
      await manager.reserve(fits.packed, 1);
      expect((await providerPool.getProvider(1)).free).to.equal(0);
      const second = await openTask(market, { reservation: RESERVATION });
      await expect(manager.reserve(second.packed, 1))
        .to.be.revertedWithCustomError(providerPool, "InsufficientStake")
        .withArgs(1, 0, BOND);
      expect((await providerPool.getMembership(1, 1)).reserved).to.equal(1n);
    });

    it("refuses a jailed provider through its last second", async () => {
      const { market, manager, packed, openedAt } = await opened();
      const until = openedAt + 1000;
      await market.providerPool.connect(await speakingAs(market.taskManager)).jail(1, until);
      await time.setNextBlockTimestamp(until);
      await expect(manager.reserve(packed, 1))
        .to.be.revertedWithCustomError(market.providerPool, "Jailed")
        .withArgs(1, until);
      await time.setNextBlockTimestamp(until + 1);
      await manager.reserve(packed, 1);
    });

    it("refuses a score below the minimum, takes one equal to it", async () => {
      const { market, manager, packed, taskId } = await opened({ minScore: 500_000 });
      await expect(manager.reserve(packed, 1))
        .to.be.revertedWithCustomError(manager, "ScoreTooLow")
        .withArgs(1, 0, 500_000);
      await giveScore(market);
      const higher = await openTask(market, { reservation: RESERVATION, minScore: 500_001 });
      await expect(manager.reserve(higher.packed, 1))
        .to.be.revertedWithCustomError(manager, "ScoreTooLow")
        .withArgs(1, 500_000, 500_001);
      await manager.reserve(packed, 1);
      expect((await manager.getTask(taskId)).state).to.equal(State.Reserved);
    });
  });

  describe("when the provider's slots are all reserved", () => {
    /** The provider holds as many reservations as it has slots, and one more task waits. */
    async function full() {
      const market = await deployMarket();
      const tasks = [await reservedTask(market), await reservedTask(market)];
      const [first, second] = tasks;
      if (first === undefined || second === undefined) throw new Error("two tasks");
      const third = await openTask(market, { reservation: RESERVATION });
      return { market, first, second, third, manager: market.taskManager.connect(market.agent) };
    }

    it("refuses one more", async () => {
      const { market, third, manager } = await loadFixture(full);
      const { providerPool } = market;
      expect((await providerPool.getMembership(1, 1)).reserved).to.equal(2n);
      expect(
        await movements(market, () =>
          expect(manager.reserve(third.packed, 1))
            .to.be.revertedWithCustomError(providerPool, "NoFreeSlot")
            .withArgs(1, 1, 2),
        ),
      ).to.deep.equal({});
      expect((await providerPool.getMembership(1, 1)).reserved).to.equal(2n);
      expect((await manager.getTask(third.taskId)).state).to.equal(State.Open);
    });

    it("gives a slot back with a delivery", async () => {
      const { market, first, third, manager } = await loadFixture(full);
      await manager.deliver(first.packed, 1, first.seal);
      await manager.reserve(third.packed, 1);
      expect((await market.providerPool.getMembership(1, 1)).reserved).to.equal(2n);
    });

    it("gives a slot back with a lapse", async () => {
      const { market, second, third, manager } = await loadFixture(full);
      await time.increase(RESERVATION + 1);
      await manager.reopen(second.packed);
      await manager.reserve(third.packed, 1);
      expect((await market.providerPool.getMembership(1, 1)).reserved).to.equal(2n);
    });

    it("leaves a race open to the provider: a delivery takes no slot", async () => {
      const { market, third, manager } = await loadFixture(full);
      const race = await openTask(market);
      await manager.deliver(race.packed, 1, random32());
      expect((await manager.getTask(race.taskId)).state).to.equal(State.Delivered);
      await expect(manager.reserve(third.packed, 1))
        .to.be.revertedWithCustomError(market.providerPool, "NoFreeSlot")
        .withArgs(1, 1, 2);
    });

    it("leaves the slots of other providers and of other sources free", async () => {
      const { market, third, manager } = await loadFixture(full);
      const { others, stranger, providerPool } = market;
      const [publisher] = others;
      if (publisher === undefined) throw new Error("no publisher");
      const source = await secondSource(market, publisher);
      const elsewhere = await openTask(market, { reservation: RESERVATION, source, maxRoyaltyBps: 1000 });
      await manager.reserve(elsewhere.packed, 1);
      expect((await providerPool.getMembership(1, source)).reserved).to.equal(1n);
      const other = await openTask(market, { reservation: RESERVATION, source, maxRoyaltyBps: 1000 });
      await expect(manager.reserve(other.packed, 1))
        .to.be.revertedWithCustomError(providerPool, "NoFreeSlot")
        .withArgs(1, source, 1);
      await manager.connect(stranger).reserve(third.packed, await joinProvider(market, stranger));
      expect((await providerPool.getMembership(1, 1)).reserved).to.equal(2n);
      expect((await providerPool.getProvider(1)).locked).to.equal(3n * STAKE_PER_SLOT + 3n * BOND);
    });
  });

  it("leaves out of the demand what never counted", async () => {
    const market = await loadFixture(deployMarket);
    const { providerPool, taskManager, agent } = market;
    // Two tasks for two slots: the price rises beyond the floor.
    await openTask(market);
    await openTask(market);
    await time.increase(100);
    const { packed, taskId } = await openTask(market, { reservation: RESERVATION, maxReward: FLOOR });
    expect((await taskManager.getTask(taskId)).counted).to.equal(false);
    await taskManager.connect(agent).reserve(packed, 1);
    expect((await taskManager.getTask(taskId)).counted).to.equal(false);
    expect((await providerPool.getMarket(1)).openTasks).to.equal(2n);
  });
});
