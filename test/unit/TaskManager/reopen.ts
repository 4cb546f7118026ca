import { expect } from "chai";
import { parseEther, ZeroHash } from "ethers";
import { type Order, packOrder, taskIdOf } from "../../../src/protocol/order.js";
import {
  fractionAfter,
  giveScore,
  movements,
  openView,
  priceAfter,
  shares,
  startPrice,
  State,
  viewOf,
} from "../../helpers/manager.js";
import { loadFixture, time } from "../../helpers/network.js";
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
} from "../../helpers/suite.js";

const CLIMB = CAP - startPrice(CAP);
const DAY = 86_400;
const SEAL = `0x${"5e".repeat(32)}`;

/** A task delivered 100 seconds after it was posted. */
async function delivered(changes: Partial<Order> = {}, lifetime = DAY) {
  const market = await loadFixture(deployMarket);
  const task = await openTask(market, { deadline: (await time.latest()) + lifetime, ...changes });
  const openedAt = await time.latest();
  const deliveredAt = openedAt + 100;
  await time.setNextBlockTimestamp(deliveredAt);
  await market.taskManager.connect(market.agent).deliver(task.packed, market.provider, SEAL);
  const manager = market.taskManager.connect(market.stranger);
  return { market, ...task, openedAt, deliveredAt, end: deliveredAt + WINDOWS.disclose, manager };
}

describe("TaskManager.reopen", () => {
  it("waits through the last second in which the envelope may come", async () => {
    const { market, manager, packed, taskId, end } = await delivered();
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

  it("puts the task back as it was, with its price where it stopped", async () => {
    const { market, manager, order, packed, taskId, openedAt, end } = await delivered();
    const { client, provider } = market;
    // Held for 3,700 seconds, which do not count.
    await time.setNextBlockTimestamp(end + 100);
    await expect(manager.reopen(packed))
      .to.emit(manager, "TaskLapsed")
      .withArgs(taskId, provider, client.address, 1, BOND / 2n);
    const shifted = openedAt + 3700;
    const lapsed = { lapses: 1n, openedAt: BigInt(shifted) };
    expect(await viewOf(market, taskId)).to.deep.equal(
      openView(order, openedAt, { ...lapsed, priceFraction: fractionAfter(order, 100), seal: ZeroHash }),
    );
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
        const { market, manager, packed, taskId, end } = await delivered({ bond });
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

    for (const { bond, slashed } of [
      { bond: 0n, slashed: 0n },
      { bond: 2n, slashed: 1n },
      { bond: 4n, slashed: 2n },
    ]) {
      it(`works for a bond of ${bond} wei`, async () => {
        const market = await loadFixture(deployMarket);
        await market.sourceRegistry.connect(market.publisher).setFloorPrice(1, 1);
        const { packed, taskId } = await deliveredTask(market, { maxReward: 1n, bond });
        await time.increase(WINDOWS.disclose + 1);
        const { taskManager, client, provider } = market;
        const moved = await movements(market, () =>
          expect(taskManager.reopen(packed))
            .to.emit(taskManager, "TaskLapsed")
            .withArgs(taskId, provider, client.address, 1, slashed),
        );
        expect(moved["client.free"] ?? 0n).to.equal(0n);
        expect(moved["manager.free"] ?? 0n).to.equal(slashed);
      });
    }
  });

  it("costs the provider a third of its score", async () => {
    const { market, manager, packed, end } = await delivered();
    const { provider, reputation } = market;
    await time.setNextBlockTimestamp(end + 1);
    await giveScore(market);
    await expect(manager.reopen(packed)).to.emit(reputation, "FaultRecorded").withArgs(provider, 333_333);
    const { score, faults, settled } = await reputation.getRecord(provider);
    expect([score, faults, settled]).to.deep.equal([333_333n, 1n, 1n]);
  });

  it("bars the provider from this task and lets another finish it", async () => {
    const { market, manager, order, packed, taskId, openedAt, end } = await delivered();
    const { client, agent, provider, stranger, providerPool, publisher } = market;
    const second = await joinProvider(market, stranger);
    expect(await manager.isBarred(taskId, provider)).to.equal(false);
    await time.setNextBlockTimestamp(end + 1);
    await manager.reopen(packed);
    expect(await manager.isBarred(taskId, provider)).to.equal(true);
    expect(await manager.isBarred(taskId, second)).to.equal(false);
    expect(await manager.isBarred(random32(), provider)).to.equal(false);
    await expect(manager.connect(agent).deliver(packed, provider, SEAL))
      .to.be.revertedWithCustomError(manager, "Barred")
      .withArgs(taskId, provider);

    const elapsed = 200;
    await time.setNextBlockTimestamp(openedAt + WINDOWS.disclose + 1 + elapsed);
    await manager.deliver(packed, second, SEAL);
    const { price, fee, royalty, payment } = shares(priceAfter(order, elapsed));
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
  });

  describe("when seven providers have failed", () => {
    it("gives the client everything back, without fee or tip", async () => {
      const market = await loadFixture(deployMarket);
      const { client, stranger, others } = market;
      const { order, packed, taskId } = await openTask(market, { deadline: (await time.latest()) + DAY });
      const manager = market.taskManager.connect(stranger);
      for (const [index, owner] of [market.agent, ...others.slice(0, 6)].entries()) {
        const provider = index === 0 ? market.provider : await joinProvider(market, owner);
        await manager.connect(owner).deliver(packed, provider, SEAL);
        await time.increase(WINDOWS.disclose + 1);
        if (index < 6) {
          await manager.reopen(packed);
          const { state, lapses } = await manager.getTask(taskId);
          expect([state, lapses]).to.deep.equal([State.Open, BigInt(index + 1)]);
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
              .withArgs(taskId, client.address, stranger.address, CAP, 0, 0);
          }),
        ).to.deep.equal({
          "client.held": -CAP,
          "client.free": CAP,
          "manager.free": BOND / 2n,
          "pool.free": -BOND / 2n,
        });
      }
      const view = await viewOf(market, taskId);
      expect(view).to.deep.equal(
        openView(order, 0, {
          state: State.Refunded,
          lapses: 7n,
          openedAt: view["openedAt"],
          priceFraction: view["priceFraction"],
        }),
      );
      await expect(manager.refund(packed))
        .to.be.revertedWithCustomError(manager, "WrongState")
        .withArgs(taskId, State.Refunded);
    });
  });

  it("works past the deadline, and a refund without fee follows at once", async () => {
    const { market, manager, order, packed, taskId, end } = await delivered({}, 1000);
    const { client, stranger } = market;
    await time.setNextBlockTimestamp(end + 1);
    await manager.reopen(packed);
    expect((await manager.getTask(taskId)).state).to.equal(State.Open);
    // The price stands where it stood when the provider took the task.
    expect(await manager.priceOf(packed)).to.equal(priceAfter(order, 100));
    const tip = (CAP * 50n) / 10_000n;
    await expect(manager.refund(packed))
      .to.emit(manager, "TaskRefunded")
      .withArgs(taskId, client.address, stranger.address, CAP - tip, 0, tip);
  });

  describe("when no seal is waiting", () => {
    it("refuses a disclosed, an open and an unknown task", async () => {
      const market = await loadFixture(deployMarket);
      const manager = market.taskManager.connect(market.stranger);
      const disclosed = await disclosedTask(market);
      const open = await openTask(market);
      const unknown = await reviewOrder(market);
      await time.increase(DAY);
      for (const { packed, taskId, state } of [
        { ...disclosed, state: State.Disclosed },
        { ...open, state: State.Open },
        { packed: packOrder(unknown), taskId: taskIdOf(unknown, market.domain), state: State.None },
      ]) {
        await expect(manager.reopen(packed))
          .to.be.revertedWithCustomError(manager, "WrongState")
          .withArgs(taskId, state);
      }
    });

    it("punishes one lapse once", async () => {
      const { market, manager, packed, taskId, end } = await delivered();
      await time.setNextBlockTimestamp(end + 1);
      await manager.reopen(packed);
      expect(
        await movements(market, () =>
          expect(manager.reopen(packed))
            .to.be.revertedWithCustomError(manager, "WrongState")
            .withArgs(taskId, State.Open),
        ),
      ).to.deep.equal({});
    });
  });
});
