import { expect } from "chai";
import { formatEther, parseEther, toUtf8Bytes } from "ethers";
import { cidOf, digestOf } from "../../../src/content/digest.js";
import { chainEffects, type Effects } from "../../../src/provider/effects.js";
import { type BenchOptions, createBench } from "../../../src/provider/bench.js";
import { type Debt, memoryDebts } from "../../../src/provider/debts.js";
import { decide, type Offer, type Standing, type Turn } from "../../../src/provider/decide.js";
import { type Draw, drawFor } from "../../../src/provider/draws.js";
import { createOutputs, OutputChangedError } from "../../../src/provider/outputs.js";
import {
  entryOf,
  LATE,
  MIN_WEIGHT,
  SEED_DELAY,
  seatsOf,
  ticketOf,
  ticketsAt,
} from "../../../src/protocol/consensus.js";
import { keyPair, openEnvelope, sealEnvelope } from "../../../src/protocol/envelope.js";
import { draftOrder, packOrder, taskIdOf, Verification } from "../../../src/protocol/order.js";
import type { Protocol } from "../../../src/protocol/protocol.js";
import { pause } from "../../../src/protocol/retry.js";
import { RevertError } from "../../../src/protocol/reverts.js";
import type { RoundSnapshot } from "../../../src/protocol/round.js";
import { caught, rejection } from "../../helpers/caught.js";
import { until } from "../../helpers/holders.js";
import { loadFixture, networkHelpers, passTo, time } from "../../helpers/network.js";
import { protocolOf, readerOf } from "../../helpers/protocol.js";
import { seedStanding } from "../../helpers/reputation.js";
import { expectRevert } from "../../helpers/refusal.js";
import { fillPool, openSeat, ownerOf, postRound, quorumOrder, sealedRound, WINDOW } from "../../helpers/rounds.js";
import { CAP, deployMarket, joinProvider, STAKE_PER_SLOT } from "../../helpers/suite.js";

const NOW = 1_000_000;
const OUTPUT = toUtf8Bytes("output");
const KEYS = keyPair();

/** A Quorum task as it stands on the board: it pays half of its cap at first, the whole after 1,000 seconds. */
const anOffer = (changes: Partial<Offer["order"]> = {}, task: Partial<Offer> = {}): Offer => ({
  taskId: `0x${"11".repeat(32)}`,
  order: draftOrder({
    client: `0x${"22".repeat(20)}`,
    source: 1,
    verification: Verification.Quorum,
    trust: 2,
    maxReward: 2_000_000n,
    bond: 500n,
    deadline: NOW + 3600,
    inputDigest: `0x${"33".repeat(32)}`,
    clientKey: KEYS.publicKey,
    ...changes,
  }),
  startFraction: 2n ** 31n,
  openedAt: BigInt(NOW),
  clearedAt: 0n,
  deadline: BigInt(NOW + 3600),
  rampDuration: 1000n,
  feeBps: 250n,
  royaltyBps: 500n,
  ...task,
});
const MEMBER: Standing = {
  ...{ environments: 1, gpuMemory: 0, freeStake: 500n, score: 10 },
  ...{ slots: 2, freeSlots: 0, joinedAt: NOW - 1 },
};
const cheap = { payment: 900_000n, duration: 10 };
const turn = (entry: number, isLate = false): Turn => ({ entry: NOW + entry, isLate });

describe("provider.decide on a round", () => {
  it("tries at once when its turn has come", () => {
    expect(decide(anOffer(), MEMBER, cheap, NOW, turn(0))).to.deep.equal({ act: "attempt" });
    expect(decide(anOffer(), MEMBER, cheap, NOW + 50, turn(20))).to.deep.equal({ act: "attempt" });
  });

  it("begins so early that the result is there when its turn comes, though the work take half as long again", () => {
    const wait = { act: "wait", until: NOW + 500 - 16 };
    expect(decide(anOffer(), MEMBER, cheap, NOW, turn(500))).to.deep.equal(wait);
    expect(decide(anOffer(), MEMBER, cheap, NOW + 483, turn(500))).to.deep.equal(wait);
    expect(decide(anOffer(), MEMBER, cheap, NOW + 484, turn(500))).to.deep.equal({ act: "attempt" });
  });

  it("does not begin ahead when it will hardly come to its turn", () => {
    const wait = { act: "wait", until: NOW + 500 };
    expect(decide(anOffer(), MEMBER, cheap, NOW + 499, turn(500, true))).to.deep.equal(wait);
    expect(decide(anOffer(), MEMBER, cheap, NOW + 500, turn(500, true))).to.deep.equal({ act: "attempt" });
  });

  it("looks again a second later as long as its turn is unknown", () => {
    expect(decide(anOffer(), MEMBER, cheap, NOW + 7)).to.deep.equal({ act: "wait", until: NOW + 8 });
  });

  it("waits for the price, if that is what comes last", () => {
    const costs = { payment: 1_387_500n, duration: 10 };
    expect(decide(anOffer(), MEMBER, costs, NOW, turn(100))).to.deep.equal({ act: "wait", until: NOW + 501 - 16 });
    expect(decide(anOffer(), MEMBER, costs, NOW, turn(900))).to.deep.equal({ act: "wait", until: NOW + 900 - 16 });
  });

  it("needs no slot, however long the round takes", () => {
    expect(decide(anOffer(), { ...MEMBER, freeSlots: 0 }, cheap, NOW, turn(0)).act).to.equal("attempt");
  });

  for (const [what, offer, standing, costs, now, when, reason] of [
    ["that began when it joined", anOffer(), { ...MEMBER, joinedAt: NOW }, cheap, NOW, turn(0), "older than"],
    ["that began before it joined", anOffer(), { ...MEMBER, joinedAt: NOW + 9 }, cheap, NOW, undefined, "older than"],
    [
      "in which its turn comes after a cancellation",
      anOffer({}, { deadline: BigInt(NOW + 499) }),
      MEMBER,
      cheap,
      NOW,
      turn(500),
      "not drawn in time",
    ],
    ["in which it would begin too late", anOffer(), MEMBER, cheap, NOW, turn(3_591, true), "not drawn in time"],
    ["whose bond it cannot lock", anOffer({ bond: 501n }), MEMBER, cheap, NOW, turn(0), "bond of 501"],
    ["that asks for more score", anOffer({ minScore: 11 }), MEMBER, cheap, NOW, turn(0), "score of 11"],
    ["that never pays enough", anOffer(), MEMBER, { ...cheap, payment: 1_850_001n }, NOW, turn(0), "never pays"],
    ["that is nearly over", anOffer(), MEMBER, cheap, NOW + 3_591, turn(0), "deadline is too near"],
    ["for other hardware", anOffer({ environments: 2 }), MEMBER, cheap, NOW, turn(0), "hardware"],
  ] as const) {
    it(`leaves a round ${what}`, () => {
      const decision = decide(offer, standing, costs, now, when);
      expect(decision.act).to.equal("leave");
      expect(decision.act === "leave" && decision.reason).to.include(reason);
    });
  }

  it("takes one whose turn comes in the last second, or that leaves just time enough for the work", () => {
    const cancelled = anOffer({}, { deadline: BigInt(NOW + 500) });
    expect(decide(cancelled, MEMBER, cheap, NOW, turn(500)).act).to.equal("wait");
    expect(decide(anOffer(), MEMBER, cheap, NOW, turn(3_590, true)).act).to.equal("wait");
  });
});

describe("provider.drawFor", () => {
  const deployFive = async () => fillPool(await deployMarket(), 5);
  const setUp = async () => {
    const panel = await loadFixture(deployFive);
    // The clock leaps with the first block after a fixture.
    await networkHelpers.mine();
    return { panel, reader: await readerOf(panel), manager: panel.taskManager };
  };
  const slotsOf = (provider: bigint) => (provider === 1n ? 2 : 1);

  it("knows nothing before there is a seed, and once seals are taken no more", async () => {
    const { panel, reader, manager } = await setUp();
    const order = await quorumOrder(panel);
    await manager.connect(panel.client).submit(packOrder(order));
    for (let passed = 0; passed < SEED_DELAY; passed++) {
      expect(await drawFor(reader, 1, { order }, { slots: 2 })).to.equal(undefined);
      await networkHelpers.mine(1, { interval: 1 });
    }
    expect((await drawFor(reader, 1, { order }, { slots: 2 }))?.round.taskId).to.equal(taskIdOf(order, panel.domain));
    const { task, seats } = await sealedRound(panel, ["one", "one", "one"]);
    expect(await drawFor(reader, 4, task, { slots: 1 })).to.equal(undefined);
    for (const sealed of seats) await openSeat(panel, task, sealed);
    await manager.connect(panel.client).accept(task.packed);
    expect(await drawFor(reader, 4, task, { slots: 1 })).to.equal(undefined);
  });

  it("agrees with the contracts to the second, before the seed is captured and after", async () => {
    const { panel, reader, manager } = await setUp();
    const task = await postRound(panel);
    const draws = new Map<bigint, Draw>();
    for (const provider of panel.members.keys()) {
      const draw = await drawFor(reader, Number(provider), task, { slots: slotsOf(provider) });
      if (draw === undefined) throw new Error("there is no draw");
      draws.set(provider, draw);
    }
    await manager.connect(panel.stranger).captureSeed(task.taskId);
    const start = await networkHelpers.takeSnapshot();
    let refused = 0;
    for (const [provider, { entry }] of draws) {
      const again = await drawFor(reader, Number(provider), task, { slots: slotsOf(provider) });
      expect(again?.entry).to.equal(entry);
      const owner = await protocolOf(panel, ownerOf(panel, provider));
      const { takeSeat } = chainEffects(owner, Number(provider));
      const { sealed } = debtOf(task, Number(provider));
      // Who is drawn at once may sit before anybody could have captured the seed.
      if (entry > (await time.latest()) + 3) {
        await passTo(entry - 1);
        const early = manager
          .connect(ownerOf(panel, provider))
          .takeSeat.staticCall(task.packed, provider, MIN_WEIGHT, sealed.seal, { blockTag: "pending" });
        await expect(early).to.be.revertedWithCustomError(manager, "NotDrawn");
        await time.setNextBlockTimestamp(entry);
        refused++;
      }
      expect((await takeSeat(debtOf(task, Number(provider)))).seat).to.equal(0);
      await start.restore();
    }
    expect(refused).to.be.greaterThan(0);
  });

  it("says so when so many tickets come first that it will hardly get a seat", async () => {
    const { panel, reader, manager } = await setUp();
    for (const owner of panel.others.slice(5, 8)) await joinProvider(panel, owner, { slots: 9 });
    const capacity = 33;
    let [late, early] = [0, 0];
    while (late === 0 || early === 0) {
      const task = await postRound(panel);
      await manager.connect(panel.stranger).captureSeed(task.taskId);
      const { seed } = await manager.getRound(task.taskId);
      for (const [provider, slots] of [
        [1, 2],
        [2, 1],
        [6, 9],
      ] as const) {
        const draw = await drawFor(reader, provider, task, { slots });
        const entry = entryOf(ticketOf(seed, task.taskId, provider), { slots, capacity }, WINDOW);
        expect(draw?.entry).to.equal(task.openedAt + entry);
        expect(draw?.isLate).to.equal(ticketsAt(entry, WINDOW, capacity) > LATE * seatsOf(2));
        if (draw?.isLate === true) late++;
        else early++;
      }
    }
  });
});

/** A result of a task that its provider owes. */
function debtOf({ taskId, order }: Pick<Debt, "taskId" | "order">, provider: number, output = OUTPUT): Debt {
  const opening = { resultDigest: digestOf(output), location: "here" };
  return { taskId, order, provider, sealed: sealEnvelope({ taskId, provider }, order.clientKey, opening) };
}

describe("provider.createOutputs", () => {
  const signal = new AbortController().signal;
  const { taskId, order } = anOffer();

  /** Outputs of a program that gives one after the other. */
  const outputsOf = (...made: readonly string[]) => {
    let count = 0;
    const outputs = createOutputs({ perform: () => Promise.resolve(toUtf8Bytes(made[count++] ?? "too many")) });
    return { outputs, performed: () => count };
  };

  it("keeps what is given, and does not make it again", async () => {
    const { outputs, performed } = outputsOf();
    outputs.keep(taskId, OUTPUT);
    expect(await outputs.of(debtOf({ taskId, order }, 1), signal)).to.equal(OUTPUT);
    expect(performed()).to.equal(0);
  });

  it("makes what it does not have once more, and keeps it", async () => {
    const { outputs, performed } = outputsOf("output", "another");
    const debt = debtOf({ taskId, order }, 1);
    const output = await outputs.of(debt, signal);
    expect(output).to.deep.equal(OUTPUT);
    expect(await outputs.of(debt, signal)).to.equal(output);
    expect(performed()).to.equal(1);
  });

  it("makes it again when it was dropped", async () => {
    const { outputs, performed } = outputsOf("output");
    outputs.keep(taskId, OUTPUT);
    outputs.drop(taskId);
    expect(await outputs.of(debtOf({ taskId, order }, 1), signal)).to.deep.equal(OUTPUT);
    expect(performed()).to.equal(1);
  });

  it("refuses another output than the one that was sealed, names both, and asks again the next time", async () => {
    const { outputs, performed } = outputsOf("another", "output");
    const debt = debtOf({ taskId, order }, 1);
    const error = await caught(outputs.of(debt, signal), OutputChangedError);
    expect(error.taskId).to.equal(taskId);
    expect(error.message)
      .to.contain(digestOf(OUTPUT))
      .and.contain(digestOf(toUtf8Bytes("another")));
    expect(await outputs.of(debt, signal)).to.deep.equal(OUTPUT);
    expect(performed()).to.equal(2);
  });

  it("passes on why it cannot be made, and the signal", async () => {
    const reason = new Error("not today");
    const seen: AbortSignal[] = [];
    const outputs = createOutputs({
      perform: (_order, given) => {
        seen.push(given);
        return Promise.reject(reason);
      },
    });
    expect(await rejection(outputs.of(debtOf({ taskId, order }, 1), signal))).to.equal(reason);
    expect(seen).to.deep.equal([signal]);
  });
});

describe("provider.createBench in a round", () => {
  const offer = anOffer();
  const round = (changes: Partial<RoundSnapshot> = {}) =>
    ({ seedBlock: 100, blockNumber: 101, openedAt: NOW, timestamp: NOW + 10, ...changes }) as RoundSnapshot;
  const aDraw = (entry: number, changes: Partial<RoundSnapshot> = {}): Draw => ({
    round: round(changes),
    ...turn(entry),
  });

  const start = (changes: Partial<Effects> = {}) => {
    const done: string[] = [];
    const troubles: string[] = [];
    const debts = memoryDebts();
    const clock = { now: NOW };
    const unwanted = (what: string) => () => Promise.reject(new Error(`${what} was not asked for`));
    const effects: BenchOptions["effects"] = {
      perform: () => {
        done.push("perform");
        return Promise.resolve(OUTPUT);
      },
      captureSeed: () => {
        done.push("captureSeed");
        return Promise.resolve();
      },
      ...{ publish: unwanted("publish"), reserve: unwanted("reserve"), prepare: unwanted("prepare") },
      ...changes,
    };
    const kept = new Map<string, Uint8Array>();
    const bench = createBench({
      ...{ protocol: { patience: { interval: 2 } } as Protocol, provider: 7, effects, debts, from: 0 },
      outputs: { keep: (taskId, output) => void kept.set(taskId, output) },
      clock: () => clock.now,
      reserved: () => undefined,
      troubled: (_taskId, reason) => troubles.push(reason),
    });
    const stop = new AbortController();
    return { bench, done, troubles, debts, kept, clock, stop, signal: stop.signal };
  };

  it("does the work before its turn, and seals when that has come; its output stays here", async () => {
    const { bench, done, debts, kept, clock, signal, troubles } = start();
    let isOver = false;
    const sitting = bench.sit(offer, aDraw(50), cheap, signal).finally(() => (isOver = true));
    await until("the work", () => done.includes("perform"));
    clock.now = NOW + 49;
    await pause(20);
    expect(isOver).to.equal(false);
    expect(await debts.open()).to.deep.equal([]);
    clock.now = NOW + 50;
    const debt = await sitting;
    expect(await debts.open()).to.deep.equal([debt]);
    expect(debt).to.include({ taskId: offer.taskId, provider: 7 });
    expect([...kept]).to.deep.equal([[offer.taskId, OUTPUT]]);
    expect([done, troubles]).to.deep.equal([["perform"], []]);
    // Where the output will be found is known before it is there.
    const { location, resultDigest } = openEnvelope(debt, debt.sealed.envelope, KEYS.secretKey);
    expect(location).to.equal(`ipfs://${cidOf(digestOf(OUTPUT))}`);
    expect(resultDigest).to.equal(digestOf(OUTPUT));
  });

  it("waits for the price too", async () => {
    const { bench, clock, signal, debts } = start();
    const sitting = bench.sit(offer, aDraw(0), { payment: 1_387_500n, duration: 10 }, signal);
    clock.now = NOW + 500;
    await pause(20);
    expect(await debts.open()).to.deep.equal([]);
    clock.now = NOW + 501;
    await sitting;
  });

  it("captures the seed before work that takes longer than the chain remembers its block", async () => {
    const { bench, done, signal } = start();
    await bench.sit(offer, aDraw(0, { blockNumber: 350, timestamp: NOW + 508 }), cheap, signal);
    expect(done).to.deep.equal(["captureSeed", "perform"]);
  });

  it("goes on if another has captured it, or if that fails, of which it tells", async () => {
    const near = aDraw(0, { blockNumber: 350, timestamp: NOW + 508 });
    const refusal = new RevertError("WrongState", { taskId: offer.taskId, state: 5n }, "");
    const late = start({ captureSeed: () => Promise.reject(refusal) });
    await late.bench.sit(offer, near, cheap, late.signal);
    expect(late.troubles).to.deep.equal([]);
    const cut = start({ captureSeed: () => Promise.reject(new Error("no answer")) });
    await cut.bench.sit(offer, near, cheap, cut.signal);
    expect(cut.troubles).to.deep.equal(["capturing the seed: no answer"]);
  });

  it("leaves nothing behind when it is ended before its turn", async () => {
    const { bench, done, debts, kept, stop } = start();
    const reason = new Error("all seats are taken");
    const sitting = bench.sit(offer, aDraw(50), cheap, stop.signal);
    sitting.catch(() => undefined);
    await until("the work", () => done.includes("perform"));
    stop.abort(reason);
    expect(await rejection(sitting)).to.equal(reason);
    expect([await debts.open(), [...kept]]).to.deep.equal([[], []]);
  });

  it("passes on why the work cannot be done", async () => {
    const reason = new Error("the input is nowhere");
    const { bench, signal, debts } = start({ perform: () => Promise.reject(reason) });
    expect(await rejection(bench.sit(offer, aDraw(0), cheap, signal))).to.equal(reason);
    expect(await debts.open()).to.deep.equal([]);
  });
});

describe("provider effects in a round", () => {
  const deployFive = async () => fillPool(await deployMarket(), 5);
  const setUp = async () => {
    const panel = await loadFixture(deployFive);
    await networkHelpers.mine();
    const task = await postRound(panel);
    await time.increaseTo(task.openedAt + (WINDOW * 3) / 4);
    const effects = chainEffects(await protocolOf(panel, panel.agent), 1);
    return { panel, task, effects, pool: panel.providerPool };
  };

  it("tell of a member since when it is one, and with how many slots", async () => {
    const { effects, pool } = await setUp();
    const { joinedAt, slots, freeSlots } = (await effects.standing(1)) ?? {};
    const membership = await pool.getMembership(1, 1);
    expect([joinedAt, slots, freeSlots]).to.deep.equal([Number(membership.joinedAt), 2, 2]);
    await pool.connect(ownerOf((await setUp()).panel, 1n)).leavePool(1, 1);
    expect(await effects.standing(1)).to.equal(undefined);
  });

  it("sit with the least weight without a score, and once", async () => {
    const { task, effects, pool } = await setUp();
    const debt = debtOf(task, 1);
    expect(await effects.takeSeat(debt)).to.deep.equal({ seat: 0, weight: MIN_WEIGHT });
    expect((await pool.getProvider(1)).locked).to.equal(CAP + 2n * STAKE_PER_SLOT);
    await expectRevert(effects.takeSeat(debt), "AlreadySeated", { taskId: task.taskId, provider: 1n });
  });

  for (const [score, unbonded, weight] of [
    // Half of what is left of 0.8 beside the bond of 0.02 is 0.39, and a step of weight locks 0.1.
    [60_000_000n, 0n, 5],
    [60_000_000n, parseEther("0.7"), 2],
    [17_000_000n, 0n, 4],
  ] as const) {
    it(`sit with weight ${weight} at ${score / 1_000_000n} points with ${formatEther(unbonded)} of stake away`, async () => {
      const { panel, task, effects, pool } = await setUp();
      await seedStanding(panel.reputation, 1, { score, updatedAt: await time.latest() });
      if (unbonded > 0n) await pool.connect(panel.providerOwner).unbond(1, unbonded);
      expect(await effects.takeSeat(debtOf(task, 1))).to.deep.equal({ seat: 0, weight });
    });
  }
});
