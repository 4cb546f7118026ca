import { expect } from "chai";
import { ZeroHash } from "ethers";
import {
  fractionAfter,
  giveScore,
  movements,
  openView,
  priceAfter,
  shares,
  speakingAs,
  State,
  viewOf,
} from "../../helpers/manager.js";
import { loadFixture, passTo, time } from "../../helpers/network.js";
import {
  BOND,
  CAP,
  deployMarket,
  FLOOR,
  joinProvider,
  openTask,
  random32,
  resultFor,
  WINDOWS,
} from "../../helpers/suite.js";

const RESERVATION = 600;

/** A task reserved 100 seconds after it was posted, for ten minutes. */
async function reserved() {
  const market = await loadFixture(deployMarket);
  const deadline = (await time.latest()) + 86_400;
  const task = await openTask(market, { reservation: RESERVATION, deadline });
  const openedAt = await time.latest();
  const manager = market.taskManager.connect(market.agent);
  await time.setNextBlockTimestamp(openedAt + 100);
  await manager.reserve(task.packed, market.provider);
  const end = openedAt + 100 + RESERVATION;
  return { market, ...task, ...resultFor(task.taskId, market.provider), openedAt, end, manager };
}

/** The same, delivered 300 seconds later. */
async function delivered() {
  const task = await reserved();
  const deliveredAt = task.openedAt + 400;
  await time.setNextBlockTimestamp(deliveredAt);
  await task.manager.deliver(task.packed, task.market.provider, task.seal);
  return { ...task, deliveredAt };
}

describe("TaskManager.deliver, of a task that asks for a reservation", () => {
  it("answers the task at the price fixed when it was reserved, and frees the slot", async () => {
    const { market, manager, order, packed, taskId, openedAt, seal } = await reserved();
    const { client, provider, providerPool } = market;
    await time.setNextBlockTimestamp(openedAt + 400);
    expect(
      await movements(market, async () => {
        const transaction = manager.deliver(packed, provider, seal);
        await expect(transaction)
          .to.emit(manager, "TaskDelivered")
          .withArgs(taskId, provider, client.address, seal, priceAfter(order, 100));
        await expect(transaction).not.to.emit(manager, "TaskDisclosed");
      }),
    ).to.deep.equal({});
    expect(await viewOf(market, taskId)).to.deep.equal(
      openView(order, openedAt, {
        state: State.Delivered,
        provider,
        clearedAt: BigInt(openedAt + 100),
        markedAt: BigInt(openedAt + 400),
        priceFraction: fractionAfter(order, 100),
        seal,
      }),
    );
    expect((await providerPool.getMembership(provider, 1)).reserved).to.equal(0n);
    const { openTasks, touchedAt } = await providerPool.getMarket(1);
    expect([openTasks, touchedAt]).to.deep.equal([0n, BigInt(openedAt + 400)]);
  });

  it("is possible in the last second of the reservation, not after", async () => {
    const { market, manager, packed, taskId, end, seal } = await reserved();
    await time.setNextBlockTimestamp(end + 1);
    expect(
      await movements(market, () =>
        expect(manager.deliver(packed, market.provider, seal))
          .to.be.revertedWithCustomError(manager, "ReservationLapsed")
          .withArgs(taskId, end, end + 1),
      ),
    ).to.deep.equal({});
    await time.setNextBlockTimestamp(end);
    await manager.deliver(packed, market.provider, seal);
    const { state, markedAt } = await manager.getTask(taskId);
    expect([state, markedAt]).to.deep.equal([State.Delivered, BigInt(end)]);
  });

  it("is too late after the reservation even if nobody reopened the task", async () => {
    const { market, manager, packed, taskId, end, seal } = await reserved();
    await passTo(end + 1000);
    await expect(manager.deliver(packed, market.provider, seal))
      .to.be.revertedWithCustomError(manager, "ReservationLapsed")
      .withArgs(taskId, end, end + 1000);
  });

  it("is open to the provider's owner, though an agent reserved", async () => {
    const { market, manager, packed, taskId, seal } = await reserved();
    await manager.connect(market.providerOwner).deliver(packed, market.provider, seal);
    expect((await manager.getTask(taskId)).state).to.equal(State.Delivered);
  });

  it("refuses a seal of zero", async () => {
    const { market, manager, packed, taskId } = await reserved();
    await expect(manager.deliver(packed, market.provider, ZeroHash)).to.be.revertedWithCustomError(manager, "ZeroSeal");
    expect((await manager.getTask(taskId)).state).to.equal(State.Reserved);
  });

  describe("when nobody has reserved it", () => {
    it("refuses it to everyone", async () => {
      const market = await loadFixture(deployMarket);
      const { packed, taskId } = await openTask(market, { reservation: 1 });
      const { taskManager, agent, stranger, provider } = market;
      const second = await joinProvider(market, stranger);
      for (const { caller, by } of [
        { caller: agent, by: provider },
        { caller: stranger, by: second },
      ]) {
        expect(
          await movements(market, () =>
            expect(taskManager.connect(caller).deliver(packed, by, random32()))
              .to.be.revertedWithCustomError(taskManager, "NotReserved")
              .withArgs(taskId),
          ),
        ).to.deep.equal({});
      }
    });

    it("refuses it after a lapse as before", async () => {
      const { market, manager, packed, taskId, end } = await reserved();
      const { stranger, provider } = market;
      const second = await joinProvider(market, stranger);
      await time.setNextBlockTimestamp(end + 1);
      await manager.reopen(packed);
      await expect(manager.connect(stranger).deliver(packed, second, random32()))
        .to.be.revertedWithCustomError(manager, "NotReserved")
        .withArgs(taskId);
      await expect(manager.deliver(packed, provider, random32()))
        .to.be.revertedWithCustomError(manager, "Barred")
        .withArgs(taskId, provider);
    });
  });

  describe("when another holds it", () => {
    it("refuses a provider that would be fit for it, in and after the last second", async () => {
      const { market, manager, packed, taskId, end } = await reserved();
      const { stranger } = market;
      const second = await joinProvider(market, stranger);
      for (const moment of [end, end + 1]) {
        await time.setNextBlockTimestamp(moment);
        await expect(manager.connect(stranger).deliver(packed, second, random32()))
          .to.be.revertedWithCustomError(manager, "NotHolder")
          .withArgs(taskId, second);
      }
      expect((await manager.getTask(taskId)).provider).to.equal(market.provider);
    });

    it("refuses the holder's agent in the name of another provider, known or not", async () => {
      const { market, manager, packed, taskId, seal } = await reserved();
      await joinProvider(market, market.stranger);
      for (const provider of [0, 2, 3]) {
        await expect(manager.deliver(packed, provider, seal))
          .to.be.revertedWithCustomError(manager, "NotHolder")
          .withArgs(taskId, provider);
      }
    });

    it("refuses a key without authority in the holder's name", async () => {
      const { market, manager, packed, taskId, seal } = await reserved();
      const { stranger, client, owner, provider, providerPool } = market;
      await joinProvider(market, stranger);
      for (const caller of [stranger, client, owner]) {
        await expect(manager.connect(caller).deliver(packed, provider, seal))
          .to.be.revertedWithCustomError(providerPool, "NotAgent")
          .withArgs(provider, caller.address);
      }
      expect((await manager.getTask(taskId)).state).to.equal(State.Reserved);
    });
  });

  describe("when the provider would not get the task any more", () => {
    it("may finish in jail", async () => {
      const { market, manager, packed, taskId, end, seal } = await reserved();
      await market.providerPool.connect(await speakingAs(market.taskManager)).jail(1, end + 86_400);
      await manager.deliver(packed, market.provider, seal);
      expect((await manager.getTask(taskId)).state).to.equal(State.Delivered);
    });

    it("may finish with a lower score than the order asks for", async () => {
      const market = await loadFixture(deployMarket);
      const { packed, taskId } = await openTask(market, { reservation: RESERVATION, minScore: 500_000 });
      await giveScore(market);
      const manager = market.taskManager.connect(market.agent);
      await manager.reserve(packed, 1);
      await market.reputation.connect(await speakingAs(market.taskManager)).recordFault(1);
      expect(await market.reputation.scoreOf(1)).to.be.lessThan(500_000n);
      await manager.deliver(packed, 1, random32());
      expect((await manager.getTask(taskId)).state).to.equal(State.Delivered);
    });

    it("may finish with nothing left free", async () => {
      const { market, manager, packed, taskId, seal } = await reserved();
      const { providerPool, providerOwner } = market;
      const { free } = await providerPool.getProvider(1);
      await providerPool.connect(providerOwner).unbond(1, free);
      await manager.deliver(packed, 1, seal);
      expect((await manager.getTask(taskId)).state).to.equal(State.Delivered);
    });

    it("may finish while the source is inactive and submissions are paused", async () => {
      const { market, manager, packed, taskId, seal } = await reserved();
      await market.sourceRegistry.connect(market.publisher).setActive(1, false);
      await manager.connect(market.owner).setSubmissionsPaused(true);
      await manager.deliver(packed, 1, seal);
      expect((await manager.getTask(taskId)).state).to.equal(State.Delivered);
    });

    it("cannot finish with an agent that has lost its authority; its owner can", async () => {
      const { market, manager, packed, seal } = await reserved();
      const { providerPool, providerOwner, agent } = market;
      await providerPool.connect(providerOwner).setAgent(1, agent, false);
      await expect(manager.deliver(packed, 1, seal))
        .to.be.revertedWithCustomError(providerPool, "NotAgent")
        .withArgs(1, agent.address);
      await manager.connect(providerOwner).deliver(packed, 1, seal);
    });
  });

  it("is possible once", async () => {
    const { market, manager, packed, taskId, seal } = await delivered();
    await expect(manager.deliver(packed, market.provider, random32()))
      .to.be.revertedWithCustomError(manager, "WrongState")
      .withArgs(taskId, State.Delivered);
    expect((await manager.getTask(taskId)).seal).to.equal(seal);
    expect((await market.providerPool.getMembership(1, 1)).reserved).to.equal(0n);
  });

  it("takes from the demand only what counted", async () => {
    const market = await loadFixture(deployMarket);
    const { providerPool, taskManager, agent } = market;
    // Two tasks for two slots: the price rises beyond the floor.
    const counted = await openTask(market, { reservation: RESERVATION });
    await openTask(market);
    await time.increase(100);
    const { packed, taskId } = await openTask(market, { reservation: RESERVATION, maxReward: FLOOR });
    expect((await taskManager.getTask(taskId)).counted).to.equal(false);
    const manager = taskManager.connect(agent);
    await manager.reserve(packed, 1);
    await manager.deliver(packed, 1, random32());
    expect((await providerPool.getMarket(1)).openTasks).to.equal(2n);
    await manager.reserve(counted.packed, 1);
    await manager.deliver(counted.packed, 1, random32());
    expect((await providerPool.getMarket(1)).openTasks).to.equal(1n);
  });

  describe("when the envelope is due", () => {
    it("may come until the window from the delivery is over, however late that was", async () => {
      const { market, manager, order, packed, taskId, deliveredAt, openedAt, ...result } = await delivered();
      const { commitment, envelope, seal } = result;
      const end = deliveredAt + WINDOWS.disclose;
      await time.setNextBlockTimestamp(end + 1);
      await expect(manager.disclose(packed, commitment, envelope))
        .to.be.revertedWithCustomError(manager, "DisclosureTooLate")
        .withArgs(taskId, end, end + 1);
      await time.setNextBlockTimestamp(end);
      await expect(manager.disclose(packed, commitment, envelope))
        .to.emit(manager, "TaskDisclosed")
        .withArgs(taskId, 1, market.client.address, commitment, envelope);
      expect(await viewOf(market, taskId)).to.deep.equal(
        openView(order, openedAt, {
          state: State.Disclosed,
          provider: 1n,
          clearedAt: BigInt(openedAt + 100),
          markedAt: BigInt(end),
          priceFraction: fractionAfter(order, 100),
          seal,
        }),
      );
    });

    it("lapses in the second after, like any delivery, and counts as demand anew", async () => {
      const { market, manager, order, packed, taskId, deliveredAt } = await delivered();
      const { client, provider, providerPool } = market;
      const end = deliveredAt + WINDOWS.disclose;
      await time.setNextBlockTimestamp(end);
      await expect(manager.reopen(packed))
        .to.be.revertedWithCustomError(manager, "TooEarly")
        .withArgs(taskId, end, end);
      await time.setNextBlockTimestamp(end + 1);
      expect(
        await movements(market, () =>
          expect(manager.reopen(packed))
            .to.emit(manager, "TaskLapsed")
            .withArgs(taskId, provider, client.address, 1, BOND / 2n),
        ),
      ).to.deep.equal({
        "manager.free": BOND / 2n,
        "pool.free": -BOND / 2n,
        "stake.total": -BOND / 2n,
        "stake.locked": -BOND,
        "stake.free": BOND / 2n,
      });
      expect(await viewOf(market, taskId)).to.deep.equal(
        openView(order, end + 1 - 100, { lapses: 1n, priceFraction: fractionAfter(order, 100) }),
      );
      expect((await providerPool.getMarket(1)).openTasks).to.equal(1n);
      expect((await providerPool.getMembership(1, 1)).reserved).to.equal(0n);
    });
  });

  describe("when it is paid", () => {
    const elapsed = 100;
    for (const way of ["accept", "settle"] as const) {
      it(`pays the price fixed at the reservation by ${way}, and returns the bond`, async () => {
        const task = await delivered();
        const { market, manager, order, packed, taskId, commitment, envelope } = task;
        const { client, publisher, provider } = market;
        if (way === "settle") {
          await manager.disclose(packed, commitment, envelope);
          await time.setNextBlockTimestamp((await time.latest()) + order.reviewPeriod + 1);
        }
        const { price, fee, royalty, payment } = shares(priceAfter(order, elapsed));
        const call = () => (way === "accept" ? manager.connect(client).accept(packed) : manager.settle(packed));
        expect(
          await movements(market, () =>
            expect(call())
              .to.emit(manager, "TaskSettled")
              .withArgs(taskId, provider, client.address, publisher.address, price, fee, royalty),
          ),
        ).to.deep.equal({
          "client.held": -CAP,
          "client.free": CAP - price,
          "client.fees": fee,
          "publisher.free": royalty,
          "provider.free": payment,
          "stake.free": BOND,
          "stake.locked": -BOND,
        });
      });
    }
  });
});
