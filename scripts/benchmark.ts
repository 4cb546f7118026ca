/** How fast the market is, and how much it costs, compared with running the same work alone and with what others ask. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readText, writeText } from "../src/files/atomic.js";
import { compareResults } from "../src/market/benchmark/compare.js";
import { describeMachine } from "../src/market/benchmark/machine.js";
import { DEFAULT_BOOK, hardwareOf, parsePriceBook, type PriceBook } from "../src/market/benchmark/priceBook.js";
import { benchmarkText, comparisonText } from "../src/market/benchmark/report/text.js";
import type { BenchmarkResult } from "../src/market/benchmark/result.js";
import { formatResult, parseResult } from "../src/market/benchmark/resultSchema.js";
import { type BenchmarkPlan, MARKETS, runBenchmark, type Work } from "../src/market/benchmark/run.js";
import { coins } from "../src/market/coins.js";
import { readKeys, type RunKeys } from "../src/market/run/cast.js";
import { reclaim } from "../src/market/run/reclaim.js";
import type { Deployment } from "../src/protocol/deployment.js";
import { DEFAULT_PARAMETERS } from "../src/protocol/parameters.js";
import { messageOf } from "../src/protocol/retry.js";
import { createWasmExecutor } from "../src/sandbox/wasmExecutor.js";
import { buildWorkloads } from "../workloads/tools/build.js";
import { measureGpu } from "./benchmark/gpu.js";
import { type BenchmarkChoices, command, type FaultName } from "./benchmark/options.js";
import { worksOf } from "./benchmark/works.js";
import { askFirst, main, ScriptError, UsageError } from "./deployment/command.js";
import { type Venue, venueOf } from "./market/venue.js";
import { builtWorker } from "./market/worker.js";

/** A provider that was killed keeps its client waiting for so long. Seconds. */
const DISCLOSE_WINDOW = 60;
const KILLED: FaultName = "provider-killed";
/** Pause between two looks at the chain, milliseconds. */
const INTERVAL = 250;

const THOROUGH: Omit<BenchmarkPlan, "scenarios"> = {
  ...{ repetitions: 3, tasks: 7, loads: [1, 8, 64], loadFactor: 2, scenarioTasks: 128, scenarioInFlight: 64 },
  ...{ delay: 500, loss: 0.1 },
};
const QUICK: typeof THOROUGH = {
  ...THOROUGH,
  ...{ repetitions: 1, tasks: 3, loads: [1, 8], scenarioTasks: 24, scenarioInFlight: 12 },
};

function planOf(
  { quick, repetitions, inFlight, faultTasks }: BenchmarkChoices,
  scenarios: readonly FaultName[],
): BenchmarkPlan {
  const plan = quick === true ? QUICK : THOROUGH;
  return {
    ...plan,
    ...(repetitions !== undefined && { repetitions }),
    ...(inFlight !== undefined && { loads: inFlight }),
    ...(faultTasks !== undefined && {
      scenarioTasks: faultTasks,
      scenarioInFlight: Math.min(faultTasks, plan.scenarioInFlight),
    }),
    scenarios,
  };
}

function worksFor({ quick, workloads }: BenchmarkChoices): readonly [Work, ...Work[]] {
  const sizes =
    quick === true
      ? { digits: [1, 100], train: [100] }
      : { digits: [1, 10, 100, 1_000, 10_000], train: [100, 1_000, 5_000] };
  const [first, ...others] = worksOf(sizes, workloads);
  if (first === undefined) throw new ScriptError("There is no workload to measure.");
  return [first, ...others];
}

async function textOf(path: string): Promise<string> {
  const text = await readText(path);
  if (text === undefined) throw new ScriptError(`There is no file ${path}.`);
  return text;
}

/** @throws {UsageError} if the book has not the hardware that was chosen. */
async function bookOf({ prices, hardware }: BenchmarkChoices): Promise<PriceBook> {
  const path = prices ?? fileURLToPath(DEFAULT_BOOK);
  const book = parsePriceBook(await textOf(path), path);
  if (hardware === undefined || hardwareOf(book, hardware) !== undefined) return book;
  const known = book.hardware.map(({ device }) => `“${device}”`).join(", ");
  throw new UsageError(`The price book has no hardware “${hardware}”, only ${known || "none at all"}.`);
}

/**
 * What is to fail. Tasks of a killed provider wait for the suite's window; where that is long nobody is killed, unless
 * that was asked for.
 */
function faultsOn({ parameters }: Deployment, { faults }: BenchmarkChoices, say: (line: string) => void): FaultName[] {
  const { disclose } = parameters.windows;
  const chosen = faults === false ? [] : faults;
  const isUsual = command.getOptionValueSource("faults") === "default";
  if (disclose <= DISCLOSE_WINDOW || !isUsual || !chosen.includes(KILLED)) return chosen;
  say(
    `No provider is killed: on this chain its tasks would wait for ${disclose} s. Name ${KILLED} in --faults to wait.`,
  );
  return chosen.filter((name) => name !== KILLED);
}

/** A name that sorts by time. */
function newName(): string {
  return `${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}-${randomBytes(2).toString("hex")}`;
}

async function measure(choices: BenchmarkChoices, venue: Venue, folder: string, signal: AbortSignal) {
  const { alone, coin, blockTime, deployment, funder } = venue;
  const { coinPrice, gasPrice, hardware, utilisation, providers, parallel, reward } = choices;
  const say = (line: string) => {
    if (choices.json !== true) console.log(line);
  };
  const executor = createWasmExecutor({ worker: await builtWorker() });
  try {
    const machine = await describeMachine();
    const gpu = await measureGpu(signal, undefined, { driver: machine.gpu });
    const scenarios = faultsOn(deployment, choices, say);
    await venue.begin();
    return await runBenchmark({
      ...venue,
      ...{ folder, signal, providers, parallel, reward, executor, machine, gpu },
      network: {
        coin,
        ...(blockTime !== undefined && { blockTime }),
        ...(coinPrice !== undefined && { coinPrice }),
        ...(gasPrice !== undefined && { gasPrice }),
      },
      works: worksFor(choices),
      plan: planOf(choices, scenarios),
      program: {
        file: fileURLToPath(new URL("provider.ts", import.meta.url)),
        execArgv: ["--import", import.meta.resolve("tsx")],
      },
      book: await bookOf(choices),
      choices: { utilisation, ...(hardware !== undefined && { hardware }) },
      interval: INTERVAL,
      begin: (what) => {
        say(`… ${what}`);
      },
      trouble: (who, reason) => {
        say(`  ${who}: ${reason}`);
      },
      ...(!alone &&
        choices.yes !== true && {
          confirm: (total) => askFirst(`Spend up to ${coins(total)} ${coin} of ${funder.address}`),
        }),
    });
  } finally {
    await executor.close();
  }
}

/** Folders of a benchmark with keys on which coin may depend. */
async function keptIn(folder: string): Promise<{ place: string; keys: RunKeys }[]> {
  const found = await Promise.all(
    MARKETS.map(async (name) => {
      const place = join(folder, name);
      const keys = await readKeys(join(place, "keys.json"));
      return keys === undefined ? [] : [{ place, keys }];
    }),
  );
  return found.flat();
}

const reclaimWords = (choices: BenchmarkChoices, place: string) =>
  `npm start -- --rpc … --deployment ${choices.deployment ?? "…"} --reclaim ${place}`;

/** Takes back what a benchmark left on another chain, as far as it is free, and tells the rest. */
async function takeBack(choices: BenchmarkChoices, { deployment, funder }: Venue, folder: string): Promise<void> {
  for (const { place, keys } of await keptIn(folder)) {
    const lines = await reclaim({ deployment, folder: place, keys, funder }).catch((error: unknown) => [
      messageOf(error),
    ]);
    // What is printed as JSON is the result alone.
    for (const line of lines) console.error(line);
    console.error(`What is not free yet is taken back later by ${reclaimWords(choices, place)}`);
  }
}

async function run(choices: BenchmarkChoices, signal: AbortSignal): Promise<BenchmarkResult> {
  const folder = join(choices.folder, newName());
  const { windows } = DEFAULT_PARAMETERS;
  await buildWorkloads();
  const venue = await venueOf(choices, folder, {
    ...DEFAULT_PARAMETERS,
    windows: { ...windows, disclose: DISCLOSE_WINDOW },
  });
  try {
    const result = await measure(choices, venue, folder, signal);
    await writeText(join(folder, "result.json"), formatResult(result));
    // Charts are the greater part of what there is to load, and needed last.
    const { benchmarkPage } = await import("../src/market/benchmark/report/page.js");
    await writeText(join(folder, "report.html"), benchmarkPage(result));
    if (choices.json !== true) {
      console.log(`\n${benchmarkText(result)}\n\nKept in ${folder}: report.html, result.json.`);
    }
    if (!venue.alone) await takeBack(choices, venue, folder);
    return result;
  } catch (error) {
    const places = venue.alone ? [] : await keptIn(folder);
    if (places.length === 0) throw error;
    const commands = places.map(({ place }) => reclaimWords(choices, place));
    throw new ScriptError(
      `${messageOf(error)} Coin of the benchmark is still on the chain; this takes it back: ${commands.join("; ")}.`,
      { cause: error },
    );
  } finally {
    await venue.close();
  }
}

await main(async () => {
  const choices = command.parse().opts<BenchmarkChoices>();
  // Before minutes are spent: what cannot be read or done is said at once.
  await bookOf(choices);
  const { compare, faults, providers, rpc } = choices;
  const fails = (name: FaultName) => faults !== false && faults.includes(name);
  if (fails("lossy-rpc") && rpc !== undefined && !/^https?:/i.test(rpc)) {
    throw new UsageError(
      "Answers are lost between here and a node of http or https only: name one, or leave lossy-rpc out of --faults.",
    );
  }
  if (fails(KILLED) && providers < 2) {
    throw new UsageError(
      "A provider is killed while another goes on: give --providers 2 or more, or leave provider-killed out of --faults.",
    );
  }
  const old = compare === undefined ? undefined : parseResult(await textOf(compare), compare);
  const stopping = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      // Who asks twice does not want to wait.
      if (stopping.signal.aborted) process.exit(130);
      stopping.abort(new ScriptError("The benchmark was interrupted; every process of it has ended."));
    });
  }
  const result = await run(choices, stopping.signal);
  if (choices.json === true) process.stdout.write(formatResult(result));
  if (result.problems.length > 0) process.exitCode = 1;
  if (old !== undefined) {
    const comparison = compareResults(old, result);
    console.error(comparisonText(comparison));
    if (comparison.regressed) process.exitCode = 1;
  }
});
// A failure ends the program, whatever is still open.
if (process.exitCode !== undefined && process.exitCode !== 0) process.stdout.write("", () => process.exit());
