import { expect } from "chai";
import { makeError } from "ethers";
import { watch } from "../../../../src/protocol/events.js";
import type { Cursor, EventNamed, Watched } from "../../../../src/protocol/events.js";
import { type FakeBlock, type FakeNode, fakeNode, grow, pathOf, watchableOf } from "../../../helpers/fakeChain.js";
import { Random, SEED } from "../../../helpers/seeded.js";

type Deposit = Watched<EventNamed<"escrow.Deposited">>;

const LAST = 1_000_000n;
const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

interface Schedule {
  random: Random;
  /** Most blocks that a reorganisation replaces. */
  deepest: number;
  reorgDepth: number;
  confirmations: number;
  /** Whether all that is asked in one tick goes to one replica. */
  batches: boolean;
  /** Whether the consumer stops now and then and goes on from its cursor. */
  restarts: boolean;
}

/** Lets a chain grow and be reorganised behind replicas that lag and fail; tells its tip, which ends the consumer. */
async function perform(node: FakeNode, { random, deepest, confirmations }: Schedule): Promise<FakeBlock> {
  let amount = 0n;
  const amounts = (count: number) =>
    Array.from({ length: count }, () => Array.from({ length: Math.max(random.whole(-2, 3), 0) }, () => ++amount));
  let tip = grow(node.replicas[0]?.tip, amounts(30));
  for (let round = 0; round < 40; round++) {
    if (random.whole(0, 2) === 0) {
      const depth = random.whole(1, deepest);
      const fork = pathOf(tip)[tip.number - depth];
      tip = grow(fork, amounts(depth + random.whole(0, 2)));
    } else {
      tip = grow(tip, amounts(random.whole(1, 3)));
    }
    for (const replica of node.replicas) {
      const lag = random.whole(0, 5);
      const seen = pathOf(tip)[tip.number - Math.max(lag - 2, 0)];
      if (lag < 5 && seen !== undefined) replica.tip = seen;
    }
    const failures = random.whole(0, 3) === 0 ? 40 : 3;
    node.fail = () =>
      random.whole(1, 100) <= failures ? makeError("connection reset", "NETWORK_ERROR", { event: "close" }) : undefined;
    await sleep(random.whole(0, 120));
  }
  tip = grow(tip, [...amounts(deepest + 2), [LAST], ...amounts(confirmations)]);
  node.fail = () => undefined;
  for (const replica of node.replicas) replica.tip = tip;
  return tip;
}

/** What a consumer has that adds what comes and takes back what is removed; every step of it is checked. */
async function consume(
  node: FakeNode,
  start: number,
  schedule: Schedule,
): Promise<{ has: Deposit[]; removals: number }> {
  const { random, reorgDepth, confirmations, restarts } = schedule;
  const has: Deposit[] = [];
  let removals = 0;
  let from: number | Cursor = start;
  for (;;) {
    let left = restarts ? random.whole(1, 40) : Infinity;
    const options = { events: ["escrow.Deposited"], from, reorgDepth, confirmations, rangeSize: 9 } as const;
    for await (const event of watch(watchableOf(node, 5_000, schedule.batches ? 100 : 1), options)) {
      from = JSON.parse(JSON.stringify(event.cursor)) as Cursor;
      // A restarted watcher does not know where the first one began.
      if (event.blockNumber >= start) {
        const top = has.at(-1);
        if (event.removed) {
          removals++;
          expect(top, "removed what is not the last").to.deep.include({
            blockHash: event.blockHash,
            logIndex: event.logIndex,
          });
          expect(top?.args).to.deep.equal(event.args);
          has.pop();
        } else {
          if (top !== undefined) {
            const later = event.blockNumber - top.blockNumber || event.logIndex - top.logIndex;
            expect(later, "out of sequence").to.be.greaterThan(0);
          }
          has.push(event);
          if (event.args.amount === LAST) return { has, removals };
        }
      }
      if (--left === 0) break;
    }
  }
}

async function play(name: string, schedule: Omit<Schedule, "random">) {
  const random = new Random(`${SEED} ${name}`);
  const node = fakeNode(grow(undefined, [[]]), 3);
  node.pick = (replicas) => replicas[random.whole(0, replicas.length - 1)] as never;
  node.rangeLimit = random.whole(2, 9);
  const start = random.whole(0, 25);
  const full = { ...schedule, random };
  const [tip, { has, removals }] = await Promise.all([perform(node, full), consume(node, start, full)]);
  const canonical = pathOf(tip)
    .filter(({ number }) => number >= start)
    .flatMap(({ hash, amounts }) => amounts.map((amount) => `${hash} ${amount}`));
  canonical.splice(canonical.findIndex((text) => text.endsWith(` ${LAST}`)) + 1);
  expect(has.map(({ blockHash, args }) => `${blockHash} ${args.amount}`)).to.deep.equal(canonical);
  return removals;
}

describe("watch under any schedule", () => {
  const runs = Array.from({ length: 12 }, (_, index) => index);

  it(`leaves the consumer with just the canonical events (SEED=${SEED})`, async () => {
    const removals = await Promise.all(
      runs.map((run) =>
        play(`live ${run}`, {
          deepest: 6,
          reorgDepth: 6,
          batches: true,
          confirmations: 1 + (run % 3),
          restarts: false,
        }),
      ),
    );
    expect(
      removals.some((count) => count > 0),
      "no schedule took anything back",
    ).to.equal(true);
  });

  it(`does so for a consumer that restarts from its cursor (SEED=${SEED})`, async () => {
    const removals = await Promise.all(
      runs.map((run) =>
        play(`restarts ${run}`, { deepest: 6, reorgDepth: 6, batches: true, confirmations: 1, restarts: true }),
      ),
    );
    expect(
      removals.some((count) => count > 0),
      "no schedule took anything back",
    ).to.equal(true);
  });

  it(`does so where every request may go to another replica (SEED=${SEED})`, async () => {
    // Ranges of old blocks are for nodes that answer a batch, or a connection, as one.
    const schedule = { deepest: 6, reorgDepth: 1_000, batches: false, confirmations: 1, restarts: false };
    await Promise.all(runs.map((run) => play(`single ${run}`, schedule)));
  });

  it(`takes nothing back that has more confirmations than blocks are replaced (SEED=${SEED})`, async () => {
    const removals = await Promise.all(
      runs.map((run) =>
        play(`confirmed ${run}`, {
          deepest: 4,
          reorgDepth: 6,
          batches: true,
          confirmations: 5,
          restarts: run % 2 === 1,
        }),
      ),
    );
    expect(removals).to.deep.equal(runs.map(() => 0));
  });
});
