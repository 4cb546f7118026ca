import { expect } from "chai";
import { toUtf8Bytes } from "ethers";
import { collect, type CollectEvent, type CollectOptions } from "../../../src/client/collect.js";
import { type JournalEntry, memoryJournal } from "../../../src/client/journal.js";
import { submitOrder } from "../../../src/client/submitOrder.js";
import { listen } from "../../../src/client/tidings.js";
import { orderWork, type WorkEvent } from "../../../src/client/work.js";
import { type ContentStore, memoryStore } from "../../../src/content/store.js";
import { packOrder } from "../../../src/protocol/order.js";
import type { SigningProtocol } from "../../../src/protocol/protocol.js";
import { pause } from "../../../src/protocol/retry.js";
import { memoryDebts } from "../../../src/provider/debts.js";
import { chainEffects } from "../../../src/provider/effects.js";
import { runProvider } from "../../../src/provider/loop.js";
import { holderOf, sealFor, until } from "../../helpers/holders.js";
import { State } from "../../helpers/manager.js";
import { loadFixture, time, networkHelpers } from "../../helpers/network.js";
import { protocolOf } from "../../helpers/protocol.js";
import { CAP, deployMarket, joinProvider, type Market, random32, WINDOWS } from "../../helpers/suite.js";

const OUTPUT = toUtf8Bytes("output");
const HOUR = 3600;
const RESERVATION = 600;

describe("client with reservations", () => {
  let market: Market;
  let protocol: SigningProtocol;
  let store: ContentStore;
  let inbox: string[];
  const stops: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    market = await loadFixture(deployMarket);
    protocol = await protocolOf(market, market.client);
    store = memoryStore();
    inbox = [];
  });
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });

  const submit = async (reservation = RESERVATION): Promise<JournalEntry> => {
    const draft = {
      ...{ source: 1, maxReward: CAP, rampDuration: 600, reviewPeriod: HOUR, inputDigest: random32(), reservation },
      deadline: (await time.latest()) + 8 * HOUR,
    };
    return (await submitOrder(protocol, draft, { journal: memoryJournal() })).entry;
  };
  const start = (entry: JournalEntry, changes: Partial<CollectOptions> = {}) => {
    const events: CollectEvent[] = [];
    const ending = new AbortController();
    const tidings = listen(protocol, entry.order.client, 0);
    const running = collect(protocol, entry, {
      ...{ tidings, store, envelopes: () => inbox, discloseWindow: WINDOWS.disclose },
      report: (event) => events.push(event),
      signal: ending.signal,
      ...changes,
    });
    running.catch(() => undefined);
    const following = tidings.follow(ending.signal);
    stops.push(() => {
      ending.abort(new Error("stopped"));
      return Promise.allSettled([running, following]);
    });
    return { events, running, kinds: () => events.map(({ kind }) => kind) };
  };
  const reserve = ({ order }: JournalEntry, provider = 1, signer = market.agent) =>
    market.taskManager.connect(signer).reserve(packOrder(order), provider);
  const view = ({ taskId }: JournalEntry) => market.taskManager.getTask(taskId);
  const sent = () => market.client.getNonce();

  it("knows a reservation, and pays what its holder delivers", async () => {
    const entry = await submit();
    const collecting = start(entry);
    await reserve(entry);
    await until("the reservation", () => collecting.kinds().includes("reserved"));
    const [reserved] = collecting.events;
    const { clearedAt } = await view(entry);
    expect(reserved).to.deep.include({ provider: 1, until: Number(clearedAt) + RESERVATION });
    await store.put(OUTPUT);
    inbox.push((await holderOf(market).deliver(entry, OUTPUT)).envelope);
    expect(await collecting.running).to.deep.include({ outcome: "paid", provider: 1, output: OUTPUT });
    expect(collecting.kinds()).to.deep.equal(["reserved", "delivered", "paid"]);
    expect(collecting.events.at(-1)).to.deep.include({ price: reserved && "price" in reserved && reserved.price });
  });

  for (const who of ["by itself", "when another one does"] as const) {
    it(`gives the task to others when its holder delivers nothing in time, reopened ${who}`, async () => {
      const entry = await submit();
      const collecting = start(entry);
      await reserve(entry);
      await until("the reservation", () => collecting.kinds().includes("reserved"));
      const before = await sent();
      await time.increaseTo(Number((await view(entry)).clearedAt) + RESERVATION);
      await pause(500);
      expect([await sent(), (await view(entry)).state]).to.deep.equal([before, State.Reserved]);
      await time.increase(1);
      if (who === "when another one does")
        await holderOf(market, 1, market.stranger)
          .reopen(entry)
          .catch(() => undefined);
      await until("the reopening", () => collecting.kinds().includes("reopened"));
      expect((await view(entry)).lapses).to.equal(1n);
      const [rival = market.stranger] = market.others;
      await joinProvider(market, rival);
      await reserve(entry, 2, rival);
      await until("another reservation", () => collecting.kinds().length === 3);
      await store.put(OUTPUT);
      inbox.push((await holderOf(market, 2, rival).deliver(entry, OUTPUT)).envelope);
      expect(await collecting.running).to.deep.include({ outcome: "paid", provider: 2, output: OUTPUT });
      expect(collecting.kinds()).to.deep.equal(["reserved", "reopened", "reserved", "delivered", "paid"]);
    });
  }

  it("gives a holder the whole window to disclose, from its delivery", async () => {
    const entry = await submit(2 * HOUR);
    const collecting = start(entry);
    await reserve(entry);
    await time.increase(HOUR);
    await holderOf(market).deliver(entry, OUTPUT);
    const deliveredAt = await time.latest();
    await until("the delivery", () => collecting.kinds().includes("delivered"));
    await time.increaseTo(deliveredAt + WINDOWS.disclose);
    await pause(400);
    expect((await view(entry)).state).to.equal(State.Delivered);
    await time.increase(1);
    await until("the reopening", () => collecting.kinds().includes("reopened"));
    expect(collecting.kinds().filter((kind) => kind !== "reserved")).to.deep.equal(["delivered", "reopened"]);
  });

  it("opens what is delivered and disclosed at one stroke", async () => {
    const entry = await submit();
    await store.put(OUTPUT);
    const collecting = start(entry);
    await reserve(entry);
    const agent = chainEffects(await protocolOf(market, market.agent), 1);
    const sealed = sealFor(entry, OUTPUT);
    await agent.deliverAndDisclose({ taskId: entry.taskId, order: entry.order, provider: 1, sealed });
    expect(await collecting.running).to.deep.include({ outcome: "paid", output: OUTPUT });
  });

  it("tells that a task is over whose output nobody can open any more, though it was never disclosed", async () => {
    const entry = await submit();
    await reserve(entry);
    await store.put(OUTPUT);
    inbox.push((await holderOf(market).deliver(entry, OUTPUT)).envelope);
    await start(entry).running;
    inbox.length = 0;
    const collected = await start(entry).running;
    expect(collected).to.deep.include({ outcome: "paid", provider: 1 }).and.not.have.property("output");
  });

  it("orders work with a reservation", async () => {
    const agent = await protocolOf(market, market.agent);
    const ending = new AbortController();
    const kinds: string[] = [];
    const envelopes = new Map<string, string[]>();
    // Other tests have set the chain's clock forward, and a chain that was set back leaps with its next block.
    await networkHelpers.mine();
    const ahead = (await time.latest()) - Math.floor(Date.now() / 1_000);
    const working = runProvider({
      ...{ protocol: agent, provider: 1, debts: memoryDebts(), from: 0, capacity: 2, discloseWindow: WINDOWS.disclose },
      effects: {
        ...chainEffects(agent, 1),
        perform: (order) => store.get(order.inputDigest),
        publish: async (output) => (await store.put(output)).digest,
        send: ({ nonce }, envelope) => Promise.resolve(void envelopes.set(nonce.toString(), [envelope])),
      },
      costs: () => ({ payment: 1n, duration: 1 }),
      clock: () => Math.floor(Date.now() / 1_000) + ahead,
      report: ({ kind }) => kinds.push(kind),
      signal: ending.signal,
    });
    stops.push(async () => {
      ending.abort();
      await working;
    });
    const events: WorkEvent[] = [];
    const nonces = new Map<string, string>();
    const input = toUtf8Bytes("input");
    const terms = { source: 1, maxReward: CAP, rampDuration: 600, reservation: RESERVATION, lifetime: 2 * HOUR };
    const [collected] = await orderWork(protocol, [{ input, terms }], {
      ...{ store, journal: memoryJournal(), discloseWindow: WINDOWS.disclose, signal: ending.signal },
      envelopes: (taskId) => envelopes.get(nonces.get(taskId) ?? "") ?? [],
      report: (event) => {
        events.push(event);
        if (event.kind === "submitted") nonces.set(event.taskId, event.order.nonce.toString());
      },
    });
    expect(collected).to.deep.include({ outcome: "paid", provider: 1, output: input });
    expect(events[0]?.kind === "submitted" && events[0].order.reservation).to.equal(RESERVATION);
    expect(events.map(({ kind }) => kind)).to.include.members(["submitted", "delivered", "paid"]);
    expect(kinds.slice(0, 3)).to.deep.equal(["attempted", "reserved", "delivered"]);
  });
});
