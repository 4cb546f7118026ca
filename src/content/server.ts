import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { FieldFormatError, OpenGpuError } from "../protocol/errors.js";
import { MAX_ENVELOPE_SIZE } from "../protocol/envelope.js";
import { digestOf, digestOfCid } from "./digest.js";
import {
  ContentMismatchError,
  ContentNotFoundError,
  ContentTooLargeError,
  EnvelopeRefusedError,
  InboxFullError,
  ServerError,
} from "./errors.js";
import { Gathering, Overflow } from "./gather.js";
import type { Inbox } from "./inbox.js";
import type { ContentStore } from "./store.js";

/** What a content server offers, and to whom. */
export interface ServerOptions {
  store: ContentStore;
  /** Takes envelopes; without it there are none. */
  inbox?: Inbox;
  /** Whether content may be put by everyone who reaches the server, which may fill the store; yes if left out. */
  writable?: boolean;
  /** Where it can be reached from; 127.0.0.1, this machine alone, if left out. */
  host?: string;
  /** A free one if 0 or left out. */
  port?: number;
  /** Most bytes of one content; 256 MiB if left out. */
  maxSize?: number;
  /** Most bytes that are read or sent at the same moment for all who ask; four times `maxSize` if left out. */
  maxPending?: number;
  /** For one request with its answer, milliseconds; five minutes if left out. */
  timeout?: number;
  /** Told of failures that are not those of who asks, e.g. a store that is full. */
  onError?: (error: unknown) => void;
}

/** A content server that runs. */
export interface ContentServer {
  /** For {@link httpStore}, {@link sendEnvelope} and {@link fetchEnvelopes}. */
  url: string;
  port: number;
  /** Breaks all transfers off; resolves when the port is free again. The inbox and the store stay as they are. */
  close(): Promise<void>;
}

/** How a request is answered. */
interface Answer {
  status: number;
  type?: string;
  body?: Uint8Array | string;
}

/** A request that cannot be served for a reason of its own. */
class RequestError extends OpenGpuError {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const HEADERS_TIMEOUT = 10_000;
const MAX_CONNECTIONS = 256;

/**
 * Serves a store as `/content/<cid>` (GET, HEAD, PUT) and an inbox as `/inbox/<task>` (POST bytes, GET a list). Everything
 * is limited: sizes, bytes on their way, connections, the time of each request.
 *
 * @throws {ServerError} if it cannot listen there.
 */
export async function serveContent(options: ServerOptions): Promise<ContentServer> {
  const { host = "127.0.0.1", port = 0, timeout = 300_000, maxSize = 256 * 2 ** 20 } = options;
  const budget = { left: options.maxPending ?? 4 * maxSize };
  const server = createServer({ connectionsCheckingInterval: 1_000 }, (request, response) => {
    // One clock for all of it, so that neither a slow sender nor a slow reader is waited for.
    const timer = setTimeout(() => request.socket.destroy(), timeout);
    response.once("close", () => {
      clearTimeout(timer);
    });
    void serve(request, response, { ...options, maxSize }, budget);
  });
  server.headersTimeout = Math.min(HEADERS_TIMEOUT, timeout);
  server.requestTimeout = timeout;
  server.maxConnections = MAX_CONNECTIONS;
  await listen(server, host, port);
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${actual}`,
    port: actual,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

type Limited = ServerOptions & { maxSize: number };

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  options: Limited,
  budget: { left: number },
): Promise<void> {
  let answer: Answer;
  try {
    answer = await answerTo(request, options, budget, response);
  } catch (error) {
    answer = refusalOf(error);
    if (answer.status >= 500) options.onError?.(error);
  }
  if (response.destroyed) return;
  const { status, type = "text/plain; charset=utf-8", body = "" } = answer;
  response.writeHead(status, {
    "content-type": type,
    "content-length": typeof body === "string" ? Buffer.byteLength(body) : body.length,
    // What others have put must never act as a page of this address.
    "content-security-policy": "sandbox",
    "x-content-type-options": "nosniff",
  });
  response.end(request.method === "HEAD" ? undefined : body);
  // What still comes is dropped, for as long as a request may take: cut off, its sender could not read the answer.
  request.resume();
}

async function answerTo(
  request: IncomingMessage,
  options: Limited,
  budget: { left: number },
  response: ServerResponse,
): Promise<Answer> {
  const { store, inbox, writable = true, maxSize } = options;
  const { method = "GET", url = "/" } = request;
  const [, kind, name = "", ...rest] = url.split("/");
  /** Bytes in memory for this request count until it is over. */
  let held = 0;
  response.once("close", () => {
    budget.left += held;
  });
  const reserve = (bytes: number) => {
    // Whoever has gone meanwhile gets nothing, and nobody would give back what is reserved now.
    if (response.closed) return;
    if (bytes > budget.left) throw new RequestError(503, "Too much is on its way at this moment.");
    budget.left -= bytes;
    held += bytes;
  };
  if (kind === "content" && rest.length === 0) {
    const digest = digestOfCid(name);
    if (method === "HEAD") return { status: (await store.has(digest)) ? 200 : 404 };
    if (method === "GET") {
      const body = await store.get(digest, { maxSize });
      reserve(body.length);
      return { status: 200, type: "application/octet-stream", body };
    }
    if (method === "PUT") {
      if (!writable) throw new RequestError(405, "This store only gives.");
      const content = await bodyOf(request, maxSize, reserve);
      const found = digestOf(content);
      if (found !== digest) throw new ContentMismatchError(digest, "The request", { digest: found });
      await store.put(content);
      return { status: 201 };
    }
  }
  if (kind === "inbox" && inbox !== undefined && rest.length === 0) {
    if (method === "GET") {
      const body = JSON.stringify({ envelopes: inbox.list(name) });
      return { status: 200, type: "application/json", body };
    }
    if (method === "POST") {
      await inbox.deliver(name, await bodyOf(request, MAX_ENVELOPE_SIZE, reserve));
      return { status: 202 };
    }
  }
  throw new RequestError(404, "There is only /content/<cid> and, if this server takes envelopes, /inbox/<task>.");
}

/** All bytes of a request, at most so many. */
async function bodyOf(
  request: IncomingMessage,
  maximum: number,
  reserve: (bytes: number) => void,
): Promise<Uint8Array> {
  const tooLarge = () => new RequestError(413, `This takes at most ${maximum} bytes.`);
  if (Number(request.headers["content-length"] ?? 0) > maximum) throw tooLarge();
  const gathering = new Gathering(maximum);
  try {
    // Left early, the connection must go on, or the answer could not be sent.
    for await (const piece of request.iterator({ destroyOnReturn: false })) {
      reserve((piece as Buffer).length);
      gathering.write(piece as Buffer);
    }
  } catch (error) {
    throw error instanceof Overflow ? tooLarge() : error;
  }
  return gathering.bytes();
}

/** What others are told of a failure: nothing of the insides of this machine. */
function refusalOf(error: unknown): Answer {
  if (error instanceof RequestError) return { status: error.status, body: error.message };
  if (error instanceof FieldFormatError) return { status: 400, body: error.message };
  if (error instanceof ContentNotFoundError) return { status: 404, body: "This content is not here." };
  if (error instanceof ContentMismatchError) return { status: 422, body: "The content has another digest." };
  if (error instanceof ContentTooLargeError) return { status: 413, body: `This takes at most ${error.maximum} bytes.` };
  if (error instanceof EnvelopeRefusedError) return { status: 403, body: error.message };
  if (error instanceof InboxFullError) return { status: 429, body: error.message };
  return { status: 507, body: "The store failed." };
}

const PROBLEMS: Record<string, string> = {
  EADDRINUSE: "the port is in use; choose another one, or 0 for a free one",
  EACCES: "this user may not use the port; choose one from 1024 on",
  EADDRNOTAVAIL: "this machine does not have the address; use one of its own, e.g. 127.0.0.1",
  ENOTFOUND: "there is no such host; use an address of this machine, e.g. 127.0.0.1",
  ERR_SOCKET_BAD_PORT: "ports are numbers from 0 to 65535",
};

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (error: unknown) => {
      const { code = "", message } = error as NodeJS.ErrnoException;
      reject(new ServerError(`${host}, port ${port}`, PROBLEMS[code] ?? message, { cause: error }));
    };
    server.once("error", refuse);
    try {
      server.listen(port, host, () => {
        server.off("error", refuse);
        resolve();
      });
    } catch (error) {
      refuse(error);
    }
  });
}
