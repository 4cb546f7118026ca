/** Tries controllers out in the contracts' mirror, each on the same seeds, and prints a row for each. */
import { sizesTable, trialsTable } from "../../src/market/simulation/report/trials.js";
import { DEFAULT_SCENARIO } from "../../src/market/simulation/scenario.js";
import { type Candidate, type SizeTrial, type Trial, trySize, tryOut } from "../../src/market/simulation/trial.js";
import type { ErrorName } from "../../src/market/simulation/variants.js";
import { createCommand, main, wholeNumber } from "../deployment/command.js";

const command = createCommand("tune", "Controllers and parameters against each other, in the contracts' mirror.")
  .option("--seeds <number>", "how many worlds each is tried in", wholeNumber(1, 1_000), 20)
  .option("--json", "print the figures only");

const one = (error: ErrorName, speed: number, target = 8_000, clamp = 250): Candidate => ({
  ...{ error, target, speed, clamp },
});

const CANDIDATES: readonly Candidate[] = [
  ...[250, 500, 1_000, 2_000].map((speed) => one("kinked", speed)),
  ...[300, 500, 550, 600, 650, 750, 1_000, 1_500, 2_000, 4_000].map((speed) => one("linear", speed)),
  ...[500, 1_000].map((speed) => one("queue", speed)),
  ...[125, 190, 250, 400].map((speed) => one("even", speed)),
  ...[7_000, 7_500, 8_500, 9_000].map((target) => one("linear", 600, target)),
  ...[10, 50, 1_000].map((clamp) => one("linear", 600, 8_000, clamp)),
];

/** Multiples of the usual number of providers and clients. */
const SIZES = [0.25, 0.5, 1, 2];
const SIZED: readonly Candidate[] = [one("kinked", 1_000), one("linear", 600)];

await main(async () => {
  const { seeds, json } = command.parse().opts<{ seeds: number; json?: boolean }>();
  const numbers = Array.from({ length: seeds }, (_, index) => index + 1);
  const steps = CANDIDATES.length + SIZED.length * SIZES.length;
  const trials: Trial[] = [];
  const sizes: SizeTrial[] = [];
  const note = () => {
    if (process.stderr.isTTY) process.stderr.write(`\r${trials.length + sizes.length} of ${steps} `);
  };
  for (const candidate of CANDIDATES) {
    note();
    trials.push(await tryOut(candidate, numbers, DEFAULT_SCENARIO));
  }
  for (const candidate of SIZED) {
    for (const size of SIZES) {
      note();
      sizes.push(await trySize(candidate, size, numbers, DEFAULT_SCENARIO));
    }
  }
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
  console.log(
    json === true ? JSON.stringify({ trials, sizes }, null, 2) : `${trialsTable(trials)}\n\n${sizesTable(sizes)}`,
  );
});
