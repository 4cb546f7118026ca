import { expect } from "chai";
import { parseEther } from "ethers";
import { execute } from "../../../src/protocol/execute.js";
import { type Market, marketPriceAt } from "../../../src/protocol/market.js";
import { amountOf, fractionOf } from "../../../src/protocol/price.js";
import type { Scenario } from "./scenario.js";
import { CAP, deliver, FLOOR, saleOf, stage, STAKE, submit } from "./work.js";
import { PARAMETERS, read, timeOf, until } from "./world.js";

/** A price is a fraction of the cap, in units of 1 / (2^32 − 1). */
const WHOLE = 2n ** 32n - 1n;

/** Where the ramp of an order begins. */
export const startFractionOf = (floor: bigint, cap: bigint): bigint =>
  floor >= cap ? WHOLE : (floor * WHOLE + cap - 1n) / cap;

/** Price in wei so many seconds into a ramp. */
export function priceAt(start: bigint, duration: number, elapsed: number, cap: bigint): bigint {
  const climbed = elapsed >= duration ? WHOLE - start : ((WHOLE - start) * BigInt(elapsed)) / BigInt(duration);
  return (cap * (start + climbed)) / WHOLE;
}

/** The price as a function of time. */
export const prices: Scenario[] = [
  {
    title: "the market price follows utilisation by the formula, to the wei, and orders begin at it",
    async play(world) {
      const { client, source, first } = await stage(world);
      const { price: parameters } = PARAMETERS;
      const market: Market = { price: 0n, openTasks: 0n, capacity: 2n, touchedAt: 0n, parameters };
      const touch = async (block: number) => {
        const time = BigInt(await timeOf(client, block));
        market.price = marketPriceAt(market, FLOOR, time);
        market.touchedAt = time;
      };
      // Three tasks for two slots, then one, and a pause to see it fall.
      const open = [];
      for (let i = 0; i < 6; i++) {
        const task = await submit(client, source, { maxReward: 4n * CAP, bond: 4n * CAP, rampDuration: 1_000 });
        await touch(task.done.blockNumber);
        expect(task.startPrice).to.equal(
          amountOf(fractionOf(market.price, task.order.maxReward), task.order.maxReward),
        );
        market.openTasks += 1n;
        open.push(task);
        if (i < 2) continue;
        await until(client, Number(market.touchedAt) + 2);
        const [done] = open.splice(0, 1);
        if (done === undefined) throw new Error("nothing is open");
        const { done: delivered } = await deliver(done, first);
        await touch(delivered.blockNumber);
        market.openTasks -= 1n;
      }
      expect(market.price > FLOOR).to.equal(true);
      const seen = await read(client, (at) => client.contracts.providerPool.getMarket(source, at));
      expect([seen.openTasks, seen.capacity, seen.touchedAt]).to.deep.equal([2n, 2n, market.touchedAt]);
    },
  },
  {
    title: "the price at delivery is the formula's, to the wei, at every point of the ramp",
    async play(world) {
      const { client, source, first, publisher } = await stage(world);
      const { taskManager, escrow } = client.contracts;
      const bond = parseEther("0.05");
      const ramps = [
        ...[{ rampDuration: 0 }, { rampDuration: 1 }, { rampDuration: 7 }],
        ...[{ rampDuration: 97, maxReward: 33_333_333_333_333_331n }, { rampDuration: 2 ** 24 - 1 }],
        { rampDuration: 1000, maxReward: FLOOR },
      ];
      const open = await Promise.all(ramps.map((ramp) => submit(client, source, { bond, ...ramp })));
      let [paid, earned] = [0n, 0n];
      const finish = async (task: (typeof open)[number]) => {
        const { order, packed } = task;
        // Where the market price was when it was posted, which is another test's matter.
        const { startFraction: start } = await read(client, (at) => taskManager.getTask(task.taskId, at));
        expect(task.startPrice).to.equal((order.maxReward * start) / WHOLE);
        expect(task.startPrice >= FLOOR).to.equal(true);
        const { price, done } = await deliver(task, first);
        const [opened, cleared] = await Promise.all([
          ...[timeOf(client, task.done.blockNumber), timeOf(client, done.blockNumber)],
        ]);
        expect(price).to.equal(priceAt(start, order.rampDuration, (cleared ?? 0) - (opened ?? 0), order.maxReward));
        // From now on it stands.
        expect(await read(client, (at) => taskManager.priceOf(packed, at))).to.equal(price);
        await execute(client, "taskManager", "accept", [packed]);
        const sale = saleOf(price);
        paid += price;
        earned += sale.payment;
      };
      const [early, late] = [open.slice(0, 3), open.slice(3)];
      await Promise.all([
        ...early.map(finish),
        ...late.map(async (task, index) => {
          await until(client, (await timeOf(client, task.done.blockNumber)) + 4 + 3 * index);
          await finish(task);
        }),
      ]);
      const [mine, theirs] = await read(client, (at) =>
        Promise.all([escrow.accountOf(client.address, at), escrow.accountOf(first.owner.address, at)]),
      );
      expect([mine.free, mine.held, theirs.free]).to.deep.equal([STAKE - paid, 0n, earned]);
      expect((await read(client, (at) => escrow.accountOf(publisher.address, at))).free).to.equal(
        paid - earned - mine.fees,
      );
    },
  },
];
