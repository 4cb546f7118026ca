import { expect } from "chai";
import { toUtf8Bytes } from "ethers";
import { collect, type CollectEvent, type CollectOptions } from "../../../src/client/collect.js";
import { disputeTask, followDispute, followPanel } from "../../../src/client/disputeTask.js";
import { exportOrders, importOrders, type JournalEntry, memoryJournal } from "../../../src/client/journal.js";
import { type OrderDraft, submitOrder } from "../../../src/client/submitOrder.js";
import { listen } from "../../../src/client/tidings.js";
import { orderWork, type WorkEvent } from "../../../src/client/work.js";
import { digestOf } from "../../../src/content/digest.js";
import { type ContentStore, memoryStore } from "../../../src/content/store.js";
import { JUDGED_INVALID } from "../../../src/protocol/dispute.js";
import { FieldFormatError, OpenGpuError } from "../../../src/protocol/errors.js";
import { type Order, packOrder } from "../../../src/protocol/order.js";
import type { PanelSnapshot } from "../../../src/protocol/panel.js";
import type { SigningProtocol } from "../../../src/protocol/protocol.js";
import { pause } from "../../../src/protocol/retry.js";
import { RevertError } from "../../../src/protocol/reverts.js";
import { shares } from "../../helpers/manager.js";
import { caught, rejection } from "../../helpers/caught.js";
import { type Court, courtOf, nth, PANEL_TERMS, REVIEW } from "../../helpers/clientDispute.js";
import { deployPanel } from "../../helpers/disputes.js";
import { holderOf, until } from "../../helpers/holders.js";
import { loadFixture, networkHelpers, time } from "../../helpers/network.js";
import { protocolOf } from "../../helpers/protocol.js";
import type { Panel } from "../../helpers/rounds.js";
import { TaskState } from "../../helpers/states.js";
import { CAP, random32, WINDOWS } from "../../helpers/suite.js";

const HOUR = 3600;
const TRUTH = toUtf8Bytes("the truth");
const RUBBISH = toUtf8Bytes("rubbish");
const OTHER = toUtf8Bytes("another");
const THIRD = toUtf8Bytes("a third");
/** What the panel may cost. */
const FEE = 3n * CAP;

const isRight = (output: Uint8Array) => digestOf(output) !== digestOf(RUBBISH);

describe("client collect of a disputed task", () => {
  let panel: Panel;
  let protocol: SigningProtocol;
  let store: ContentStore;
  let inbox: string[];
  let before: bigint;
  const stops: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    panel = await loadFixture(deployPanel);
    // The clock leaps with the first block after a fixture.
    await networkHelpers.mine();
    protocol = await protocolOf(panel, panel.client);
    store = memoryStore();
    for (const output of [TRUTH, RUBBISH]) await store.put(output);
    inbox = [];
    before = (await panel.escrow.accountOf(panel.client)).free;
  });
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });

  const submit = async (changes: Partial<OrderDraft> = {}) => {
    const deadline = (await time.latest()) + HOUR;
    const draft = { ...PANEL_TERMS, inputDigest: random32(), deadline, ...changes };
    const { entry } = await submitOrder(protocol, draft, { journal: memoryJournal() });
    return { entry, court: courtOf(panel, entry) };
  };

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
      judge: isRight,
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
    const kinds = () => events.map(({ kind }) => kind);
    return {
      ...{ events, running, stop, kinds },
      troubles: () => events.flatMap((event) => (event.kind === "trouble" ? [event.reason] : [])),
      told: (kind: CollectEvent["kind"]) => until(kind, () => kinds().includes(kind)),
      looked: async (times = 4) => {
        const from = looks;
        await until(`${times} looks`, () => looks >= from + times);
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
  /** Asserts what the client has spent since the beginning, and that nothing is held any more. */
  const expectSpent = async (spent: bigint) => {
    const { free, held } = await panel.escrow.accountOf(panel.client);
    expect([before - free, held]).to.deep.equal([spent, 0n]);
  };
  const passClaims = async () => time.increase(WINDOWS.open + WINDOWS.claim + 2);
  const bondOf = ({ order }: JournalEntry) => order.bond;
  /** A task whose rubbish the client has disputed. */
  const disputed = async (changes: Partial<OrderDraft> = {}) => {
    const { entry, court } = await submit(changes);
    await court.disclose(RUBBISH);
    const collecting = start(entry);
    await collecting.told("disputed");
    return { entry, court, collecting };
  };

  it("disputes rubbish, gets the right output from a winner, and pays one price", async () => {
    const { entry, court, collecting } = await disputed();
    const seats = await court.sit([TRUTH, TRUTH, RUBBISH].map(digestOf));
    await collecting.told("sealed");
    await court.reveal();
    await collecting.told("opened");
    for (const seat of seats) await court.vote(seat);
    await collecting.told("decided");
    await expectSilence(collecting, entry);
    inbox.push(nth(seats, 1).sealed.envelope);
    const paid = { provider: nth(seats, 0).provider, price: CAP };
    const dispute = { outcome: "Overturned", cost: 0n, slashed: bondOf(entry) };
    expect(await collecting.running).to.deep.equal({ outcome: "paid", ...paid, output: TRUTH, dispute });
    await expectSpent(CAP);
    const course = ["delivered", "trouble", "disputed", "sealed", "opened", "decided", "paid"];
    expect(collecting.kinds()).to.deep.equal(course);
    const [, , asked, sealed, opened, decided, ended] = collecting.events;
    expect(asked).to.include({ provider: 1, fee: FEE, judged: false });
    expect(sealed).to.include({ seats: 3, price: CAP });
    expect(opened).to.include({ provider: 1, resultDigest: digestOf(RUBBISH) });
    expect(decided).to.include({ seats: 3, winners: 2, outcome: "Overturned" });
    expect(ended).to.include(paid);
  });

  it("takes no output but the winners', and theirs also from the chain", async () => {
    const { entry, court, collecting } = await disputed();
    await store.put(OTHER);
    const seats = await court.decide([TRUTH, TRUTH, OTHER]);
    // Of the loser, and of the disputed provider.
    inbox.push(nth(seats, 2).sealed.envelope);
    await collecting.told("decided");
    await expectSilence(collecting, entry);
    await court.claim(nth(seats, 1));
    expect(await collecting.running).to.deep.include({ outcome: "paid", price: CAP, output: TRUTH });
    await expectSpent(CAP);
  });

  it("does not accept what its judge refuses of the panel either, and has its money back if nobody claims", async () => {
    const { entry, court } = await submit();
    await court.disclose(RUBBISH);
    const collecting = start(entry, { judge: () => false });
    await collecting.told("disputed");
    const seats = await court.decide([TRUTH, TRUTH, TRUTH]);
    inbox.push(nth(seats, 0).sealed.envelope);
    await collecting.told("decided");
    await expectSilence(collecting, entry);
    await passClaims();
    const dispute = { outcome: "Overturned", cost: 0n, slashed: bondOf(entry) };
    expect(await collecting.running).to.deep.equal({ outcome: "refunded", dispute });
    await expectSpent(0n);
    expect(collecting.kinds().at(-1)).to.equal("refunded");
  });

  it("disputes an envelope that does not open, at once", async () => {
    const { entry, court } = await submit();
    await court.withhold(TRUTH);
    const collecting = start(entry);
    await collecting.told("disputed");
    const seats = await court.sit([TRUTH, TRUTH, TRUTH].map(digestOf));
    await court.reveal();
    for (const seat of seats) await court.vote(seat, false);
    inbox.push(nth(seats, 2).sealed.envelope);
    expect(await collecting.running).to.deep.include({ outcome: "paid", price: CAP, output: TRUTH });
    await expectSpent(CAP);
  });

  it("disputes an envelope that says another digest than was sealed, at once", async () => {
    const { entry, court } = await submit();
    await court.contradict(TRUTH, RUBBISH);
    await start(entry).told("disputed");
    expect((await panel.taskManager.getTask(entry.taskId)).disputed).to.equal(true);
  });

  it("disputes an output that cannot be fetched, but only when the review is nearly over", async () => {
    const { entry, court } = await submit();
    await court.disclose(OTHER);
    const end = (await time.latest()) + REVIEW;
    const collecting = start(entry);
    await expectSilence(collecting, entry);
    await time.increaseTo(end - REVIEW / 2 - 5);
    await expectSilence(collecting, entry);
    await time.increaseTo(end - REVIEW / 2 + 5);
    await collecting.told("disputed");
  });

  it("accepts an output that comes late, and disputes nothing", async () => {
    const { entry, court } = await submit();
    await court.disclose(OTHER);
    const collecting = start(entry);
    await expectSilence(collecting, entry);
    await store.put(OTHER);
    expect(await collecting.running).to.deep.equal({ outcome: "paid", provider: 1, price: CAP, output: OTHER });
  });

  for (const [why, changes, terms] of [
    ["if told so", { dispute: "never" }, {}],
    ["without a trust", {}, { trust: 0 }],
  ] as const) {
    it(`disputes nothing ${why}`, async () => {
      const { entry, court } = await submit(terms);
      await court.disclose(RUBBISH);
      const collecting = start(entry, changes);
      await collecting.told("trouble");
      await expectSilence(collecting, entry);
      await time.increase(REVIEW - 20);
      await expectSilence(collecting, entry);
      expect(collecting.kinds()).to.deep.equal(["delivered", "trouble"]);
    });
  }

  it("blames nobody where it has not the key of its order", async () => {
    for (const secretKey of [undefined, random32()]) {
      const { entry, court } = await submit();
      await court.disclose(TRUTH);
      delete entry.secretKey;
      const collecting = start({ ...entry, ...(secretKey !== undefined && { secretKey }) });
      await collecting.told("trouble");
      await time.increase(REVIEW - 20);
      await expectSilence(collecting, entry);
      await collecting.stop();
    }
  });

  it("does not blame a provider for a judge that fails", async () => {
    const { entry, court } = await submit();
    await court.disclose(TRUTH);
    const collecting = start(entry, { judge: () => Promise.reject(new Error("the judge is asleep")) });
    await collecting.told("trouble");
    await time.increase(REVIEW - 20);
    await expectSilence(collecting, entry);
  });

  it("tells that its balance does not suffice, and disputes when it does", async () => {
    const { entry, court } = await submit();
    await court.disclose(RUBBISH);
    const { free } = await panel.escrow.accountOf(panel.client);
    await panel.escrow.connect(panel.client).withdraw(free - FEE + 1n);
    const collecting = start(entry);
    await until("the reason", () => collecting.troubles().some((reason) => reason.includes("cannot be disputed")));
    await expectSilence(collecting, entry);
    const reasons = collecting.troubles().filter((reason) => reason.includes("cannot be disputed"));
    expect(reasons).to.have.length(1);
    expect(reasons[0]).to.contain(String(FEE)).and.contain(entry.taskId);
    await panel.escrow.connect(panel.client).deposit({ value: 1n });
    await collecting.told("disputed");
  });

  it("lets an agent of the client send the fee along", async () => {
    await panel.taskManager.connect(panel.client).setClientAgent(panel.stranger, true);
    const { entry, court } = await submit();
    await court.disclose(RUBBISH);
    await start(entry, {}, await protocolOf(panel, panel.stranger)).told("disputed");
    const { held, free } = await panel.escrow.accountOf(panel.client);
    expect([held, before - free]).to.deep.equal([CAP + FEE, CAP]);
  });

  describe("that its judge has refused wrongly", () => {
    const upheld = async (who: "its provider" | "the client") => {
      const { entry, court, collecting } = await disputed();
      await court.decide([RUBBISH, RUBBISH, RUBBISH]);
      await collecting.told("decided");
      await expectSilence(collecting, entry);
      if (who === "its provider") await court.settle();
      else await time.increase(WINDOWS.disclose + 2);
      return { entry, collecting };
    };

    for (const who of ["its provider", "the client"] as const) {
      it(`pays provider and panel when ${who} settles, and gives the output`, async () => {
        const { collecting } = await upheld(who);
        const dispute = { outcome: "Upheld", cost: FEE, slashed: 0n };
        const paid = { outcome: "paid", provider: 1, price: CAP, output: RUBBISH, dispute };
        expect(await collecting.running).to.deep.equal(paid);
        await expectSpent(CAP + FEE);
        const { free } = await panel.escrow.accountOf(panel.providerOwner);
        expect(free).to.equal(shares(CAP).payment);
      });
    }
  });

  it("pays the provider where nobody sits, when its time is over", async () => {
    const { court, collecting } = await disputed();
    await court.sit([]);
    await court.passSealing();
    await court.reveal();
    await collecting.told("decided");
    await time.increase(WINDOWS.open + WINDOWS.disclose + 2);
    const dispute = { outcome: "Standing", cost: 0n, slashed: 0n };
    expect(await collecting.running).to.deep.include({ outcome: "paid", provider: 1, price: CAP, dispute });
    await expectSpent(CAP);
  });

  it("has its money back but for the work of a panel that disagrees, at once", async () => {
    const { court, collecting } = await disputed();
    await court.decide([TRUTH, OTHER, THIRD]);
    const dispute = { outcome: "Undecided", cost: FEE / 2n, slashed: 0n };
    expect(await collecting.running).to.deep.equal({ outcome: "refunded", dispute });
    await expectSpent(FEE / 2n);
  });

  it("has all its money back where the provider opens nothing and nobody agrees", async () => {
    const { entry, court, collecting } = await disputed();
    const seats = await court.sit([TRUTH, OTHER, THIRD].map(digestOf));
    await time.increase(WINDOWS.openProvider + 2);
    for (const seat of seats) await court.vote(seat);
    const dispute = { outcome: "Unanswered", cost: 0n, slashed: bondOf(entry) };
    expect(await collecting.running).to.deep.equal({ outcome: "refunded", dispute });
    expect(collecting.events.find(({ kind }) => kind === "opened")).to.include({ resultDigest: undefined });
    await expectSpent(0n);
  });

  it("has all its money back where judges reject the output", async () => {
    const { entry, court, collecting } = await disputed({ source: 2 });
    expect(collecting.events.find(({ kind }) => kind === "disputed")).to.include({ judged: true });
    await court.reveal();
    const seats = await court.sit([JUDGED_INVALID, JUDGED_INVALID, JUDGED_INVALID]);
    for (const seat of seats) await court.vote(seat);
    const dispute = { outcome: "Rejected", cost: 0n, slashed: bondOf(entry) };
    expect(await collecting.running).to.deep.equal({ outcome: "refunded", dispute });
    await expectSpent(0n);
  });

  describe("started anew from the journal", () => {
    const again = async (entry: JournalEntry) => {
      const [kept] = importOrders(exportOrders([entry], { secrets: true }));
      if (kept === undefined) throw new Error("nothing was kept");
      return start(kept, {}, await protocolOf(panel, panel.client));
    };
    const restarted = async (entry: JournalEntry) => {
      const collecting = await again(entry);
      await collecting.looked(2);
      await collecting.stop();
      return collecting.kinds();
    };

    it("goes on before and after the dispute, the seals, the openings and the verdict", async () => {
      const { entry, court } = await submit();
      await court.disclose(RUBBISH);
      const first = start(entry);
      await first.told("disputed");
      await first.stop();
      expect(await restarted(entry)).to.deep.equal(["disputed"]);
      const seats = await court.sit([TRUTH, TRUTH, RUBBISH].map(digestOf));
      expect(await restarted(entry)).to.deep.equal(["disputed", "sealed"]);
      await court.reveal();
      expect(await restarted(entry)).to.deep.equal(["disputed", "sealed", "opened"]);
      for (const seat of seats) await court.vote(seat);
      const course = ["disputed", "sealed", "opened", "decided"];
      expect(await restarted(entry)).to.deep.equal(course);
      inbox.push(nth(seats, 0).sealed.envelope);
      const last = await again(entry);
      expect(await last.running).to.deep.include({ outcome: "paid", price: CAP, output: TRUTH });
      expect(last.kinds()).to.deep.equal([...course, "paid"]);
      await expectSpent(CAP);
    });

    it("has the output of winners that it has accepted, and of nobody else, and pays no second time", async () => {
      const { entry, court, collecting } = await disputed();
      const seats = await court.decide([TRUTH, TRUTH, RUBBISH]);
      inbox.push(nth(seats, 2).sealed.envelope, nth(seats, 1).sealed.envelope);
      const first = await collecting.running;
      await collecting.stop();
      const sent = await panel.client.getNonce();
      expect(await (await again(entry)).running).to.deep.equal(first);
      inbox.pop();
      expect({ ...(await (await again(entry)).running), output: TRUTH }).to.deep.equal(first);
      expect(await panel.client.getNonce()).to.equal(sent);
    });

    it("has the output of a delivery that was upheld, by the envelope on chain", async () => {
      const { entry, court, collecting } = await disputed();
      await court.decide([RUBBISH, RUBBISH, RUBBISH]);
      await collecting.stop();
      await court.settle();
      const dispute = { outcome: "Upheld", cost: FEE, slashed: 0n };
      const ended = await (await again(entry)).running;
      expect(ended).to.deep.equal({ outcome: "paid", provider: 1, price: CAP, output: RUBBISH, dispute });
    });

    it("tells of a refund", async () => {
      const { entry, court, collecting } = await disputed();
      await collecting.stop();
      await court.decide([TRUTH, OTHER, THIRD]);
      await court.settle();
      const dispute = { outcome: "Undecided", cost: FEE / 2n, slashed: 0n };
      expect(await (await again(entry)).running).to.deep.equal({ outcome: "refunded", dispute });
    });
  });

  it("ends by its signal, and sends nothing then", async () => {
    const { entry, court, collecting } = await disputed();
    await collecting.stop();
    const sent = await panel.client.getNonce();
    const seats = await court.decide([TRUTH, TRUTH, TRUTH]);
    inbox.push(nth(seats, 0).sealed.envelope);
    await pause(200);
    expect([await panel.client.getNonce(), await stateOf(entry)]).to.deep.equal([sent, TaskState.Round]);
    expect(await rejection(collecting.running)).to.have.property("message", "stopped");
  });

  describe("with spot checks", () => {
    /** Computes the truth, and counts how often. */
    const checker = (changes: { fraction?: number; drawn?: number } = {}) => {
      const { fraction = 0.5, drawn = 0.4 } = changes;
      const computed: Order[] = [];
      const recompute = (order: Order) => {
        computed.push(order);
        return Promise.resolve(TRUTH);
      };
      return { computed, spotCheck: { fraction, recompute, draw: () => drawn } };
    };
    const judge = () => true;

    it("disputes a result that the client computes otherwise, and takes the panel's", async () => {
      const { entry, court } = await submit();
      await court.disclose(RUBBISH);
      const { spotCheck, computed } = checker();
      const collecting = start(entry, { judge, spotCheck });
      await collecting.told("disputed");
      const seats = await court.decide([TRUTH, TRUTH, TRUTH]);
      inbox.push(nth(seats, 0).sealed.envelope);
      expect(await collecting.running).to.deep.include({ outcome: "paid", price: CAP, output: TRUTH });
      expect(computed).to.deep.equal([entry.order]);
    });

    it("refuses it where there is no panel, and never accepts it", async () => {
      const { entry, court } = await submit({ trust: 0 });
      await court.disclose(RUBBISH);
      const collecting = start(entry, { judge, spotCheck: checker().spotCheck });
      await collecting.told("trouble");
      await expectSilence(collecting, entry);
      expect(collecting.troubles()[0]).to.contain(digestOf(RUBBISH));
    });

    it("accepts a result that the client computes too", async () => {
      const { entry, court } = await submit();
      await court.disclose(TRUTH);
      const { spotCheck, computed } = checker();
      expect(await start(entry, { judge, spotCheck }).running).to.deep.include({ outcome: "paid", output: TRUTH });
      expect(computed).to.have.length(1);
    });

    it("computes nothing that is not drawn, and everything with a fraction of 1", async () => {
      for (const [fraction, times] of [
        [0.4, 0],
        [1, 1],
      ] as const) {
        const { entry, court } = await submit();
        await court.disclose(TRUTH);
        const { spotCheck, computed } = checker({ fraction });
        expect((await start(entry, { judge, spotCheck }).running).outcome).to.equal("paid");
        expect(computed).to.have.length(times);
      }
    });

    it("draws at random what is not drawn by hand", async () => {
      const { entry, court } = await submit();
      await court.disclose(TRUTH);
      const { spotCheck, computed } = checker({ fraction: 1 });
      const { fraction, recompute } = spotCheck;
      const ended = await start(entry, { judge, spotCheck: { fraction, recompute } }).running;
      expect([ended.outcome, computed.length]).to.deep.equal(["paid", 1]);
    });

    it("accepts nothing while the computation fails, and tries it again", async () => {
      const { entry, court } = await submit();
      await court.disclose(TRUTH);
      let isAble = false;
      const recompute = () => (isAble ? Promise.resolve(TRUTH) : Promise.reject(new Error("no GPU is free")));
      const collecting = start(entry, { judge, spotCheck: { fraction: 1, recompute } });
      await collecting.told("trouble");
      await expectSilence(collecting, entry);
      expect(collecting.troubles()).to.deep.equal(["no GPU is free"]);
      isAble = true;
      expect((await collecting.running).outcome).to.equal("paid");
    });

    for (const fraction of [0, -0.1, 1.01, Number.NaN, Infinity]) {
      it(`refuses a fraction of ${fraction}, and orders nothing with it`, async () => {
        const { entry } = await submit();
        const { spotCheck } = checker({ fraction });
        const error = await caught(start(entry, { spotCheck }).running, FieldFormatError);
        expect([error.field, error.value]).to.deep.equal(["spotCheck.fraction", String(fraction)]);
        const journal = memoryJournal();
        const piece = { input: TRUTH, terms: { ...PANEL_TERMS, lifetime: HOUR } };
        const options = { store, journal, spotCheck, envelopes: () => inbox, discloseWindow: WINDOWS.disclose };
        await caught(orderWork(protocol, [piece], options), FieldFormatError);
        expect(await journal.entries()).to.deep.equal([]);
      });
    }
  });

  it("gets the right output for each piece of much work, whoever delivers rubbish", async () => {
    const events: WorkEvent[] = [];
    const [journal, ending] = [memoryJournal(), new AbortController()];
    const terms = { ...PANEL_TERMS, lifetime: HOUR };
    const running = orderWork(
      protocol,
      [0, 1].map((part) => ({ input: toUtf8Bytes(`input ${part}`), terms })),
      {
        ...{ store, journal, discloseWindow: WINDOWS.disclose, signal: ending.signal },
        envelopes: () => inbox,
        judge: () => true,
        spotCheck: { fraction: 1, recompute: () => Promise.resolve(TRUTH) },
        report: (event) => events.push(event),
      },
    );
    running.catch(() => undefined);
    stops.push(async () => {
      ending.abort(new Error("stopped"));
      await running.catch(() => undefined);
    });
    const submitted = () => events.flatMap((event) => (event.kind === "submitted" ? [event] : []));
    await until("two orders", () => submitted().length === 2);
    const [one, two] = submitted().toSorted((a, b) => a.part - b.part);
    if (one === undefined || two === undefined) throw new Error("two are needed");
    inbox.push((await holderOf(panel).deliver(two, TRUTH)).envelope);
    const court = courtOf(panel, one);
    await court.disclose(RUBBISH);
    await until("the dispute", () => events.some(({ kind }) => kind === "disputed"));
    const seats = await court.decide([TRUTH, TRUTH, TRUTH]);
    inbox.push(nth(seats, 0).sealed.envelope);
    const outputs = (await running).map((ended) => ended.outcome === "paid" && ended.output);
    expect(outputs).to.deep.equal([TRUTH, TRUTH]);
    await expectSpent(2n * CAP);
  });

  describe("by one call", () => {
    /** Rubbish that was disclosed. */
    const disclosed = async (): Promise<{ entry: JournalEntry; court: Court }> => {
      const task = await submit();
      await task.court.disclose(RUBBISH);
      return task;
    };
    const isDisputed = ({ taskId }: JournalEntry) =>
      until("the dispute", async () => (await panel.taskManager.getTask(taskId)).disputed);

    it("disputes, tells the course of the panel, and settles what is decided", async () => {
      const { entry, court } = await disclosed();
      const seen: PanelSnapshot[] = [];
      const running = disputeTask(protocol, { order: entry.order }, { report: (look) => seen.push(look) });
      await isDisputed(entry);
      const seats = await court.decide([RUBBISH, RUBBISH, RUBBISH]);
      const { outcome, cost, slashed, ruling, disputed: begun } = await running;
      expect({ outcome, cost, slashed }).to.deep.equal({ outcome: "Upheld", cost: FEE, slashed: 0n });
      expect(begun).to.include({ taskId: entry.taskId, fee: FEE, provider: 1 });
      expect(ruling.awards).to.deep.equal(seats.map(({ provider, seat }) => ({ provider, seat, amount: CAP })));
      expect([seen.at(0)?.seats.length, seen.at(-1)?.state]).to.deep.equal([0, "Settled"]);
      const stages = seen.map((look) => JSON.stringify({ ...look, blockNumber: 0, timestamp: 0 }));
      expect(new Set(stages).size).to.equal(stages.length);
      await expectSpent(CAP + FEE);
    });

    it("goes on after a stop, and leaves the winners of an overturned delivery their time", async () => {
      const { entry, court } = await disclosed();
      const ending = new AbortController();
      const first = disputeTask(protocol, { order: entry.order }, { signal: ending.signal });
      await isDisputed(entry);
      const from = await time.latestBlock();
      ending.abort(new Error("enough"));
      expect(await rejection(first)).to.have.property("message", "enough");
      await court.decide([TRUTH, TRUTH, RUBBISH]);
      const running = followDispute(protocol, { order: entry.order, from });
      await pause(200);
      expect(await stateOf(entry)).to.equal(TaskState.Round);
      await passClaims();
      expect(await running).to.deep.include({ outcome: "Overturned", cost: 0n, slashed: bondOf(entry) });
      await expectSpent(0n);
    });

    it("only looks on, where asked to", async () => {
      const { entry, court } = await disclosed();
      await panel.taskManager.connect(panel.client).dispute(packOrder(entry.order));
      const looking = (async () => {
        const states: string[] = [];
        for await (const { state } of followPanel(protocol, entry.order)) states.push(state);
        return states;
      })();
      await court.decide([TRUTH, OTHER, THIRD]);
      await pause(200);
      expect(await stateOf(entry)).to.equal(TaskState.Round);
      await court.settle();
      expect((await looking).at(-1)).to.equal("Refunded");
    });

    it("refuses what cannot be disputed, and what was not", async () => {
      const { entry } = await submit();
      const error = await caught(disputeTask(protocol, { order: entry.order }), RevertError);
      expect(error.revert).to.equal("WrongState");
      const from = await time.latestBlock();
      await caught(followDispute(protocol, { order: entry.order, from }), OpenGpuError);
    });
  });
});
