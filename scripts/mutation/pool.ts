import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Mutant } from "./mutants.js";
import type { Job, Report, Verdict } from "./protocol.js";

/** A worker that says nothing for so long is stuck in a mutant that never ends. */
const SILENCE = 180_000;

const WORKER = fileURLToPath(new URL("worker.ts", import.meta.url));

export interface Judgement {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
  readonly seconds: number;
}

/** Judges mutants in several processes at once. */
export class Pool {
  readonly #queue: Mutant[];
  readonly #near: boolean;
  readonly #note: (judgement: Judgement) => void;
  /** Test files that killed mutants in a definition, the latest first. */
  readonly #killers = new Map<string, string[]>();
  /** Mutants in which a worker ended before. */
  readonly #crashed = new Set<Mutant>();
  #failures: readonly string[] = [];

  /** @param near Whether mutants are judged by the tests of single libraries alone. */
  constructor(mutants: readonly Mutant[], near: boolean, note: (judgement: Judgement) => void) {
    this.#near = near;
    this.#queue = [...mutants];
    this.#note = note;
  }

  /** Runs until every mutant is judged; returns the tests that fail without any mutant. */
  async run(jobs: number): Promise<readonly string[]> {
    const workers = Array.from({ length: Math.min(jobs, this.#queue.length) }, async () => {
      while (this.#queue.length !== 0) await this.#work();
    });
    await Promise.all(workers);
    return this.#failures;
  }

  /** The life of one worker process. */
  #work(): Promise<void> {
    const child = fork(WORKER, this.#near ? ["--near"] : [], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    return new Promise((resolve, reject) => {
      let current: Mutant | undefined;
      let ready = false;
      let stuck = false;
      const kill = (): void => {
        stuck = true;
        child.kill("SIGKILL");
      };
      let timer = setTimeout(kill, SILENCE);
      child.on("message", (report: Report) => {
        clearTimeout(timer);
        timer = setTimeout(kill, SILENCE);
        if (report.kind === "alive") return;
        ready = true;
        if (report.kind === "ready") this.#failures = report.failures;
        else if (current !== undefined) this.#judged(current, report.verdict, report.seconds);
        current = this.#queue.shift();
        if (current === undefined) child.disconnect();
        else this.#send(child, current);
      });
      child.on("error", reject);
      child.on("exit", (code) => {
        clearTimeout(timer);
        if (!ready) {
          reject(new Error(`the tests could not be run on unchanged contracts (exit status ${code ?? "none"})`));
          return;
        }
        if (current !== undefined) this.#orphaned(current, stuck);
        resolve();
      });
    });
  }

  #send(child: ChildProcess, mutant: Mutant): void {
    const { contract, definition } = mutant.place;
    const [near, far] = [`${contract}.${definition}`, contract].map((key) => this.#killers.get(key) ?? []);
    const job: Job = { mutant, hints: [...new Set([...(near ?? []), ...(far ?? [])])] };
    child.send(job);
  }

  #judged(mutant: Mutant, verdict: Verdict, seconds: number): void {
    const { contract, definition } = mutant.place;
    if (verdict.status === "killed" && verdict.by !== undefined) {
      for (const key of [`${contract}.${definition}`, contract]) {
        const others = this.#killers.get(key)?.filter((path) => path !== verdict.by) ?? [];
        this.#killers.set(key, [verdict.by, ...others]);
      }
    }
    this.#note({ mutant, verdict, seconds });
  }

  /** A mutant whose worker ended gets another one, once. */
  #orphaned(mutant: Mutant, stuck: boolean): void {
    if (!stuck && !this.#crashed.has(mutant)) {
      this.#crashed.add(mutant);
      this.#queue.unshift(mutant);
      return;
    }
    this.#note({ mutant, verdict: { status: "killed", by: stuck ? "time-out" : "crash" }, seconds: SILENCE / 1000 });
  }
}
