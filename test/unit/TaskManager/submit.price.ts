import { expect } from "chai";
import { parseEther } from "ethers";
import { packOrder, taskIdOf } from "../../../src/protocol/order.js";
import { amountOf, fractionOf } from "../../../src/protocol/price.js";
import { loadFixture, time } from "../../helpers/network.js";
import {
  BOND,
  CAP,
  deployMarket,
  FEE_BPS,
  FLOOR,
  type Market,
  openTask,
  proofOrder,
  resultFor,
  attest,
  reviewOrder,
  signedProof,
  WINDOWS,
} from "../../helpers/suite.js";

const HIGH = { maxReward: 4n * CAP, bond: 4n * BOND };

/** A market whose price has risen to about one and a half times the floor: three tasks wait for two slots. */
async function deployRisen() {
  const market = await deployMarket();
  await market.taskManager.connect(market.owner).setPriceParameters({ target: 8_000, speed: 4_000, clamp: 250 });
  for (let i = 0; i < 2; i++) await openTask(market, HIGH);
  await time.increase(200);
  await openTask(market, HIGH);
  await time.increase(200);
  return market;
}

const stateOf = async ({ providerPool, source }: Market) => {
  const { price, openTasks } = await providerPool.getMarket(source);
  return { price, openTasks };
};

/** Where the price of an order begins that meets a market price, wei. */
const startAt = (price: bigint, cap: bigint) => amountOf(fractionOf(price, cap), cap);

describe("TaskManager and the market price", () => {
  it("an order begins at the market price, frozen, and climbs from there to its cap", async () => {
    const market = await loadFixture(deployRisen);
    const { taskManager, client } = market;
    const order = await reviewOrder(market, { ...HIGH, rampDuration: 100 });
    const packed = packOrder(order);
    await taskManager.connect(client).submit(packed);
    const { price } = await stateOf(market);
    const start = startAt(price, order.maxReward);
    expect(price > (FLOOR * 14n) / 10n && price < (FLOOR * 16n) / 10n).to.be.true;
    expect(await taskManager.priceOf(packed)).to.equal(start);
    const openedAt = await time.latest();
    await time.increaseTo(openedAt + 50);
    const half = await taskManager.priceOf(packed);
    expect(half - (start + (order.maxReward - start) / 2n)).to.be.within(-100_000_000n, 100_000_000n);
    // The market goes on; the order does not follow it.
    for (let i = 0; i < 3; i++) await openTask(market, HIGH);
    await time.increase(200);
    expect(await taskManager.priceAt(packed, openedAt)).to.equal(start);
    expect((await stateOf(market)).price > price).to.be.true;
  });

  it("an order below the market price starts at its cap and does not count", async () => {
    const market = await loadFixture(deployRisen);
    const { taskManager } = market;
    const before = await stateOf(market);
    const { taskId, packed } = await openTask(market, { maxReward: FLOOR, bond: BOND });
    const task = await taskManager.getTask(taskId);
    expect([task.counted, task.startFraction]).to.deep.equal([false, 2n ** 32n - 1n]);
    expect(await taskManager.priceOf(packed)).to.equal(FLOOR);
    expect((await stateOf(market)).openTasks).to.equal(before.openTasks);
  });

  it("the bond must cover the climb from the market price, not from the floor", async () => {
    const market = await loadFixture(deployRisen);
    const { taskManager, client } = market;
    const maxReward = parseEther("0.1");
    const order = await reviewOrder(market, { maxReward, bond: maxReward - FLOOR - FLOOR / 3n });
    await taskManager.connect(client).submit(packOrder(order));
    const { price } = await stateOf(market);
    const minimum = maxReward - startAt(price, maxReward);
    expect(order.bond >= minimum && order.bond < maxReward - FLOOR).to.be.true;
    const less = await reviewOrder(market, { maxReward, bond: minimum - FLOOR / 10n });
    await expect(taskManager.connect(client).submit(packOrder(less))).to.be.revertedWithCustomError(
      taskManager,
      "BondTooLow",
    );
  });

  it("a delivery ends the demand of a task that counted, and only of such a one", async () => {
    const market = await loadFixture(deployRisen);
    const { taskManager, agent, provider } = market;
    const counted = await openTask(market);
    const low = await openTask(market, { maxReward: FLOOR, bond: BOND });
    const before = await stateOf(market);
    await taskManager.connect(agent).deliver(low.packed, provider, resultFor(low.taskId, provider).seal);
    expect((await stateOf(market)).openTasks).to.equal(before.openTasks);
    await taskManager.connect(agent).deliver(counted.packed, provider, resultFor(counted.taskId, provider).seal);
    expect((await stateOf(market)).openTasks).to.equal(before.openTasks - 1n);
  });

  it("a task that lapsed counts again if its cap still reaches the price, and says so", async () => {
    for (const [maxReward, counted] of [
      [4n * CAP, true],
      [(FLOOR * 16n) / 10n, false],
    ] as const) {
      const market = await loadFixture(deployRisen);
      const { taskManager, agent, provider, stranger } = market;
      const deadline = (await time.latest()) + 3 * WINDOWS.disclose;
      const { packed, taskId } = await openTask(market, { maxReward, bond: 4n * BOND, deadline });
      expect((await taskManager.getTask(taskId)).counted).to.equal(true);
      await taskManager.connect(agent).deliver(packed, provider, resultFor(taskId, provider).seal);
      const { openTasks } = await stateOf(market);
      await time.increase(WINDOWS.disclose + 1);
      await taskManager.connect(stranger).reopen(packed);
      expect((await taskManager.getTask(taskId)).counted).to.equal(counted);
      expect((await stateOf(market)).openTasks).to.equal(counted ? openTasks + 1n : openTasks);
    }
  });

  it("a refund ends the demand; the fee is on the price that the order began at", async () => {
    const market = await loadFixture(deployRisen);
    const { taskManager, client, escrow } = market;
    const { packed, order } = await openTask(market, HIGH);
    const start = await taskManager.priceAt(packed, 0);
    const before = await stateOf(market);
    await time.increaseTo(order.deadline + 1);
    await taskManager.connect(client).refund(packed);
    expect((await stateOf(market)).openTasks).to.equal(before.openTasks - 1n);
    expect((await escrow.accountOf(client)).fees).to.equal((start * FEE_BPS) / 10_000n);

    const low = await openTask(market, { maxReward: FLOOR, bond: BOND, deadline: (await time.latest()) + 60 });
    const { fees } = await escrow.accountOf(client);
    const counts = await stateOf(market);
    await time.increase(120);
    await taskManager.connect(client).refund(low.packed);
    expect((await escrow.accountOf(client)).fees).to.equal(fees);
    expect((await stateOf(market)).openTasks).to.equal(counts.openTasks);
  });

  it("Proof tasks count and end alike; one that is posted with its proof starts at the market price and never counts", async () => {
    const market = await loadFixture(deployRisen);
    const { taskManager, client, agent, provider, escrow } = market;
    const order = await proofOrder(market, { rampDuration: 1_000 });
    const taskId = taskIdOf(order, market.domain);
    await taskManager.connect(client).submit(packOrder(order));
    const before = await stateOf(market);
    const result = resultFor(taskId, provider);
    const proof = await attest(market, taskId, provider, order.inputDigest, result);
    await taskManager.connect(agent).prove(packOrder(order), provider, result.resultDigest, result.envelopeHash, proof);
    const after = await stateOf(market);
    expect(after.openTasks).to.equal(before.openTasks - 1n);

    const { packed } = await signedProof(market);
    const { free } = await escrow.accountOf(client);
    await taskManager.connect(agent).proveSigned(provider, packed);
    const { price, openTasks } = await stateOf(market);
    expect(free - (await escrow.accountOf(client)).free).to.equal(startAt(price, CAP));
    expect(openTasks).to.equal(after.openTasks);
  });
});
