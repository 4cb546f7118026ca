/**
 * Changes the contracts in small ways, one at a time, and checks that the tests notice. A run is judged by the share
 * of the changes that were noticed, a sample by every single one; test/mutation/survivors.json excuses those that
 * nothing could notice.
 */
import { readdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Mutant, mutantsOf } from "./mutation/mutants.js";
import { Pool } from "./mutation/pool.js";
import { Project } from "./mutation/project.js";
import type { Verdict } from "./mutation/protocol.js";
import { Progress, summarise } from "./mutation/report.js";
import { justified, Results } from "./mutation/results.js";
import { sampled } from "./mutation/sample.js";
import { NEAR } from "./mutation/suite.js";

const TARGET = 0.95;

const { values: options } = parseArgs({
  options: {
    /** This many mutants, chosen at random. */
    sample: { type: "string" },
    /** What the choice is made from. */
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    /** Only files whose path contains this. */
    file: { type: "string" },
    /** Only libraries that have tests of their own, judged by those: a sample takes a minute. */
    near: { type: "boolean", default: false },
    /** Only this mutant. */
    id: { type: "string" },
    /** Print the mutants instead of running them. */
    list: { type: "boolean", default: false },
    /** Keep the verdicts of an earlier run. */
    resume: { type: "boolean", default: false },
    /** Processes. */
    jobs: { type: "string", default: "2" },
  },
});

const numberOf = (name: "sample" | "seed" | "jobs"): number => {
  const text = options[name] ?? "";
  if (!/^\d+$/.test(text) || (name !== "seed" && Number(text) === 0))
    throw new Error(`--${name} ${text}: no such number`);
  return Number(text);
};

/** Libraries with tests of their own. */
const near = new Set(
  readdirSync(new URL("../test/", import.meta.url), { recursive: true, encoding: "utf8" }).flatMap(
    (path) => NEAR.exec(path)?.[1] ?? [],
  ),
);
const everything = mutantsOf(new Project());
const reasons = justified(everything);
const selected = select(everything);

if (options.list) {
  for (const { id, description } of selected) console.log(`${id}  ${description}`);
  console.log(`${selected.length} mutants`);
} else {
  process.exitCode = (await run(selected)) ? 0 : 1;
}

function select(mutants: readonly Mutant[]): readonly Mutant[] {
  const { file, id, sample } = options;
  const found = mutants.filter(
    (mutant) =>
      (id === undefined || mutant.id === id) &&
      mutant.file.includes(file ?? "") &&
      (!options.near || near.has(mutant.file.replace(/^.*\/|\.sol$/g, ""))),
  );
  if (found.length === 0) throw new Error("no mutant is like that");
  if (sample === undefined) return found;
  console.log(`sample of ${sample} with seed ${options.seed}`);
  return sampled(found, numberOf("sample"), numberOf("seed"));
}

async function run(mutants: readonly Mutant[]): Promise<boolean> {
  const results = new Results();
  // Parts of a run add to what is known; a whole one begins anew.
  if (!options.resume && mutants.length === everything.length) results.clear();
  const verdicts = options.resume ? results.load() : new Map<string, Verdict>();
  const open = mutants.filter(({ id }) => !verdicts.has(id));
  console.log(`${open.length} mutants to judge, ${mutants.length - open.length} judged before`);
  const progress = new Progress(open.length);
  const pool = new Pool(open, options.near, (judgement) => {
    verdicts.set(judgement.mutant.id, judgement.verdict);
    results.append(judgement);
    progress.note(judgement);
  });
  const failures = await pool.run(numberOf("jobs"));
  for (const failure of failures) console.log(`left out, as it fails without a mutant: ${failure}`);

  const { unjustified, score } = summarise(mutants, verdicts, reasons);
  console.log(`${(score * 100).toFixed(1)} % of the mutants that count were killed; ${TARGET * 100} % are asked for`);
  const sampling = options.sample !== undefined || options.id !== undefined;
  return score >= TARGET && (!sampling || unjustified.length === 0);
}
