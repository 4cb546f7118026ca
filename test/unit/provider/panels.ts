import { expect } from "chai";
import { toUtf8Bytes } from "ethers";
import { digestOf } from "../../../src/content/digest.js";
import { entryOf, LATE, MIN_WEIGHT, seatsOf, ticketOf, ticketsAt } from "../../../src/protocol/consensus.js";
import { keyPair } from "../../../src/protocol/envelope.js";
import { watch } from "../../../src/protocol/events.js";
import { draftOrder, Verification } from "../../../src/protocol/order.js";
import { readPanel } from "../../../src/protocol/panel.js";
import type { Protocol } from "../../../src/protocol/protocol.js";
import type { Seeded } from "../../../src/protocol/round.js";
import { createBench } from "../../../src/provider/bench.js";
import { createBoard } from "../../../src/provider/board.js";
import { memoryDebts } from "../../../src/provider/debts.js";
import { asksForReservation, decide, type Offer, type Standing, type Turn } from "../../../src/provider/decide.js";
import { drawFor } from "../../../src/provider/draws.js";
import { chainEffects } from "../../../src/provider/effects.js";
import {
  deployPanel,
  disclosedTask,
  disputedTask,
  everybodySits,
  reveal,
  sitOn,
  TRUST,
} from "../../helpers/disputes.js";
import { loadFixture, networkHelpers, time } from "../../helpers/network.js";
import { panelWorkOf } from "../../helpers/panelWork.js";
import { protocolOf, readerOf } from "../../helpers/protocol.js";
import { expectRevert } from "../../helpers/refusal.js";
import { ownerOf } from "../../helpers/rounds.js";

const NOW = 1_000_000;
const OUTPUT = toUtf8Bytes("truth");

/** A disputed task as it stands on the board: its panel seals for an hour. */
const anOffer = (panel: Partial<Offer["panel"]> = {}, order: Partial<Offer["order"]> = {}): Offer => ({
  taskId: `0x${"11".repeat(32)}`,
  order: draftOrder({
    client: `0x${"22".repeat(20)}`,
    source: 1,
    trust: TRUST,
    maxReward: 2_000_000n,
    bond: 500n,
    reservation: 600,
    deadline: NOW - 100,
    inputDigest: `0x${"33".repeat(32)}`,
    clientKey: keyPair().publicKey,
    ...order,
  }),
  startFraction: 2n ** 31n,
  openedAt: BigInt(NOW - 3_000),
  clearedAt: BigInt(NOW - 2_000),
  deadline: BigInt(NOW + 3_600),
  rampDuration: 1_000n,
  feeBps: 250n,
  royaltyBps: 500n,
  panel: { price: 1_000_000n, before: NOW - 2_000, judged: false, ...panel },
});
const MEMBER: Standing = {
  ...{ environments: 1, gpuMemory: 0, freeStake: 500n, score: 10 },
  ...{ slots: 2, freeSlots: 0, joinedAt: NOW - 2_001 },
};
const cheap = { payment: 900_000n, duration: 10 };
const turn = (entry: number, isLate = false): Turn => ({ entry: NOW + entry, isLate });

describe("provider.decide on a panel", () => {
  it("sits when its turn has come, and begins ahead of it", () => {
    expect(decide(anOffer(), MEMBER, cheap, NOW, turn(0))).to.deep.equal({ act: "attempt" });
    expect(decide(anOffer(), MEMBER, cheap, NOW, turn(500))).to.deep.equal({ act: "wait", until: NOW + 500 - 16 });
    expect(decide(anOffer(), MEMBER, cheap, NOW, turn(500, true))).to.deep.equal({ act: "wait", until: NOW + 500 });
  });

  it("looks again a second later as long as its turn is unknown", () => {
    expect(decide(anOffer(), MEMBER, cheap, NOW)).to.deep.equal({ act: "wait", until: NOW + 1 });
  });

  it("is paid the price as it is, without fee and royalty", () => {
    expect(decide(anOffer(), MEMBER, { ...cheap, payment: 1_000_000n }, NOW, turn(0)).act).to.equal("attempt");
    const decision = decide(anOffer(), MEMBER, { ...cheap, payment: 1_000_001n }, NOW, turn(0));
    expect(decision).to.deep.equal({ act: "leave", reason: "it never pays 1000001 wei" });
  });

  it("reserves nothing, whatever the order asks of its deliveries", () => {
    const offer = anOffer();
    expect(asksForReservation(offer)).to.equal(false);
    expect(asksForReservation({ order: offer.order })).to.equal(true);
    expect(decide(offer, MEMBER, cheap, NOW, turn(0)).act).to.equal("attempt");
  });

  for (const [what, offer, standing, now, when, reason] of [
    ["of a delivery that came when it joined", anOffer({ before: NOW - 2_001 }), MEMBER, NOW, turn(0), "older than"],
    ["whose bond it cannot lock", anOffer({}, { bond: 501n }), MEMBER, NOW, turn(0), "bond of 501"],
    ["that asks for more score", anOffer({}, { minScore: 11 }), MEMBER, NOW, turn(0), "score of 11"],
    ["for other hardware", anOffer({}, { environments: 2 }), MEMBER, NOW, turn(0), "hardware"],
    ["that is nearly over", anOffer(), MEMBER, NOW + 3_591, turn(0), "deadline is too near"],
    ["for which it is drawn too late", anOffer(), MEMBER, NOW, turn(3_601), "not drawn in time"],
  ] as const) {
    it(`leaves a panel ${what}`, () => {
      const decision = decide(offer, standing, cheap, now, when);
      expect(decision.act === "leave" && decision.reason).to.include(reason);
    });
  }
});

describe("provider panels on chain", () => {
  const setUp = async () => {
    const panel = await loadFixture(deployPanel);
    // The clock leaps with the first block after a fixture.
    await networkHelpers.mine();
    return { panel, reader: await readerOf(panel), manager: panel.taskManager };
  };
  type SetUp = Awaited<ReturnType<typeof setUp>>;
  const slotsOf = (provider: bigint) => (provider === 1n ? 2 : 1);
  /** What a board of a provider has about a task, given its order. */
  const offerOf = async ({ reader }: SetUp, taskId: string, provider: number) => {
    const closed: number[] = [];
    const board = createBoard({
      ...{ protocol: reader, provider, wants: () => true },
      ...{ opened: () => undefined, held: () => undefined, renewed: () => undefined },
      closed: (_taskId, holder) => closed.push(holder),
    });
    const to = await time.latestBlock();
    const posted = watch(reader, { events: ["taskManager.TaskSubmitted"], where: { taskId }, from: 0, to });
    for await (const event of posted) board.learn(event);
    await board.look([taskId]);
    return { offer: board.offers.get(taskId), closed };
  };

  describe("on the board", () => {
    it("are offered to all but the disputed provider, while they take seals", async () => {
      const all = await setUp();
      const { panel, reader } = all;
      const quiet = await disclosedTask(panel);
      expect((await offerOf(all, quiet.taskId, 2)).offer).to.equal(undefined);
      const task = await disputedTask(panel);
      const { clearedAt } = await panel.taskManager.getTask(task.taskId);
      const { sealsUntil = 0 } = await readPanel(reader, task.order);
      const { offer } = await offerOf(all, task.taskId, 2);
      expect(offer?.panel).to.deep.equal({ price: task.price, before: Number(clearedAt), judged: false });
      expect(offer?.deadline).to.equal(BigInt(sealsUntil));
      expect(await offerOf(all, task.taskId, 1)).to.deep.equal({ offer: undefined, closed: [1] });
      await everybodySits(panel, task);
      for (const provider of [2n, 3n, 4n]) await sitOn(panel, task, provider);
      expect(await offerOf(all, task.taskId, 5)).to.deep.equal({ offer: undefined, closed: [1] });
    });

    it("are offered no more when their clock has run", async () => {
      const all = await setUp();
      const task = await disputedTask(all.panel);
      const { sealsUntil = 0 } = await readPanel(all.reader, task.order);
      await time.increaseTo(sealsUntil);
      expect((await offerOf(all, task.taskId, 2)).offer?.panel?.judged).to.equal(false);
      await time.increaseTo(sealsUntil + 1);
      expect((await offerOf(all, task.taskId, 2)).offer).to.equal(undefined);
    });

    it("say that they judge, before the delivery is opened and after", async () => {
      const all = await setUp();
      const task = await disputedTask(all.panel, { source: 2 });
      expect((await offerOf(all, task.taskId, 2)).offer?.panel?.judged).to.equal(true);
      await reveal(all.panel, task);
      expect((await offerOf(all, task.taskId, 2)).offer?.panel?.judged).to.equal(true);
    });
  });

  describe("in the draw", () => {
    it("agree with the contracts to the second", async () => {
      const all = await setUp();
      const { panel, reader, manager } = all;
      const task = await disputedTask(panel);
      const { offer } = await offerOf(all, task.taskId, 2);
      if (offer === undefined) throw new Error("there is no offer");
      await manager.connect(panel.stranger).captureSeed(task.taskId);
      const { seed, capacity, sealsFrom = 0, sealsUntil = 0 } = await readPanel(reader, task.order);
      if (seed === undefined || capacity === undefined) throw new Error("there is no seed");
      const window = sealsUntil - sealsFrom;
      const start = await networkHelpers.takeSnapshot();
      let refused = 0;
      for (const provider of [...panel.members.keys()].slice(1)) {
        const slots = slotsOf(provider);
        const draw = await drawFor(reader, Number(provider), offer, { slots });
        const entry = entryOf(ticketOf(seed, task.taskId, provider), { slots, capacity }, window);
        expect(draw?.entry).to.equal(sealsFrom + entry);
        expect(draw?.isLate).to.equal(ticketsAt(entry, window, capacity) > LATE * seatsOf(TRUST));
        const { takeSeat } = chainEffects(await protocolOf(panel, ownerOf(panel, provider)), Number(provider));
        const debt = panelWorkOf(task, Number(provider));
        if (sealsFrom + entry > (await time.latest()) + 3) {
          await time.increaseTo(sealsFrom + entry - 2);
          await time.setNextBlockTimestamp(sealsFrom + entry - 1);
          const early = manager
            .connect(ownerOf(panel, provider))
            .takeSeat.staticCall(task.packed, provider, MIN_WEIGHT, debt.sealed.seal, { blockTag: "pending" });
          await expect(early).to.be.revertedWithCustomError(manager, "NotDrawn");
          await time.setNextBlockTimestamp(sealsFrom + entry);
          refused++;
        }
        expect((await takeSeat(debt)).seat).to.equal(0);
        await start.restore();
      }
      expect(refused).to.be.greaterThan(0);
    });

    it("have no place any more when sealing is over, nor before judges may seal", async () => {
      const all = await setUp();
      const { panel, reader } = all;
      const task = await disputedTask(panel);
      const { offer = anOffer() } = await offerOf(all, task.taskId, 2);
      expect((await drawFor(reader, 2, offer, { slots: 1 }))?.round.taskId).to.equal(task.taskId);
      await everybodySits(panel, task);
      for (const provider of [2n, 3n, 4n]) await sitOn(panel, task, provider);
      expect(await drawFor(reader, 5, offer, { slots: 1 })).to.equal(undefined);
      const judged = await disputedTask(panel, { source: 2 });
      const { offer: other = anOffer() } = await offerOf(all, judged.taskId, 2);
      expect(await drawFor(reader, 2, other, { slots: 2 })).to.equal(undefined);
    });
  });

  it("let nobody else open the delivery of a provider", async () => {
    const { panel } = await setUp();
    const task = await disputedTask(panel);
    const stranger = chainEffects(await protocolOf(panel, panel.stranger), 1);
    await everybodySits(panel, task);
    for (const provider of [2n, 3n, 4n]) await sitOn(panel, task, provider);
    const { resultDigest, salt, envelopeHash } = task.delivery;
    const sealed = { ...panelWorkOf(task, 1).sealed, resultDigest, salt, envelopeHash };
    const opening = stranger.openDelivery({ ...task, provider: 1, sealed });
    await expectRevert(opening, "NotAgent", { provider: 1n, key: panel.stranger.address });
  });
});

describe("provider.createBench in a panel", () => {
  it("keeps what it owes as a seat in a panel, and its output to itself", async () => {
    const debts = memoryDebts();
    const kept: string[] = [];
    const unwanted = (what: string) => () => Promise.reject(new Error(`${what} was not asked for`));
    const bench = createBench({
      ...{ protocol: { patience: { interval: 2 } } as Protocol, provider: 7, debts, clock: () => NOW, from: 0 },
      effects: {
        perform: () => Promise.resolve(OUTPUT),
        captureSeed: () => Promise.resolve(),
        ...{ publish: unwanted("publish"), reserve: unwanted("reserve"), prepare: unwanted("prepare") },
      },
      outputs: { keep: (taskId) => void kept.push(taskId) },
      ...{ reserved: () => undefined, troubled: () => undefined },
    });
    const round = { seedBlock: 100, blockNumber: 101, openedAt: NOW, timestamp: NOW + 10 } as Seeded;
    const offer = anOffer();
    const debt = await bench.sit(offer, { round, ...turn(0) }, cheap, new AbortController().signal);
    expect(debt).to.include({ taskId: offer.taskId, provider: 7, panel: true });
    expect(debt.sealed.resultDigest).to.equal(digestOf(OUTPUT));
    expect([await debts.open(), kept]).to.deep.equal([[debt], [offer.taskId]]);
    expect(offer.order.verification).to.equal(Verification.Review);
  });
});
