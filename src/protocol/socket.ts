import type { JsonRpcError, JsonRpcPayload, JsonRpcResult } from "ethers";
import { NodeError } from "./errors.js";
import type { NodeUrl } from "./nodeUrl.js";

/** What a node answers to one request. */
export type Answer = JsonRpcResult | JsonRpcError;

/** A connection to a node over a WebSocket, which comes back by itself when it breaks. */
export interface NodeSocket {
  /**
   * Sends one request.
   *
   * @throws {NodeError} if the connection breaks or cannot be made, or nothing comes in time. Whether the node received
   * the request is unknown then.
   */
  request(payload: JsonRpcPayload): Promise<Answer>;
  /** Tells the number of every new block, on every connection anew; returns a function that ends it. */
  onHead(listener: (number: number) => void): () => void;
  close(): void;
}

interface Waiting {
  method: string;
  since: number;
  timer: ReturnType<typeof setTimeout>;
  resolve: (answer: Answer) => void;
  reject: (error: Error) => void;
}

/** The first pause before a new connection, and the longest, milliseconds. */
const SHORTEST = 50;
const LONGEST = 5_000;
/** Requests of the library itself, beside those that ethers numbers. */
const SUBSCRIPTION = "heads";

/**
 * Opens a connection and keeps it open until it is closed.
 *
 * @param timeout Milliseconds after which an attempt to connect, or a request, is given up.
 */
export function openSocket(url: NodeUrl, timeout: number): NodeSocket {
  const waiting = new Map<unknown, Waiting>();
  const listeners = new Set<(number: number) => void>();
  /** The connection or the attempt at one. */
  let current: WebSocket | undefined;
  let opened = deferred();
  let closed = false;
  let delay = SHORTEST;
  /** When something came from the node. */
  let heard = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const connect = () => {
    const socket = new WebSocket(url.href);
    current = socket;
    let open = false;
    timer = setTimeout(() => {
      lost(socket, `${url.shown} did not open a WebSocket within ${timeout / 1000} s`);
    }, timeout);
    socket.onopen = () => {
      if (socket !== current) return;
      clearTimeout(timer);
      open = true;
      delay = SHORTEST;
      opened.resolve();
      const subscribe = { jsonrpc: "2.0" as const, method: "eth_subscribe", params: ["newHeads"] };
      // Not every node can, and then watchers look at intervals.
      socket.send(JSON.stringify({ ...subscribe, id: SUBSCRIPTION }));
    };
    socket.onmessage = ({ data }) => {
      if (socket === current) received(data);
    };
    socket.onclose = () => {
      lost(
        socket,
        open ? `the connection to ${url.shown} broke` : `${url.shown} cannot be reached or speaks no WebSocket`,
      );
    };
  };

  const received = (data: unknown) => {
    heard = Date.now();
    const message = parse(data);
    const { id } = message;
    const request = waiting.get(id);
    if (request !== undefined) {
      waiting.delete(id);
      clearTimeout(request.timer);
      request.resolve(message as unknown as Answer);
    } else if (message.method === "eth_subscription") {
      const number = Number(message.params?.result?.number ?? NaN);
      if (Number.isSafeInteger(number)) for (const listener of listeners) listener(number);
    }
  };

  const fail = (problem: string) => {
    opened.reject(new NodeError("a connection", problem));
    opened = deferred();
    for (const { method, timer: limit, reject } of waiting.values()) {
      clearTimeout(limit);
      reject(new NodeError(method, problem));
    }
    waiting.clear();
  };

  /** Gives a connection up: nobody gets an answer, and another one is made soon. */
  const lost = (socket: WebSocket, problem: string) => {
    if (socket !== current) return;
    current = undefined;
    clearTimeout(timer);
    socket.close();
    fail(problem);
    // Half by chance, so that many clients do not knock in step.
    timer = setTimeout(connect, delay * (0.5 + Math.random() / 2));
    delay = Math.min(delay * 2, LONGEST);
  };

  connect();

  return {
    async request(payload) {
      const { method, id } = payload;
      if (closed) throw new NodeError(method, `the connection to ${url.shown} was closed`);
      const answer = new Promise<Answer>((resolve, reject) => {
        const limit = setTimeout(() => {
          const request = waiting.get(id);
          waiting.delete(id);
          reject(new NodeError(method, `${url.shown} did not answer within ${timeout / 1000} s`));
          // A connection that has gone silent may be dead without either side having been told.
          if (current?.readyState === WebSocket.OPEN && request !== undefined && heard < request.since) {
            lost(current, `${url.shown} has gone silent`);
          }
        }, timeout);
        waiting.set(id, { method, since: Date.now(), timer: limit, resolve, reject });
      });
      // Rejected with all that waits if there is no connection.
      opened.promise.then(
        () => {
          if (waiting.has(id)) current?.send(JSON.stringify(payload));
        },
        () => undefined,
      );
      return answer;
    },
    onHead(listener) {
      // Each caller its own, even if two pass the same function.
      const own = (number: number) => {
        listener(number);
      };
      listeners.add(own);
      return () => listeners.delete(own);
    },
    close() {
      closed = true;
      clearTimeout(timer);
      current?.close();
      current = undefined;
      fail(`the connection to ${url.shown} was closed`);
    },
  };
}

interface Message {
  id?: unknown;
  method?: unknown;
  params?: { result?: { number?: unknown } };
}

/** A message, or nothing of interest. */
function parse(data: unknown): Message {
  try {
    const message: unknown = typeof data === "string" ? JSON.parse(data) : undefined;
    return typeof message === "object" && message !== null ? message : {};
  } catch {
    return {};
  }
}

/** A promise to be settled from outside. */
function deferred() {
  let resolve!: () => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
