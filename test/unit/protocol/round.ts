import { expect } from "chai";
import { dataSlice } from "ethers";
import { SEED_DELAY, seedBlockOf, seedOf } from "../../../src/protocol/consensus.js";
import { NodeError } from "../../../src/protocol/errors.js";
import { packOrder, taskIdOf } from "../../../src/protocol/order.js";
import type { Protocol } from "../../../src/protocol/protocol.js";
import { mustCapture, readRound, type RoundSnapshot, seedOfRound } from "../../../src/protocol/round.js";
import { caught } from "../../helpers/caught.js";
import { ethers, loadFixture, networkHelpers, time } from "../../helpers/network.js";
import { readerOf } from "../../helpers/protocol.js";
import {
  everybodyEnters,
  fillPool,
  openSeat,
  postRound,
  quorumOrder,
  type RoundTask,
  sealedRound,
  seatMember,
} from "../../helpers/rounds.js";
import { CAP, deployMarket, openTask, WINDOWS } from "../../helpers/suite.js";

const deployFive = async () => fillPool(await deployMarket(), 5);
/** Slots of the five: the market's provider has two. */
const CAPACITY = 6;

const setUp = async () => {
  const panel = await loadFixture(deployFive);
  // The clock leaps with the first block after a fixture.
  await networkHelpers.mine();
  const protocol = await readerOf(panel);
  const read = ({ order }: Pick<RoundTask, "order">) => readRound(protocol, order);
  return { panel, protocol, read, manager: panel.taskManager };
};
type Setting = Awaited<ReturnType<typeof setUp>>;

/** A round without agreement yet: so many sat, and the first of them opened. */
const partly = async ({ panel }: Setting, outputs: readonly string[], opened: number) => {
  const round = await sealedRound(panel, outputs);
  const sealedAt = await time.latest();
  for (const sealed of round.seats.slice(0, opened)) await openSeat(panel, round.task, sealed);
  return { ...round, sealedAt };
};
const hashOf = async (block: number): Promise<string> => (await ethers.provider.getBlock(block))?.hash ?? "";
const resultOf = (output: string) => dataSlice(ethers.sha256(ethers.toUtf8Bytes(output)), 0, 16);

describe("protocol.readRound", () => {
  it("tells nothing of an order that nobody posted", async () => {
    const { panel, read } = await setUp();
    const order = await quorumOrder(panel);
    const round = await read({ order });
    expect(round).to.include({ taskId: taskIdOf(order, panel.domain), state: "None", openedAt: 0, deadline: 0 });
    for (const field of ["seedBlock", "seed", "capacity", "sealedAt", "opensUntil", "claimsUntil", "winner"] as const) {
      expect(round[field], field).to.equal(undefined);
    }
    expect(round).to.include({ decided: false });
    expect([round.seats, round.outcomes]).to.deep.equal([[], []]);
  });

  it("tells which block the seed comes from while it lies ahead, and once it is mined", async () => {
    const { panel, protocol, read, manager } = await setUp();
    const order = await quorumOrder(panel);
    await manager.connect(panel.client).submit(packOrder(order));
    const [openedAt, openBlock] = [await time.latest(), await time.latestBlock()];
    const seedBlock = openBlock + SEED_DELAY;
    for (let passed = 0; passed <= SEED_DELAY; passed++) {
      const round = await read({ order });
      expect(round).to.include({ state: "Open", openedAt, deadline: order.deadline, seedBlock, capacity: CAPACITY });
      expect(round).to.include({ seed: undefined, sealedAt: undefined, opensUntil: undefined, claimsUntil: undefined });
      expect(round).to.include({ blockNumber: openBlock + passed, decided: false, winner: undefined });
      const seed = await seedOfRound(protocol, round);
      expect(seed, `${passed} blocks later`).to.equal(
        passed < SEED_DELAY ? undefined : seedOf(await hashOf(seedBlock)),
      );
      await networkHelpers.mine(1, { interval: 1 });
    }
  });

  it("tells the captured seed while seals are taken, and who sits", async () => {
    const { panel, protocol, read, manager } = await setUp();
    const task = await postRound(panel);
    const before = await seedOfRound(protocol, await read(task));
    await manager.connect(panel.stranger).captureSeed(task.taskId);
    const captured = await read(task);
    const { seed } = await manager.getRound(task.taskId);
    expect(captured).to.include({
      state: "Round",
      seedBlock: undefined,
      seed,
      capacity: CAPACITY,
      sealedAt: undefined,
    });
    expect(captured.seats).to.deep.equal([]);
    expect([before, await seedOfRound(protocol, captured)]).to.deep.equal([seed, seed]);

    await everybodyEnters(task);
    const [first = 0n, second = 0n] = panel.members.keys();
    await seatMember(panel, task, second);
    await seatMember(panel, task, first);
    const sealing = await read(task);
    expect(sealing).to.include({ state: "Round", seed, capacity: CAPACITY, decided: false, winner: undefined });
    expect(sealing).to.include({ sealedAt: undefined, opensUntil: undefined, claimsUntil: undefined });
    const seat = { weight: 2, result: undefined, claimed: false };
    expect(sealing.seats).to.deep.equal([
      { ...seat, provider: Number(second) },
      { ...seat, provider: Number(first) },
    ]);
    expect(sealing.outcomes).to.deep.equal(["Unopened", "Unopened"]);
  });

  it("tells until when seals may be opened and won seats claimed, once all seats are taken", async () => {
    const setting = await setUp();
    const { task, sealedAt } = await partly(setting, ["one", "one", "one"], 0);
    const round = await setting.read(task);
    const [opensUntil, claimsUntil] = [sealedAt + WINDOWS.open, sealedAt + WINDOWS.open + WINDOWS.claim];
    expect(round).to.include({ state: "Round", sealedAt, opensUntil, claimsUntil, decided: false, winner: undefined });
    expect(round).to.include({ seedBlock: undefined, seed: undefined, capacity: undefined });
    expect(await seedOfRound(setting.protocol, round)).to.equal(undefined);
  });

  it("tells the same from the deadline on if seats were left, that of a cancellation too", async () => {
    const setting = await setUp();
    const { panel, read, manager } = setting;
    const { task } = await partly(setting, ["one", "one"], 0);
    expect((await read(task)).sealedAt).to.equal(undefined);
    await time.increaseTo(task.order.deadline);
    expect((await read(task)).sealedAt).to.equal(undefined);
    await time.increaseTo(task.order.deadline + 1);
    const { deadline } = task.order;
    expect(await read(task)).to.include({ state: "Round", sealedAt: deadline, opensUntil: deadline + WINDOWS.open });

    const other = await postRound(panel);
    await everybodyEnters(other);
    await manager.connect(panel.client).cancel(other.packed);
    const end = (await time.latest()) + WINDOWS.cancelNotice;
    await seatMember(panel, other, 1n);
    await time.increaseTo(end + 1);
    expect(await read(other)).to.include({ state: "Round", sealedAt: end, deadline: end });
  });

  it("tells what was opened, and who would win if nothing more is", async () => {
    const setting = await setUp();
    const { task, seats } = await partly(setting, ["one", "other", "one"], 2);
    const partial = await setting.read(task);
    expect(partial.seats.map(({ result }) => result)).to.deep.equal([resultOf("one"), resultOf("other"), undefined]);
    expect(partial).to.include({ decided: false, winner: undefined });
    expect(partial.outcomes).to.deep.equal(["Disputed", "Disputed", "Unopened"]);
    for (const sealed of seats.slice(2)) await openSeat(setting.panel, task, sealed);
    const whole = await setting.read(task);
    expect(whole).to.include({ decided: true, winner: resultOf("one") });
    expect(whole.outcomes).to.deep.equal(["Paid", "Wrong", "Paid"]);
  });

  it("decides when the time for openings is over, and not a second before", async () => {
    const setting = await setUp();
    const { task, sealedAt } = await partly(setting, ["one", "one", "one"], 2);
    await time.increaseTo(sealedAt + WINDOWS.open);
    expect(await setting.read(task)).to.include({ decided: false, winner: resultOf("one") });
    await time.increaseTo(sealedAt + WINDOWS.open + 1);
    const round = await setting.read(task);
    expect(round).to.include({ decided: true, winner: resultOf("one") });
    expect(round.outcomes).to.deep.equal(["Paid", "Paid", "Unopened"]);
  });

  it("decides without a winner, and on a lone seat", async () => {
    const setting = await setUp();
    const { task } = await partly(setting, ["one", "two", "three"], 3);
    const round = await setting.read(task);
    expect(round).to.include({ decided: true, winner: undefined });
    expect(round.outcomes).to.deep.equal(["Disputed", "Disputed", "Disputed"]);
    const lone = await partly(setting, ["one"], 0);
    await time.increaseTo(lone.task.order.deadline + WINDOWS.open + 1);
    const alone = await setting.read(lone.task);
    expect(alone).to.include({ decided: true, winner: undefined });
    expect(alone.outcomes).to.deep.equal(["Idle"]);
  });

  it("tells who has claimed", async () => {
    const setting = await setUp();
    const { task, seats } = await partly(setting, ["one", "one", "other"], 3);
    const [, second] = seats;
    await setting.manager.connect(setting.panel.stranger).claimSeat(task.packed, 1, second?.envelope ?? "");
    const round = await setting.read(task);
    expect(round.seats.map(({ claimed }) => claimed)).to.deep.equal([false, true, false]);
    expect(round).to.include({ state: "Round", decided: true, winner: resultOf("one") });
  });

  it("tells of a round that is over its end and its price, and nothing of seats", async () => {
    const setting = await setUp();
    const { panel, read, manager } = setting;
    const paid = await partly(setting, ["one", "one", "other"], 3);
    await manager.connect(panel.client).accept(paid.task.packed);
    const failed = await partly(setting, ["one", "two", "three"], 3);
    await manager.connect(panel.stranger).settle(failed.task.packed);
    for (const [{ task }, state] of [
      [paid, "Settled"],
      [failed, "Refunded"],
    ] as const) {
      const round = await read(task);
      expect(round).to.include({ state, decided: false, winner: undefined, sealedAt: undefined, seed: undefined });
      expect(round.seats).to.deep.equal([]);
    }
    expect((await read(paid.task)).price).to.equal(CAP);
  });

  it("tells the price as it climbs, and the one that was fixed when sealing ended", async () => {
    const { panel, read, manager } = await setUp();
    const task = await postRound(panel, { rampDuration: 20_000 });
    const prices: bigint[] = [];
    const same = async () => {
      const { price } = await read(task);
      expect(price).to.equal(await manager.priceOf(task.packed));
      prices.push(price);
    };
    await same();
    await time.increase(1_000);
    await same();
    await everybodyEnters(task);
    for (const provider of [...panel.members.keys()].slice(0, 3)) await seatMember(panel, task, provider);
    await same();
    await time.increase(1_000);
    await same();
    const [first = 0n, second = 0n, sealed = 0n, later = 0n] = prices;
    expect(second > first && sealed > second && sealed < CAP).to.equal(true);
    expect(later).to.equal(sealed);
  });

  it("takes one request and one block", async () => {
    const { panel, protocol } = await setUp();
    const { order } = await postRound(panel);
    const asked: string[] = [];
    const provider = new Proxy(ethers.provider, {
      get: (target, name): unknown => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return (...args: unknown[]): unknown => {
          asked.push(String(name));
          return (value as (...all: unknown[]) => unknown).apply(target, args);
        };
      },
    });
    const { blockNumber, timestamp } = await readRound({ ...protocol, provider }, order);
    expect(asked).to.deep.equal(["call"]);
    expect([blockNumber, timestamp]).to.deep.equal([await time.latestBlock(), await time.latest()]);
  });
});

describe("protocol.seedOfRound", () => {
  /** What the contract captures if it is asked in the next block. */
  const captured = async ({ panel, manager }: Setting, { taskId }: RoundTask) => {
    await manager.connect(panel.stranger).captureSeed(taskId);
    return (await manager.getRound(taskId)).seed;
  };

  for (const passed of [SEED_DELAY + 1, SEED_DELAY + 255, SEED_DELAY + 256, SEED_DELAY + 257, SEED_DELAY + 512]) {
    it(`is the seed that the contract captures ${passed + 1} blocks after the submission`, async () => {
      const setting = await setUp();
      const task = await postRound(setting.panel);
      await networkHelpers.mine(task.openBlock + passed - (await time.latestBlock()), { interval: 1 });
      const round = await setting.read(task);
      expect(round).to.include({
        blockNumber: task.openBlock + passed,
        seedBlock: seedBlockOf(task.openBlock, task.openBlock + passed + 1),
      });
      const seed = await seedOfRound(setting.protocol, round);
      expect(seed).to.equal(await captured(setting, task));
      expect(await seedOfRound(setting.protocol, await setting.read(task))).to.equal(seed);
    });
  }

  /** Of a node that does not know the block at the first looks. */
  const behind = ({ protocol }: Setting, looks: number): Protocol => {
    let left = looks;
    const provider = new Proxy(protocol.provider, {
      get: (target, name): unknown => {
        if (name === "getBlock" && left-- > 0) return () => Promise.resolve(null);
        const value: unknown = Reflect.get(target, name);
        return typeof value === "function" ? (value as () => unknown).bind(target) : value;
      },
    });
    return { ...protocol, provider, patience: { ...protocol.patience, requests: 400 } };
  };

  it("is asked for again of a node that is behind the snapshot", async () => {
    const setting = await setUp();
    const task = await postRound(setting.panel);
    await networkHelpers.mine(SEED_DELAY + 1);
    const round = await setting.read(task);
    const seed = await seedOfRound(behind(setting, 2), round);
    expect(seed).to.equal(seedOf(await hashOf(task.openBlock + SEED_DELAY)));
    const error = await caught(seedOfRound(behind(setting, Infinity), round), NodeError);
    expect(error.message).to.contain("eth_getBlockByNumber").and.to.contain("block not found");
  });

  it("is none of a task without a round", async () => {
    const { panel, protocol, read } = await setUp();
    const { order } = await openTask(panel);
    const round = await read({ order });
    expect(round).to.include({ state: "Open", seedBlock: undefined, capacity: undefined });
    expect(await seedOfRound(protocol, round)).to.equal(undefined);
  });
});

describe("protocol.mustCapture", () => {
  const BLOCK = 1_000;
  /** A round whose seed is that of block 1,000, so many blocks later, of so many seconds each. */
  const after = (blocks: number, pace = 2, seedBlock: number | undefined = BLOCK) =>
    ({
      seedBlock,
      blockNumber: BLOCK + blocks,
      openedAt: 50_000,
      timestamp: 50_000 + pace * (blocks + SEED_DELAY),
    }) as RoundSnapshot;

  for (const [what, round, duration, expected] of [
    ["the seed is captured already", { ...after(250), seedBlock: undefined }, 3_600, false],
    ["its block lies ahead", after(-2), 10, false],
    ["its block is the newest", after(0), 10, false],
    // 512 seconds are left, twice the work and half a minute beside.
    ["the work takes less than half of the time that is left", after(1), 239, false],
    ["the work takes that long", after(1), 241, true],
    ["the time is nearly over", after(240), 2, true],
    ["there is time for a transaction only", after(255), 0, true],
    ["there is time enough, and no work", after(200), 0, false],
    ["blocks are slow", after(200, 12), 300, false],
    ["blocks are slow and the work is long", after(200, 12), 330, true],
    ["blocks are many a second", after(100, 0), 1, true],
  ] as const) {
    it(`says ${expected ? "yes" : "no"} if ${what}`, () => {
      expect(mustCapture(round, duration)).to.equal(expected);
    });
  }
});
