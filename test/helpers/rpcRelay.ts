import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { JsonRpcApiProvider } from "ethers";
import { connectNode } from "../../src/protocol/provider.js";
import { connection } from "./network.js";

/** A JSON-RPC request. */
export interface Request {
  id: number;
  method: string;
  params: unknown[];
}

/** What a fault does instead of the usual: an answer of its own, no answer, or an answer lost after the request was served. */
export type Fault =
  { result: unknown } | { error: { code: number; message: string; data?: unknown } } | "drop" | "lose";

/** The chain of this test over HTTP on loopback, with faults at will. */
export interface Relay {
  url: string;
  /** Asked before each request; `undefined` serves it. */
  fault: (request: Request) => Fault | undefined | Promise<Fault | undefined>;
  /** Requests that came. */
  seen: Request[];
  connect(): Promise<JsonRpcApiProvider>;
  stop(): Promise<void>;
}

/** Starts a relay; stop it when done. */
export async function startRelay(): Promise<Relay> {
  const providers: JsonRpcApiProvider[] = [];
  const answer = async (request: Request): Promise<unknown> => {
    relay.seen.push(request);
    const fault = await relay.fault(request);
    if (fault === "drop") return undefined;
    if (typeof fault === "object") return { jsonrpc: "2.0", id: request.id, ...fault };
    try {
      const result: unknown = await connection.provider.request({ method: request.method, params: request.params });
      return fault === "lose" ? undefined : { jsonrpc: "2.0", id: request.id, result };
    } catch (error) {
      const { code = -32000, message, data } = error as { code?: number; message: string; data?: unknown };
      return { jsonrpc: "2.0", id: request.id, error: { code, message, data } };
    }
  };
  const server: Server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Request | Request[];
      void (async () => {
        const answers: unknown[] = [];
        for (const request of Array.isArray(body) ? body : [body]) answers.push(await answer(request));
        if (answers.includes(undefined)) incoming.socket.destroy();
        else
          outgoing
            .setHeader("content-type", "application/json")
            .end(JSON.stringify(Array.isArray(body) ? answers : answers[0]));
      })();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const relay: Relay = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fault: () => undefined,
    seen: [],
    async connect() {
      const provider = await connectNode(relay.url, { timeout: 3_000, patience: 3_000 });
      providers.push(provider);
      return provider;
    },
    async stop() {
      for (const provider of providers) provider.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return relay;
}
