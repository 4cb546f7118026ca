import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Ports can be lost between choosing and listening, so a start is tried more than once. */
const ATTEMPTS = 3;
/** Milliseconds that a node may take to answer. */
const READY_WITHIN = 60_000;
const STOP_WITHIN = 5_000;

/** A node in a process of its own. */
export interface NodeProcess {
  url: string;
  readonly stop: () => Promise<void>;
}

/**
 * Starts a node on a free port of 127.0.0.1 and waits until it answers.
 *
 * @param command Program.
 * @param argumentsFor Its arguments, given the port.
 */
export async function startProcess(command: string, argumentsFor: (port: number) => string[]): Promise<NodeProcess> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    try {
      return await startOnce(command, argumentsFor(port), `http://127.0.0.1:${port}`);
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

/** A port of 127.0.0.1 that nothing listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === "object" && address !== null) resolve(address.port);
        else reject(new Error("no port"));
      });
    });
  });
}

async function startOnce(command: string, args: string[], url: string): Promise<NodeProcess> {
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
  const kill = () => child.kill("SIGKILL");
  // Whatever ends this process must not leave the node behind.
  const leave = () => process.exit(143);
  process.once("exit", kill);
  process.once("SIGTERM", leave);
  let said = "";
  let failure: Error | undefined;
  child.stderr.setEncoding("utf8");
  child.stderr.on("data", (text: string) => {
    said = (said + text).slice(-2_000);
  });
  child.once("error", (error) => {
    failure = error;
  });
  const stop = async () => {
    process.off("exit", kill);
    process.off("SIGTERM", leave);
    await end(child);
  };

  const limit = Date.now() + READY_WITHIN;
  while (!(await answers(url))) {
    const status = child.exitCode ?? child.signalCode;
    if (failure !== undefined || status !== null || Date.now() > limit) {
      await stop();
      const why = failure?.message ?? (status === null ? "did not answer in time" : `ended with ${status}`);
      throw new Error(`${command} ${args.join(" ")} ${why}; it said:\n${said}`);
    }
    await sleep(100);
  }
  return { url, stop };
}

/** Whether a node answers there. */
async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] }),
      signal: AbortSignal.timeout(2_000),
    });
    return response.ok;
  } catch {
    return false;
  }
}

/** Asks a process to end, then makes it. */
async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) =>
    child.once("exit", () => {
      resolve();
    }),
  );
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_WITHIN);
  await ended;
  clearTimeout(timer);
}
