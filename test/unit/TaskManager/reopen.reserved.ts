import { expect } from "chai";
import { parseEther, ZeroHash } from "ethers";
import { type Order } from "../../../src/protocol/order.js";
import {
  fractionAfter,
  giveScore,
  movements,
  openView,
  priceAfter,
  shares,
  speakingAs,
  startPrice,
  State,
  viewOf,
} from "../../helpers/manager.js";
import { loadFixture, passTo, time } from "../../helpers/network.js";
import { BOND, CAP, deployMarket, FLOOR, joinProvider, openTask, random32, resultFor } from "../../helpers/suite.js";

const CLIMB = CAP - startPrice(CAP);
const RESERVATION = 600;
const DAY = 86_400;

/** A task reserved 100 seconds after it was posted, for ten minutes. */
async function reserved(changes: Partial<Order> = {}, lifetime = DAY) {
  const market = await loadFixture(deployMarket);
  const deadline = (await time.latest()) + lifetime;
  const task = await openTask(market, { reservation: RESERVATION, deadline, ...changes });
  const openedAt = await time.latest();
  const manager = market.taskManager.connect(market.stranger);
  await time.setNextBlockTimestamp(openedAt + 100);
  await manager.connect(market.agent).reserve(task.packed, market.provider);
  return { market, ...task, openedAt, end: openedAt + 100 + RESERVATION, manager };
}

describe("TaskManager.reopen, of a reserved task", () => {
  it("waits through the last second of the reservation", async () => {
    const { market, manager, packed, taskId, end } = await reserved();
    await time.setNextBlockTimestamp(end);
    expect(
      await movements(market, () =>
        expect(manager.reopen(packed)).to.be.revertedWithCustomError(manager, "TooEarly").withArgs(taskId, end, end),
      ),
    ).to.deep.equal({});
    await time.setNextBlockTimestamp(end + 1);
    await manager.reopen(packed);
    expect((await manager.getTask(taskId)).state).to.equal(State.Open);
  });

  it("puts the task back as it was, with its price where it stopped, and frees the slot", async () => {
    const { market, manager, order, packed, taskId, openedAt, end } = await reserved();
    const { client, provider, providerPool } = market;
    // Held for 800 seconds, which do not count.
    await time.setNextBlockTimestamp(end + 200);
    await expect(manager.reopen(packed))
      .to.emit(manager, "TaskLapsed")
      .withArgs(taskId, provider, client.address, 1, BOND / 2n);
    const shifted = openedAt + 800;
    const lapsed = { lapses: 1n, openedAt: BigInt(shifted), seal: ZeroHash };
    expect(await viewOf(market, taskId)).to.deep.equal(
      openView(order, openedAt, { ...lapsed, priceFraction: fractionAfter(order, 100) }),
    );
    expect((await providerPool.getMembership(provider, 1)).reserved).to.equal(0n);
    // It never stopped waiting for a delivery.
    expect((await providerPool.getMarket(1)).openTasks).to.equal(1n);
    expect(await manager.priceOf(packed)).to.equal(priceAfter(order, 100));
    await time.increaseTo(shifted + 250);
    expect(await manager.priceOf(packed)).to.equal(priceAfter(order, 250));
    await time.increaseTo(shifted + 600);
    expect(await manager.priceOf(packed)).to.equal(CAP);
  });

  describe("when the bond is slashed", () => {
    for (const { title, bond, slashed } of [
      { title: "half of it, if that is more than the climb", bond: BOND, slashed: BOND / 2n },
      { title: "half of it, rounded down", bond: BOND + 5n, slashed: BOND / 2n + 2n },
      { title: "half of it, if both are equal", bond: CLIMB * 2n, slashed: CLIMB },
      { title: "the climb, if that is a wei more than half", bond: CLIMB * 2n - 1n, slashed: CLIMB },
      { title: "the climb, even if that is all of it", bond: CLIMB, slashed: CLIMB },
    ]) {
      it(`takes ${title}`, async () => {
        const { market, manager, packed, taskId, end } = await reserved({ bond });
        const { client, provider, providerPool } = market;
        await time.setNextBlockTimestamp(end + 1);
        expect(
          await movements(market, async () => {
            const transaction = manager.reopen(packed);
            await expect(transaction)
              .to.emit(manager, "TaskLapsed")
              .withArgs(taskId, provider, client.address, 1, slashed);
            await expect(transaction).to.emit(providerPool, "Slashed").withArgs(provider, slashed);
          }),
        ).to.deep.equal({
          "manager.free": slashed,
          "pool.free": -slashed,
          "stake.total": -slashed,
          "stake.locked": -bond,
          ...(bond === slashed ? {} : { "stake.free": bond - slashed }),
        });
      });
    }

    it("takes it from a provider in jail that unbonds all the rest", async () => {
      const { market, manager, packed, end } = await reserved();
      const { providerPool, providerOwner } = market;
      await providerPool.connect(await speakingAs(market.taskManager)).jail(1, end + DAY);
      await providerPool.connect(providerOwner).unbond(1, (await providerPool.getProvider(1)).free);
      await time.setNextBlockTimestamp(end + 1);
      expect(await movements(market, () => manager.reopen(packed))).to.deep.equal({
        "manager.free": BOND / 2n,
        "pool.free": -BOND / 2n,
        "stake.total": -BOND / 2n,
        "stake.locked": -BOND,
        "stake.free": BOND / 2n,
      });
    });
  });

  it("costs the provider a third of its score", async () => {
    const { market, manager, packed, end } = await reserved();
    const { provider, reputation } = market;
    await time.setNextBlockTimestamp(end + 1);
    await giveScore(market);
    await expect(manager.reopen(packed)).to.emit(reputation, "FaultRecorded").withArgs(provider, 333_333);
    const { score, faults, settled } = await reputation.getRecord(provider);
    expect([score, faults, settled]).to.deep.equal([333_333n, 1n, 1n]);
  });

  it("bars the provider from this task and lets another reserve and finish it", async () => {
    const { market, manager, order, packed, taskId, openedAt, end } = await reserved();
    const { client, agent, provider, stranger, providerPool, publisher } = market;
    const second = await joinProvider(market, stranger);
    expect(await manager.isBarred(taskId, provider)).to.equal(false);
    await time.setNextBlockTimestamp(end + 1);
    await manager.reopen(packed);
    expect(await manager.isBarred(taskId, provider)).to.equal(true);
    expect(await manager.isBarred(taskId, second)).to.equal(false);
    expect(await manager.isBarred(random32(), provider)).to.equal(false);
    await expect(manager.connect(agent).reserve(packed, provider))
      .to.be.revertedWithCustomError(manager, "Barred")
      .withArgs(taskId, provider);

    const elapsed = 200;
    const { price, fee, royalty, payment } = shares(priceAfter(order, elapsed));
    const reservedAt = openedAt + RESERVATION + 1 + elapsed;
    await time.setNextBlockTimestamp(reservedAt);
    await expect(manager.reserve(packed, second))
      .to.emit(manager, "TaskReserved")
      .withArgs(taskId, second, client.address, price, reservedAt + RESERVATION);
    const { commitment, envelope } = resultFor(taskId, second);
    await manager.deliverAndDisclose(packed, second, commitment, envelope);
    const moved = await movements(market, () =>
      expect(manager.connect(client).accept(packed))
        .to.emit(manager, "TaskSettled")
        .withArgs(taskId, second, client.address, publisher.address, price, fee, royalty),
    );
    expect(moved).to.deep.equal({
      "client.held": -CAP,
      "client.free": CAP - price,
      "client.fees": fee,
      "publisher.free": royalty,
      "stranger.free": payment,
    });
    expect((await providerPool.getProvider(second)).free).to.equal(parseEther("0.8"));
    expect((await providerPool.getMarket(1)).openTasks).to.equal(0n);
  });

  it("leaves the deadline alone; past it, a refund without fee follows at once", async () => {
    const { market, manager, order, packed, taskId, end } = await reserved({}, 1000);
    const { client, stranger, providerPool } = market;
    await time.setNextBlockTimestamp(order.deadline + 500);
    expect(end).to.be.lessThan(order.deadline);
    await manager.reopen(packed);
    const { state, deadline, openedAt } = await manager.getTask(taskId);
    // The price stands where it stood when the provider took the task.
    expect([state, deadline, openedAt]).to.deep.equal([
      State.Open,
      BigInt(order.deadline),
      BigInt(order.deadline - 100),
    ]);
    expect(await manager.priceOf(packed)).to.equal(priceAfter(order, 100));
    const tip = (CAP * 50n) / 10_000n;
    await expect(manager.refund(packed))
      .to.emit(manager, "TaskRefunded")
      .withArgs(taskId, client.address, stranger.address, CAP - tip, 0, tip);
    expect((await providerPool.getMarket(1)).openTasks).to.equal(0n);
  });

  it("can be followed by another reservation up to the old deadline only", async () => {
    const { market, manager, order, packed, taskId, end } = await reserved({}, 2000);
    const { stranger } = market;
    const second = await joinProvider(market, stranger);
    await time.setNextBlockTimestamp(end + 1);
    await manager.reopen(packed);
    const last = order.deadline - RESERVATION;
    await time.setNextBlockTimestamp(last + 1);
    await expect(manager.reserve(packed, second))
      .to.be.revertedWithCustomError(manager, "ReservationPastDeadline")
      .withArgs(order.deadline + 1, order.deadline);
    await time.setNextBlockTimestamp(last);
    await manager.reserve(packed, second);
    expect((await manager.getTask(taskId)).provider).to.equal(second);
  });

  describe("when seven providers have failed", () => {
    for (const counted of [true, false]) {
      it(`gives the client everything back and ${counted ? "ends" : "leaves"} the demand, ${counted ? "" : "not "}counted`, async () => {
        const market = await loadFixture(deployMarket);
        const { client, stranger, others, providerPool } = market;
        const manager = market.taskManager.connect(stranger);
        if (!counted) {
          // Two tasks for two slots: the price rises beyond the floor.
          await openTask(market);
          await openTask(market);
          await time.increase(100);
        }
        const demand = (await providerPool.getMarket(1)).openTasks + (counted ? 1n : 0n);
        const maxReward = counted ? CAP : FLOOR;
        const deadline = (await time.latest()) + DAY;
        const changes = { reservation: RESERVATION, maxReward, deadline };
        const { order, packed, taskId } = await openTask(market, changes);
        expect((await manager.getTask(taskId)).counted).to.equal(counted);
        for (const [index, owner] of [market.agent, ...others.slice(0, 6)].entries()) {
          const provider = index === 0 ? market.provider : await joinProvider(market, owner);
          await manager.connect(owner).reserve(packed, provider);
          expect((await providerPool.getMarket(1)).openTasks).to.equal(demand);
          await time.increase(RESERVATION + 1);
          if (index < 6) {
            await manager.reopen(packed);
            const { state, lapses } = await manager.getTask(taskId);
            expect([state, lapses]).to.deep.equal([State.Open, BigInt(index + 1)]);
            expect((await providerPool.getMarket(1)).openTasks).to.equal(demand);
            continue;
          }
          expect(
            await movements(market, async () => {
              const transaction = manager.reopen(packed);
              await expect(transaction)
                .to.emit(manager, "TaskLapsed")
                .withArgs(taskId, provider, client.address, 7, BOND / 2n);
              await expect(transaction)
                .to.emit(manager, "TaskRefunded")
                .withArgs(taskId, client.address, stranger.address, maxReward, 0, 0);
            }),
          ).to.deep.equal({
            "client.held": -maxReward,
            "client.free": maxReward,
            "manager.free": BOND / 2n,
            "pool.free": -BOND / 2n,
          });
          expect((await providerPool.getMembership(provider, 1)).reserved).to.equal(0n);
        }
        expect((await providerPool.getMarket(1)).openTasks).to.equal(counted ? 0n : demand);
        const view = await viewOf(market, taskId);
        const { openedAt, startFraction, priceFraction } = view;
        expect(view).to.deep.equal(
          openView(order, 0, { state: State.Refunded, lapses: 7n, counted, openedAt, startFraction, priceFraction }),
        );
        await expect(manager.refund(packed))
          .to.be.revertedWithCustomError(manager, "WrongState")
          .withArgs(taskId, State.Refunded);
      });
    }
  });

  it("punishes one lapse once", async () => {
    const { market, manager, packed, taskId, end } = await reserved();
    await passTo(end + 1);
    await manager.reopen(packed);
    expect(
      await movements(market, () =>
        expect(manager.reopen(packed))
          .to.be.revertedWithCustomError(manager, "WrongState")
          .withArgs(taskId, State.Open),
      ),
    ).to.deep.equal({});
  });

  it("counts lapses of both kinds: a reservation that ran out and an envelope withheld", async () => {
    const { market, manager, packed, taskId, end } = await reserved();
    const { stranger } = market;
    const second = await joinProvider(market, stranger);
    await time.setNextBlockTimestamp(end + 1);
    await manager.reopen(packed);
    await manager.reserve(packed, second);
    await manager.deliver(packed, second, random32());
    await time.increase(3601);
    await expect(manager.reopen(packed))
      .to.emit(manager, "TaskLapsed")
      .withArgs(taskId, second, market.client.address, 2, BOND / 2n);
    expect((await manager.getTask(taskId)).lapses).to.equal(2n);
    expect((await market.providerPool.getMarket(1)).openTasks).to.equal(1n);
  });
});
