import { expect } from "chai";
import { parseEther } from "ethers";
import { packOrder, signOrder, taskIdOf } from "../../src/protocol/order.js";
import { ethers, loadFixture, networkHelpers, time } from "../helpers/network.js";
import { joinRival, RIVAL } from "../helpers/states.js";
import { BOND, CAP, deployMarket, FEE_BPS, type Market, openTask, resultFor, reviewOrder } from "../helpers/suite.js";

/** Orders of the attacker and of the honest client alike: their caps reach any price of these tests. */
const HIGH = { maxReward: 10n * CAP, bond: 10n * BOND };
/** With every slot taken, the price rises by a thousandth a second. */
const PRICES = { target: 8_000, speed: 4_000, clamp: 250 };
const { speed, clamp } = PRICES;

/**
 * A market whose price has risen above its floor and falls now, with two honest tasks for four slots; the attacker is a
 * funded account with a provider of its own, {@link RIVAL}.
 */
async function deployTarget() {
  const market = await deployMarket();
  await market.taskManager.connect(market.owner).setPriceParameters(PRICES);
  const attacker = await joinRival(market);
  await market.escrow.connect(attacker).deposit({ value: parseEther("100") });
  const tasks = [];
  for (let i = 0; i < 4; i++) tasks.push(await openTask(market, HIGH));
  await time.increase(200);
  for (const { packed, taskId } of tasks.slice(2)) {
    const { seal } = resultFor(taskId, market.provider);
    await market.taskManager.connect(market.agent).deliver(packed, market.provider, seal);
  }
  return { ...market, attacker };
}
type Target = Awaited<ReturnType<typeof deployTarget>>;

const priceOf = async ({ providerPool, source }: Market): Promise<bigint> =>
  (await providerPool.getMarket(source)).price;

/** An order of the attacker, signed and packed. */
async function attackersOrder(target: Target, changes: object = {}) {
  const { attacker } = target;
  const order = await reviewOrder(target, { client: attacker.address, ...HIGH, ...changes });
  const signature = await signOrder(attacker, order, target.domain);
  return { order, packed: packOrder(order), taskId: taskIdOf(order, target.domain), signature };
}

const submit = (target: Target, packed: ReturnType<typeof packOrder>) =>
  target.taskManager.connect(target.attacker).submit(packed);

/** Fails if a price moved by more than exp(speed · seconds), or by one wei a touch. */
function expectWithinSpeed(before: bigint, after: bigint, seconds: number, touches: number): void {
  const factor = Math.exp((speed / 1e6) * seconds);
  const rounding = 1e-9 + touches / Number(before);
  const ratio = Number(after) / Number(before);
  expect(ratio <= factor + rounding && ratio >= 1 / factor - rounding, `moved by ${ratio} in ${seconds} s`).to.be.true;
}

/**
 * The market price `seconds` after the fixture, without and with an attack, to the wei. The attack begins in the second
 * `from` and has to end before the last.
 */
async function withAndWithout(attack: (target: Target) => Promise<unknown>, from: number, seconds: number) {
  const run = async (act?: (target: Target) => Promise<unknown>) => {
    const target = await loadFixture(deployTarget);
    const start = await time.latest();
    if (act !== undefined) {
      await time.setNextBlockTimestamp(start + from);
      await act(target);
    }
    await time.increaseTo(start + seconds);
    return priceOf(target);
  };
  return { without: await run(), with: await run(attack) };
}

/** Runs what belongs in one block. */
async function inOneBlock(act: () => Promise<unknown>): Promise<void> {
  await ethers.provider.send("evm_setAutomine", [false]);
  try {
    await act();
    await networkHelpers.mine();
  } finally {
    await ethers.provider.send("evm_setAutomine", [true]);
  }
}

describe("adversary: prices", () => {
  it("a market whose price falls is what the attacks below meet", async () => {
    const target = await loadFixture(deployTarget);
    const before = await priceOf(target);
    await time.increase(100);
    const after = await priceOf(target);
    const { price, utilisation } = await target.providerPool.getMarket(target.source);
    expect(price > (await target.sourceRegistry.floorPriceOf(target.source))).to.be.true;
    expect(utilisation).to.equal(5_000n);
    expect(after < before).to.be.true;
    expectWithinSpeed(before, after, 100, 1);
  });

  it("spamming orders moves a price no faster than its speed, in a block not at all", async () => {
    const target = await loadFixture(deployTarget);
    const before = await priceOf(target);
    const start = await time.latest();
    const orders = [];
    for (let i = 0; i < 40; i++) orders.push(await attackersOrder(target, { deadline: start + 3600 }));
    for (const { packed } of orders) await submit(target, packed);
    expectWithinSpeed(before, await priceOf(target), (await time.latest()) - start, 40);

    const again = await priceOf(target);
    const { taskManager } = target;
    const more = [];
    for (let i = 0; i < 20; i++) more.push(await attackersOrder(target));
    const calls = more.map(({ packed, signature }) =>
      taskManager.interface.encodeFunctionData("submitSigned", [packed, signature]),
    );
    const second = (await time.latest()) + 1;
    await time.setNextBlockTimestamp(second);
    await taskManager.connect(target.attacker).multicall(calls);
    expectWithinSpeed(again, await priceOf(target), 1, 20);
    // The last of the twenty began at the price of the first.
    const first = await taskManager.getTask(more[0]?.taskId ?? "");
    const last = await taskManager.getTask(more[19]?.taskId ?? "");
    expect(last.startFraction).to.equal(first.startFraction);
  });

  it("cancelling does not help: the order counts until it is refunded, and pays for having counted", async () => {
    const target = await loadFixture(deployTarget);
    const { taskManager, escrow, attacker, stranger } = target;
    const before = await priceOf(target);
    const start = await time.latest();
    const { order, packed } = await attackersOrder(target);
    await submit(target, packed);
    await taskManager.connect(attacker).cancel(packed);
    const startPrice = await taskManager.priceAt(packed, 0);
    await time.increase(3600);
    expectWithinSpeed(before, await priceOf(target), (await time.latest()) - start, 2);
    const { free } = await escrow.accountOf(attacker);
    await taskManager.connect(stranger).refund(packed);
    const fee = (startPrice * FEE_BPS) / 10_000n;
    const tip = (order.maxReward * 50n) / 10_000n;
    expect((await escrow.accountOf(attacker)).free - free).to.equal(order.maxReward - fee - tip);
    expect(fee > 0n).to.be.true;
  });

  it("self-dealing within a block leaves the price where it was, to the wei", async () => {
    const { without, with: attacked } = await withAndWithout(
      async (target) => {
        const dealt = await attackersOrder(target);
        const { seal } = resultFor(dealt.taskId, RIVAL);
        await inOneBlock(async () => {
          const options = { gasLimit: 600_000 };
          await target.taskManager.connect(target.attacker).submit(dealt.packed, options);
          await target.taskManager.connect(target.attacker).deliver(dealt.packed, RIVAL, seal, options);
        });
        expect((await target.taskManager.getTask(dealt.taskId)).state).to.equal(3n);
      },
      50,
      200,
    );
    expectEqualButRounding(attacked, without);
  });

  it("self-dealing with time in between moves it no faster than its speed, and costs fee and royalty", async () => {
    const target = await loadFixture(deployTarget);
    const { taskManager, escrow, attacker } = target;
    const before = await priceOf(target);
    const start = await time.latest();
    const { free } = await escrow.accountOf(attacker);
    for (let i = 0; i < 5; i++) {
      const { packed, taskId } = await attackersOrder(target, { bond: parseEther("0.2") });
      await submit(target, packed);
      await time.increase(30);
      await taskManager.connect(attacker).deliver(packed, RIVAL, resultFor(taskId, RIVAL).seal);
      await taskManager.connect(attacker).accept(packed);
    }
    expectWithinSpeed(before, await priceOf(target), (await time.latest()) - start, 15);
    // It paid itself; what went to the protocol and the publisher is lost, 7.5 % of every price.
    const lost = free - (await escrow.accountOf(attacker)).free;
    expect(lost > (5n * before * 70n) / 1_000n, `lost ${lost}`).to.be.true;
  });

  it("orders with little caps do not count, and change nothing", async () => {
    const { without, with: attacked } = await withAndWithout(
      async (target) => {
        const floor = await target.sourceRegistry.floorPriceOf(target.source);
        const { openTasks } = await target.providerPool.getMarket(target.source);
        await expect(submit(target, (await attackersOrder(target, { maxReward: 1n })).packed))
          .to.be.revertedWithCustomError(target.taskManager, "CapBelowFloor")
          .withArgs(1n, floor);
        for (let i = 0; i < 10; i++) {
          const { packed, taskId } = await attackersOrder(target, { maxReward: floor });
          await submit(target, packed);
          expect((await target.taskManager.getTask(taskId)).counted).to.equal(false);
        }
        expect((await target.providerPool.getMarket(target.source)).openTasks).to.equal(openTasks);
      },
      50,
      200,
    );
    expectEqualButRounding(attacked, without);
  });

  it("orders that nobody can serve raise a price by no more than the clamp while nobody looks", async () => {
    const target = await loadFixture(deployTarget);
    const { providerPool, source, attacker } = target;
    for (let i = 0; i < 6; i++) {
      await submit(target, (await attackersOrder(target, { minScore: 2 ** 32 - 1 })).packed);
    }
    const before = await priceOf(target);
    const start = await time.latest();
    await time.increase(100_000);
    const most = Number(before) * Math.exp(clamp / 1_000);
    expect(Number(await priceOf(target)) <= most * (1 + 1e-9)).to.be.true;
    expect((await providerPool.getMarket(source)).utilisation).to.equal(10_000n);
    expectWithinSpeed(before, await priceOf(target), (await time.latest()) - start, 1);
    // Whoever posts them has the caps bound meanwhile, and pays the fee when they end.
    expect((await target.escrow.accountOf(attacker)).held).to.equal(6n * HIGH.maxReward);
  });

  it("expired orders that nobody refunds are ended by anyone, for a tip, and then count no more", async () => {
    const target = await loadFixture(deployTarget);
    const { taskManager, providerPool, escrow, source, stranger } = target;
    const deadline = (await time.latest()) + 60;
    const orders = [];
    for (let i = 0; i < 6; i++) orders.push(await attackersOrder(target, { deadline, rampDuration: 30 }));
    for (const { packed } of orders) await submit(target, packed);
    const { openTasks } = await providerPool.getMarket(source);
    const before = await priceOf(target);
    const start = await time.latest();
    await time.increase(20_000);
    expectWithinSpeed(before, await priceOf(target), (await time.latest()) - start, 1);
    expect(Number(await priceOf(target)) <= Number(before) * Math.exp(clamp / 1_000) * (1 + 1e-9)).to.be.true;
    const { free } = await escrow.accountOf(stranger);
    for (const { packed } of orders) await taskManager.connect(stranger).refund(packed);
    expect((await providerPool.getMarket(source)).openTasks).to.equal(openTasks - 6n);
    expect((await escrow.accountOf(stranger)).free - free).to.equal((6n * HIGH.maxReward * 50n) / 10_000n);
  });

  it("joining and leaving in one block changes no price, however many slots", async () => {
    const { without, with: attacked } = await withAndWithout(
      async ({ providerPool, attacker, source, sourceRegistry, publisher }) => {
        await sourceRegistry.connect(publisher).setStakePerSlot(source, parseEther("0.1"));
        await inOneBlock(async () => {
          const pool = providerPool.connect(attacker);
          const options = { gasLimit: 400_000 };
          await pool.leavePool(RIVAL, source, options);
          await pool.joinPool(RIVAL, source, 1, 10, 1, 0, options);
          await pool.leavePool(RIVAL, source, options);
          await pool.joinPool(RIVAL, source, 1, 2, 1, 0, options);
        });
        expect((await providerPool.getMarket(source)).capacity).to.equal(4n);
      },
      50,
      200,
    );
    expectEqualButRounding(attacked, without);
  });

  it("joining or leaving just before an order does not price the time before it", async () => {
    const target = await loadFixture(deployTarget);
    const { providerPool, taskManager, attacker, source } = target;
    const second = (await time.latest()) + 200;
    await time.increaseTo(second - 1);
    const expected = await priceOf(target);
    await time.setNextBlockTimestamp(second);
    // From now on there are two tasks for two slots; for two hundred seconds there were four slots.
    await providerPool.connect(attacker).leavePool(RIVAL, source);
    const { packed } = await attackersOrder(target);
    await submit(target, packed);
    expectWithinSpeed(expected, await taskManager.priceAt(packed, 0), 3, 3);
  });

  /** Touches in between round, each by less than a wei; the path of the price is the same. */
  function expectEqualButRounding(found: bigint, expected: bigint): void {
    const difference = found > expected ? found - expected : expected - found;
    expect(difference <= expected / 10n ** 12n, `${found}, not ${expected}`).to.be.true;
  }
});
