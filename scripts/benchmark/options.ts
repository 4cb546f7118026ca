/** What a person can choose of a benchmark. */
import { InvalidArgumentError, Option } from "commander";
import { parseEther, parseUnits } from "ethers";
import type { ScenarioName } from "../../src/market/benchmark/result.js";
import { createCommand, wholeNumber } from "../deployment/command.js";
import { seconds } from "../market/options.js";
import { WORK_NAMES, type WorkName } from "./works.js";

export const FAULT_NAMES = ["slow-store", "lossy-rpc", "provider-killed"] as const satisfies readonly ScenarioName[];
export type FaultName = (typeof FAULT_NAMES)[number];

export interface BenchmarkChoices {
  workloads: WorkName[];
  quick?: boolean;
  repetitions?: number;
  inFlight?: number[];
  faultTasks?: number;
  faults: FaultName[] | false;
  providers: number;
  parallel: number;
  /** Wei. */
  reward: bigint;
  /** USD for a coin. */
  coinPrice?: number;
  /** Wei for a unit of gas. */
  gasPrice?: bigint;
  prices?: string;
  hardware?: string;
  utilisation: number;
  compare?: string;
  blockTime: number;
  port?: number;
  rpc?: string;
  deployment?: string;
  folder: string;
  json?: boolean;
  yes?: boolean;
}

const list = (text: string) => text.split(",").map((word) => word.trim());

/** Reads some of the names that are known. */
function some<T extends string>(all: readonly T[]) {
  return (text: string): T[] => {
    const names = list(text);
    const unknown = names.find((name) => !all.some((known) => known === name));
    if (unknown !== undefined) throw new InvalidArgumentError(`“${unknown}” is none of ${all.join(", ")}.`);
    return all.filter((name) => names.includes(name));
  };
}

const workloads = some(WORK_NAMES);
const faults = some(FAULT_NAMES);

/** Reads amounts such as `1,8,64`. */
function inFlight(text: string): number[] {
  return list(text).map((word) => wholeNumber(1, 1_000)(word));
}

/** Reads a decimal number above 0. */
function above(most: number, expected: string) {
  return (text: string): number => {
    const value = Number(text);
    if (!/^\d+(\.\d+)?$/.test(text) || value <= 0 || value > most) {
      throw new InvalidArgumentError(`It must be ${expected}.`);
    }
    return value;
  };
}

/** Reads an amount with so many decimals. */
function amount(decimals: number, expected: string) {
  return (text: string): bigint => {
    const isAmount = new RegExp(`^\\d{1,12}(\\.\\d{1,${decimals}})?$`).test(text);
    const value = isAmount ? parseUnits(text, decimals) : 0n;
    if (value === 0n) throw new InvalidArgumentError(`It must be ${expected}.`);
    return value;
  };
}

export const command = createCommand(
  "benchmark",
  "Measures workloads in the whole market, and compares them with running the same modules alone and with what others ask.",
)
  .option("--workloads <names>", `which of ${WORK_NAMES.join(", ")}`, workloads, [...WORK_NAMES])
  .option(
    "--quick",
    "fewer sizes, tasks and repetitions: a first impression in some four minutes, in two with --no-faults",
  )
  .option("--repetitions <number>", "of each measurement; 3, or 1 if quick", wholeNumber(1, 100))
  .option("--in-flight <numbers>", "tasks at a time; 1,8,64, or 1,8 if quick", inFlight)
  .option("--fault-tasks <number>", "tasks for each fault; 128, or 24 if quick", wholeNumber(2, 10_000))
  .option("--faults <names>", `which of ${FAULT_NAMES.join(", ")}`, faults, [...FAULT_NAMES])
  .option("--no-faults", "nothing is killed, slowed down or lost")
  .option("--providers <number>", "how many compete, each a process", wholeNumber(1, 64), 3)
  .option("--parallel <number>", "executions of each at a time", wholeNumber(1, 64), 1)
  .addOption(
    new Option("--reward <coins>", "what a task pays")
      .argParser(amount(18, "an amount of coins above 0"))
      // Said in coins: help cannot write a number of wei.
      .default(parseEther("0.001"), "0.001"),
  )
  .option(
    "--coin-price <usd>",
    "what a coin is worth; without it nothing is converted",
    above(1e9, "an amount of USD above 0"),
  )
  .option("--gas-price <gwei>", "for the cost of gas; what was paid if left out", amount(9, "a price in gwei above 0"))
  .option("--prices <file>", "price book; the one of the project if left out")
  .option("--hardware <name>", "what a provider has, as the price book names it; the measured device if left out")
  .option(
    "--utilisation <share>",
    "share of its life in which a provider's device works",
    above(1, "a share above 0, at most 1"),
    0.5,
  )
  .option("--compare <file>", "result.json of an earlier benchmark; ends with status 1 if something got worse")
  .option("--block-time <seconds>", "time between blocks of the local chain; 0: one for every transaction", seconds, 1)
  .option("--port <number>", "port of the local chain; a free one if left out", wholeNumber(1, 65_535))
  .option("--rpc <address>", "node of another chain; needs --deployment")
  .option("--deployment <file>", "record of the suite on that chain, as `npm run deploy` writes it")
  .option("--folder <path>", "where results are kept", "benchmarks")
  .option("--yes", "do not ask before coin of another chain is spent")
  .option("--json", "print the result only")
  .addHelpText("after", "\nOn another chain the key that pays comes from the environment variable OPENGPU_FUNDER_KEY.");
