import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { digestOf } from "../../../../src/content/digest.js";
import { memoryStore } from "../../../../src/content/store.js";
import { openRelay } from "../../../../src/market/benchmark/relay.js";
import { slowStore, timedStore } from "../../../../src/market/benchmark/stores.js";

describe("market.benchmark.openRelay", () => {
  const seen: { body: string; authorization: string | undefined }[] = [];
  let node: Server;
  let port: number;
  before(async () => {
    node = createServer((request, response) => {
      let body = "";
      request.on("data", (part: Buffer) => (body += part.toString()));
      request.on("end", () => {
        seen.push({ body, authorization: request.headers.authorization });
        response.statusCode = body === "busy" ? 429 : 200;
        if (body === "busy") response.setHeader("retry-after", "3");
        response.end(`answer to ${body}`);
      });
    });
    await new Promise<void>((resolve) => node.listen(0, "127.0.0.1", resolve));
    ({ port } = node.address() as AddressInfo);
  });
  beforeEach(() => (seen.length = 0));
  after(() => node.close());
  const ask = async (url: string, body: string) => {
    const response = await fetch(url, { method: "POST", body });
    return { status: response.status, text: await response.text(), wait: response.headers.get("retry-after") };
  };

  it("passes questions and answers on, with what they say of themselves", async () => {
    const relay = await openRelay(`http://me:s%40cret@127.0.0.1:${port}`, () => 0);
    expect(await ask(relay.url, "this")).to.deep.equal({ status: 200, text: "answer to this", wait: null });
    expect(await ask(relay.url, "busy")).to.deep.equal({ status: 429, text: "answer to busy", wait: "3" });
    const authorization = `Basic ${Buffer.from("me:s@cret").toString("base64")}`;
    expect(seen).to.deep.equal([
      { body: "this", authorization },
      { body: "busy", authorization },
    ]);
    expect(relay.lost).to.equal(0);
    await relay.close();
  });

  it("loses the share of the answers that it is told to, of questions that were served", async () => {
    let draw = 0;
    // 0.0, 0.1, … 0.9, and so on.
    const relay = await openRelay(`http://127.0.0.1:${port}`, () => (draw++ % 10) / 10);
    relay.losing(0.1);
    const outcomes: string[] = [];
    for (let index = 0; index < 20; index++) {
      outcomes.push(
        await ask(relay.url, `${index}`).then(
          ({ text }) => text,
          () => "lost",
        ),
      );
    }
    expect(outcomes.flatMap((outcome, index) => (outcome === "lost" ? [index] : []))).to.deep.equal([0, 10]);
    expect([relay.lost, seen.length]).to.deep.equal([2, 20]);
    relay.losing(0);
    expect((await ask(relay.url, "again")).text).to.equal("answer to again");
    await relay.close();
  });

  it("breaks the connection when the node is away", async () => {
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, "127.0.0.1", resolve));
    const { port: free } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    const relay = await openRelay(`http://127.0.0.1:${free}`, () => 0);
    const outcome = await ask(relay.url, "this").then(
      () => "answered",
      () => "broken",
    );
    expect(outcome).to.equal("broken");
    await relay.close();
  });
});

describe("market.benchmark.slowStore", () => {
  it("takes longer from when it is told to, and gives what it holds", async () => {
    const ends = new AbortController();
    const { store, slow, slowed } = slowStore(memoryStore(), ends.signal);
    const { digest } = await store.put(Uint8Array.of(1));
    slow(60);
    const began = performance.now();
    expect([...(await store.get(digest))]).to.deep.equal([1]);
    // Timers may be a little early.
    expect(performance.now() - began).to.be.at.least(55);
    // What came before it was told was not.
    expect(slowed()).to.equal(1);
    slow(1e9);
    const waiting = store.has(digest).then(
      () => "answered",
      () => "ended",
    );
    ends.abort();
    expect(await waiting).to.equal("ended");
  });
});

describe("market.benchmark.timedStore", () => {
  it("remembers how long it took for what", async () => {
    let clock = 0;
    const slow = memoryStore();
    let date = 1_000;
    const { store, put, got, began } = timedStore(
      {
        ...slow,
        put: (...asked) => ((clock += 7), slow.put(...asked)),
        get: (...asked) => ((clock += 5), slow.get(...asked)),
      },
      () => clock,
      () => (date += 100),
    );
    const content = Uint8Array.of(1, 2);
    const { digest } = await store.put(content);
    expect(digest).to.equal(digestOf(content));
    await store.get(digest.toUpperCase().replace("0X", "0x"));
    expect([put(digest), got(digest), put(`0x${"00".repeat(32)}`)]).to.deep.equal([7, 5, 0]);
    // From the first try on, whether it succeeded or not.
    await store.put(content);
    expect([began(digest), began(`0x${"00".repeat(32)}`)]).to.deep.equal([1_100, undefined]);
  });
});
