import { expect } from "chai";
import { concat, dataSlice, toUtf8Bytes } from "ethers";
import { collect, type CollectEvent, type CollectOptions } from "../../../src/client/collect.js";
import { exportOrders, importOrders, type JournalEntry, memoryJournal } from "../../../src/client/journal.js";
import { type OrderDraft, submitOrder } from "../../../src/client/submitOrder.js";
import { listen } from "../../../src/client/tidings.js";
import { orderWork, type WorkEvent } from "../../../src/client/work.js";
import { digestOf } from "../../../src/content/digest.js";
import { type ContentStore, memoryStore } from "../../../src/content/store.js";
import { MIN_WEIGHT, SEED_DELAY } from "../../../src/protocol/consensus.js";
import { type Opening, type SealedEnvelope, sealEnvelope } from "../../../src/protocol/envelope.js";
import { packOrder, Verification } from "../../../src/protocol/order.js";
import type { SigningProtocol } from "../../../src/protocol/protocol.js";
import { pause } from "../../../src/protocol/retry.js";
import { readRound } from "../../../src/protocol/round.js";
import { until } from "../../helpers/holders.js";
import { loadFixture, networkHelpers, time } from "../../helpers/network.js";
import { protocolOf } from "../../helpers/protocol.js";
import { fillPool, type Panel } from "../../helpers/rounds.js";
import { TaskState } from "../../helpers/states.js";
import { CAP, deployMarket, random32, WINDOWS } from "../../helpers/suite.js";

const OUTPUT = toUtf8Bytes("output");
const HOUR = 3600;

/** A seat that the test took for a member of the pool, and what opens it. */
interface Seat {
  readonly provider: number;
  readonly seat: number;
  readonly sealed: SealedEnvelope;
}

const deployFive = async () => fillPool(await deployMarket(), 5);

describe("client collect of a round", () => {
  let panel: Panel;
  let protocol: SigningProtocol;
  let store: ContentStore;
  let inbox: string[];
  const stops: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    panel = await loadFixture(deployFive);
    // The clock leaps with the first block after a fixture.
    await networkHelpers.mine();
    protocol = await protocolOf(panel, panel.client);
    store = memoryStore();
    inbox = [];
  });
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });

  const draftOf = async (changes: Partial<OrderDraft> = {}): Promise<OrderDraft> => ({
    ...{ source: 1, maxReward: CAP, bond: CAP, rampDuration: 0, inputDigest: random32() },
    ...{ verification: Verification.Quorum, trust: 2, reviewPeriod: 0 },
    deadline: (await time.latest()) + HOUR,
    ...changes,
  });
  const submit = async (): Promise<JournalEntry> =>
    (await submitOrder(protocol, await draftOf(), { journal: memoryJournal() })).entry;

  /** What a provider seals of an output, so that the client can open it. */
  const sealedBy = ({ taskId, order }: JournalEntry, provider: number, resultDigest: string): SealedEnvelope =>
    sealEnvelope({ taskId, provider }, order.clientKey, { resultDigest, location: "here" });
  /** Members of the pool sit, one for each output. */
  const sit = async (entry: JournalEntry, outputs: readonly Uint8Array[]): Promise<Seat[]> => {
    const { taskId, order } = entry;
    const ready = Number((await panel.taskManager.getTask(taskId)).openedAt) + (HOUR * 3) / 4 + 10;
    const { seedBlock = 0 } = await readRound(protocol, order);
    const missing = seedBlock + 1 - (await time.latestBlock());
    if (missing > 0) await networkHelpers.mine(missing, { interval: 1 });
    if ((await time.latest()) < ready) await time.increaseTo(ready);
    const seats: Seat[] = [];
    for (const [seat, output] of outputs.entries()) {
      const [provider, owner] = [...panel.members][seat] ?? [0n, panel.stranger];
      const sealed = sealedBy(entry, Number(provider), digestOf(output));
      const manager = panel.taskManager.connect(provider === 1n ? panel.agent : owner);
      await manager.takeSeat(packOrder(order), provider, MIN_WEIGHT, sealed.seal);
      seats.push({ provider: Number(provider), seat, sealed });
    }
    return seats;
  };
  const open = async ({ taskId }: JournalEntry, { seat, sealed }: Seat) => {
    const { resultDigest, salt, envelopeHash } = sealed;
    await panel.taskManager.connect(panel.stranger).openSeat(taskId, seat, resultDigest, salt, envelopeHash);
  };
  /** A round whose seals were opened. */
  const decide = async (entry: JournalEntry, outputs: readonly Uint8Array[]) => {
    const seats = await sit(entry, outputs);
    for (const seat of seats) await open(entry, seat);
    const [first, second, third] = seats;
    if (first === undefined || second === undefined) throw new Error("two seats are needed");
    return { seats, first, second, third: third ?? second };
  };
  const claim = ({ order }: JournalEntry, { seat, sealed }: Seat) =>
    panel.taskManager.connect(panel.stranger).claimSeat(packOrder(order), seat, sealed.envelope);
  const OTHER = toUtf8Bytes("another");
  const THIRD = toUtf8Bytes("a third");

  const start = (entry: JournalEntry, changes: Partial<CollectOptions> = {}, by = protocol) => {
    const events: CollectEvent[] = [];
    const ending = new AbortController();
    const tidings = listen(by, entry.order.client, 0);
    let looks = 0;
    const news: typeof tidings.news = (...wait) => {
      looks++;
      return tidings.news(...wait);
    };
    const running = collect(by, entry, {
      ...{ tidings: { ...tidings, news }, store, envelopes: () => inbox, discloseWindow: WINDOWS.disclose },
      report: (event) => events.push(event),
      signal: ending.signal,
      ...changes,
    });
    running.catch(() => undefined);
    const following = tidings.follow(ending.signal);
    following.catch(() => undefined);
    const stop = async () => {
      ending.abort(new Error("stopped"));
      await Promise.allSettled([running, following]);
    };
    stops.push(stop);
    return {
      ...{ events, running, stop },
      kinds: () => events.map(({ kind }) => kind),
      troubles: () => events.flatMap((event) => (event.kind === "trouble" ? [event.reason] : [])),
      looked: async (times = 4) => {
        const before = looks;
        await until(`${times} looks`, () => looks >= before + times);
      },
    };
  };
  type Collecting = ReturnType<typeof start>;
  const stateOf = async ({ taskId }: JournalEntry) => (await panel.taskManager.getTask(taskId)).state;
  /** Looks some times more; fails if the client sent anything meanwhile. */
  const expectSilence = async (collecting: Collecting, entry: JournalEntry) => {
    await collecting.looked(1);
    const [sent, state] = [await panel.client.getNonce(), await stateOf(entry)];
    await collecting.looked();
    expect([await panel.client.getNonce(), await stateOf(entry)]).to.deep.equal([sent, state]);
  };
  const paidProviders = async ({ taskId }: JournalEntry) => {
    const { taskManager } = panel;
    const settled = await taskManager.queryFilter(taskManager.filters.TaskSettled(taskId));
    return settled.map(({ args }) => Number(args.provider));
  };
  const heldNow = async () => (await panel.escrow.accountOf(panel.client)).held;

  it("pays all winners at once, when it has the output that they agree on, and not before the verdict", async () => {
    const entry = await submit();
    const collecting = start(entry);
    await store.put(OUTPUT);
    await expectSilence(collecting, entry);
    const seats = await sit(entry, [OUTPUT, OUTPUT, OUTPUT]);
    const [first, second, third] = seats;
    if (first === undefined || second === undefined || third === undefined) throw new Error("nobody sits");
    inbox.push(first.sealed.envelope);
    await expectSilence(collecting, entry);
    expect(collecting.kinds()).to.deep.equal(["sealed"]);
    await open(entry, first);
    await open(entry, second);
    // Two agree, but the third may still open.
    await expectSilence(collecting, entry);
    await open(entry, third);
    const paid = { provider: first.provider, price: CAP, executions: 3 };
    expect(await collecting.running).to.deep.equal({ outcome: "paid", ...paid, output: OUTPUT });
    expect(await paidProviders(entry)).to.deep.equal(seats.map(({ provider }) => provider));
    expect(collecting.kinds()).to.deep.equal(["sealed", "decided", "paid"]);
    const [sealed, decided, ended] = collecting.events;
    expect(sealed).to.include({ seats: 3, winners: 0, price: CAP });
    expect(decided).to.include({ seats: 3, winners: 3, price: CAP });
    expect(ended).to.include(paid);
    expect(await heldNow()).to.equal(0n);
  });

  it("pays those that agree, and not who was wrong, nor who never opened", async () => {
    await store.put(OUTPUT);
    const wrong = await submit();
    const { seats, second } = await decide(wrong, [OTHER, OUTPUT, OUTPUT]);
    inbox.push(second.sealed.envelope);
    const paid = { outcome: "paid", provider: second.provider, price: CAP, executions: 2, output: OUTPUT };
    expect(await start(wrong).running).to.deep.equal(paid);
    expect(await paidProviders(wrong)).to.deep.equal(seats.slice(1).map(({ provider }) => provider));

    const silent = await submit();
    const sat = await sit(silent, [OUTPUT, OUTPUT]);
    await time.increaseTo(silent.order.deadline + 1);
    for (const seat of sat) await open(silent, seat);
    inbox.push(sat[1]?.sealed.envelope ?? "");
    expect(await start(silent).running).to.deep.include({ outcome: "paid", executions: 2, output: OUTPUT });
  });

  it("decides when the time for openings is over", async () => {
    const entry = await submit();
    await store.put(OUTPUT);
    const [first, second] = await sit(entry, [OUTPUT, OUTPUT, OUTPUT]);
    if (first === undefined || second === undefined) throw new Error("nobody sits");
    await open(entry, first);
    await open(entry, second);
    inbox.push(second.sealed.envelope);
    const collecting = start(entry);
    await expectSilence(collecting, entry);
    const { opensUntil = 0 } = await readRound(protocol, entry.order);
    await time.increaseTo(opensUntil + 1);
    expect(await collecting.running).to.deep.include({ outcome: "paid", executions: 2, output: OUTPUT });
  });

  describe("takes the output from whatever winner sends it", () => {
    for (const [what, first] of [
      ["is missing", () => []],
      ["is garbage", () => ["0x", "no envelope", `0x${"00".repeat(200)}`, `0x01${"11".repeat(200)}`]],
      [
        "was altered",
        ({ sealed }: Seat) => [`${sealed.envelope.slice(0, -2)}${sealed.envelope.endsWith("00") ? "01" : "00"}`],
      ],
    ] as const) {
      it(`from the second if the first one's ${what}`, async () => {
        const entry = await submit();
        await store.put(OUTPUT);
        const { first: one, second } = await decide(entry, [OUTPUT, OUTPUT, OTHER]);
        inbox.push(...first(one));
        const collecting = start(entry);
        await expectSilence(collecting, entry);
        inbox.push(second.sealed.envelope);
        expect(await collecting.running).to.deep.include({ outcome: "paid", output: OUTPUT, executions: 2 });
        expect(collecting.troubles()).to.deep.equal([]);
      });
    }

    it("from the second if what the first one says begins like the digest, but is not it", async () => {
      const entry = await submit();
      await store.put(OUTPUT);
      const { first, second } = await decide(entry, [OUTPUT, OUTPUT, OTHER]);
      const alike = concat([dataSlice(digestOf(OUTPUT), 0, 16), `0x${"77".repeat(16)}`]);
      inbox.push(sealedBy(entry, first.provider, alike).envelope);
      const collecting = start(entry);
      await expectSilence(collecting, entry);
      expect(collecting.troubles()).to.have.length(1);
      inbox.push(second.sealed.envelope);
      expect(await collecting.running).to.deep.include({ outcome: "paid", output: OUTPUT });
    });

    it("from the chain, where a winner has claimed, also while the inbox is away", async () => {
      const entry = await submit();
      await store.put(OUTPUT);
      const { second } = await decide(entry, [OUTPUT, OUTPUT, OTHER]);
      const collecting = start(entry, { envelopes: () => Promise.reject(new Error("the inbox is away")) });
      await expectSilence(collecting, entry);
      await claim(entry, second);
      expect(await collecting.running).to.deep.include({ outcome: "paid", output: OUTPUT, executions: 2 });
      expect(collecting.troubles()).to.deep.equal(["the inbox is away"]);
    });

    it("and from nobody else", async () => {
      const entry = await submit();
      const other = await submit();
      await Promise.all([OUTPUT, OTHER].map((output) => store.put(output)));
      const { first, third } = await decide(entry, [OUTPUT, OUTPUT, OTHER]);
      inbox.push(
        // Of the loser, of one that has no seat, of another task, and in the name of a winner.
        third.sealed.envelope,
        sealedBy(entry, 4, digestOf(OUTPUT)).envelope,
        sealedBy(other, first.provider, digestOf(OUTPUT)).envelope,
        sealedBy(entry, first.provider, digestOf(OTHER)).envelope,
      );
      const collecting = start(entry);
      await expectSilence(collecting, entry);
      expect([await stateOf(entry), collecting.troubles()]).to.deep.equal([TaskState.Round, []]);
    });

    it("and from none without the key that opens it", async () => {
      const entry = await submit();
      await store.put(OUTPUT);
      const { first } = await decide(entry, [OUTPUT, OUTPUT, OTHER]);
      inbox.push(first.sealed.envelope);
      delete entry.secretKey;
      await expectSilence(start(entry), entry);
    });
  });

  it("waits for an output that the store does not have yet, tells so once, and pays when it comes", async () => {
    const entry = await submit();
    const { first } = await decide(entry, [OUTPUT, OUTPUT, OTHER]);
    inbox.push(first.sealed.envelope);
    const collecting = start(entry);
    await until("the trouble", () => collecting.kinds().includes("trouble"));
    await expectSilence(collecting, entry);
    expect(collecting.troubles()).to.have.length(1);
    expect(collecting.troubles()[0]).to.contain(digestOf(OUTPUT));
    await store.put(OUTPUT);
    expect(await collecting.running).to.deep.include({ outcome: "paid", output: OUTPUT });
  });

  it("takes no output that is larger than it wants", async () => {
    const entry = await submit();
    await store.put(OUTPUT);
    const { first } = await decide(entry, [OUTPUT, OUTPUT, OTHER]);
    inbox.push(first.sealed.envelope);
    const collecting = start(entry, { maxOutput: OUTPUT.length - 1 });
    await until("the trouble", () => collecting.kinds().includes("trouble"));
    await expectSilence(collecting, entry);
    await collecting.stop();
    expect(await start(entry, { maxOutput: OUTPUT.length }).running).to.deep.include({ output: OUTPUT });
  });

  it("tells what was sealed before it pays, and does not pay while that cannot be kept", async () => {
    const entry = await submit();
    await store.put(OUTPUT);
    const { first } = await decide(entry, [OUTPUT, OUTPUT, OTHER]);
    inbox.push(first.sealed.envelope);
    let isFull = true;
    const kept: string[] = [];
    const opened = ({ resultDigest }: Opening) => {
      if (isFull) throw new Error("the disk is full");
      kept.push(resultDigest);
    };
    const collecting = start(entry, { opened });
    await until("the trouble", () => collecting.troubles().includes("the disk is full"));
    await expectSilence(collecting, entry);
    isFull = false;
    expect((await collecting.running).outcome).to.equal("paid");
    expect(kept).to.deep.equal([digestOf(OUTPUT)]);
  });

  describe("whose output is not what was ordered", () => {
    const refuse = async () => {
      const entry = await submit();
      await store.put(OUTPUT);
      const round = await decide(entry, [OUTPUT, OUTPUT, OTHER]);
      inbox.push(round.first.sealed.envelope, round.second.sealed.envelope);
      const judged: Uint8Array[] = [];
      const judge = (output: Uint8Array) => {
        judged.push(output);
        return Promise.resolve(false);
      };
      const collecting = start(entry, { judge });
      await until("the judgement", () => collecting.kinds().includes("trouble"));
      await expectSilence(collecting, entry);
      return { entry, ...round, collecting, judged };
    };

    it("is not accepted, of which it is told once, and costs what was claimed on chain", async () => {
      const { entry, second, collecting, judged } = await refuse();
      await claim(entry, second);
      await expectSilence(collecting, entry);
      const { claimsUntil = 0 } = await readRound(protocol, entry.order);
      await time.increaseTo(claimsUntil + 1);
      const paid = { provider: second.provider, price: CAP, executions: 1 };
      expect(await collecting.running).to.deep.equal({ outcome: "paid", ...paid });
      expect(await paidProviders(entry)).to.deep.equal([second.provider]);
      expect(judged).to.deep.equal([OUTPUT]);
      expect(collecting.troubles()).to.have.length(1);
      expect(collecting.troubles()[0]).to.contain(digestOf(OUTPUT)).and.contain("not what was ordered");
      expect(await heldNow()).to.equal(0n);
    });

    it("costs nothing if nobody claims", async () => {
      const { entry, collecting } = await refuse();
      const { claimsUntil = 0 } = await readRound(protocol, entry.order);
      await time.increaseTo(claimsUntil + 1);
      expect(await collecting.running).to.deep.equal({ outcome: "refunded" });
      expect(await paidProviders(entry)).to.deep.equal([]);
    });

    it("costs the same as an acceptance if all winners claim", async () => {
      const { entry, first, second, collecting } = await refuse();
      await claim(entry, first);
      await claim(entry, second);
      const paid = { provider: first.provider, price: CAP, executions: 2 };
      expect(await collecting.running).to.deep.equal({ outcome: "paid", ...paid });
    });
  });

  it("asks a judge that failed again", async () => {
    const entry = await submit();
    await store.put(OUTPUT);
    const { first } = await decide(entry, [OUTPUT, OUTPUT, OTHER]);
    inbox.push(first.sealed.envelope);
    let isAble = false;
    const judge = () => {
      if (!isAble) throw new Error("the judge is asleep");
      return true;
    };
    const collecting = start(entry, { judge });
    await until("the trouble", () => collecting.kinds().includes("trouble"));
    await expectSilence(collecting, entry);
    isAble = true;
    expect(await collecting.running).to.deep.include({ outcome: "paid", output: OUTPUT });
    expect(collecting.troubles()).to.deep.equal(["the judge is asleep"]);
  });

  describe("takes its money back", () => {
    it("from a round without agreement, at once", async () => {
      const entry = await submit();
      await decide(entry, [OUTPUT, OTHER, THIRD]);
      const collecting = start(entry);
      expect(await collecting.running).to.deep.equal({ outcome: "refunded" });
      expect(collecting.kinds()).to.deep.equal(["sealed", "decided", "refunded"]);
      expect(collecting.events[1]).to.include({ seats: 3, winners: 0 });
      // Nobody else ends it, so nobody earns for that.
      expect(await panel.escrow.accountOf(panel.client)).to.deep.equal([10n ** 19n, 0n, 0n]);
    });

    it("from an order that nobody answered, when its deadline is over", async () => {
      const entry = await submit();
      const collecting = start(entry);
      await time.increaseTo(entry.order.deadline);
      await expectSilence(collecting, entry);
      await time.increaseTo(entry.order.deadline + 1);
      expect(await collecting.running).to.deep.equal({ outcome: "refunded" });
      expect(collecting.kinds()).to.deep.equal(["refunded"]);
      expect(await heldNow()).to.equal(0n);
    });

    it("from one whose seed was captured, and where nobody or one sat", async () => {
      for (const outputs of [[], [OUTPUT]]) {
        const entry = await submit();
        await networkHelpers.mine(SEED_DELAY + 1, { interval: 1 });
        if (outputs.length === 0) await panel.taskManager.connect(panel.stranger).captureSeed(entry.taskId);
        await sit(entry, outputs);
        await time.increaseTo(entry.order.deadline + 1);
        expect(await start(entry).running).to.deep.equal({ outcome: "refunded" });
      }
      expect(await heldNow()).to.equal(0n);
    });

    it("where the winners show nothing that can be fetched, when their time is over", async () => {
      const entry = await submit();
      const { first } = await decide(entry, [OUTPUT, OUTPUT, OTHER]);
      inbox.push(first.sealed.envelope);
      const collecting = start(entry);
      await until("the trouble", () => collecting.kinds().includes("trouble"));
      const { claimsUntil = 0 } = await readRound(protocol, entry.order);
      await time.increaseTo(claimsUntil);
      await expectSilence(collecting, entry);
      await time.increaseTo(claimsUntil + 1);
      expect(await collecting.running).to.deep.equal({ outcome: "refunded" });
    });
  });

  it("fixes the seed before the chain forgets its block", async () => {
    const entry = await submit();
    const collecting = start(entry);
    await networkHelpers.mine(200, { interval: 1 });
    await expectSilence(collecting, entry);
    expect(await stateOf(entry)).to.equal(TaskState.Open);
    await networkHelpers.mine(40, { interval: 1 });
    await until("the seed", async () => (await stateOf(entry)) === TaskState.Round);
    const { seed } = await panel.taskManager.getRound(entry.taskId);
    expect(seed).to.be.greaterThan(0n);
  });

  describe("started anew from the journal", () => {
    const again = async (entry: JournalEntry, changes: Partial<CollectOptions> = {}) => {
      const [kept] = importOrders(exportOrders([entry], { secrets: true }));
      if (kept === undefined) throw new Error("nothing was kept");
      return start(kept, changes, await protocolOf(panel, panel.client));
    };

    it("goes on while seals are taken, while they are opened, and after the verdict", async () => {
      const entry = await submit();
      const restarted = async () => {
        const collecting = await again(entry);
        await collecting.looked(2);
        await collecting.stop();
        return collecting.kinds();
      };
      expect(await restarted()).to.deep.equal([]);
      const seats = await sit(entry, [OUTPUT, OUTPUT, OTHER]);
      expect(await restarted()).to.deep.equal(["sealed"]);
      for (const seat of seats) await open(entry, seat);
      expect(await restarted()).to.deep.equal(["sealed", "decided"]);
      await store.put(OUTPUT);
      inbox.push(seats[1]?.sealed.envelope ?? "");
      const last = await again(entry);
      expect(await last.running).to.deep.include({ outcome: "paid", output: OUTPUT, executions: 2, provider: 1 });
      expect(last.kinds()).to.deep.equal(["sealed", "decided", "paid"]);
    });

    it("tells that a round is over, and pays no second time", async () => {
      const [paid, failed] = [await submit(), await submit()];
      await store.put(OUTPUT);
      const { first } = await decide(paid, [OUTPUT, OUTPUT, OTHER]);
      inbox.push(first.sealed.envelope);
      await start(paid).running;
      await decide(failed, [OUTPUT, OTHER, THIRD]);
      await start(failed).running;
      const sent = await panel.client.getNonce();
      expect(await (await again(paid)).running).to.include({ outcome: "paid", price: CAP });
      expect(await (await again(failed)).running).to.deep.equal({ outcome: "refunded" });
      expect(await panel.client.getNonce()).to.equal(sent);
    });
  });

  it("ends by its signal, and sends nothing then", async () => {
    const entry = await submit();
    await store.put(OUTPUT);
    const collecting = start(entry);
    const { first } = await decide(entry, [OUTPUT, OUTPUT, OTHER]);
    await collecting.looked(1);
    await collecting.stop();
    const sent = await panel.client.getNonce();
    inbox.push(first.sealed.envelope);
    await pause(200);
    expect([await panel.client.getNonce(), await stateOf(entry)]).to.deep.equal([sent, TaskState.Round]);
  });

  describe("of much work", () => {
    type Submitted = Extract<WorkEvent, { kind: "submitted" }>;
    const order = (orders: number, changes: { window?: number; pieces?: number } = {}) => {
      const { pieces = 1, window = 4 } = changes;
      const journal = memoryJournal();
      const events: WorkEvent[] = [];
      const ending = new AbortController();
      const piece = (part: number) => ({
        input: toUtf8Bytes(`input ${part}`),
        terms: {
          ...{ source: 1, maxReward: CAP, bond: CAP, rampDuration: 0, lifetime: HOUR, reviewPeriod: 0 },
          ...{ verification: Verification.Quorum, trust: 2 },
        },
      });
      const running = orderWork(
        protocol,
        Array.from({ length: pieces }, (_, part) => piece(part)),
        {
          ...{ store, journal, orders, window, discloseWindow: WINDOWS.disclose, signal: ending.signal },
          envelopes: () => inbox,
          report: (event) => events.push(event),
        },
      );
      running.catch(() => undefined);
      stops.push(async () => {
        ending.abort(new Error("stopped"));
        await running.catch(() => undefined);
      });
      const submitted = () => events.filter((event): event is Submitted => event.kind === "submitted");
      /** The journal's entry of the order of that number. */
      const ordered = async (count: number): Promise<JournalEntry> => {
        await until(`${count} orders`, () => submitted().length >= count);
        const entry = (await journal.entries()).find(({ taskId }) => taskId === submitted()[count - 1]?.taskId);
        if (entry === undefined) throw new Error("it is not in the journal");
        return entry;
      };
      return { running, events, ordered, submitted };
    };

    it("orders again after each round without agreement, until one has a verdict", async () => {
      await store.put(OUTPUT);
      const work = order(3);
      await decide(await work.ordered(1), [OUTPUT, OTHER, THIRD]);
      await decide(await work.ordered(2), [OTHER, OUTPUT, THIRD]);
      const last = await work.ordered(3);
      const { first } = await decide(last, [OUTPUT, OUTPUT, OTHER]);
      inbox.push(first.sealed.envelope);
      const paid = { provider: first.provider, price: CAP, executions: 2 };
      expect(await work.running).to.deep.equal([{ outcome: "paid", ...paid, output: OUTPUT }]);
      const round = ["submitted", "sealed", "decided"];
      expect(work.events.map(({ kind }) => kind)).to.deep.equal([
        ...round,
        "refunded",
        ...round,
        "refunded",
        ...round,
        "paid",
      ]);
      expect(await heldNow()).to.equal(0n);
    });

    it("gives up after so many orders", async () => {
      const work = order(2);
      await decide(await work.ordered(1), [OUTPUT, OTHER, THIRD]);
      await decide(await work.ordered(2), [OUTPUT, OTHER, THIRD]);
      expect(await work.running).to.deep.equal([{ outcome: "refunded" }]);
      expect(work.submitted()).to.have.length(2);
    });

    it("has place for the next piece as soon as a round takes no more seals", async () => {
      await store.put(OUTPUT);
      const work = order(1, { pieces: 2, window: 1 });
      const one = await work.ordered(1);
      const seats = await sit(one, [OUTPUT, OUTPUT, OTHER]);
      const two = await work.ordered(2);
      expect(await stateOf(one)).to.equal(TaskState.Round);
      const next = await decide(two, [OUTPUT, OUTPUT, OTHER]);
      for (const seat of seats) await open(one, seat);
      inbox.push(next.first.sealed.envelope, seats[0]?.sealed.envelope ?? "");
      expect((await work.running).map(({ outcome }) => outcome)).to.deep.equal(["paid", "paid"]);
    });
  });
});
