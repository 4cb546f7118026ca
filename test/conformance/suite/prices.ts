import { expect } from "chai";
import { parseEther } from "ethers";
import { execute } from "../../../src/protocol/execute.js";
import type { Scenario } from "./scenario.js";
import { deliver, FLOOR, saleOf, stage, STAKE, submit } from "./work.js";
import { read, timeOf, until } from "./world.js";

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
        const start = startFractionOf(FLOOR, order.maxReward);
        expect(task.startPrice).to.equal((order.maxReward * start) / WHOLE);
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
