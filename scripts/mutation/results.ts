import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import type { Mutant } from "./mutants.js";
import type { Judgement } from "./pool.js";
import type { Verdict } from "./protocol.js";

const ROOT = new URL("../../", import.meta.url);
const FILE = new URL("cache/mutation.jsonl", ROOT);
const SURVIVORS = new URL("test/mutation/survivors.json", ROOT);

interface Line extends Verdict {
  readonly id: string;
  /** Digests of what was mutated and of what was to notice it. */
  readonly contracts: string;
  readonly tests: string;
}

/** A mutant that may survive, and why. */
export interface Survivor {
  readonly id: string;
  readonly reason: string;
}

function digestOf(folder: string, wanted: (path: string) => boolean): string {
  const hash = createHash("sha256");
  const root = new URL(`${folder}/`, ROOT);
  for (const path of readdirSync(root, { recursive: true, encoding: "utf8" }).sort()) {
    if (/\.(sol|ts)$/.test(path) && wanted(path)) hash.update(path).update(readFileSync(new URL(path, root)));
  }
  return hash.digest("hex").slice(0, 16);
}

/** Verdicts on disk, one a line, so that an interrupted run can go on. */
export class Results {
  readonly #contracts = digestOf("contracts", (path) => !path.startsWith("mocks/"));
  readonly #tests = digestOf("test", () => true) + digestOf("contracts", (path) => path.startsWith("mocks/"));

  /** Forgets everything. */
  clear(): void {
    rmSync(FILE, { force: true });
  }

  /**
   * Verdicts that still hold: all of the same contracts and tests; and of the same contracts and other tests, those
   * that more tests do not change.
   */
  load(): Map<string, Verdict> {
    const lines = existsSync(FILE) ? readFileSync(FILE, "utf8").split("\n").filter(Boolean) : [];
    const known = lines.map((line) => JSON.parse(line) as Line);
    const valid = known.filter(
      ({ contracts, tests, status }) =>
        contracts === this.#contracts && (status !== "survived" || tests === this.#tests),
    );
    return new Map(valid.map(({ id, ...verdict }) => [id, verdict]));
  }

  /** Adds a verdict. */
  append({ mutant, verdict, seconds }: Judgement): void {
    mkdirSync(new URL(".", FILE), { recursive: true });
    const line = { id: mutant.id, ...verdict, seconds, contracts: this.#contracts, tests: this.#tests };
    appendFileSync(FILE, `${JSON.stringify(line)}\n`);
  }
}

/** The committed list of survivors; throws if one of them is no mutant. */
export function justified(mutants: readonly Mutant[]): Map<string, string> {
  const survivors = JSON.parse(readFileSync(SURVIVORS, "utf8")) as Survivor[];
  const ids = new Set(mutants.map(({ id }) => id));
  const gone = survivors.filter(({ id }) => !ids.has(id)).map(({ id }) => id);
  if (gone.length !== 0) throw new Error(`test/mutation/survivors.json names what is no mutant: ${gone.join(", ")}`);
  return new Map(survivors.map(({ id, reason }) => [id, reason]));
}
