import { expect } from "chai";
import { dataSlice } from "ethers";
import { SEED_DELAY } from "../../../src/protocol/consensus.js";
import { JUDGED_INVALID, JUDGED_VALID } from "../../../src/protocol/dispute.js";
import { packOrder, taskIdOf } from "../../../src/protocol/order.js";
import { type PanelSnapshot, readPanel } from "../../../src/protocol/panel.js";
import { seedOfRound } from "../../../src/protocol/round.js";
import {
  deployPanel,
  type DisclosedTask,
  disclosedTask,
  disputedTask,
  everybodySits,
  LIFETIME,
  panelOrder,
  passSealing,
  passSecond,
  reveal,
  sitOn,
  vote,
} from "../../helpers/disputes.js";
import { ethers, loadFixture, networkHelpers, time } from "../../helpers/network.js";
import { readerOf } from "../../helpers/protocol.js";
import type { Sealed } from "../../helpers/rounds.js";
import { CAP, openTask, WINDOWS } from "../../helpers/suite.js";

/** Slots of the six: the market's provider has two. */
const CAPACITY = 7;
/** What is only known of a dispute that goes on. */
const PASSING = [
  ...["disputedAt", "sealsFrom", "sealsUntil", "sealedAt", "revealUntil", "revealedAt", "resultDigest"],
  ...["opensFrom", "opensUntil", "claimsUntil", "seedBlock", "seed", "capacity", "winner"],
] as const;

const setUp = async () => {
  const panel = await loadFixture(deployPanel);
  // The clock leaps with the first block after a fixture.
  await networkHelpers.mine();
  const protocol = await readerOf(panel);
  const read = ({ order }: Pick<DisclosedTask, "order">) => readPanel(protocol, order);
  return { panel, protocol, read, manager: panel.taskManager };
};
type Setting = Awaited<ReturnType<typeof setUp>>;

const resultOf = (output: string) => dataSlice(ethers.sha256(ethers.toUtf8Bytes(output)), 0, 16);
/** Members sit, the second one first, one for each output. */
const sat = async ({ panel }: Setting, task: DisclosedTask, outputs: readonly string[]): Promise<Sealed[]> => {
  await everybodySits(panel, task);
  const seats: Sealed[] = [];
  for (const [seat, output] of outputs.entries()) seats.push(await sitOn(panel, task, BigInt(seat + 2), { output }));
  return seats;
};
/** A disputed task whose panel has sealed and whose provider has opened "truth". */
const opened = async (setting: Setting, outputs: readonly string[]) => {
  const task = await disputedTask(setting.panel);
  const seats = await sat(setting, task, outputs);
  const sealedAt = await time.latest();
  await reveal(setting.panel, task);
  return { task, seats, sealedAt, revealedAt: await time.latest() };
};
const expectNothingOf = (panel: PanelSnapshot, ...known: string[]) => {
  const told = panel as unknown as Readonly<Record<string, unknown>>;
  for (const field of PASSING) if (!known.includes(field)) expect(told[field], field).to.equal(undefined);
};

describe("protocol.readPanel", () => {
  it("tells nothing of an order that nobody posted, nor of a task that is not disputed", async () => {
    const { panel, read } = await setUp();
    const order = await panelOrder(panel);
    const none = await read({ order });
    expect(none).to.include({ taskId: taskIdOf(order, panel.domain), state: "None", provider: 0, disputed: false });
    expectNothingOf(none);
    const open = await openTask(panel);
    const disclosed = await disclosedTask(panel);
    for (const [task, state] of [
      [open, "Open"],
      [disclosed, "Disclosed"],
    ] as const) {
      const snapshot = await read(task);
      expect(snapshot).to.include({ state, disputed: false, decided: false, judged: false, openedAt: 0 });
      expect([snapshot.seats, snapshot.outcomes]).to.deep.equal([[], []]);
      expectNothingOf(snapshot);
    }
    expect(await read(disclosed)).to.include({ provider: 1, price: disclosed.price });
  });

  it("tells since when it is disputed, until when seals are taken, and what its seed comes from", async () => {
    const { panel, protocol, read, manager } = await setUp();
    const task = await disclosedTask(panel, { rampDuration: 3_000 });
    const { openedAt, clearedAt } = await manager.getTask(task.taskId);
    await manager.connect(panel.client).dispute(packOrder(task.order));
    const [disputedAt, block] = [await time.latest(), await time.latestBlock()];
    const window = WINDOWS.seed + Math.max(WINDOWS.panelMin, task.order.deadline - Number(openedAt));
    const young = await read(task);
    expect(young).to.include({ state: "Round", disputed: true, provider: 1, judged: false, decided: false });
    expect(young).to.include({
      disputedAt,
      openedAt: disputedAt,
      sealsFrom: disputedAt,
      sealsUntil: disputedAt + window,
    });
    expect(young).to.include({ seedBlock: block + SEED_DELAY, capacity: CAPACITY, before: Number(clearedAt) });
    expect(young.price).to.equal(task.price);
    expect(young.price < CAP).to.equal(true);
    expectNothingOf(young, "disputedAt", "sealsFrom", "sealsUntil", "seedBlock", "capacity");
    expect(await seedOfRound(protocol, young)).to.equal(undefined);

    await networkHelpers.mine(SEED_DELAY + 1, { interval: 1 });
    const seed = await seedOfRound(protocol, await read(task));
    await manager.connect(panel.stranger).captureSeed(task.taskId);
    const seeded = await read(task);
    expect(seeded).to.include({ seedBlock: undefined, seed, capacity: CAPACITY });
    expect(await seedOfRound(protocol, seeded)).to.equal(seed);
  });

  it("tells who sits", async () => {
    const setting = await setUp();
    const task = await disputedTask(setting.panel);
    await sat(setting, task, ["truth", "lie"]);
    const panel = await setting.read(task);
    const seat = { weight: 2, result: undefined, claimed: false, unavailable: false };
    expect(panel.seats).to.deep.equal([
      { ...seat, provider: 2 },
      { ...seat, provider: 3 },
    ]);
    expect(panel).to.include({ sealedAt: undefined, revealUntil: undefined, decided: false });
    expect(panel.outcomes).to.deep.equal(["Unopened", "Unopened"]);
  });

  it("tells until when the provider may open, once sealing has ended early", async () => {
    const setting = await setUp();
    const task = await disputedTask(setting.panel);
    await sat(setting, task, ["truth", "truth", "lie"]);
    const sealedAt = await time.latest();
    const panel = await setting.read(task);
    expect(panel).to.include({ sealedAt, revealUntil: sealedAt + WINDOWS.openProvider, opensFrom: undefined });
    expect(panel).to.include({ capacity: undefined, opensUntil: undefined, claimsUntil: undefined, decided: false });
  });

  it("tells the same once the clock of sealing is over, and not a second before", async () => {
    const setting = await setUp();
    const task = await disputedTask(setting.panel);
    await sat(setting, task, ["truth", "truth"]);
    const { sealsUntil = 0 } = await setting.read(task);
    await time.increaseTo(sealsUntil);
    expect(await setting.read(task)).to.include({ sealedAt: undefined, revealUntil: undefined });
    await time.increaseTo(sealsUntil + 1);
    expect(await setting.read(task)).to.include({
      sealedAt: sealsUntil,
      revealUntil: sealsUntil + WINDOWS.openProvider,
    });
  });

  it("tells what the provider has opened, and until when votes are", async () => {
    const setting = await setUp();
    const { task, sealedAt, revealedAt } = await opened(setting, ["truth", "truth", "lie"]);
    const [opensUntil, claimsUntil] = [revealedAt + WINDOWS.open, revealedAt + WINDOWS.open + WINDOWS.claim];
    const panel = await setting.read(task);
    expect(panel).to.include({ sealedAt, revealedAt, opensFrom: revealedAt, opensUntil, claimsUntil, decided: false });
    expect(panel.resultDigest).to.equal(task.delivery.resultDigest);
  });

  it("lets votes begin when the provider has opened nothing in time", async () => {
    const setting = await setUp();
    const task = await disputedTask(setting.panel);
    const [first] = await sat(setting, task, ["truth", "truth", "lie"]);
    const revealUntil = (await time.latest()) + WINDOWS.openProvider;
    await time.increaseTo(revealUntil);
    expect(await setting.read(task)).to.include({ revealUntil, opensFrom: undefined });
    await passSecond(revealUntil);
    if (first === undefined) throw new Error("nobody sits");
    await vote(setting.panel, task, first);
    const panel = await setting.read(task);
    expect(panel).to.include({ opensFrom: revealUntil, opensUntil: revealUntil + WINDOWS.open, revealedAt: undefined });
    expect(panel).to.include({ resultDigest: undefined, outcome: "Unanswered", decided: false });
  });

  it("tells what was voted, and how it ends if nothing more is", async () => {
    const setting = await setUp();
    const { task, seats } = await opened(setting, ["truth", "lie", "lie"]);
    const seen: PanelSnapshot[] = [];
    for (const [index, seat] of seats.entries()) {
      await vote(setting.panel, task, seat, { available: index > 0 });
      seen.push(await setting.read(task));
    }
    expect(seen.map(({ outcome }) => outcome)).to.deep.equal(["Undecided", "Undecided", "Overturned"]);
    expect(seen.map(({ decided }) => decided)).to.deep.equal([false, false, true]);
    const last = seen.at(-1);
    expect(last?.winner).to.equal(resultOf("lie"));
    expect(last?.seats.map(({ result }) => result)).to.deep.equal(["truth", "lie", "lie"].map(resultOf));
    expect(last?.seats.map(({ unavailable }) => unavailable)).to.deep.equal([true, false, false]);
    expect(last?.outcomes).to.deep.equal(["Wrong", "Paid", "Paid"]);
  });

  it("decides when the time for votes is over, and not a second before", async () => {
    const setting = await setUp();
    const { task, seats, revealedAt } = await opened(setting, ["truth", "truth", "truth"]);
    for (const seat of seats.slice(0, 2)) await vote(setting.panel, task, seat);
    await time.increaseTo(revealedAt + WINDOWS.open);
    expect(await setting.read(task)).to.include({ decided: false, outcome: "Upheld" });
    await time.increaseTo(revealedAt + WINDOWS.open + 1);
    const panel = await setting.read(task);
    expect(panel).to.include({ decided: true, outcome: "Upheld" });
    expect(panel.outcomes).to.deep.equal(["Paid", "Paid", "Unopened"]);
  });

  it("overturns what most could not read, though they have the same", async () => {
    const setting = await setUp();
    const { task, seats } = await opened(setting, ["truth", "truth", "truth"]);
    for (const [index, seat] of seats.entries()) await vote(setting.panel, task, seat, { available: index === 0 });
    const panel = await setting.read(task);
    expect(panel).to.include({ decided: true, outcome: "Overturned", winner: resultOf("truth") });
  });

  it("lets a delivery stand where nobody sat", async () => {
    const setting = await setUp();
    const task = await disputedTask(setting.panel);
    await passSealing(setting.panel, task);
    await reveal(setting.panel, task);
    expect(await setting.read(task)).to.include({ outcome: "Standing", winner: undefined });
  });

  it("tells who has claimed", async () => {
    const setting = await setUp();
    const { task, seats } = await opened(setting, ["lie", "lie", "truth"]);
    for (const seat of seats) await vote(setting.panel, task, seat);
    await setting.manager.connect(setting.panel.stranger).claimSeat(task.packed, 1, seats[1]?.envelope ?? "");
    const panel = await setting.read(task);
    expect(panel.seats.map(({ claimed }) => claimed)).to.deep.equal([false, true, false]);
    expect(panel).to.include({ state: "Round", decided: true, outcome: "Overturned" });
  });

  it("tells of a dispute that is over its end and its price, and nothing of seats", async () => {
    const setting = await setUp();
    const { panel, read, manager } = setting;
    for (const [outputs, state] of [
      [["truth", "truth", "truth"], "Settled"],
      [["truth", "lie", "other"], "Refunded"],
    ] as const) {
      const { task, seats } = await opened(setting, outputs);
      for (const seat of seats) await vote(panel, task, seat);
      await manager.connect(panel.stranger).settle(task.packed);
      const over = await read(task);
      expect(over).to.include({ state, disputed: true, provider: 1, decided: false, price: CAP });
      expect(over.seats).to.deep.equal([]);
      expectNothingOf(over);
    }
  });

  describe("of judges", () => {
    it("tells that they wait for the provider, and until when", async () => {
      const { panel, read } = await setUp();
      const task = await disputedTask(panel, { source: 2 });
      const waiting = await read(task);
      const { disputedAt = 0 } = waiting;
      const revealUntil = disputedAt + WINDOWS.openProvider;
      expect(waiting).to.include({ judged: true, sealsUntil: undefined, sealedAt: undefined, revealUntil });
      expect(waiting).to.include({ outcome: "Unanswered", decided: false });
      await time.increaseTo(revealUntil);
      expect(await read(task)).to.include({ decided: false });
      await time.increaseTo(revealUntil + 1);
      expect(await read(task)).to.include({ decided: true, outcome: "Unanswered" });
    });

    for (const [digest, outcome] of [
      [JUDGED_VALID, "Upheld"],
      [JUDGED_INVALID, "Rejected"],
    ] as const) {
      it(`tells that they vote as soon as they have sealed, and what ends as ${outcome}`, async () => {
        const { panel, read } = await setUp();
        const task = await disputedTask(panel, { source: 2 });
        await reveal(panel, task);
        const revealedAt = await time.latest();
        const sealing = await read(task);
        const { sealsFrom = 0, sealsUntil = 0 } = sealing;
        expect(sealing).to.include({ revealedAt, sealsFrom: revealedAt, opensFrom: undefined, decided: false });
        expect(sealsUntil - sealsFrom).to.be.at.least(WINDOWS.seed + LIFETIME);
        await everybodySits(panel, task);
        const seats: Sealed[] = [];
        for (const provider of [2n, 3n, 4n]) seats.push(await sitOn(panel, task, provider, { digest }));
        const sealedAt = await time.latest();
        expect(await read(task)).to.include({ sealedAt, opensFrom: sealedAt, opensUntil: sealedAt + WINDOWS.open });
        for (const seat of seats) await vote(panel, task, seat);
        expect(await read(task)).to.include({ decided: true, outcome, winner: dataSlice(digest, 0, 16) });
      });
    }
  });

  it("takes one request and one block", async () => {
    const { panel, protocol } = await setUp();
    const { order } = await disputedTask(panel);
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
    const { blockNumber, timestamp } = await readPanel({ ...protocol, provider }, order);
    expect(asked).to.deep.equal(["call"]);
    expect([blockNumber, timestamp]).to.deep.equal([await time.latestBlock(), await time.latest()]);
  });
});
