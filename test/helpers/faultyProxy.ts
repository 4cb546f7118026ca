import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Random } from "./seeded.js";
import { answerStale, canBeStale, type RpcRequest, type RpcResponse } from "./staleReads.js";

/** What can go wrong between a program and a chain. */
export type Fault =
  /** The connection breaks before the node hears of the request. */
  | "dropBefore"
  /** The connection breaks after the node has done what was asked. */
  | "dropAfter"
  /** The answer breaks off in its middle. */
  | "dropWithin"
  /** The answer takes up to {@link FaultyOptions.delay} longer. */
  | "delay"
  /** The node hears the request twice. */
  | "duplicate"
  /** 429 with Retry-After. */
  | "tooMany"
  /** 503 without a body. */
  | "unavailable"
  /** A web page that says so, with 502. */
  | "badGateway"
  /** A web page where an answer should be, with 200. */
  | "page"
  /** The answer of a node that is some blocks behind; single requests of a batch. */
  | "stale";

export interface FaultyOptions {
  /** Node behind the proxy. */
  upstream: string;
  seed: string;
  /** Probability of each fault for a request, 0 to 1. */
  rates: Partial<Record<Fault, number>>;
  /** Longest delay, milliseconds. */
  delay?: number;
  /** Most blocks that a stale answer is behind. */
  depth?: number;
}

export interface FaultyProxy {
  url: string;
  /** How often each fault was injected. */
  faults: Record<Fault, number>;
  readonly stop: () => Promise<void>;
}

/** Faults of which one request has at most one, because each takes the place of the answer. */
const EXCLUSIVE = ["dropBefore", "dropAfter", "dropWithin", "tooMany", "unavailable", "badGateway", "page"] as const;
const PAGE = "<!doctype html><title>502</title><p>The backend is away.</p>";

/**
 * A proxy on 127.0.0.1 between a program and its node that fails in every way that networks and load balancers do.
 * Which request fails how follows from the seed and the sequence of the requests.
 */
export async function startFaultyProxy(options: FaultyOptions): Promise<FaultyProxy> {
  const { upstream, seed, rates, delay = 300, depth = 3 } = options;
  const random = new Random(seed);
  const faults: Record<Fault, number> = {
    ...{ dropBefore: 0, dropAfter: 0, dropWithin: 0, delay: 0, duplicate: 0 },
    ...{ tooMany: 0, unavailable: 0, badGateway: 0, page: 0, stale: 0 },
  };
  const happens = (fault: Fault): boolean => {
    if (random.real(0, 1) >= (rates[fault] ?? 0)) return false;
    faults[fault]++;
    return true;
  };
  const exclusiveFault = () => {
    let mark = random.real(0, 1);
    const found = EXCLUSIVE.find((fault) => (mark -= rates[fault] ?? 0) < 0);
    if (found !== undefined) faults[found]++;
    return found;
  };

  const forward = (body: string): Promise<string> =>
    fetch(upstream, { method: "POST", headers: { "content-type": "application/json" }, body }).then((r) => r.text());
  const forwardOne = async (request: RpcRequest) => JSON.parse(await forward(JSON.stringify(request))) as RpcResponse;

  const answerOne = async (request: RpcRequest): Promise<RpcResponse> => {
    if (!canBeStale(request.method) || !happens("stale")) return forwardOne(request);
    const behind = random.whole(1, depth);
    const { result } = await forwardOne({ jsonrpc: "2.0", id: 0, method: "eth_blockNumber", params: [] });
    return answerStale(request, Math.max(Number(result) - behind, 0), forwardOne);
  };
  const answer = async (body: string): Promise<string> => {
    const requests = JSON.parse(body) as RpcRequest | RpcRequest[];
    if (!Array.isArray(requests)) return JSON.stringify(await answerOne(requests));
    return JSON.stringify(await Promise.all(requests.map(answerOne)));
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request);
    const fault = exclusiveFault();
    const twice = happens("duplicate");
    if (happens("delay")) await sleep(random.whole(1, delay));
    switch (fault) {
      case "dropBefore":
        request.socket.destroy();
        return;
      case "tooMany":
        response.writeHead(429, { "retry-after": "1" }).end();
        return;
      case "unavailable":
        response.writeHead(503).end();
        return;
      case "badGateway":
      case "page":
        response.writeHead(fault === "page" ? 200 : 502, { "content-type": "text/html" }).end(PAGE);
        return;
    }
    // Whichever answer comes out of two, the node has heard both.
    const first = await answer(body);
    const text = twice ? ([first, await answer(body)][random.whole(0, 1)] ?? first) : first;
    if (fault === "dropAfter") {
      request.socket.destroy();
      return;
    }
    response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
    if (fault === "dropWithin") {
      response.write(text.slice(0, text.length / 2), () => request.socket.destroy());
      return;
    }
    response.end(text);
  };

  const server = createServer((request, response) => {
    serve(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("The proxy has no port.");
  return {
    url: `http://127.0.0.1:${address.port}`,
    faults,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
