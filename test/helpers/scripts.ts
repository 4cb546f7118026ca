import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
export const HOST = "127.0.0.1";
/** A script that does not end is ended after so many milliseconds. */
export const LIMIT = 60_000;

export interface ScriptOptions {
  /** Milliseconds; {@link LIMIT} if left out. */
  timeout?: number;
  /** Whether it leads a group of processes, as a command that a person typed does. */
  detached?: boolean;
}

/** Starts a script with nothing of this process's own settings. */
export function start(
  script: string,
  words: string[],
  env: Record<string, string> = {},
  { timeout = LIMIT, detached = false }: ScriptOptions = {},
): ChildProcess {
  const rest = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("OPENGPU_")));
  return spawn(process.execPath, ["--import", "tsx", `scripts/${script}.ts`, ...words], {
    cwd: ROOT,
    // CI keeps Hardhat from asking for the password of a keystore.
    env: { ...rest, CI: "true", HARDHAT_DISABLE_TELEMETRY: "true", ...env },
    stdio: ["ignore", "pipe", "pipe"],
    ...{ timeout, detached },
  });
}

/** All that a child prints, as it comes. */
export function textsOf(child: ChildProcess) {
  const texts = { out: "", err: "" };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (texts.out += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (texts.err += text));
  return texts;
}

export async function ran(script: string, words: string[], env?: Record<string, string>, options?: ScriptOptions) {
  const child = start(script, words, env, options);
  const texts = textsOf(child);
  const [status] = (await once(child, "close")) as [number | null];
  return { status, ...texts };
}

/** Does something for all cases, two at a time: a script is mostly a second of start-up on one core. */
export async function inPairs<Case>(cases: readonly Case[], act: (each: Case) => Promise<void>): Promise<void> {
  const left = cases.values();
  const work = async () => {
    for (const each of left) await act(each);
  };
  await Promise.all([work(), work()]);
}

/** A failure is one line that is a sentence, and nothing of the program's inside. */
export function expectSentence(err: string, pattern: RegExp): void {
  expect(err.trim().split("\n"), err).to.have.length(1);
  expect(err.trim())
    .to.match(/^[A-Z/0].*\.$/)
    .and.match(pattern);
  expect(err).to.not.contain("    at ");
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

/** Processes whose command line has some text in it; `undefined` where the system does not tell. */
export async function processesWith(text: string): Promise<number[] | undefined> {
  const names = await readdir("/proc").catch(() => undefined);
  if (names === undefined) return undefined;
  const found = await Promise.all(
    names
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .map(async (name) => {
        const line = await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => "");
        return line.includes(text) ? [Number(name)] : [];
      }),
  );
  return found.flat();
}
