/** Shares seeds out among processes. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { SeedResult } from "../../src/market/simulation/seedRun.js";
import { ScriptError } from "../deployment/command.js";
import type { Play } from "./play.js";
import type { Message } from "./worker.js";

const WORKER = fileURLToPath(new URL("worker.ts", import.meta.url));

/**
 * Plays all of it in several processes at once.
 *
 * @param note Told how many blocks were made since it was told last.
 * @param done Told of each seed that is through.
 * @throws {ScriptError} if one fails; the others are ended.
 */
export async function playAll(
  plays: readonly Play[],
  jobs: number,
  note: (blocks: number) => void,
  done: (result: SeedResult) => void,
): Promise<SeedResult[]> {
  const queue = [...plays];
  const results: SeedResult[] = [];
  const children: ChildProcess[] = [];
  const work = () => {
    const child = fork(WORKER, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    children.push(child);
    return new Promise<void>((resolve, reject) => {
      let current: Play | undefined;
      const next = () => {
        current = queue.shift();
        if (current === undefined) child.disconnect();
        else child.send(current);
      };
      child.on("message", (message: Message) => {
        switch (message.kind) {
          case "ready":
            next();
            return;
          case "blocks":
            note(message.count);
            return;
          case "done":
            results.push(message.result);
            done(message.result);
            next();
            return;
          case "failed":
            reject(new ScriptError(`Seed ${current?.seed ?? "?"}: ${message.reason}`));
        }
      });
      child.on("error", reject);
      child.on("exit", (code) => {
        if (current === undefined) resolve();
        else reject(new ScriptError(`A process of the simulation ended with status ${code ?? "none"}.`));
      });
    });
  };
  try {
    await Promise.all(Array.from({ length: Math.min(jobs, plays.length) }, work));
    return results;
  } finally {
    for (const child of children) if (child.exitCode === null) child.kill();
  }
}
