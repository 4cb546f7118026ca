import { type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { parseEther, Wallet } from "ethers";
import { network } from "hardhat";
import { compilerOf } from "../../../scripts/deployment/build.js";
import { acceptOpening } from "../../../src/client/acceptOpening.js";
import { memoryJournal } from "../../../src/client/journal.js";
import { submitOrder } from "../../../src/client/submitOrder.js";
import { createInbox, type Inbox } from "../../../src/content/inbox.js";
import { type ContentServer, serveContent } from "../../../src/content/server.js";
import { memoryStore } from "../../../src/content/store.js";
import { createDeploymentStore } from "../../../src/files/deploymentStore.js";
import { devnetAccount, type Label, populate } from "../../../src/market/devnet.js";
import { announceInbox } from "../../../src/protocol/actions/announceInbox.js";
import { connect, type SigningProtocol } from "../../../src/protocol/protocol.js";
import { connectNode } from "../../../src/protocol/provider.js";
import type { ProviderConfigDocument } from "../../../src/provider/config.js";
import { digestOf } from "../../../src/content/digest.js";
import { snapshot } from "../../../src/protocol/snapshot.js";
import { expectSentence, HOST, inPairs, ran, start, textsOf } from "../../helpers/scripts.js";
import { manifestBytes, manifestFor } from "../../helpers/sources.js";
import { program } from "../../helpers/wasm.js";

const ECHO = `
  (i32.store (i32.const 0) (i32.const 16))
  (i32.store (i32.const 4) (i32.const 1024))
  (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
  (call $write (i32.const 16) (i32.load (i32.const 8)))`;
/** The same after some seconds of work. */
const SLOW = `(local $round i64)
  (loop $again
    (local.set $round (i64.add (local.get $round) (i64.const 1)))
    (br_if $again (i64.lt_u (local.get $round) (i64.const 4000000000))))
  ${ECHO}`;
const LIMIT = 60_000;

describe("scripts.provider", function () {
  this.timeout(2 * LIMIT);
  let folder: string;
  let url: string;
  let content: ContentServer;
  let client: SigningProtocol;
  let wanted = true;
  let inbox: Inbox;
  const store = memoryStore();
  const closing: (() => unknown)[] = [];
  const children: ChildProcess[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "opengpu-provider-"));
    const server = await network.createServer("default", HOST, 0);
    const { port } = await server.listen();
    closing.push(() => server.close());
    url = `http://${HOST}:${port}`;
    const node = await connectNode(url);
    closing.push(() => {
      node.destroy();
    });
    const manifests = await Promise.all(
      [ECHO, SLOW].map(async (body) => {
        const module = await program(body);
        const manifest = manifestBytes(
          manifestFor(module, { limits: { memory: 65_536, time: 60_000, input: 1_024, output: 1_024 } }),
        );
        await Promise.all([store.put(module), store.put(manifest)]);
        return manifest;
      }),
    );
    inbox = createInbox({ accept: () => wanted });
    content = await serveContent({ store, inbox });
    closing.push(() => content.close());
    const { deployment } = await populate(node, {
      store: createDeploymentStore(folder),
      compiler: await compilerOf(),
      manifests,
      patience: { interval: 20 },
    });
    client = await connect(new Wallet(devnetAccount("client 1").key, node), deployment, { patience: { interval: 50 } });
    await announceInbox(client, { inbox: content.url });
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });
  after(async () => {
    for (const close of closing.reverse()) await close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Writes a configuration, with changes, and tells its file. */
  const configure = async (name: string, changes: Record<string, unknown> = {}): Promise<string> => {
    const config: ProviderConfigDocument = {
      format: "opengpu-provider/1",
      ...{ name, rpc: url, deployment: "31337.json", store: content.url, folder: name, stake: "1.0" },
      sources: [{ source: 1, minimum: "0.001" }],
      ...{ inboxes: [content.url], interval: 50 },
    };
    const file = join(folder, `${name}.json`);
    await writeFile(file, JSON.stringify({ ...config, ...changes }));
    return file;
  };
  const keyOf = (label: Label) => ({ OPENGPU_PROVIDER_KEY: devnetAccount(label).key });
  const launch = (file: string, label: Label) => {
    const child = start("provider", [file], keyOf(label));
    children.push(child);
    return { child, texts: textsOf(child), closed: once(child, "close") as Promise<[number | null]> };
  };
  const until = async (what: string, look: () => boolean | Promise<boolean>) => {
    const end = Date.now() + LIMIT;
    while (!(await look())) {
      if (Date.now() > end) throw new Error(`${what} did not happen`);
      await new Promise((done) => setTimeout(done, 50));
    }
  };
  const order = async (source: number, input: Uint8Array) => {
    const { digest } = await store.put(input);
    const { timestamp } = await snapshot(client, "suite");
    const draft = { source, maxReward: parseEther("0.02"), deadline: timestamp + 3_600, inputDigest: digest };
    const { entry, taskId } = await submitOrder(client, draft, { journal: memoryJournal(), attach: true });
    return { entry, taskId };
  };
  const accept = async ({ entry, taskId }: Awaited<ReturnType<typeof order>>, output: Uint8Array) => {
    await until("an envelope", () => inbox.list(taskId).length > 0);
    const [envelope = ""] = inbox.list(taskId);
    const { order: placed, secretKey } = entry;
    return acceptOpening(client, { order: placed, secretKey, envelope }, async ({ resultDigest }) => {
      return resultDigest === digestOf(output) && (await store.has(resultDigest));
    });
  };

  it("is killed while it owes a result, goes on when it is started again, and stops when it is told to", async () => {
    const file = await configure("provider-1");
    const input = new TextEncoder().encode("an input");
    const first = launch(file, "provider 1");
    await until("the start", () => first.texts.out.includes("ready"));
    wanted = false;
    const task = await order(1, input);
    await until("the delivery", () => first.texts.out.includes("delivered"));
    first.child.kill("SIGKILL");
    await first.closed;
    const { stake } = await snapshot(client, { provider: 1 });
    expect(await readdir(join(folder, "provider-1", "debts"))).to.deep.equal([`${task.taskId}.json`]);
    expect(inbox.list(task.taskId)).to.deep.equal([]);

    wanted = true;
    const second = launch(file, "provider 1");
    const accepted = await accept(task, input);
    expect(accepted?.price).to.equal((await snapshot(client, { task: task.entry.order })).price);
    await until("the payment", () => second.texts.out.includes("paid"));
    expect(await readdir(join(folder, "provider-1", "debts"))).to.deep.equal([]);
    // It is the same provider, and lost nothing.
    expect((await snapshot(client, "suite")).providers).to.equal(1);
    expect((await snapshot(client, { provider: 1 })).stake).to.equal(stake);
    second.child.kill("SIGTERM");
    expect((await second.closed)[0]).to.equal(0);
    expect(second.texts.err).to.equal("");
    expect(first.texts.out + second.texts.out).to.not.include(devnetAccount("provider 1").key.slice(2));
  });

  it("is killed while it works, and another wins the task", async () => {
    const sources = [{ source: 2, minimum: "0.001" }];
    const victim = launch(await configure("provider-2", { sources }), "provider 2");
    await until("the start", () => victim.texts.out.includes("ready"));
    const input = new TextEncoder().encode("another input");
    const task = await order(2, input);
    await until("the attempt", () => victim.texts.out.includes("attempted"));
    victim.child.kill("SIGKILL");
    await victim.closed;
    expect(victim.texts.out).to.not.include("delivered");
    // It comes later, and learns of what is open.
    const other = launch(await configure("provider-3", { sources }), "provider 3");
    await accept(task, input);
    await until("the payment", () => other.texts.out.includes("paid"));
    const { provider } = await snapshot(client, { task: task.entry.order });
    const { owner } = await snapshot(client, { provider: provider ?? 0 });
    expect(owner).to.equal(devnetAccount("provider 3").address);
  });

  it("leaves its pools when it is told to", async () => {
    const file = await configure("provider-1");
    const before = (await snapshot(client, { source: 1 })).members;
    const { out, err, status } = await ran("provider", [file, "--leave"], keyOf("provider 1"));
    expect([err, status]).to.deep.equal(["", 0]);
    expect(out).to.match(/Provider 1 left the pools of 1\./);
    expect((await snapshot(client, { source: 1 })).members).to.equal(before - 1);
  });

  it("says in one sentence what cannot be, and never shows a key", async () => {
    const good = await configure("good");
    const readOnly = join(folder, "read-only");
    await writeFile(readOnly, "");
    await chmod(readOnly, 0o400);
    const secret = `0x${"5e".repeat(31)}`;
    const key = devnetAccount("provider 4").key;
    const cases: [what: string, file: string, key: string | undefined, status: number, pattern: RegExp][] = [
      ["no file", join(folder, "none.json"), key, 1, /no file .*none\.json/],
      ["no key", good, undefined, 1, /Set the environment variable OPENGPU_PROVIDER_KEY/],
      ["a wrong key", good, secret, 1, /OPENGPU_PROVIDER_KEY is no private key/],
      ["a wrong amount", await configure("amount", { stake: "lots" }), key, 1, /stake: "lots" is no amount of coins/],
      ["an unknown field", await configure("field", { stakes: "1" }), key, 1, /stakes/],
      ["no deployment", await configure("deployment", { deployment: "x.json" }), key, 1, /no file .*x\.json/],
      ["no node", await configure("node", { rpc: `http://${HOST}:1` }), key, 1, /did not answer eth_chainId/],
      [
        "a folder that is none",
        await configure("place", { folder: "read-only" }),
        key,
        1,
        /read-only.*(ENOTDIR|EEXIST)/,
      ],
      ["no such source", await configure("source", { sources: [{ source: 99, minimum: "1" }] }), key, 1, /99/],
      ["no store", await configure("store", { store: `http://${HOST}:1` }), key, 1, /127\.0\.0\.1:1/],
    ];
    await inPairs(cases, async ([what, file, given, expected, pattern]) => {
      const { out, err, status } = await ran(
        "provider",
        [file],
        given === undefined ? {} : { OPENGPU_PROVIDER_KEY: given },
      );
      expectSentence(err, pattern);
      expect(status, what).to.equal(expected);
      expect(out + err).to.not.include((given ?? "5e5e").slice(2));
    });
    const { err, status } = await ran("provider", []);
    expectSentence(err, /missing required argument 'configuration'/i);
    expect(status).to.equal(2);
  });
});
