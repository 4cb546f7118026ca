import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import { parseEther, toUtf8Bytes, toUtf8String } from "ethers";
import { acceptOpening } from "../../../src/client/acceptOpening.js";
import { memoryJournal } from "../../../src/client/journal.js";
import { submitOrder } from "../../../src/client/submitOrder.js";
import { cidOf, digestOf } from "../../../src/content/digest.js";
import { ContentNotFoundError } from "../../../src/content/errors.js";
import { createInbox, type Inbox } from "../../../src/content/inbox.js";
import { type ContentServer, serveContent } from "../../../src/content/server.js";
import { type ContentStore, memoryStore } from "../../../src/content/store.js";
import { fileDebts } from "../../../src/files/debtBook.js";
import { fileIdentity } from "../../../src/files/identityFile.js";
import { accept as acceptByClient } from "../../../src/protocol/actions/accept.js";
import { announceInbox } from "../../../src/protocol/actions/announceInbox.js";
import { dispute } from "../../../src/protocol/actions/dispute.js";
import { reserve } from "../../../src/protocol/actions/reserve.js";
import { setVersionActive } from "../../../src/protocol/actions/setVersionActive.js";
import { publishSource } from "../../../src/protocol/actions/publishSource.js";
import { FieldRangeError } from "../../../src/protocol/errors.js";
import { readPanel } from "../../../src/protocol/panel.js";
import { connect, type SigningProtocol } from "../../../src/protocol/protocol.js";
import { pause } from "../../../src/protocol/retry.js";
import { snapshot } from "../../../src/protocol/snapshot.js";
import { parseConfig } from "../../../src/provider/config.js";
import { SourceRefusedError } from "../../../src/provider/errors.js";
import { serve, type ServiceEvent } from "../../../src/provider/service.js";
import { builtWorker } from "../../../scripts/market/worker.js";
import { createWasmExecutor, type Executor } from "../../../src/sandbox/index.js";
import { caught } from "../../helpers/caught.js";
import { deployed } from "../../helpers/deployment.js";
import { ethers, loadFixture, time } from "../../helpers/network.js";
import { IMPATIENCE } from "../../helpers/protocol.js";
import { manifestBytes, manifestFor } from "../../helpers/sources.js";
import { joinProvider } from "../../helpers/suite.js";
import { program } from "../../helpers/wasm.js";

/** Writes the byte after each of the first 64 of the input. */
const NEXT_LETTERS = `
  (local $at i32)
  (i32.store (i32.const 0) (i32.const 100))
  (i32.store (i32.const 4) (i32.const 64))
  (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
  (loop $next
    (if (i32.lt_u (local.get $at) (i32.load (i32.const 8))) (then
      (i32.store8 (i32.add (i32.const 100) (local.get $at))
        (i32.add (i32.const 1) (i32.load8_u (i32.add (i32.const 100) (local.get $at)))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $next))))
  (call $write (i32.const 100) (i32.load (i32.const 8)))`;
const FOREVER = "(loop $again (br $again))";
const example = (output: string) => ({
  description: "a computer",
  input: { encoding: "utf8", data: "HAL" },
  output: digestOf(toUtf8Bytes(output)),
});

const deploySuite = async () => (await deployed()).deployment;

describe("provider.serve", () => {
  let deployment: Awaited<ReturnType<typeof deploySuite>>;
  let signers: HardhatEthersSigner[];
  let store: ContentStore;
  let inbox: Inbox;
  let server: ContentServer;
  let folder: string;
  let client: SigningProtocol;
  const stops: (() => Promise<unknown>)[] = [];
  let executor: Executor;
  before(async () => {
    executor = createWasmExecutor({ worker: await builtWorker() });
  });
  after(() => executor.close());

  const connected = (index: number): Promise<SigningProtocol> => {
    const signer = signers[index];
    if (signer === undefined) throw new Error("the network has no such account");
    return connect(signer, deployment, { patience: IMPATIENCE });
  };
  /** Publishes a source with a program of this body. */
  const publish = async (body: string, examples: object[] = [example("IBM")], isStored = true): Promise<number> => {
    const module = await program(body);
    const manifest = manifestBytes(manifestFor(module, { examples }));
    if (isStored) await store.put(module);
    if (isStored) await store.put(manifest);
    const { source } = await publishSource(await connected(1), {
      ...{ floorPrice: parseEther("0.01"), stakePerSlot: parseEther("0.1"), royaltyBps: 0 },
      ...{ manifestDigest: digestOf(manifest), environments: 1, minGpuMemory: 0, deterministic: true },
    });
    return source;
  };

  beforeEach(async () => {
    deployment = await loadFixture(deploySuite);
    signers = await ethers.getSigners();
    store = memoryStore();
    inbox = createInbox();
    server = await serveContent({ store, inbox });
    folder = await mkdtemp(join(tmpdir(), "opengpu-service-"));
    client = await connected(2);
  });
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** A service that runs until it is stopped. */
  const start = async (changes: Record<string, unknown> = {}, { drain = false, leave = false } = {}) => {
    const protocol = await connected(3);
    const config = parseConfig(
      JSON.stringify({
        ...{ format: "opengpu-provider/1", rpc: "here", deployment: "here", store: server.url, folder, stake: "1" },
        ...{ sources: [{ source: 1, slots: 2, minimum: "0.001" }], inboxes: [server.url] },
        ...changes,
      }),
    );
    const events: ServiceEvent[] = [];
    const ending = new AbortController();
    const debts = fileDebts(join(folder, "debts"), protocol.domain);
    const running = serve({
      ...{ protocol, deployment, config, store, executor, debts, drain, leave },
      identity: fileIdentity(join(folder, "identity.json"), protocol.domain),
      report: (event) => events.push(event),
      signal: ending.signal,
    });
    running.catch(() => undefined);
    const stop = async (reason?: Error) => {
      ending.abort(reason);
      await running;
    };
    stops.push(() => stop().catch(() => undefined));
    return { events, debts, stop, running, kinds: () => events.map(({ kind }) => kind) };
  };
  const submit = async (text = "HAL", reservation = 0) => {
    const { digest } = await store.put(toUtf8Bytes(text));
    const deadline = (await time.latest()) + 3_600;
    const draft = { source: 1, maxReward: parseEther("0.02"), bond: parseEther("0.02"), deadline, inputDigest: digest };
    return submitOrder(client, { ...draft, reservation }, { journal: memoryJournal(), attach: true });
  };
  type Task = Awaited<ReturnType<typeof submit>>;
  const until = async (what: string, look: () => boolean | Promise<boolean>) => {
    const end = Date.now() + 30_000;
    while (!(await look())) {
      if (Date.now() > end) throw new Error(`${what} did not happen`);
      await pause(20);
    }
  };
  const stateOf = async ({ taskId }: Task) => (await snapshot(client, { task: taskId })).state;
  /** Waits for an envelope in the inbox, looks at the output, and pays. */
  const accept = async ({ entry, taskId }: Task) => {
    await until("an envelope", () => inbox.list(taskId).length > 0);
    const opening = { order: entry.order, secretKey: entry.secretKey, envelope: inbox.list(taskId)[0] ?? "" };
    let output = "";
    const accepted = await acceptOpening(client, opening, async ({ resultDigest, location }) => {
      expect(location).to.equal(`ipfs://${cidOf(resultDigest)}`);
      output = toUtf8String(await store.get(resultDigest));
      return true;
    });
    return { output, price: accepted?.price };
  };
  const membership = (source = 1) => client.contracts.providerPool.getMembership(1, source);

  it("registers, rehearses, joins, and does a task for a client with an inbox", async () => {
    await publish(NEXT_LETTERS);
    await announceInbox(client, { inbox: server.url });
    const service = await start();
    const task = await submit("ZNMD");
    const { output, price } = await accept(task);
    expect(output).to.equal("[ONE");
    await until("the payment", () => service.kinds().includes("paid"));
    await service.stop();
    expect(service.kinds().filter((kind) => kind !== "trouble")).to.deep.equal([
      ...["established", "joined", "ready"],
      ...["attempted", "executed", "stored", "delivered", "paid"],
    ]);
    const [established, joined, ready] = service.events;
    expect([established, ready]).to.containSubset([{ provider: 1 }, { provider: 1 }]);
    expect(joined).to.include({ source: 1 });
    expect(joined?.kind === "joined" && joined.duration > 0).to.equal(true);
    const paid = service.events.find(({ kind }) => kind === "paid");
    expect(paid?.kind === "paid" && paid.price).to.equal(price);
    expect(await stateOf(task)).to.equal("Settled");
    expect((await snapshot(client, { provider: 1 })).stake).to.equal(parseEther("1"));
    expect((await membership()).slots).to.equal(2n);
    expect(await service.debts.open()).to.deep.equal([]);
  });

  it("discloses the envelope of a client without an inbox, when its grace is over, and is paid all the same", async () => {
    await publish(NEXT_LETTERS);
    // By the clock of this machine the grace would last for days.
    await time.increase(10 * 86_400);
    const service = await start({ grace: 2 });
    const task = await submit();
    await until("the disclosure", async () => (await stateOf(task)) === "Disclosed");
    const { clearedAt = NaN, disclosedAt = NaN } = await snapshot(client, { task: task.taskId });
    expect(disclosedAt - clearedAt).to.be.at.least(2);
    const { taskManager } = client.contracts;
    const [event] = await taskManager.queryFilter(taskManager.filters.TaskDisclosed(task.taskId));
    const { order, secretKey } = task.entry;
    const disclosed = { order, secretKey, envelope: event?.args.envelope ?? "" };
    await acceptOpening(client, disclosed, async ({ resultDigest }) => {
      expect(toUtf8String(await store.get(resultDigest))).to.equal("IBM");
      return true;
    });
    expect(inbox.list(task.taskId)).to.deep.equal([]);
    expect(service.events.find(({ kind }) => kind === "trouble"))
      .to.have.property("reason")
      .that.contains("no inbox");
    await until("the payment", () => service.kinds().includes("paid"));
  });

  it("delivers what can be disputed, and stands by it after a restart when it is", async () => {
    await publish(NEXT_LETTERS);
    const service = await start({ grace: 2 });
    await until("readiness", () => service.kinds().includes("ready"));
    // Three seats, and two members more than those.
    for (const owner of signers.slice(4, 8)) await joinProvider(client.contracts, owner, { slots: 1 });
    const { digest } = await store.put(toUtf8Bytes("HAL"));
    const bond = parseEther("0.06");
    const draft = {
      ...{ source: 1, maxReward: parseEther("0.02"), bond, trust: 2, reviewPeriod: 600, inputDigest: digest },
      deadline: (await time.latest()) + 3_600,
    };
    const task = await submitOrder(client, draft, { journal: memoryJournal(), attach: true });
    await until("the disclosure", async () => (await stateOf(task)) === "Disclosed");
    await service.stop();
    await dispute(client, {
      order: task.entry.order,
      attach: { price: (await snapshot(client, { task: task.entry.order })).price ?? 0n },
    });
    const { openProvider, open } = deployment.parameters.windows;
    const { sealsUntil = 0 } = await readPanel(client, task.entry.order);
    await time.increaseTo(sealsUntil + 1);
    const again = await start({ grace: 2 });
    await until("the opening", () => again.kinds().includes("defended"));
    const { resultDigest, revealedAt = Infinity } = await readPanel(client, task.entry.order);
    expect(resultDigest).to.equal(digestOf(toUtf8Bytes("IBM")));
    expect(revealedAt).to.be.at.most(sealsUntil + openProvider);
    await time.increase(open + 1);
    await until("the payment", () => again.kinds().includes("paid"));
    expect(await stateOf(task)).to.equal("Settled");
    expect(await again.debts.open()).to.deep.equal([]);
  });

  it("leaves what it owes in the book when it stops, and sees it through when it starts again", async () => {
    await publish(NEXT_LETTERS);
    const first = await start();
    const task = await submit();
    await until("the delivery", () => first.kinds().includes("delivered"));
    await first.stop();
    expect((await first.debts.open()).map(({ taskId }) => taskId)).to.deep.equal([task.taskId]);
    expect(await stateOf(task)).to.equal("Delivered");

    await announceInbox(client, { inbox: server.url });
    const transactions = await signers[3]?.getNonce();
    const second = await start();
    expect((await accept(task)).output).to.equal("IBM");
    await until("the payment", () => second.kinds().includes("paid"));
    expect(await second.debts.open()).to.deep.equal([]);
    // It is who it was, and in the pool already; what it owes does not wait for that.
    await until("readiness", () => second.kinds().includes("ready"));
    expect(second.kinds().filter((kind) => kind !== "trouble")).to.have.members([
      ...["established", "joined", "ready", "paid"],
    ]);
    expect(await signers[3]?.getNonce()).to.equal(transactions);
    expect((await snapshot(client, "suite")).providers).to.equal(1);
  });

  it("works for several sources", async () => {
    await publish(NEXT_LETTERS);
    await publish(`${NEXT_LETTERS} (call $write (i32.const 100) (i32.const 1))`, [example("IBMI")]);
    await announceInbox(client, { inbox: server.url });
    const sources = [1, 2].map((source) => ({ source, minimum: "0" }));
    const service = await start({ sources });
    await until("readiness", () => service.kinds().includes("ready"));
    expect(service.kinds()).to.deep.equal(["established", "joined", "joined", "ready"]);
    expect((await accept(await submit("@"))).output).to.equal("A");
    expect((await membership(2)).slots).to.equal(1n);
  });

  it("sees through what it owes although it can work for no source any more, and then says why", async () => {
    await publish(NEXT_LETTERS);
    const first = await start();
    const task = await submit();
    await until("the delivery", () => first.kinds().includes("delivered"));
    await first.stop();
    await setVersionActive(await connected(1), { source: 1, version: 1, active: false });
    await announceInbox(client, { inbox: server.url });
    const second = await start();
    expect((await accept(task)).output).to.equal("IBM");
    await until("the payment", () => second.kinds().includes("paid"));
    await caught(second.running, SourceRefusedError);
    expect(await second.debts.open()).to.deep.equal([]);
  });

  it("drains: takes nothing new, and ends when nothing is owed", async () => {
    await publish(NEXT_LETTERS);
    const first = await start();
    const task = await submit();
    await until("the delivery", () => first.kinds().includes("delivered"));
    await first.stop();
    const other = await submit("another");
    await announceInbox(client, { inbox: server.url });
    const draining = await start({}, { drain: true });
    expect((await accept(task)).output).to.equal("IBM");
    await draining.running;
    expect(draining.kinds().filter((kind) => kind !== "trouble")).to.deep.equal(["established", "paid"]);
    expect(await stateOf(other)).to.equal("Open");
  });

  it("reserves, and delivers at one stroke to a client without an inbox", async () => {
    await publish(NEXT_LETTERS);
    const service = await start();
    const task = await submit("HAL", 600);
    await until("the delivery", () => service.kinds().includes("delivered"));
    expect(await stateOf(task)).to.equal("Disclosed");
    expect(service.kinds()).to.deep.equal([
      ...["established", "joined", "ready"],
      ...["attempted", "reserved", "executed", "stored", "delivered"],
    ]);
  });

  it("does not reserve what has no input", async () => {
    await publish(NEXT_LETTERS);
    const service = await start();
    const deadline = (await time.latest()) + 3_600;
    const inputDigest = digestOf(toUtf8Bytes("nowhere"));
    const draft = { source: 1, maxReward: parseEther("0.02"), reservation: 600, deadline, inputDigest };
    const task = await submitOrder(client, draft, { journal: memoryJournal(), attach: true });
    await until("a failure", () => service.kinds().includes("abandoned"));
    expect(await stateOf(task)).to.equal("Open");
  });

  describe("with a reservation of an earlier run", () => {
    const reserveByHand = async () => {
      await publish(NEXT_LETTERS);
      await announceInbox(client, { inbox: server.url });
      const first = await start();
      await until("readiness", () => first.kinds().includes("ready"));
      await first.stop();
      const task = await submit("HAL", 600);
      await reserve(await connected(3), { order: task.entry.order, provider: 1 });
      return task;
    };
    const kindsOf = (service: Awaited<ReturnType<typeof start>>) =>
      service.kinds().filter((kind) => kind !== "trouble");

    it("drains it", async () => {
      const task = await reserveByHand();
      const draining = await start({}, { drain: true });
      await until("the delivery", () => draining.kinds().includes("delivered"));
      // By the envelope in its inbox or, if that was not known yet, by the one on chain.
      if ((await stateOf(task)) === "Delivered") expect((await accept(task)).output).to.equal("IBM");
      else await acceptByClient(client, { order: task.entry.order });
      await draining.running;
      expect(kindsOf(draining)).to.deep.equal([
        ...["established", "attempted", "reserved", "executed", "stored", "delivered", "paid"],
      ]);
    });

    it("leaves its pool when that is delivered, and no later", async () => {
      const task = await reserveByHand();
      const leaving = await start({}, { leave: true });
      await leaving.running;
      expect(kindsOf(leaving)).to.deep.equal([
        ...["established", "attempted", "reserved", "executed", "stored", "delivered", "left"],
      ]);
      expect((await membership()).slots).to.equal(0n);
      expect(["Delivered", "Disclosed"]).to.include(await stateOf(task));
      expect((await leaving.debts.open()).map(({ taskId }) => taskId)).to.deep.equal([task.taskId]);
    });

    it("changes its seat when that is delivered", async () => {
      await reserveByHand();
      const service = await start({ sources: [{ source: 1, slots: 3, minimum: "0.001" }] });
      await until("readiness", () => service.kinds().includes("ready"));
      expect((await membership()).slots).to.equal(3n);
      expect(service.kinds()).to.include("delivered");
      for (const event of service.events) if (event.kind === "refused") expect(event.retry).to.equal(true);
    });

    it("delivers it although it can work for no source any more, and then says why", async () => {
      const task = await reserveByHand();
      await setVersionActive(await connected(1), { source: 1, version: 1, active: false });
      const service = await start();
      const refused = caught(service.running, SourceRefusedError);
      await until("the delivery", () => service.kinds().includes("delivered"));
      if ((await stateOf(task)) === "Delivered") await accept(task);
      else await acceptByClient(client, { order: task.entry.order });
      await refused;
      expect(service.kinds()).to.include("paid");
    });
  });

  describe("does not join the pool of a source", () => {
    const refused = async (service: Awaited<ReturnType<typeof start>>, problem: string) => {
      const error = await caught(service.running, SourceRefusedError);
      expect(error.message).to.contain(problem);
      expect((await membership()).slots).to.equal(0n);
      expect(service.kinds()).to.deep.equal(["established", "refused"]);
    };

    it("whose example gives something else here", async () => {
      await publish(NEXT_LETTERS, [example("IBM"), example("XYZ")]);
      const [right, wrong] = [digestOf(toUtf8Bytes("IBM")), digestOf(toUtf8Bytes("XYZ"))];
      await refused(await start(), `its example “a computer” gave ${right}, not ${wrong}.`);
    });

    it("whose example fails here", async () => {
      await publish("(unreachable)");
      await refused(await start(), "its example “a computer” failed.");
    });

    it("whose limits are above its ceiling", async () => {
      await publish(NEXT_LETTERS);
      await refused(await start({ ceiling: { time: 1_000 } }), "its limits.time is 60000");
    });

    it("that its hardware does not run", async () => {
      await publish(NEXT_LETTERS);
      await refused(await start({ hardware: { environments: ["nvidia"] } }), "no active version");
    });

    it("whose program it cannot fetch, and joins when it can", async () => {
      await publish(NEXT_LETTERS, [example("IBM")], false);
      const service = await start();
      await caught(service.running, ContentNotFoundError);
      expect((await membership()).slots).to.equal(0n);
      const module = await program(NEXT_LETTERS);
      await store.put(module);
      await store.put(manifestBytes(manifestFor(module, { examples: [example("IBM")] })));
      const again = await start();
      await until("readiness", () => again.kinds().includes("ready"));
      expect((await membership()).slots).to.equal(2n);
    });

    it("while whose example runs it is stopped", async () => {
      await publish(FOREVER);
      const service = await start();
      await until("the registration", () => service.kinds().includes("established"));
      await pause(300);
      await service.stop(new Error("enough"));
      expect(service.kinds()).to.deep.equal(["established"]);
      expect((await membership()).slots).to.equal(0n);
    });
  });

  it("sends nothing if its grace would cost it every bond", async () => {
    await publish(NEXT_LETTERS);
    const { disclose } = deployment.parameters.windows;
    const service = await start({ grace: disclose });
    const error = await caught(service.running, FieldRangeError);
    expect([error.field, error.value]).to.deep.equal(["grace", disclose]);
    expect((await snapshot(client, "suite")).providers).to.equal(0);
  });
});
