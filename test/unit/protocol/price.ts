import { expect } from "chai";
import {
  amountOf,
  fractionOf,
  priceAt,
  ramp,
  share,
  splitPrice,
  timeOfPrice,
  WHOLE,
} from "../../../src/protocol/price.js";
import { FieldRangeError } from "../../../src/protocol/errors.js";
import { PriceHarness__factory } from "../../../typechain-types/index.js";
import { anAccount } from "../../helpers/accounts.js";
import { loadFixture, time } from "../../helpers/network.js";
import { Random, SEED } from "../../helpers/seeded.js";
import { deliveredTask, deployMarket, openTask } from "../../helpers/suite.js";

const deploy = async () => new PriceHarness__factory(await anAccount()).deploy();

describe("protocol price", () => {
  it(`equals the contracts' arithmetic (SEED=${SEED})`, async () => {
    const harness = await loadFixture(deploy);
    const random = new Random(SEED);
    for (let round = 0; round < 200; round++) {
      const cap = random.bits(96) + 1n;
      const price = round % 2 === 0 ? random.bits(96) : random.between(0n, cap);
      const [start, duration, elapsed] = [random.bits(32), random.bits(24), random.bits(24)];
      const fraction = random.bits(32);
      const bps = random.between(0n, 10_000n);
      const at = `cap ${cap}, price ${price}, start ${start}, duration ${duration}, elapsed ${elapsed}`;
      expect(fractionOf(price, cap), at).to.equal(await harness.fractionOf(price, cap));
      expect(ramp(start, duration, elapsed), at).to.equal(await harness.ramp(start, duration, elapsed));
      expect(amountOf(fraction, cap), at).to.equal(await harness.amountOf(fraction, cap));
      expect(share(price, bps), at).to.equal(await harness.share(price, bps));
    }
  });

  it(`tells the first second that pays a price (SEED=${SEED})`, () => {
    const random = new Random(SEED);
    for (let round = 0; round < 500; round++) {
      const cap = random.between(1n, 10n ** 20n);
      const task = {
        startFraction: random.bits(32),
        openedAt: 1_000_000n,
        clearedAt: 0n,
        deadline: 1_000_000n + random.between(0n, 20_000n),
        rampDuration: random.between(0n, 10_000n),
      };
      const price = random.between(0n, cap);
      const first = timeOfPrice(task, cap, price);
      const at = JSON.stringify({ ...task, cap, price, first }, (_, value: unknown) => String(value));
      if (first === undefined) {
        expect(priceAt(task, cap, task.deadline) < price, at).to.equal(true);
      } else {
        expect(priceAt(task, cap, first) >= price, at).to.equal(true);
        if (first > task.openedAt) expect(priceAt(task, cap, first - 1n) < price, at).to.equal(true);
      }
    }
    expect(
      timeOfPrice({ startFraction: WHOLE, openedAt: 5n, clearedAt: 0n, deadline: 9n, rampDuration: 0n }, 10n, 11n),
    ).to.equal(undefined);
  });

  it("follows an open task through its ramp, to its cap, and past its deadline", async () => {
    const market = await loadFixture(deployMarket);
    const { order, packed, taskId } = await openTask(market, { rampDuration: 1800 });
    const task = await market.taskManager.getTask(taskId);
    for (const second of [1n, 7n, 900n, 1799n, 1800n, 1801n, 3599n, 3600n, 3601n, 9000n]) {
      await time.increaseTo(task.openedAt + second);
      const now = BigInt(await time.latest());
      expect(priceAt(task, order.maxReward, now), `second ${second}`).to.equal(
        await market.taskManager.priceOf(packed),
      );
    }
  });

  it("stands after the deadline, also where the ramp is longer", async () => {
    const market = await loadFixture(deployMarket);
    const { order, packed, taskId } = await openTask(market, { rampDuration: 20_000 });
    const task = await market.taskManager.getTask(taskId);
    await time.increaseTo(order.deadline + 5_000);
    const price = priceAt(task, order.maxReward, BigInt(await time.latest()));
    expect(price).to.equal(await market.taskManager.priceOf(packed));
    expect(price).to.equal(priceAt(task, order.maxReward, task.deadline));
    expect(price).to.be.lessThan(order.maxReward);
  });

  it("stands once the task has a provider", async () => {
    const market = await loadFixture(deployMarket);
    const { order, packed, taskId } = await deliveredTask(market);
    const task = await market.taskManager.getTask(taskId);
    await time.increase(300);
    const price = await market.taskManager.priceOf(packed);
    expect(priceAt(task, order.maxReward, BigInt(await time.latest()))).to.equal(price);
    const { fee, royalty, payment } = splitPrice(price, task.feeBps, task.royaltyBps);
    await market.taskManager.connect(market.client).accept(packed);
    const [settled] = await market.taskManager.queryFilter(market.taskManager.filters.TaskSettled(taskId));
    expect(settled?.args.fee).to.equal(fee);
    expect(settled?.args.royalty).to.equal(royalty);
    expect((await market.escrow.accountOf(market.providerOwner)).free).to.equal(payment);
  });

  it("refuses a cap of nothing", () => {
    expect(() => fractionOf(1n, 0n)).to.throw(FieldRangeError, "cap is 0");
  });
});
