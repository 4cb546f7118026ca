import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import {
  cidOf,
  ContentMismatchError,
  ContentNotFoundError,
  type ContentStore,
  ContentTooLargeError,
  createInbox,
  digestOf,
  EnvelopeRefusedError,
  fetchEnvelopes,
  httpStore,
  InboxFullError,
  InboxUnreachableError,
  memoryStore,
  sendEnvelope,
  ServerError,
  StoreError,
} from "../../../src/content/index.js";
import { type ContentServer, folderStore, serveContent, type ServerOptions } from "../../../src/content/node.js";
import { FieldFormatError } from "../../../src/protocol/errors.js";
import { pause } from "../../../src/protocol/retry.js";
import { caught } from "../../helpers/caught.js";
import { until } from "../../helpers/holders.js";

const CONTENT = Buffer.from("what is served");
const DIGEST = digestOf(CONTENT);
const PATH = `/content/${cidOf(DIGEST)}`;
const TASK = `0x${"a7".repeat(32)}`;

/** What this test has opened, closed after each. */
const opened: { close: () => unknown }[] = [];
afterEach(async () => {
  for (const { close } of opened.splice(0)) await close();
});

async function serve(options: Partial<ServerOptions> = {}): Promise<ContentServer> {
  const server = await serveContent({ store: memoryStore(), ...options });
  opened.push(server);
  return server;
}

/** A server that answers as no content server does. */
async function impostor(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  opened.push({
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Waits for the end of a connection, however rude. */
const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.once("close", () => {
      resolve();
    });
  });

/** Sends text as it is, and resolves with all that comes back once the connection ends. */
async function raw(port: number, text: string, then?: (socket: Socket) => void): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  opened.push({ close: () => socket.destroy() });
  let answer = "";
  socket.on("data", (piece) => (answer += piece.toString()));
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.write(text);
  then?.(socket);
  await closed(socket);
  return answer;
}

const status = async (url: string, init: RequestInit = {}): Promise<number> => (await fetch(url, init)).status;

describe("httpStore with a server that cannot be trusted", () => {
  for (const [what, listener] of [
    ["alters it", (_, response) => response.end("what is SERVED")],
    ["cuts it off", (_, response) => response.end("what is")],
    ["gives nothing", (_, response) => response.end()],
  ] as [string, RequestListener][]) {
    it(`does not give content of one that ${what}`, async () => {
      const url = await impostor(listener);
      const error = await caught(httpStore(url).get(DIGEST), ContentMismatchError);
      expect(error.digest).to.equal(DIGEST);
      expect(error.message).to.include(url).and.to.include(cidOf(DIGEST));
    });
  }

  it("says that one broke off", async () => {
    const url = await impostor((_, response) => {
      response.writeHead(200, { "content-length": CONTENT.length }).write("what");
      setTimeout(() => response.destroy(), 20);
    });
    expect((await caught(httpStore(url).get(DIGEST), StoreError)).message).to.include(url);
  });

  it("reads no more than is wanted, whether its size is told or not", async () => {
    let sent = 0;
    const flood = await impostor((_, response) => {
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536))) sent += 65_536;
      };
      response.on("drain", more);
      more();
    });
    const error = await caught(httpStore(flood).get(DIGEST, { maxSize: 100_000 }), ContentTooLargeError);
    expect([error.digest, error.maximum]).to.deep.equal([DIGEST, 100_000]);
    expect(sent).to.be.below(50_000_000);
    const told = await impostor((_, response) => {
      response.writeHead(200, { "content-length": 2 ** 40 }).flushHeaders();
    });
    await caught(httpStore(told).get(DIGEST, { maxSize: 100_000 }), ContentTooLargeError);
  });

  it("waits no longer than it may, for an answer or its end", async () => {
    for (const listener of [
      () => undefined,
      (_, response) => response.writeHead(200, { "content-length": 14 }).write("wh"),
    ] as RequestListener[]) {
      const store = httpStore(await impostor(listener), { timeout: 200 });
      expect((await caught(store.get(DIGEST), StoreError)).message).to.include("200 ms");
    }
    const store = httpStore(await impostor(() => undefined), { timeout: 200 });
    await caught(store.put(CONTENT), StoreError);
    await caught(store.has(DIGEST), StoreError);
  });

  it("breaks off when it is told to", async () => {
    const stop = new AbortController();
    const url = await impostor((_, response) => {
      response.writeHead(200, { "content-length": 14 }).write("wh");
      setTimeout(() => {
        stop.abort(new Error("enough"));
      }, 50);
    });
    expect(await caught(httpStore(url).get(DIGEST, { signal: stop.signal }), Error)).to.equal(stop.signal.reason);
  });

  it("follows nobody elsewhere", async () => {
    const { url: real } = await serve();
    await httpStore(real).put(CONTENT);
    const url = await impostor((_, response) => response.writeHead(302, { location: `${real}${PATH}` }).end());
    await caught(httpStore(url).get(DIGEST), StoreError);
  });

  it("says that there is no server, and passes on what one says of its failure", async () => {
    const server = await serve();
    await server.close();
    expect((await caught(httpStore(server.url).get(DIGEST), StoreError)).message).to.include("ECONNREFUSED");
    const url = await impostor((_, response) => response.writeHead(503).end("\u001b[2JCome   back later."));
    const { message } = await caught(httpStore(url).get(DIGEST), StoreError);
    expect(message).to.include("503").and.to.include("back later").and.not.to.include("\u001b");
  });

  it("refuses what is no address", () => {
    for (const url of ["", "somewhere", "ftp://127.0.0.1", "file:///etc/passwd"]) {
      expect(() => httpStore(url), url).to.throw(FieldFormatError);
    }
    expect(() => httpStore("http://me:secret@127.0.0.1"))
      .to.throw(FieldFormatError)
      .with.property("message")
      .not.include("secret");
  });
});

describe("serveContent", () => {
  it("gives content as nothing but bytes", async () => {
    const server = await serve();
    await httpStore(server.url).put(CONTENT);
    const response = await fetch(`${server.url}${PATH}`);
    expect(response.headers.get("content-type")).to.equal("application/octet-stream");
    expect(response.headers.get("x-content-type-options")).to.equal("nosniff");
    expect(response.headers.get("content-security-policy")).to.equal("sandbox");
    expect(Buffer.from(await response.arrayBuffer())).to.deep.equal(CONTENT);
    expect(await status(`${server.url}${PATH}`, { method: "HEAD" })).to.equal(200);
  });

  it("takes content only at its own address", async () => {
    const store = memoryStore();
    const { url } = await serve({ store });
    const put = (path: string, body: string) => status(`${url}${path}`, { method: "PUT", body });
    expect(await put(PATH, "something else")).to.equal(422);
    expect(await store.has(DIGEST)).to.equal(false);
    expect(await store.has(digestOf(Buffer.from("something else")))).to.equal(false);
    expect(await put(PATH, CONTENT.toString())).to.equal(201);
    expect(await put(PATH, CONTENT.toString())).to.equal(201);
    expect(await store.has(DIGEST)).to.equal(true);
  });

  it("knows no other addresses and methods", async () => {
    const { url } = await serve();
    for (const path of [
      "/",
      "/content",
      "/content/",
      `${PATH}/`,
      `${PATH}?x`,
      "/content/..%2f..%2fetc%2fpasswd",
      "/inbox/x",
    ]) {
      expect(await status(`${url}${path}`), path).to.be.oneOf([400, 404]);
    }
    for (const method of ["POST", "DELETE", "PATCH", "OPTIONS"]) {
      expect(await status(`${url}${PATH}`, { method }), method).to.equal(404);
    }
    expect(
      await raw(
        Number(new URL(url).port),
        "GET /content/../../etc/passwd HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
      ),
    ).to.match(/^HTTP\/1.1 404/);
  });

  it("takes nothing larger than it may, declared or not, and says so to who sends it", async () => {
    const store = memoryStore();
    const server = await serve({ store, maxSize: 1_000 });
    const large = Buffer.alloc(5_000_000, 1);
    const error = await caught(httpStore(server.url).put(large), ContentTooLargeError);
    expect([error.digest, error.maximum]).to.deep.equal([digestOf(large), 1_000]);
    const path = `/content/${cidOf(digestOf(large))}`;
    const head = `PUT ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n`;
    expect(await raw(server.port, `${head}${`1f4\r\n${"x".repeat(500)}\r\n`.repeat(3)}0\r\n\r\n`)).to.match(
      /^HTTP\/1.1 413/,
    );
    expect(await store.has(digestOf(large))).to.equal(false);
    await httpStore(server.url).put(Buffer.alloc(1_000));
  });

  it("reads and sends no more at the same moment than it may", async () => {
    const server = await serve({ maxSize: 1_000, maxPending: 1_500 });
    const head = `PUT ${PATH} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n${"x".repeat(900)}`;
    const waiting = connect(server.port, "127.0.0.1");
    opened.push({ close: () => waiting.destroy() });
    waiting.write(head);
    const content = Buffer.alloc(800);
    const put = () => httpStore(server.url).put(content);
    // Both come when they come: the first one's bytes, and the news that it has gone.
    let refusal: unknown;
    while (refusal === undefined)
      refusal = await put().then(
        () => undefined,
        (error: unknown) => error,
      );
    expect((refusal as StoreError).message).to.include("503");
    waiting.destroy();
    while (refusal !== undefined)
      refusal = await put().then(
        () => undefined,
        (error: unknown) => error,
      );
    expect(await httpStore(server.url).get(digestOf(content))).to.have.length(800);
  });

  it("keeps no room for who has gone before there was an answer", async () => {
    const content = memoryStore();
    await content.put(Buffer.alloc(800));
    let go: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => (go = resolve));
    let asked: () => void = () => undefined;
    const asking = new Promise<void>((resolve) => (asked = resolve));
    const store: ContentStore = {
      ...content,
      get: async (digest, options) => {
        asked();
        await gone;
        return content.get(digest, options);
      },
    };
    const server = await serve({ store, maxPending: 1_000 });
    const url = `${server.url}/content/${cidOf(digestOf(Buffer.alloc(800)))}`;
    const leaving = new AbortController();
    const left = fetch(url, { signal: leaving.signal }).catch(() => undefined);
    await asking;
    leaving.abort();
    await left;
    // The server hears of it a moment later.
    await pause(100);
    go();
    const put = () => httpStore(server.url).put(Buffer.alloc(900));
    const isTaken = () =>
      put().then(
        () => true,
        () => false,
      );
    await until("the room was given back", isTaken);
    expect(await httpStore(server.url).get(digestOf(Buffer.alloc(800)))).to.have.length(800);
  });

  it("takes what comes in many pieces without a warning", async () => {
    const warnings: Error[] = [];
    const warned = (warning: Error) => warnings.push(warning);
    process.on("warning", warned);
    opened.push({ close: () => process.off("warning", warned) });
    const { port } = await serve();
    const pieces = Array.from({ length: 40 }, (_, index) => String(index % 10).repeat(100));
    const path = `/content/${cidOf(digestOf(Buffer.from(pieces.join(""))))}`;
    const socket = connect(port, "127.0.0.1");
    opened.push({ close: () => socket.destroy() });
    socket.write(`PUT ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 4000\r\n\r\n`);
    for (const piece of pieces) {
      socket.write(piece);
      await pause(2);
    }
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).to.match(/^HTTP\/1.1 201/);
    expect(warnings).to.deep.equal([]);
  });

  it("gives no damaged content", async () => {
    const folder = await mkdtemp(join(tmpdir(), "opengpu-content-"));
    opened.push({ close: () => rm(folder, { recursive: true }) });
    const store = folderStore(folder);
    await store.put(CONTENT);
    await writeFile(join(folder, DIGEST.slice(2, 4), DIGEST.slice(2)), "damaged");
    const { url } = await serve({ store });
    const { message } = await caught(httpStore(url).get(DIGEST), ContentMismatchError);
    expect(message).not.to.include(folder);
    await httpStore(url).put(CONTENT);
    expect(Buffer.from(await httpStore(url).get(DIGEST))).to.deep.equal(CONTENT);
  });

  it("has what was put before it was started again", async () => {
    const folder = await mkdtemp(join(tmpdir(), "opengpu-content-"));
    opened.push({ close: () => rm(folder, { recursive: true }) });
    const first = await serve({ store: folderStore(folder) });
    await httpStore(first.url).put(CONTENT);
    await first.close();
    const second = await serve({ store: folderStore(folder), port: first.port });
    expect(second.url).to.equal(first.url);
    expect(Buffer.from(await httpStore(first.url).get(DIGEST))).to.deep.equal(CONTENT);
  });

  it("tells its owner of a store that fails, and others only that it does", async () => {
    const errors: unknown[] = [];
    const broken = new StoreError(DIGEST, "The folder /secret/place", "it cannot be written (ENOSPC)");
    const store: ContentStore = { ...memoryStore(), put: () => Promise.reject(broken) };
    const { url } = await serve({ store, onError: (error) => errors.push(error) });
    const { message } = await caught(httpStore(url).put(CONTENT), StoreError);
    expect(message).to.include("507").and.not.to.include("secret");
    expect(errors).to.deep.equal([broken]);
  });

  it("only gives, if it is told to", async () => {
    const store = memoryStore();
    await store.put(CONTENT);
    const { url } = await serve({ store, writable: false });
    expect((await caught(httpStore(url).put(Buffer.from("x")), StoreError)).message).to.include("405");
    expect(Buffer.from(await httpStore(url).get(DIGEST))).to.deep.equal(CONTENT);
    await caught(httpStore(url).get(digestOf(Buffer.from("x"))), ContentNotFoundError);
  });

  it("keeps nothing of a transfer that was broken off", async () => {
    const folder = await mkdtemp(join(tmpdir(), "opengpu-content-"));
    opened.push({ close: () => rm(folder, { recursive: true }) });
    const { port, url } = await serve({ store: folderStore(folder) });
    const head = `PUT ${PATH} HTTP/1.1\r\nhost: x\r\ncontent-length: ${CONTENT.length}\r\n\r\n`;
    await raw(port, `${head}what`, (socket) => setTimeout(() => socket.destroy(), 50));
    expect(await httpStore(url).has(DIGEST)).to.equal(false);
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it("waits no longer than it may, for slow heads, slow bodies and slow readers", async () => {
    const store = memoryStore();
    const large = Buffer.alloc(50_000_000);
    await store.put(large);
    const { port } = await serve({ store, timeout: 300 });
    const put = `PUT ${PATH} HTTP/1.1\r\nhost: x\r\ncontent-length: 14\r\n\r\n`;
    const drip = (socket: Socket) => {
      const timer = setInterval(() => socket.write("w"), 100);
      socket.once("close", () => {
        clearInterval(timer);
      });
    };
    // All of these end, for it is the server that ends them.
    await raw(port, put, drip);
    await raw(port, "GET / HTTP/1.1\r\nx-", drip);
    const reader = connect(port, "127.0.0.1");
    opened.push({ close: () => reader.destroy() });
    reader.on("error", () => undefined);
    reader.write(`GET /content/${cidOf(digestOf(large))} HTTP/1.1\r\nhost: x\r\n\r\n`);
    await once(reader, "readable");
    let read = 0;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    reader.on("data", (piece: Buffer) => (read += piece.length));
    await closed(reader);
    expect(read).to.be.below(large.length);
  });

  it("says why it cannot listen", async () => {
    const { port } = await serve();
    const attempt = async (options: Partial<ServerOptions>) =>
      (await caught(serveContent({ store: memoryStore(), ...options }), ServerError)).message;
    expect(await attempt({ port }))
      .to.include(String(port))
      .and.to.include("in use");
    expect(await attempt({ port: 70_000 }))
      .to.include("70000")
      .and.to.include("65535");
    expect(await attempt({ host: "192.0.2.1" }))
      .to.include("192.0.2.1")
      .and.to.include("does not have the address");
    expect(await attempt({ host: "no such host" })).to.include("no such host");
  });

  it("closes in the middle of a transfer, and frees its port", async () => {
    const server = await serve();
    const answer = raw(server.port, `PUT ${PATH} HTTP/1.1\r\nhost: x\r\ncontent-length: 14\r\n\r\nwhat`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await server.close();
    expect(await answer).to.equal("");
    const again = await serve({ port: server.port });
    expect(again.port).to.equal(server.port);
  });
});

describe("An inbox that is served", () => {
  it("takes envelopes of many senders, in their sequence", async () => {
    const inbox = createInbox();
    const { url } = await serve({ inbox });
    await sendEnvelope(url, TASK, "0x0102");
    await sendEnvelope(`${url}/`, TASK.toUpperCase().replace("0X", "0x"), `0x${"ff".repeat(512)}`);
    await sendEnvelope(url, TASK, "0x0102");
    const expected = ["0x0102", `0x${"ff".repeat(512)}`];
    expect(inbox.list(TASK)).to.deep.equal(expected);
    expect(await fetchEnvelopes(url, TASK)).to.deep.equal(expected);
    expect(await fetchEnvelopes(url, `0x${"00".repeat(32)}`)).to.deep.equal([]);
  });

  it("refuses what is too large, too much, unwanted, or for no task", async () => {
    const inbox = createInbox({ perTask: 1, accept: (_, envelope) => envelope !== "0x66" });
    const { url } = await serve({ inbox });
    await caught(sendEnvelope(url, TASK, "0x"), EnvelopeRefusedError);
    await caught(sendEnvelope(url, TASK, `0x${"ff".repeat(513)}`), EnvelopeRefusedError);
    await caught(sendEnvelope(url, TASK, `0x${"ff".repeat(3_000_000)}`), EnvelopeRefusedError);
    expect((await caught(sendEnvelope(url, TASK, "0x66"), EnvelopeRefusedError)).message).to.include("not wanted");
    await sendEnvelope(url, TASK, "0x01");
    expect((await caught(sendEnvelope(url, TASK, "0x02"), InboxFullError)).taskId).to.equal(TASK);
    await caught(sendEnvelope(url, "0x12", "0x01"), FieldFormatError);
    expect(await status(`${url}/inbox/0x12`, { method: "POST", body: "x" })).to.equal(400);
    expect(inbox.list(TASK)).to.deep.equal(["0x01"]);
  });

  it("is not there where there is none, and names who answers otherwise", async () => {
    const { url } = await serve();
    expect((await caught(sendEnvelope(url, TASK, "0x01"), InboxUnreachableError)).message).to.include("404");
    await caught(fetchEnvelopes(url, TASK), InboxUnreachableError);
    for (const body of [
      "",
      "[]",
      '{"envelopes":["0x0"]}',
      '{"envelopes":[1]}',
      `{"envelopes":["0x${"00".repeat(513)}"]}`,
      " ".repeat(2 ** 21),
    ]) {
      const other = await impostor((_, response) => response.end(body));
      const error = await caught(fetchEnvelopes(other, TASK), InboxUnreachableError);
      expect(error.message).to.include("no list of envelopes");
    }
    const silent = await impostor(() => undefined);
    await caught(sendEnvelope(silent, TASK, "0x01", { timeout: 200 }), InboxUnreachableError);
  });
});
