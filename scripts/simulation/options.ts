/** What a person can choose of a simulation. */
import { existsSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import { DEFAULT_SCENARIO, type Scenario } from "../../src/market/simulation/scenario.js";
import { createCommand, UsageError, wholeNumber } from "../deployment/command.js";

export interface SimulationChoices {
  seeds: number;
  seed: number;
  target: number;
  speed: number;
  clamp: number;
  jobs: number;
  mirror?: boolean;
  out?: string;
  json?: boolean;
}

const { target, speed, clamp } = DEFAULT_SCENARIO.price;
/** More processes than these have no more memory to share. */
const MOST_JOBS = 16;

export const command = createCommand(
  "simulate",
  "Clients and providers with costs, speeds, patience and budgets of their own trade on the deployed contracts.",
)
  .option("--seeds <number>", "how many worlds, one after the other", wholeNumber(1, 1_000), 20)
  .option("--seed <number>", "the first of them", wholeNumber(0, 2 ** 31), 1)
  .option(
    "--target <bps>",
    "utilisation at which the price stands still, basis points",
    wholeNumber(5_000, 9_500),
    target,
  )
  .option("--speed <ppm>", "how fast the price falls with nothing to do, ppm a second", wholeNumber(10, 40_000), speed)
  .option("--clamp <thousandths>", "how much ln(price) can rise between two touches", wholeNumber(10, 1_000), clamp)
  .option("--mirror", "trade in the contracts' mirror in memory instead: the same prices in a tenth of the time")
  .option("--jobs <number>", "processes at a time", wholeNumber(1, MOST_JOBS), Math.min(2, availableParallelism()))
  .option("--out <folder>", "where figures.json and report.html go; a new folder in simulations/ if left out")
  .option("--json", "print the figures only");

/** The world that was chosen. */
export function scenarioOf({ target, speed, clamp }: SimulationChoices): Scenario {
  return { ...DEFAULT_SCENARIO, price: { target, speed, clamp } };
}

/** @throws {UsageError} if a folder cannot be one, before minutes are spent on what it is to hold. */
export function checkFolder(folder: string): void {
  for (let path = folder; ; path = dirname(path)) {
    if (existsSync(path)) {
      if (!statSync(path).isDirectory()) throw new UsageError(`${path} is not a folder, so --out cannot be ${folder}.`);
      return;
    }
    if (dirname(path) === path) return;
  }
}
