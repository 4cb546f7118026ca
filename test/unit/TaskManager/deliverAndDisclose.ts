import { expect } from "chai";
import { keccak256 } from "ethers";
import { packOrder, taskIdOf } from "../../../src/protocol/order.js";
import { sealOf } from "../../../src/protocol/seal.js";
import {
  fractionAfter,
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
  reviewOrder,
} from "../../helpers/suite.js";

const RESERVATION = 600;

/** A task reserved 100 seconds after it was posted, for ten minutes. */
async function reserved() {
  const market = await loadFixture(deployMarket);
  const task = await openTask(market, { reservation: RESERVATION });
  const openedAt = await time.latest();
  const manager = market.taskManager.connect(market.agent);
  await time.setNextBlockTimestamp(openedAt + 100);
  await manager.reserve(task.packed, market.provider);
  const result = resultFor(task.taskId, market.provider);
  return { market, ...task, ...result, openedAt, end: openedAt + 100 + RESERVATION, manager };
}

/** The same, answered 300 seconds later. */
async function answered() {
  const task = await reserved();
  const { market, manager, packed, commitment, envelope, openedAt } = task;
  await time.setNextBlockTimestamp(openedAt + 400);
  await manager.deliverAndDisclose(packed, market.provider, commitment, envelope);
  return { ...task, disclosedAt: openedAt + 400 };
}

describe("TaskManager.deliverAndDisclose", () => {
  it("answers the task with its envelope at the price of the reservation, and frees the slot", async () => {
    const task = await reserved();
    const { market, manager, order, packed, taskId, openedAt, seal, commitment, envelope, envelopeHash } = task;
    const { client, provider, providerPool } = market;
    expect(seal).to.equal(sealOf({ taskId, provider, commitment, envelopeHash }));
    await time.setNextBlockTimestamp(openedAt + 400);
    expect(
      await movements(market, async () => {
        const transaction = manager.deliverAndDisclose(packed, provider, commitment, envelope);
        await expect(transaction)
          .to.emit(manager, "TaskDelivered")
          .withArgs(taskId, provider, client.address, seal, priceAfter(order, 100));
        await expect(transaction)
          .to.emit(manager, "TaskDisclosed")
          .withArgs(taskId, provider, client.address, commitment, envelope);
      }),
    ).to.deep.equal({});
    const disclosed = openView(order, openedAt, {
      state: State.Disclosed,
      provider,
      clearedAt: BigInt(openedAt + 100),
      markedAt: BigInt(openedAt + 400),
      priceFraction: fractionAfter(order, 100),
      seal,
    });
    expect(await viewOf(market, taskId)).to.deep.equal(disclosed);
    expect((await providerPool.getMembership(provider, 1)).reserved).to.equal(0n);
    const { openTasks, touchedAt } = await providerPool.getMarket(1);
    expect([openTasks, touchedAt]).to.deep.equal([0n, BigInt(openedAt + 400)]);
    await time.increase(RESERVATION);
    expect(await viewOf(market, taskId)).to.deep.equal(disclosed);
  });

  it("is possible in the last second of the reservation, not after", async () => {
    const { market, manager, packed, taskId, end, commitment, envelope } = await reserved();
    await time.setNextBlockTimestamp(end + 1);
    expect(
      await movements(market, () =>
        expect(manager.deliverAndDisclose(packed, market.provider, commitment, envelope))
          .to.be.revertedWithCustomError(manager, "ReservationLapsed")
          .withArgs(taskId, end, end + 1),
      ),
    ).to.deep.equal({});
    await time.setNextBlockTimestamp(end);
    await manager.deliverAndDisclose(packed, market.provider, commitment, envelope);
    const { state, markedAt } = await manager.getTask(taskId);
    expect([state, markedAt]).to.deep.equal([State.Disclosed, BigInt(end)]);
  });

  it("is open to the provider's owner, and to a provider in jail", async () => {
    const { market, manager, packed, taskId, end, commitment, envelope } = await reserved();
    await market.providerPool.connect(await speakingAs(market.taskManager)).jail(1, end + 86_400);
    await manager.connect(market.providerOwner).deliverAndDisclose(packed, 1, commitment, envelope);
    expect((await manager.getTask(taskId)).state).to.equal(State.Disclosed);
  });

  it("is possible once", async () => {
    const { market, manager, packed, taskId, disclosedAt, commitment, envelope } = await answered();
    await expect(manager.deliverAndDisclose(packed, market.provider, commitment, envelope))
      .to.be.revertedWithCustomError(manager, "WrongState")
      .withArgs(taskId, State.Disclosed);
    expect((await manager.getTask(taskId)).markedAt).to.equal(disclosedAt);
  });

  describe("when envelopes are large", () => {
    for (const size of [0, 512]) {
      it(`takes ${size} bytes`, async () => {
        const { market, manager, packed, taskId, commitment } = await reserved();
        const envelope = `0x${"e7".repeat(size)}`;
        const seal = sealOf({ taskId, provider: 1, commitment, envelopeHash: keccak256(envelope) });
        await expect(manager.deliverAndDisclose(packed, 1, commitment, envelope))
          .to.emit(manager, "TaskDisclosed")
          .withArgs(taskId, 1, market.client.address, commitment, envelope);
        expect((await manager.getTask(taskId)).seal).to.equal(seal);
      });
    }

    it("refuses 513 bytes", async () => {
      const { manager, packed, taskId, commitment } = await reserved();
      await expect(manager.deliverAndDisclose(packed, 1, commitment, `0x${"e7".repeat(513)}`))
        .to.be.revertedWithCustomError(manager, "EnvelopeTooLarge")
        .withArgs(513, 512);
      expect((await manager.getTask(taskId)).state).to.equal(State.Reserved);
    });
  });

  describe("when another holds the task", () => {
    it("refuses a provider that would be fit for it, in and after the last second", async () => {
      const { market, manager, packed, taskId, end } = await reserved();
      const { stranger } = market;
      const second = await joinProvider(market, stranger);
      const { commitment, envelope } = resultFor(taskId, second);
      for (const moment of [end, end + 1]) {
        await time.setNextBlockTimestamp(moment);
        await expect(manager.connect(stranger).deliverAndDisclose(packed, second, commitment, envelope))
          .to.be.revertedWithCustomError(manager, "NotHolder")
          .withArgs(taskId, second);
      }
    });

    it("refuses a key without authority in the holder's name", async () => {
      const { market, manager, packed, taskId, commitment, envelope } = await reserved();
      const { stranger, client, provider, providerPool } = market;
      await joinProvider(market, stranger);
      for (const caller of [stranger, client]) {
        await expect(manager.connect(caller).deliverAndDisclose(packed, provider, commitment, envelope))
          .to.be.revertedWithCustomError(providerPool, "NotAgent")
          .withArgs(provider, caller.address);
      }
      expect((await manager.getTask(taskId)).state).to.equal(State.Reserved);
    });
  });

  describe("when the task is not reserved", () => {
    it("refuses an order that nobody posted", async () => {
      const market = await loadFixture(deployMarket);
      const order = await reviewOrder(market, { reservation: RESERVATION });
      await expect(market.taskManager.connect(market.agent).deliverAndDisclose(packOrder(order), 1, random32(), "0x"))
        .to.be.revertedWithCustomError(market.taskManager, "WrongState")
        .withArgs(taskIdOf(order, market.domain), State.None);
    });

    for (const reservation of [0, RESERVATION]) {
      it(`refuses an open task that asks for a reservation of ${reservation} seconds`, async () => {
        const market = await loadFixture(deployMarket);
        const { packed, taskId } = await openTask(market, { reservation });
        await expect(market.taskManager.connect(market.agent).deliverAndDisclose(packed, 1, random32(), "0x"))
          .to.be.revertedWithCustomError(market.taskManager, "WrongState")
          .withArgs(taskId, State.Open);
      });
    }

    it("refuses a task that its holder has delivered", async () => {
      const { manager, packed, taskId, seal, commitment, envelope } = await reserved();
      await manager.deliver(packed, 1, seal);
      await expect(manager.deliverAndDisclose(packed, 1, commitment, envelope))
        .to.be.revertedWithCustomError(manager, "WrongState")
        .withArgs(taskId, State.Delivered);
      await manager.disclose(packed, commitment, envelope);
      expect((await manager.getTask(taskId)).state).to.equal(State.Disclosed);
    });

    it("refuses a task that lapsed", async () => {
      const { manager, packed, taskId, end, commitment, envelope } = await reserved();
      await time.setNextBlockTimestamp(end + 1);
      await manager.reopen(packed);
      await expect(manager.deliverAndDisclose(packed, 1, commitment, envelope))
        .to.be.revertedWithCustomError(manager, "WrongState")
        .withArgs(taskId, State.Open);
    });
  });

  it("takes from the demand only what counted", async () => {
    const market = await loadFixture(deployMarket);
    const { providerPool, taskManager, agent } = market;
    // Two tasks for two slots: the price rises beyond the floor.
    const counted = await openTask(market, { reservation: RESERVATION });
    await openTask(market);
    await time.increase(100);
    const { packed } = await openTask(market, { reservation: RESERVATION, maxReward: FLOOR });
    const manager = taskManager.connect(agent);
    for (const [order, left] of [
      [packed, 2n],
      [counted.packed, 1n],
    ] as const) {
      await manager.reserve(order, 1);
      await manager.deliverAndDisclose(order, 1, random32(), "0x");
      expect((await providerPool.getMarket(1)).openTasks).to.equal(left);
    }
  });

  describe("when the review runs", () => {
    it("ends a review period after the disclosure, and pays the price of the reservation", async () => {
      const { market, manager, order, packed, taskId, disclosedAt } = await answered();
      const { client, publisher, provider } = market;
      const end = disclosedAt + order.reviewPeriod;
      await passTo(end);
      await expect(manager.settle(packed))
        .to.be.revertedWithCustomError(manager, "TooEarly")
        .withArgs(taskId, end, end);
      await time.setNextBlockTimestamp(end + 1);
      const { price, fee, royalty, payment } = shares(priceAfter(order, 100));
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
        "publisher.free": royalty,
        "provider.free": payment,
        "stake.free": BOND,
        "stake.locked": -BOND,
      });
    });

    it("may end with the client's acceptance, at the same price", async () => {
      const { market, manager, order, packed } = await answered();
      const { price, fee, royalty, payment } = shares(priceAfter(order, 100));
      expect(await movements(market, () => manager.connect(market.client).accept(packed))).to.deep.equal({
        "client.held": -CAP,
        "client.free": CAP - price,
        "client.fees": fee,
        "publisher.free": royalty,
        "provider.free": payment,
        "stake.free": BOND,
        "stake.locked": -BOND,
      });
    });

    it("cannot be started anew, and the task cannot be reopened", async () => {
      const { market, manager, packed, taskId, commitment, envelope, end } = await answered();
      await passTo(end + 1);
      for (const call of [() => manager.disclose(packed, commitment, envelope), () => manager.reopen(packed)]) {
        await expect(call()).to.be.revertedWithCustomError(manager, "WrongState").withArgs(taskId, State.Disclosed);
      }
      expect((await market.reputation.getRecord(1)).faults).to.equal(0n);
    });
  });
});
