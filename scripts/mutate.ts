/**
 * Changes the contracts in small ways, one at a time, and checks that the tests notice. A run is judged by the share
 * of the changes that were noticed, a sample by every single one; test/mutation/survivors.json excuses those that
 * nothing could notice.
 */
import { readdirSync } from "node:fs";
import { createCommand, main, ScriptError, wholeNumber } from "./deployment/command.js";
import { type Mutant, mutantsOf } from "./mutation/mutants.js";
import { Pool } from "./mutation/pool.js";
import { Project } from "./mutation/project.js";
import type { Verdict } from "./mutation/protocol.js";
import { Progress, summarise } from "./mutation/report.js";
import { justified, Results } from "./mutation/results.js";
import { sampled } from "./mutation/sample.js";
import { NEAR } from "./mutation/suite.js";

const TARGET = 0.95;

interface MutateOptions {
  sample?: number;
  seed: number;
  file?: string;
  near?: boolean;
  id?: string;
  list?: boolean;
  resume?: boolean;
  jobs: number;
}

const command = createCommand("mutate", "Mutates the contracts and runs the tests against every mutant.")
  .option("--sample <number>", "this many mutants, chosen at random", wholeNumber(1, 1_000_000))
  .option("--seed <number>", "what the choice is made from", wholeNumber(0, 2 ** 32 - 1), Date.now() % 1_000_000)
  .option("--file <text>", "only files whose path contains this")
  .option("--near", "only libraries that have tests of their own, judged by those: a sample takes a minute")
  .option("--id <id>", "only this mutant")
  .option("--list", "print the mutants instead of running them")
  .option("--resume", "keep the verdicts of an earlier run")
  .option("--jobs <number>", "processes", wholeNumber(1, 64), 2);

/** Libraries with tests of their own. */
const near = new Set(
  readdirSync(new URL("../test/", import.meta.url), { recursive: true, encoding: "utf8" }).flatMap(
    (path) => NEAR.exec(path)?.[1] ?? [],
  ),
);

await main(async () => {
  const options = command.parse().opts<MutateOptions>();
  const everything = mutantsOf(new Project());
  const reasons = justified(everything);
  const selected = select(everything, options);
  if (options.list === true) {
    for (const { id, description } of selected) console.log(`${id}  ${description}`);
    console.log(`${selected.length} mutants`);
  } else if (!(await run(selected, selected.length === everything.length, reasons, options))) process.exitCode = 1;
});

function select(
  mutants: readonly Mutant[],
  { file, id, sample, near: isNear, seed }: MutateOptions,
): readonly Mutant[] {
  const found = mutants.filter(
    (mutant) =>
      (id === undefined || mutant.id === id) &&
      mutant.file.includes(file ?? "") &&
      (isNear !== true || near.has(mutant.file.replace(/^.*\/|\.sol$/g, ""))),
  );
  if (found.length === 0) throw new ScriptError("No mutant is like that.");
  if (sample === undefined) return found;
  console.log(`sample of ${sample} with seed ${seed}`);
  return sampled(found, sample, seed);
}

async function run(
  mutants: readonly Mutant[],
  isWhole: boolean,
  reasons: ReturnType<typeof justified>,
  { resume = false, near: isNear = false, jobs, sample, id }: MutateOptions,
): Promise<boolean> {
  const results = new Results();
  // Parts of a run add to what is known; a whole one begins anew.
  if (!resume && isWhole) results.clear();
  const verdicts = resume ? results.load() : new Map<string, Verdict>();
  const open = mutants.filter(({ id }) => !verdicts.has(id));
  console.log(`${open.length} mutants to judge, ${mutants.length - open.length} judged before`);
  const progress = new Progress(open.length);
  const pool = new Pool(open, isNear, (judgement) => {
    verdicts.set(judgement.mutant.id, judgement.verdict);
    results.append(judgement);
    progress.note(judgement);
  });
  const failures = await pool.run(jobs);
  for (const failure of failures) console.log(`left out, as it fails without a mutant: ${failure}`);

  const { unjustified, score } = summarise(mutants, verdicts, reasons);
  console.log(`${(score * 100).toFixed(1)} % of the mutants that count were killed; ${TARGET * 100} % are asked for`);
  const sampling = sample !== undefined || id !== undefined;
  return score >= TARGET && (!sampling || unjustified.length === 0);
}
