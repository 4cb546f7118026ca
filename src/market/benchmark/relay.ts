import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** A node's front that can be told to lose answers. */
export interface Relay {
  /** Where it is reached, on this machine alone. */
  readonly url: string;
  /** Share of the answers that are lost from now on, 0 to 1: the node has served what was asked, and nobody learns of it. */
  losing(share: number): void;
  /** Answers that were lost so far. */
  readonly lost: number;
  close(): Promise<void>;
}

/** A node that has not answered by then is taken for dead, milliseconds. */
const WITHIN = 60_000;

/**
 * Opens a relay before a node.
 *
 * @param upstream Address of the node, http or https.
 * @param chance Draws from 0 up to, but not including, 1; for each answer once.
 */
export async function openRelay(upstream: string, chance: () => number): Promise<Relay> {
  let share = 0;
  let lost = 0;
  const { href, headers } = addressOf(upstream);
  const server = createServer((request, response) => {
    bodyOf(request)
      .then(async (body) => {
        const { method = "POST" } = request;
        const told = { "content-type": "application/json", ...headers };
        const signal = AbortSignal.timeout(WITHIN);
        const served = await fetch(href, { method, headers: told, body: method === "POST" ? body : null, signal });
        const answer = Buffer.from(await served.arrayBuffer());
        if (share > 0 && chance() < share) {
          lost += 1;
          request.socket.destroy();
          return;
        }
        response.statusCode = served.status;
        for (const name of ["content-type", "retry-after"]) {
          const value = served.headers.get(name);
          if (value !== null) response.setHeader(name, value);
        }
        response.end(answer);
      })
      // As if there were no relay: who asks a dead node gets no answer.
      .catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    losing(now) {
      share = now;
    },
    get lost() {
      return lost;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

/** An address without its user and password, which are sent as a header. */
function addressOf(upstream: string): { href: string; headers: Record<string, string> } {
  const url = new URL(upstream);
  const { username, password } = url;
  url.username = "";
  url.password = "";
  if (username === "" && password === "") return { href: url.href, headers: {} };
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { href: url.href, headers: { authorization: `Basic ${Buffer.from(credentials).toString("base64")}` } };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
