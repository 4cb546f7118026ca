import type { Mutant } from "./mutants.js";
import type { Judgement } from "./pool.js";
import type { Verdict } from "./protocol.js";

const COLUMNS = ["mutants", "killed", "survived", "justified", "invalid", "equivalent"] as const;
type Counts = Record<(typeof COLUMNS)[number], number>;

/** Verdicts on mutants, summed. */
export interface Summary {
  /** Survivors that nobody justified. */
  readonly unjustified: readonly Mutant[];
  /** Share of the mutants that count which were killed. */
  readonly score: number;
}

/** Prints how far a run is. */
export class Progress {
  readonly #total: number;
  #start: number | undefined;
  #done = 0;
  #survived = 0;

  constructor(total: number) {
    this.#total = total;
  }

  /** One more mutant is judged. */
  note({ mutant, verdict, seconds }: Judgement): void {
    this.#done += 1;
    if (verdict.status === "survived") this.#survived += 1;
    // Workers take their time to get ready, once.
    this.#start ??= Date.now() - seconds * 1000;
    const left = (((Date.now() - this.#start) / this.#done) * (this.#total - this.#done)) / 60_000;
    const outcome = verdict.status === "killed" ? `killed by ${verdict.by ?? "nothing"}` : verdict.status;
    console.log(
      `${this.#done}/${this.#total}, ${this.#survived} survived, ${left.toFixed(0)} min left: ` +
        `${mutant.id} ${outcome} (${seconds.toFixed(1)} s)`,
    );
  }
}

/** Prints a table and the survivors, and sums up. */
export function summarise(
  mutants: readonly Mutant[],
  verdicts: ReadonlyMap<string, Verdict>,
  reasons: ReadonlyMap<string, string>,
): Summary {
  const rows = new Map<string, Counts>();
  const unjustified: Mutant[] = [];
  for (const mutant of mutants) {
    const verdict = verdicts.get(mutant.id);
    if (verdict === undefined) continue;
    const excused = verdict.status === "survived" && reasons.has(mutant.id);
    if (verdict.status === "survived" && !excused) unjustified.push(mutant);
    for (const name of [mutant.file, "all"]) {
      const row = rows.get(name) ?? emptyRow();
      rows.set(name, row);
      row.mutants += 1;
      row[excused ? "justified" : verdict.status] += 1;
    }
  }
  const all = rows.get("all") ?? emptyRow();
  rows.delete("all");
  console.table(Object.fromEntries([...rows, ["all", all]]));
  for (const { id, description } of unjustified) console.log(`survived: ${id}\n  ${description}`);
  const counted = all.killed + all.survived;
  return { unjustified, score: counted === 0 ? 1 : all.killed / counted };
}

const emptyRow = (): Counts => Object.fromEntries(COLUMNS.map((column) => [column, 0])) as Counts;
