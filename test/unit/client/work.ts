import { expect } from "chai";
import { concat, getBytes, toUtf8Bytes } from "ethers";
import { collect } from "../../../src/client/collect.js";
import { type JournalEntry, memoryJournal, type OrderJournal } from "../../../src/client/journal.js";
import { listen } from "../../../src/client/tidings.js";
import { orderWork, type WorkEvent, type WorkOptions, type WorkPiece } from "../../../src/client/work.js";
import { digestOf } from "../../../src/content/digest.js";
import { StoreError } from "../../../src/content/errors.js";
import { NodeError } from "../../../src/protocol/errors.js";
import { type ContentStore, memoryStore } from "../../../src/content/store.js";
import { memoryDebts } from "../../../src/provider/debts.js";
import { chainEffects } from "../../../src/provider/effects.js";
import { runProvider } from "../../../src/provider/loop.js";
import { Verification } from "../../../src/protocol/order.js";
import type { SigningProtocol } from "../../../src/protocol/protocol.js";
import { pause } from "../../../src/protocol/retry.js";
import { RevertError } from "../../../src/protocol/reverts.js";
import { caught, rejection } from "../../helpers/caught.js";
import { holderOf, type Ordered, until } from "../../helpers/holders.js";
import { loadFixture, time } from "../../helpers/network.js";
import { protocolOf } from "../../helpers/protocol.js";
import { TaskState } from "../../helpers/states.js";
import { CAP, deployMarket, type Market, WINDOWS } from "../../helpers/suite.js";

const HOUR = 3600;
const inputOf = (part: number) => toUtf8Bytes(`input ${part}`);
/** What the program that is ordered makes of an input. */
const outputOf = (input: Uint8Array) => getBytes(concat([toUtf8Bytes("output of "), input]));

type Submitted = Extract<WorkEvent, { kind: "submitted" }>;

describe("client work", () => {
  let market: Market;
  let protocol: SigningProtocol;
  let store: ContentStore;
  let journal: OrderJournal;
  let envelopes: Map<string, string[]>;
  const stops: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    market = await loadFixture(deployMarket);
    protocol = await protocolOf(market, market.client);
    store = memoryStore();
    journal = memoryJournal();
    envelopes = new Map();
  });
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });

  const pieceOf = (part: number, changes: Partial<WorkPiece["terms"]> = {}): WorkPiece => ({
    input: inputOf(part),
    terms: { source: 1, maxReward: CAP, rampDuration: 600, reviewPeriod: HOUR, lifetime: 2 * HOUR, ...changes },
  });
  const piecesOf = (count: number) => Array.from({ length: count }, (_, part) => pieceOf(part));

  const start = (pieces: readonly WorkPiece[], changes: Partial<WorkOptions> = {}) => {
    const events: WorkEvent[] = [];
    const ending = new AbortController();
    const running = orderWork(protocol, pieces, {
      store,
      journal,
      envelopes: (taskId) => envelopes.get(taskId) ?? [],
      discloseWindow: WINDOWS.disclose,
      report: (event) => events.push(event),
      signal: ending.signal,
      ...changes,
    });
    let over = false;
    const settled = running.then(
      () => (over = true),
      () => (over = true),
    );
    const stop = async (reason: unknown = new Error("stopped")) => {
      ending.abort(reason);
      await settled;
    };
    stops.push(stop);
    const submitted = () => events.filter((event): event is Submitted => event.kind === "submitted");
    return {
      events,
      running,
      stop,
      isOver: () => over,
      submitted,
      kindsOf: (part: number) => events.filter((event) => event.part === part).map(({ kind }) => kind),
      /** Waits until so many orders were sent, and tells the last one. */
      ordered: async (count: number): Promise<Submitted> => {
        await until(`${count} orders`, () => submitted().length >= count);
        const last = submitted()[count - 1];
        if (last === undefined) throw new Error("no order");
        return last;
      },
    };
  };

  /** Does the work of one task; what it gives to the client, the client has when its seal is on chain. */
  const deliver = async (task: Ordered, { show = true } = {}) => {
    const input = await store.get(task.order.inputDigest);
    const output = outputOf(input);
    await store.put(output);
    const { envelope } = await holderOf(market).deliver(task, output);
    const handOver = () => envelopes.set(task.taskId, [envelope]);
    if (show) handOver();
    return handOver;
  };
  const submissionsOnChain = () => market.taskManager.queryFilter(market.taskManager.filters.TaskSubmitted());
  const stateOf = async (taskId: string) => (await market.taskManager.getTask(taskId)).state;

  it("returns how each piece ended in the sequence of the pieces, whichever is finished first", async () => {
    const work = start(piecesOf(5), { window: 5 });
    await work.ordered(5);
    for (const task of work.submitted().toSorted((a, b) => b.part - a.part)) {
      await deliver(task);
      await until("the payment", () => work.kindsOf(task.part).includes("paid"));
    }
    const outputs = (await work.running).map((one) => one.outcome === "paid" && one.output);
    expect(outputs).to.deep.equal([0, 1, 2, 3, 4].map((part) => outputOf(inputOf(part))));
    for (const part of [0, 1, 2, 3, 4]) {
      expect(work.kindsOf(part)).to.deep.equal(["submitted", "delivered", "paid"]);
    }
  });

  it("orders each piece on its own terms, for its own input, until so long after its submission", async () => {
    const pieces = [
      pieceOf(0, { lifetime: HOUR, bond: CAP * 2n }),
      pieceOf(1, { maxReward: CAP * 3n, bond: CAP * 3n, rampDuration: 7, verification: Verification.Review }),
    ];
    const work = start(pieces);
    await work.ordered(2);
    const [first, second] = work.submitted().toSorted((a, b) => a.part - b.part);
    expect(first?.order).to.include({ maxReward: CAP, bond: CAP * 2n, rampDuration: 600, source: 1 });
    expect(second?.order).to.include({ maxReward: CAP * 3n, bond: CAP * 3n, rampDuration: 7, reviewPeriod: HOUR });
    for (const { order, part, taskId, startPrice } of work.submitted()) {
      expect(order.inputDigest).to.equal(digestOf(inputOf(part)));
      expect(order.client).to.equal(market.client.address);
      const [log] = await market.taskManager.queryFilter(market.taskManager.filters.TaskSubmitted(taskId));
      expect(log?.args.startPrice).to.equal(startPrice);
      const { timestamp = 0 } = (await log?.getBlock()) ?? {};
      // Counted from the newest block before; the clock of a chain that was set back leaps with the next one.
      expect(timestamp + (pieces[part]?.terms.lifetime ?? 0) - order.deadline).to.be.within(0, 1_200);
    }
  });

  it("never has more tasks undelivered than the window takes, nor fewer while pieces wait", async () => {
    const work = start(piecesOf(6), { window: 2 });
    for (let count = 2; count <= 6; count++) {
      await work.ordered(count);
      const free = work.submitted().find(({ part }) => !work.kindsOf(part).includes("delivered"));
      if (free === undefined) throw new Error("nothing to deliver");
      await deliver(free);
    }
    await until("the last delivery", () => work.events.filter(({ kind }) => kind === "delivered").length >= 5);
    const last = work.submitted().find(({ part }) => !work.kindsOf(part).includes("delivered"));
    if (last === undefined) throw new Error("nothing to deliver");
    await deliver(last);
    await work.running;
    const { TaskSubmitted, TaskDelivered } = market.taskManager.filters;
    const log = [
      ...(await market.taskManager.queryFilter(TaskSubmitted())).map((event) => ({ event, change: 1 })),
      ...(await market.taskManager.queryFilter(TaskDelivered())).map((event) => ({ event, change: -1 })),
    ].sort((a, b) => a.event.blockNumber - b.event.blockNumber || a.event.index - b.event.index);
    let undelivered = 0;
    const counts = log.map(({ change }) => (undelivered += change));
    expect(log).to.have.length(12);
    expect(Math.max(...counts)).to.equal(2);
    // Every delivery but the last two is followed by the next order.
    expect(counts).to.deep.equal([1, 2, ...Array.from({ length: 4 }, () => [1, 2]).flat(), 1, 0]);
  });

  it("frees a place as soon as a task is delivered, though it is not paid yet", async () => {
    const work = start(piecesOf(2), { window: 1 });
    const first = await work.ordered(1);
    const show = await deliver(first, { show: false });
    await deliver(await work.ordered(2));
    await until("the second payment", () => work.events.some(({ kind }) => kind === "paid"));
    expect(await stateOf(first.taskId)).to.equal(TaskState.Delivered);
    show();
    expect((await work.running).map(({ outcome }) => outcome)).to.deep.equal(["paid", "paid"]);
  });

  it("keeps a place until a task is over if it is to, so that no more are ordered and unpaid than the window takes", async () => {
    const work = start(piecesOf(3), { window: 1, underWay: "end" });
    for (let count = 1; count <= 3; count++) {
      const task = await work.ordered(count);
      const show = await deliver(task, { show: false });
      await until("the delivery", () => work.kindsOf(task.part).includes("delivered"));
      await pause(100);
      expect(work.submitted()).to.have.length(count);
      show();
    }
    await work.running;
    const kinds = work.events.map(({ kind }) => kind);
    expect(kinds).to.deep.equal(Array.from({ length: 3 }, () => ["submitted", "delivered", "paid"]).flat());
  });

  it("has the input in the store and the order in the journal before it sends it", async () => {
    const seen: { state: bigint; after: bigint; input: boolean }[] = [];
    const slow: OrderJournal = {
      ...journal,
      record: async (entry) => {
        const state = await stateOf(entry.taskId);
        const input = await store.has(entry.order.inputDigest);
        await pause(50);
        await journal.record(entry);
        seen.push({ state, input, after: await stateOf(entry.taskId) });
      },
    };
    const work = start(piecesOf(3), { journal: slow });
    await work.ordered(3);
    expect(seen).to.deep.equal(Array.from({ length: 3 }, () => ({ state: 0n, after: 0n, input: true })));
    const entries = await journal.entries();
    expect(new Set(entries.map(({ taskId }) => taskId))).to.deep.equal(
      new Set((await submissionsOnChain()).map(({ args }) => args.taskId)),
    );
    for (const { order } of entries) {
      const part = work.submitted().find(({ order: sent }) => sent.nonce === order.nonce)?.part ?? -1;
      expect(await store.get(order.inputDigest)).to.deep.equal(inputOf(part));
    }
    for (const { secretKey } of entries) expect(secretKey).to.match(/^0x[0-9a-f]{64}$/);
    expect(new Set(entries.map(({ order }) => order.clientKey)).size).to.equal(3);
  });

  it("orders a piece once more whose task is refunded, and gets its output then", async () => {
    const work = start([pieceOf(0, { lifetime: HOUR })]);
    const first = await work.ordered(1);
    await time.increaseTo(first.order.deadline + 1);
    const second = await work.ordered(2);
    expect(await stateOf(first.taskId)).to.equal(TaskState.Refunded);
    expect(second.taskId).not.to.equal(first.taskId);
    expect(second.order.deadline).to.be.within(first.order.deadline + HOUR, first.order.deadline + HOUR + 5);
    await deliver(second);
    const [ended] = await work.running;
    expect(ended).to.deep.include({ outcome: "paid", output: outputOf(inputOf(0)) });
    expect(work.kindsOf(0)).to.deep.equal(["submitted", "refunded", "submitted", "delivered", "paid"]);
    expect((await journal.entries()).map(({ taskId }) => taskId)).to.deep.equal([first.taskId, second.taskId]);
  });

  for (const [title, orders, times] of [
    ["twice unless told otherwise", undefined, 2],
    ["once if that is all", 1, 1],
    ["three times if told so", 3, 3],
  ] as const) {
    it(`orders a piece that nobody serves ${title}`, async () => {
      const work = start([pieceOf(0, { lifetime: HOUR })], orders === undefined ? {} : { orders });
      for (let count = 1; count <= times; count++) {
        await time.increaseTo((await work.ordered(count)).order.deadline + 1);
      }
      expect(await work.running).to.deep.equal([{ outcome: "refunded" }]);
      expect(await submissionsOnChain()).to.have.length(times);
    });
  }

  it("lets others go on while a piece is ordered again, and has place for them", async () => {
    const work = start([pieceOf(0, { lifetime: HOUR }), pieceOf(1, { lifetime: 4 * HOUR })], { window: 1 });
    const first = await work.ordered(1);
    await time.increaseTo(first.order.deadline + 1);
    for (const count of [2, 3]) {
      const task = await work.ordered(count);
      await deliver(task);
    }
    expect((await work.running).map(({ outcome }) => outcome)).to.deep.equal(["paid", "paid"]);
    expect(work.submitted().map(({ part }) => part)).to.have.members([0, 1, first.part]);
  });

  it("asks the judge about each output with the number of its piece", async () => {
    const judged = new Map<number, Uint8Array>();
    const judge = (output: Uint8Array, part: number) => {
      judged.set(part, output);
      return part !== 1;
    };
    const work = start(piecesOf(3), { judge });
    await work.ordered(3);
    for (const task of work.submitted()) await deliver(task);
    await until("two payments", () => work.events.filter(({ kind }) => kind === "paid").length === 2);
    await until("the refusal", () => work.kindsOf(1).includes("trouble"));
    expect(judged).to.deep.equal(new Map([0, 1, 2].map((part) => [part, outputOf(inputOf(part))])));
    const refused = work.submitted().find(({ part }) => part === 1);
    expect(await stateOf(refused?.taskId ?? "")).to.equal(TaskState.Delivered);
  });

  it("rejects when a submission fails, sends nothing after that, and leaves in the journal what it sent", async () => {
    const { free } = await market.escrow.accountOf(market.client);
    await market.escrow.connect(market.client).withdraw(free - (5n * CAP) / 2n);
    const work = start(piecesOf(5), { window: 2 });
    const first = await work.ordered(1);
    await work.ordered(2);
    // Frees a place and no money: the third order is refused.
    const show = await deliver(first, { show: false });
    const error = await caught(work.running, RevertError);
    expect(error.revert).to.equal("InsufficientBalance");
    const sent = await market.client.getNonce();
    const entries = await journal.entries();
    const onChain = (await submissionsOnChain()).map(({ args }) => args.taskId);
    expect(onChain).to.have.length(2);
    expect(entries.map(({ taskId }) => taskId)).to.include.members(onChain);
    expect(entries).to.have.length(3);
    // What was ordered is not lost: it is collected by its entry.
    const [entry] = entries.filter(({ taskId }) => taskId === first.taskId);
    if (entry === undefined) throw new Error("the first order is not in the journal");
    show();
    await pause(200);
    expect(await market.client.getNonce()).to.equal(sent);
    expect(await collectAgain(entry)).to.deep.include({ outcome: "paid" });
  });

  const collectAgain = async (entry: JournalEntry) => {
    const ending = new AbortController();
    const tidings = listen(protocol, market.client.address, 0);
    const following = tidings.follow(ending.signal);
    try {
      return await collect(protocol, entry, {
        ...{ tidings, store, discloseWindow: WINDOWS.disclose, signal: ending.signal },
        envelopes: (taskId) => envelopes.get(taskId) ?? [],
      });
    } finally {
      ending.abort();
      await following;
    }
  };

  it("does not reject while another order is on its way: what comes of it is known by then", async () => {
    const { free } = await market.escrow.accountOf(market.client);
    await market.escrow.connect(market.client).withdraw(free - (3n * CAP) / 2n);
    let open: (() => void) | undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const held: OrderJournal = {
      ...journal,
      record: async (entry) => {
        if (entry.order.inputDigest === digestOf(inputOf(0))) await gate;
        await journal.record(entry);
      },
    };
    // The second costs more than there is.
    const work = start([pieceOf(0), pieceOf(1, { maxReward: 2n * CAP, bond: 2n * CAP })], { journal: held });
    await until("the failing order", async () => (await journal.entries()).length > 0);
    await pause(200);
    expect(work.isOver()).to.equal(false);
    open?.();
    expect(await caught(work.running, RevertError)).to.have.property("revert", "InsufficientBalance");
    const onChain = (await submissionsOnChain()).map(({ args }) => args.taskId);
    const kept = (await journal.entries()).map(({ taskId }) => taskId);
    await pause(200);
    expect((await submissionsOnChain()).map(({ args }) => args.taskId)).to.deep.equal(onChain);
    expect(kept).to.include.members(onChain);
  });

  it("rejects when an input cannot be stored, and orders nothing for it", async () => {
    const full = { ...store, put: () => Promise.reject(new Error("the store is full")) };
    const work = start(piecesOf(2), { store: full });
    expect(await rejection(work.running)).to.have.property("message", "the store is full");
    expect(await submissionsOnChain()).to.have.length(0);
    expect(await journal.entries()).to.deep.equal([]);
  });

  it("ends by its signal with the reason: waiting pieces are not ordered, delivered ones not paid", async () => {
    const reason = new Error("enough");
    const work = start(piecesOf(4), { window: 2 });
    await work.ordered(2);
    await work.stop(reason);
    expect(await rejection(work.running)).to.equal(reason);
    const sent = await market.client.getNonce();
    for (const task of work.submitted()) await deliver(task);
    await pause(200);
    expect(await market.client.getNonce()).to.equal(sent);
    expect(await submissionsOnChain()).to.have.length(2);
    expect(await journal.entries()).to.have.length(2);
    expect(work.submitted()).to.have.length(2);
  });

  it("orders nothing if its signal has ended it before", async () => {
    const reason = new Error("never mind");
    const work = start(piecesOf(2), { signal: AbortSignal.abort(reason) });
    expect(await rejection(work.running)).to.equal(reason);
    expect(await journal.entries()).to.deep.equal([]);
    expect(await submissionsOnChain()).to.have.length(0);
  });

  it("goes on when a store fails for a while, and loses no piece", async () => {
    let failures = 3;
    const put: ContentStore["put"] = (content, options) => {
      if (failures-- > 0) return Promise.reject(new StoreError(digestOf(content), "the store", "it is away"));
      return store.put(content, options);
    };
    const work = start(piecesOf(2), { store: { ...store, put } });
    await work.ordered(2);
    for (const task of work.submitted()) await deliver(task);
    expect((await work.running).map(({ outcome }) => outcome)).to.deep.equal(["paid", "paid"]);
    expect(work.events.filter(({ kind }) => kind === "trouble")).to.have.length.greaterThan(0);
  });

  it("orders a piece once although the answer to its order was lost", async () => {
    const { sender } = protocol;
    let lost = 0;
    const forgetful: SigningProtocol = {
      ...protocol,
      sender: {
        ...sender,
        send: async (...call) => {
          const receipt = await sender.send(...call);
          if (call[1] === "taskManager.submit" && lost++ === 0)
            throw new NodeError("eth_getTransactionReceipt", "silence");
          return receipt;
        },
      },
    };
    protocol = forgetful;
    const work = start(piecesOf(1));
    await work.ordered(1);
    for (const task of work.submitted()) await deliver(task);
    expect((await work.running).map(({ outcome }) => outcome)).to.deep.equal(["paid"]);
    expect(lost).to.equal(1);
    expect(await submissionsOnChain()).to.have.length(1);
    expect(await journal.entries()).to.have.length(1);
  });

  it("has nothing to do for no pieces", async () => {
    expect(await start([]).running).to.deep.equal([]);
  });

  it("gets the output of each of many pieces from a provider that works by itself", async () => {
    const ending = new AbortController();
    const agent = await protocolOf(market, market.agent);
    // The chain's clock runs ahead of the machine's, a second a block, and leaps where it was set back.
    let now = await time.latest();
    const running = runProvider({
      ...{ protocol: agent, provider: 1, debts: memoryDebts(), capacity: 3, from: 0, discloseWindow: WINDOWS.disclose },
      effects: {
        ...chainEffects(agent, 1),
        perform: async ({ inputDigest }, signal) => outputOf(await store.get(inputDigest, { signal })),
        publish: async (output) => (await store.put(output)).cid,
        send: async (order, envelope) => {
          // It knows its tasks by their orders; the client by their ids.
          const { taskId } = (await journal.entries()).find((entry) => entry.order.nonce === order.nonce) ?? {};
          if (taskId !== undefined) envelopes.set(taskId, [envelope]);
        },
      },
      costs: () => ({ payment: 1n, duration: 1 }),
      clock: () => now,
      signal: ending.signal,
    });
    const following = (async () => {
      while (!ending.signal.aborted) {
        now = await time.latest();
        await pause(20);
      }
    })();
    stops.push(async () => {
      ending.abort();
      await Promise.all([running, following]);
    });
    const ended = await start(piecesOf(12), { window: 4 }).running;
    expect(ended.map((one) => one.outcome === "paid" && one.output)).to.deep.equal(
      Array.from({ length: 12 }, (_, part) => outputOf(inputOf(part))),
    );
    expect((await market.escrow.accountOf(market.client)).held).to.equal(0n);
  });
});
