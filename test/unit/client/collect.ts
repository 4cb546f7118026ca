import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { parseEther, toUtf8Bytes, Wallet } from "ethers";
import { collect, type CollectEvent, type CollectOptions } from "../../../src/client/collect.js";
import { exportOrders, importOrders, type JournalEntry, memoryJournal } from "../../../src/client/journal.js";
import { type OrderDraft, prepareOrder, submitOrder } from "../../../src/client/submitOrder.js";
import { listen } from "../../../src/client/tidings.js";
import { digestOf } from "../../../src/content/digest.js";
import { folderStore } from "../../../src/content/folderStore.js";
import { type ContentStore, memoryStore } from "../../../src/content/store.js";
import { revokeOrder } from "../../../src/protocol/actions/revokeOrder.js";
import { packOrder } from "../../../src/protocol/order.js";
import { connect, type SigningProtocol } from "../../../src/protocol/protocol.js";
import { sealOf } from "../../../src/protocol/seal.js";
import { sharesOf } from "../../helpers/books.js";
import { rejection } from "../../helpers/caught.js";
import { holderOf, sealFor, until } from "../../helpers/holders.js";
import { loadFixture, time } from "../../helpers/network.js";
import { IMPATIENCE, locationOf, protocolOf } from "../../helpers/protocol.js";
import { type Relay, startRelay } from "../../helpers/rpcRelay.js";
import { CAP, deployMarket, FLOOR, joinProvider, type Market, random32, WINDOWS } from "../../helpers/suite.js";
import { START, TaskState } from "../../helpers/states.js";

const OUTPUT = toUtf8Bytes("output");
const HOUR = 3600;

describe("client collect", () => {
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

  const submit = async (changes: Partial<OrderDraft> = {}, by = protocol): Promise<JournalEntry> => {
    const draft = {
      ...{ source: 1, maxReward: CAP, rampDuration: 600, reviewPeriod: HOUR, inputDigest: random32() },
      deadline: (await time.latest()) + 4 * HOUR,
      ...changes,
    };
    return (await submitOrder(by, draft, { journal: memoryJournal() })).entry;
  };

  /** Collects a task; counts how often it has looked at the chain. */
  const start = (entry: JournalEntry, changes: Partial<CollectOptions> = {}, by = protocol, deaf = false) => {
    const events: CollectEvent[] = [];
    const ending = new AbortController();
    const tidings = listen(by, entry.order.client, 0);
    let looks = 0;
    const running = collect(by, entry, {
      tidings: {
        ...tidings,
        news: (...wait) => {
          looks++;
          return tidings.news(...wait);
        },
      },
      store,
      envelopes: () => inbox,
      discloseWindow: WINDOWS.disclose,
      report: (event) => events.push(event),
      signal: ending.signal,
      ...changes,
    });
    running.catch(() => undefined);
    let following: Promise<void> | undefined;
    const follow = () => {
      following ??= tidings.follow(ending.signal);
      following.catch(() => undefined);
    };
    if (!deaf) follow();
    const stop = async (reason: unknown = new Error("stopped")) => {
      ending.abort(reason);
      await Promise.allSettled([running, following]);
    };
    stops.push(stop);
    return {
      events,
      running,
      follow,
      stop,
      kinds: () => events.map(({ kind }) => kind),
      troubles: () => events.flatMap((event) => (event.kind === "trouble" ? [event.reason] : [])),
      /** Lets it look at the chain so many times from now on. */
      looked: async (times = 4) => {
        const now = looks;
        await until(`${times} looks`, () => looks >= now + times);
      },
    };
  };
  type Collecting = ReturnType<typeof start>;

  const stateOf = async ({ taskId }: JournalEntry) => (await market.taskManager.getTask(taskId)).state;
  /** Looks some times more; fails if the client sent anything meanwhile. */
  const expectSilence = async (collecting: Collecting, entry: JournalEntry) => {
    const [sent, state] = [await market.client.getNonce(), await stateOf(entry)];
    await collecting.looked();
    expect(await market.client.getNonce()).to.equal(sent);
    expect(await stateOf(entry)).to.equal(state);
  };
  const settlementOf = async ({ taskId }: JournalEntry) => {
    const [settled, ...more] = await market.taskManager.queryFilter(market.taskManager.filters.TaskSettled(taskId));
    if (settled === undefined || more.length > 0) throw new Error("not settled once");
    return { provider: Number(settled.args.provider), price: settled.args.price, event: settled };
  };
  const passWindow = () => time.increase(WINDOWS.disclose + 1);
  const rivalOf = async () => {
    const [signer] = market.others;
    if (signer === undefined) throw new Error("no account for a rival");
    await joinProvider(market, signer);
    return holderOf(market, 2, signer);
  };

  it("pays once it has the envelope behind the seal and the output behind the digest, and not before", async () => {
    const entry = await submit();
    const collecting = start(entry);
    await expectSilence(collecting, entry);
    await time.increase(100);
    const { envelope } = await holderOf(market).deliver(entry, OUTPUT);
    await expectSilence(collecting, entry);
    expect(collecting.kinds()).to.deep.equal(["delivered"]);
    await store.put(OUTPUT);
    await expectSilence(collecting, entry);
    inbox.push(envelope);
    const { provider, price, event } = await collecting.running.then(() => settlementOf(entry));
    expect(provider).to.equal(1);
    expect(price).to.be.greaterThan(FLOOR);
    expect((await event.getTransaction()).from).to.equal(market.client.address);
    expect(await collecting.running).to.deep.equal({ outcome: "paid", provider, price, output: OUTPUT });
    expect(collecting.kinds()).to.deep.equal(["delivered", "paid"]);
    for (const event of collecting.events) expect(event).to.include({ provider, price });
  });

  it("is not misled by junk in the inbox, not even by an envelope that opens but is not the sealed one", async () => {
    const entry = await submit();
    const other = await submit();
    await store.put(OUTPUT);
    const { envelope } = await holderOf(market).deliver(entry, OUTPUT);
    const { envelope: ofAnotherProvider } = sealFor(entry, OUTPUT, 2);
    const { envelope: ofAnotherTask } = sealFor(other, OUTPUT);
    const { envelope: opensToo } = sealFor(entry, OUTPUT);
    const altered = `${envelope.slice(0, -2)}${envelope.endsWith("00") ? "01" : "00"}`;
    inbox.push("0x", "no envelope", `0x${"00".repeat(600)}`, altered, ofAnotherProvider, ofAnotherTask, opensToo);
    const collecting = start(entry);
    await collecting.looked(1);
    await expectSilence(collecting, entry);
    inbox.push(envelope);
    expect(await collecting.running).to.deep.include({ outcome: "paid", output: OUTPUT, provider: 1 });
    expect(collecting.troubles()).to.have.length(7);
    expect(collecting.troubles().at(-1)).to.match(/gives the seal 0x\w+, but on chain is 0x/);
  });

  it("accepts nothing without the key that opens the envelope", async () => {
    const entry = await submit();
    delete entry.secretKey;
    await store.put(OUTPUT);
    inbox.push((await holderOf(market).deliver(entry, OUTPUT)).envelope);
    const collecting = start(entry);
    await collecting.looked(1);
    await expectSilence(collecting, entry);
    expect(collecting.troubles()).to.have.length(1);
  });

  describe("started anew from the journal", () => {
    /** What a new program has: the journal's line, and a connection of its own. */
    const again = async (entry: JournalEntry, changes: Partial<CollectOptions> = {}, deaf = false) => {
      const [kept] = importOrders(exportOrders([entry], { secrets: true }));
      if (kept === undefined) throw new Error("nothing was kept");
      return start(kept, changes, await protocolOf(market, market.client), deaf);
    };

    it("goes on with a task that nobody has delivered", async () => {
      const entry = await submit();
      const first = start(entry);
      await first.looked(1);
      await first.stop();
      await store.put(OUTPUT);
      inbox.push((await holderOf(market).deliver(entry, OUTPUT)).envelope);
      expect(await (await again(entry)).running).to.deep.include({ outcome: "paid", output: OUTPUT });
    });

    it("goes on with a task that is delivered", async () => {
      const entry = await submit();
      const { envelope } = await holderOf(market).deliver(entry, OUTPUT);
      const first = start(entry);
      await until("the delivery", () => first.kinds().includes("delivered"));
      await first.stop();
      await store.put(OUTPUT);
      inbox.push(envelope);
      const second = await again(entry);
      expect(await second.running).to.deep.include({ outcome: "paid", output: OUTPUT });
      expect(second.kinds()).to.deep.equal(["delivered", "paid"]);
    });

    it("goes on with a task that is disclosed, by the envelope on chain", async () => {
      const entry = await submit();
      const holder = holderOf(market);
      await holder.disclose(entry, await holder.deliver(entry, OUTPUT));
      await store.put(OUTPUT);
      const second = await again(entry);
      expect(await second.running).to.deep.include({ outcome: "paid", output: OUTPUT });
      expect((await (await settlementOf(entry)).event.getTransaction()).from).to.equal(market.client.address);
    });

    it("gets the output of a task that it has accepted, and pays no second time", async () => {
      const entry = await submit();
      await store.put(OUTPUT);
      inbox.push((await holderOf(market).deliver(entry, OUTPUT)).envelope);
      const first = await start(entry).running;
      const sent = await market.client.getNonce();
      expect(await (await again(entry)).running).to.deep.equal(first);
      expect(await market.client.getNonce()).to.equal(sent);
    });

    it("gets the output of a task that was settled while it was away, however late the log comes", async () => {
      const entry = await submit();
      const holder = holderOf(market);
      await holder.disclose(entry, await holder.deliver(entry, OUTPUT));
      await time.increase(entry.order.reviewPeriod + 1);
      await holder.settle(entry);
      await store.put(OUTPUT);
      const second = await again(entry, {}, true);
      await second.looked(3);
      expect(second.kinds()).to.deep.equal(["delivered"]);
      second.follow();
      const { provider, price } = await settlementOf(entry);
      expect(await second.running).to.deep.equal({ outcome: "paid", provider, price, output: OUTPUT });
    });

    it("tells that a task is over whose output nobody can open any more", async () => {
      const entry = await submit();
      await store.put(OUTPUT);
      inbox.push((await holderOf(market).deliver(entry, OUTPUT)).envelope);
      await start(entry).running;
      inbox.length = 0;
      const { provider, price } = await settlementOf(entry);
      expect(await (await again(entry)).running).to.deep.equal({ outcome: "paid", provider, price });
    });

    it("tells that a task was refunded", async () => {
      const entry = await submit();
      await time.increaseTo(entry.order.deadline + 1);
      await holderOf(market).refund(entry);
      expect(await (await again(entry)).running).to.deep.equal({ outcome: "refunded" });
    });
  });

  it("waits for an output that the store does not have yet, tells so once, and accepts it when it comes", async () => {
    const entry = await submit();
    inbox.push((await holderOf(market).deliver(entry, OUTPUT)).envelope);
    const collecting = start(entry);
    await until("the trouble", () => collecting.kinds().includes("trouble"));
    await expectSilence(collecting, entry);
    expect(collecting.troubles()).to.have.length(1);
    expect(collecting.troubles()[0]).to.contain("does not have").and.contain(digestOf(OUTPUT));
    await store.put(OUTPUT);
    expect(await collecting.running).to.deep.include({ outcome: "paid", output: OUTPUT });
  });

  it("never accepts an output that was altered, and reopens the task when nothing is disclosed", async () => {
    const folder = await mkdtemp(join(tmpdir(), "opengpu-collect-"));
    stops.push(() => rm(folder, { recursive: true, force: true }));
    store = folderStore(folder);
    const { digest } = await store.put(OUTPUT);
    await writeFile(join(folder, digest.slice(2, 4), digest.slice(2)), "outpux");
    const entry = await submit();
    inbox.push((await holderOf(market).deliver(entry, OUTPUT)).envelope);
    const collecting = start(entry);
    await until("the trouble", () => collecting.kinds().includes("trouble"));
    await expectSilence(collecting, entry);
    await passWindow();
    await until("the reopening", () => collecting.kinds().includes("reopened"));
    expect(await stateOf(entry)).to.equal(TaskState.Open);
    expect(collecting.kinds()).to.deep.equal(["delivered", "trouble", "reopened"]);
  });

  it("takes no output that is larger than it wants", async () => {
    const entry = await submit();
    await store.put(OUTPUT);
    inbox.push((await holderOf(market).deliver(entry, OUTPUT)).envelope);
    const collecting = start(entry, { maxOutput: OUTPUT.length - 1 });
    await until("the trouble", () => collecting.kinds().includes("trouble"));
    await expectSilence(collecting, entry);
    await collecting.stop();
    expect(await start(entry, { maxOutput: OUTPUT.length }).running).to.deep.include({ output: OUTPUT });
  });

  it("settles itself what its provider, long paid by silence, never settles", async () => {
    const entry = await submit();
    const holder = holderOf(market);
    const sealed = await holder.deliver(entry, OUTPUT);
    // Its output is nowhere.
    await holder.disclose(entry, sealed);
    const collecting = start(entry);
    await expectSilence(collecting, entry);
    await time.increase(entry.order.reviewPeriod + WINDOWS.disclose + 1);
    const { provider, price } = await collecting.running.then(() => settlementOf(entry));
    expect(await collecting.running).to.deep.equal({ outcome: "paid", provider, price });
    expect((await market.escrow.accountOf(market.client)).held).to.equal(0n);
  });

  it("tells that an order was revoked, or that its deadline passed before it was posted", async () => {
    const prepare = async () => {
      const draft = { source: 1, maxReward: CAP, inputDigest: random32(), deadline: (await time.latest()) + HOUR };
      return prepareOrder(protocol, draft, { journal: memoryJournal() });
    };
    const [revoked, forgotten] = [await prepare(), await prepare()];
    await revokeOrder(protocol, { order: revoked.order });
    expect(await start(revoked).running).to.deep.equal({ outcome: "revoked" });
    const collecting = start(forgotten);
    await collecting.looked();
    expect(collecting.events).to.deep.equal([]);
    await time.increase(HOUR + 1);
    expect(await collecting.running).to.deep.equal({ outcome: "unposted" });
  });

  it("tells what was sealed before it pays, and does not pay while that cannot be kept", async () => {
    const entry = await submit();
    await store.put(OUTPUT);
    inbox.push((await holderOf(market).deliver(entry, OUTPUT)).envelope);
    let full = true;
    const kept: string[] = [];
    const opened = ({ resultDigest }: { resultDigest: string }) => {
      if (full) throw new Error("the disk is full");
      kept.push(resultDigest);
    };
    const collecting = start(entry, { opened });
    await until("the trouble", () => collecting.troubles().includes("the disk is full"));
    await expectSilence(collecting, entry);
    full = false;
    expect((await collecting.running).outcome).to.equal("paid");
    expect(kept).to.deep.equal([digestOf(OUTPUT)]);
  });

  it("never accepts what the judge refuses, whom it asks once, though silence pays in the end", async () => {
    const entry = await submit();
    await store.put(OUTPUT);
    const holder = holderOf(market);
    const sealed = await holder.deliver(entry, OUTPUT);
    inbox.push(sealed.envelope);
    const judged: Uint8Array[] = [];
    const judge = (output: Uint8Array) => {
      judged.push(output);
      return Promise.resolve(false);
    };
    const collecting = start(entry, { judge });
    await until("the verdict", () => collecting.kinds().includes("trouble"));
    await expectSilence(collecting, entry);
    await holder.disclose(entry, sealed);
    await expectSilence(collecting, entry);
    await time.increase(entry.order.reviewPeriod + 1);
    await expectSilence(collecting, entry);
    await holder.settle(entry);
    const { provider, price } = await collecting.running.then(() => settlementOf(entry));
    expect(await collecting.running).to.deep.equal({ outcome: "paid", provider, price });
    expect(collecting.kinds()).to.deep.equal(["delivered", "trouble", "paid"]);
    expect(collecting.troubles()[0]).to.contain(digestOf(OUTPUT));
    expect(judged).to.deep.equal([OUTPUT]);
  });

  it("asks a judge that failed again, and accepts nothing until it answers", async () => {
    const entry = await submit();
    await store.put(OUTPUT);
    inbox.push((await holderOf(market).deliver(entry, OUTPUT)).envelope);
    let able = false;
    const judge = () => {
      if (!able) throw new Error("the judge is asleep");
      return true;
    };
    const collecting = start(entry, { judge });
    await until("the trouble", () => collecting.kinds().includes("trouble"));
    await expectSilence(collecting, entry);
    able = true;
    expect(await collecting.running).to.deep.include({ outcome: "paid", output: OUTPUT });
    expect(collecting.troubles()).to.deep.equal(["the judge is asleep"]);
  });

  it("opens an envelope that is only disclosed on chain, also while the inbox is away", async () => {
    const entry = await submit();
    await store.put(OUTPUT);
    const holder = holderOf(market);
    const collecting = start(entry, { envelopes: () => Promise.reject(new Error("the inbox is away")) });
    const sealed = await holder.deliver(entry, OUTPUT);
    await collecting.looked();
    await expectSilence(collecting, entry);
    await holder.disclose(entry, sealed);
    expect(await collecting.running).to.deep.include({ outcome: "paid", output: OUTPUT });
    expect(collecting.troubles()).to.deep.equal(["the inbox is away"]);
  });

  it("does not accept a disclosed envelope that says another digest than the seal commits to", async () => {
    const entry = await submit();
    await store.put(OUTPUT);
    const { taskId, order } = entry;
    const shown = sealFor(entry, OUTPUT);
    const { commitment } = sealFor(entry, toUtf8Bytes("another"));
    const { envelope, envelopeHash } = shown;
    const holder = holderOf(market);
    const seal = sealOf({ taskId, provider: 1, commitment, envelopeHash });
    await market.taskManager.connect(market.agent).deliver(packOrder(order), 1, seal);
    await holder.disclose(entry, { ...shown, commitment });
    inbox.push(envelope);
    const collecting = start(entry);
    await until("the trouble", () => collecting.kinds().includes("trouble"));
    await expectSilence(collecting, entry);
    expect(collecting.troubles()).to.have.length(1);
    expect(collecting.troubles()[0]).to.contain(`on chain is ${seal}`);
  });

  for (const who of ["by itself", "when another one does"] as const) {
    it(`tells that a holder who discloses nothing loses the task, reopened ${who}, and pays the next one`, async () => {
      const entry = await submit();
      await store.put(OUTPUT);
      const rival = await rivalOf();
      const collecting = start(entry, who === "by itself" ? {} : { discloseWindow: 10 * HOUR });
      await holderOf(market).deliver(entry, toUtf8Bytes("never shown"));
      await until("the delivery", () => collecting.kinds().includes("delivered"));
      // The last second of the window is still the holder's.
      await time.increaseTo(Number((await market.taskManager.getTask(entry.taskId)).clearedAt) + WINDOWS.disclose);
      await expectSilence(collecting, entry);
      await passWindow();
      if (who === "when another one does") {
        await expectSilence(collecting, entry);
        await holderOf(market, 1, market.stranger).reopen(entry);
      }
      await until("the reopening", () => collecting.kinds().includes("reopened"));
      expect((await market.taskManager.getTask(entry.taskId)).lapses).to.equal(1n);
      inbox.push((await rival.deliver(entry, OUTPUT)).envelope);
      const { price } = await collecting.running.then(() => settlementOf(entry));
      expect(await collecting.running).to.deep.equal({ outcome: "paid", provider: 2, price, output: OUTPUT });
      expect(collecting.events.map((event) => [event.kind, "provider" in event && event.provider])).to.deep.equal([
        ["delivered", 1],
        ["reopened", 1],
        ["delivered", 2],
        ["paid", 2],
      ]);
    });
  }

  it("takes its money back when the deadline passes unserved, to the wei, and not a second before", async () => {
    const { free } = await market.escrow.accountOf(market.client);
    const entry = await submit();
    const collecting = start(entry);
    await time.increaseTo(entry.order.deadline);
    await expectSilence(collecting, entry);
    await time.increaseTo(entry.order.deadline + 1);
    expect(await collecting.running).to.deep.equal({ outcome: "refunded" });
    expect(collecting.kinds()).to.deep.equal(["refunded"]);
    const after = await market.escrow.accountOf(market.client);
    const { fee } = sharesOf(START);
    expect([after.free, after.held, after.fees]).to.deep.equal([free - fee, 0n, fee]);
    expect(await stateOf(entry)).to.equal(TaskState.Refunded);
  });

  it("has all its money back when the deadline passes after a holder failed", async () => {
    const { free } = await market.escrow.accountOf(market.client);
    const entry = await submit();
    const collecting = start(entry);
    await holderOf(market).deliver(entry, OUTPUT);
    await time.increaseTo(entry.order.deadline + 1);
    expect(await collecting.running).to.deep.equal({ outcome: "refunded" });
    expect(collecting.kinds()).to.deep.equal(["delivered", "reopened", "refunded"]);
    const after = await market.escrow.accountOf(market.client);
    expect([after.free, after.held, after.fees]).to.deep.equal([free, 0n, 0n]);
  });

  describe("stopped by its signal", () => {
    const reason = new Error("enough");

    for (const moment of ["before it begins", "while the task is open", "while nothing opens the seal"] as const) {
      it(`rejects with the reason ${moment}, and has sent nothing`, async () => {
        const entry = await submit();
        if (moment === "while nothing opens the seal") await holderOf(market).deliver(entry, OUTPUT);
        const sent = await market.client.getNonce();
        const before = AbortSignal.abort(reason);
        const collecting = start(entry, moment === "before it begins" ? { signal: before } : {});
        if (moment !== "before it begins") {
          await collecting.looked(2);
          await collecting.stop(reason);
        }
        expect(await rejection(collecting.running)).to.equal(reason);
        expect(await market.client.getNonce()).to.equal(sent);
      });
    }

    it("rejects with the reason while the judge decides, and does not pay for what it then finds good", async () => {
      const entry = await submit();
      await store.put(OUTPUT);
      inbox.push((await holderOf(market).deliver(entry, OUTPUT)).envelope);
      let decide: ((good: boolean) => void) | undefined;
      const collecting = start(entry, { judge: () => new Promise((resolve) => (decide = resolve)) });
      await until("the question", () => decide !== undefined);
      const sent = await market.client.getNonce();
      const stopped = collecting.stop(reason);
      decide?.(true);
      await stopped;
      expect(await rejection(collecting.running)).to.equal(reason);
      expect(await market.client.getNonce()).to.equal(sent);
      expect(await stateOf(entry)).to.equal(TaskState.Delivered);
    });

    it("gives up a store that does not answer", async () => {
      const entry = await submit();
      inbox.push((await holderOf(market).deliver(entry, OUTPUT)).envelope);
      let asked = false;
      const mute: ContentStore = {
        ...store,
        get: (_digest, { signal } = {}) =>
          new Promise((_, reject) => {
            asked = true;
            signal?.addEventListener("abort", () => {
              reject(signal.reason as Error);
            });
          }),
      };
      const collecting = start(entry, { store: mute });
      await until("the question", () => asked);
      await collecting.stop(reason);
      expect(await rejection(collecting.running)).to.equal(reason);
      expect(collecting.troubles()).to.deep.equal([]);
    });
  });

  describe("behind a node that fails", () => {
    let relay: Relay;
    let distant: SigningProtocol;

    beforeEach(async () => {
      relay = await startRelay();
      stops.push(() => relay.stop());
      const key = new Wallet(random32(), await relay.connect());
      await market.deployer.sendTransaction({ to: key.address, value: parseEther("1") });
      await market.escrow.connect(market.deployer).depositFor(key, { value: CAP });
      const patience = { ...IMPATIENCE, requests: 300 };
      distant = await connect(key, await locationOf(market), { patience });
    });

    it("reports that and goes on when the node is back, with what happened meanwhile", async () => {
      const entry = await submit({}, distant);
      await store.put(OUTPUT);
      const collecting = start(entry, {}, distant);
      await collecting.looked(1);
      relay.fault = () => "drop";
      await until("the trouble", () => collecting.kinds().includes("trouble"));
      const holder = holderOf(market);
      await holder.disclose(entry, await holder.deliver(entry, OUTPUT));
      expect(await stateOf(entry)).to.equal(TaskState.Disclosed);
      relay.fault = () => undefined;
      expect(await collecting.running).to.deep.include({ outcome: "paid", provider: 1, output: OUTPUT });
      expect(collecting.kinds().filter((kind) => kind !== "trouble")).to.deep.equal(["delivered", "paid"]);
    });

    it("pays once although the answer to its payment is lost", async () => {
      const entry = await submit({}, distant);
      await store.put(OUTPUT);
      inbox.push((await holderOf(market).deliver(entry, OUTPUT)).envelope);
      let lost = 0;
      relay.fault = ({ method }) => (method === "eth_sendRawTransaction" && lost++ === 0 ? "lose" : undefined);
      expect(await start(entry, {}, distant).running).to.deep.include({ outcome: "paid", output: OUTPUT });
      expect(lost).to.be.greaterThan(0);
      expect((await (await settlementOf(entry)).event.getTransaction()).from).to.equal(entry.order.client);
    });
  });
});
