import { splitPrice } from "../../protocol/price.js";
import type { SuiteTransaction } from "../run/gas.js";
import type { OperationGas, TaskCost } from "./costs.js";
import { BenchmarkError } from "./errors.js";
import { meanSplit } from "./overhead.js";
import type { BatchResult, LoadResult, ScenarioName, ScenarioResult, Split } from "./result.js";
import { ROYALTY_BPS, type Session, type SessionResult, type SessionWork } from "./session.js";
import { growthOf, latencyOf, type Spread, spreadOf, throughputOf } from "./statistics.js";
import type { TaskTrace } from "./timeline.js";

/** Work of one size, computed without a market before. */
export interface Prepared {
  readonly workload: string;
  /** What a unit of work is. */
  readonly unit: string;
  /** Units of work in a task. */
  readonly units: number;
  /** One task each, all different. */
  readonly inputs: readonly Uint8Array[];
  readonly outputs: readonly Uint8Array[];
  /** What each took without a market, seconds. */
  readonly seconds: readonly number[];
}

/** A measurement, and what was wrong with it, in sentences. */
export interface Finding<T> {
  readonly result: T;
  readonly problems: readonly string[];
}

/** What measures. */
export interface Bench {
  readonly session: Session;
  /** The protocol's share, basis points. */
  readonly feeBps: number;
}

/**
 * Orders tasks of one size, one after the other.
 *
 * @throws {BenchmarkError} if nothing was paid.
 */
export async function measureBatch(
  bench: Bench,
  prepared: Prepared,
  repetitions: number,
): Promise<Finding<BatchResult>> {
  const { workload, unit, units, seconds } = prepared;
  const runs = await repeated(bench, prepared, repetitions, 1);
  const traces = runs.flatMap((run) => run.traces);
  const payments = known(traces.map(({ payment }) => payment));
  const market = spread(payments.map(inSeconds), workload);
  const transactions = (await Promise.all(runs.map(({ blocks }) => bench.session.transactions(blocks)))).flat();
  return {
    result: {
      ...{ workload, unit, units, repetitions },
      delivery: latencyOf(known(traces.map(({ delivery }) => delivery))),
      payment: latencyOf(payments),
      overhead: { direct: spread(seconds, workload), market, split: meanOf(traces, workload) },
      cost: costOf(bench, traces, transactions, payments.length),
    },
    problems: runs.flatMap((run) => problemsOf(run, `${workload} with ${units} units a task`)),
  };
}

/**
 * Orders tasks with so many in flight.
 *
 * @throws {BenchmarkError} if nothing was paid.
 */
export async function measureLoad(
  bench: Bench,
  prepared: Prepared,
  repetitions: number,
  inFlight: number,
): Promise<Finding<LoadResult>> {
  const { workload, units, inputs } = prepared;
  const runs = await repeated(bench, prepared, repetitions, inFlight);
  const traces = runs.flatMap((run) => run.traces);
  const rates = runs.map(({ lost, duration }) => {
    const paid = inputs.length / repetitions - lost;
    return throughputOf(paid, inSeconds(duration));
  });
  return {
    result: {
      ...{ workload, units, inFlight, tasks: inputs.length },
      throughput: spread(rates, workload),
      unitRate: spread(
        rates.map((rate) => rate * units),
        workload,
      ),
      delivery: latencyOf(known(traces.map(({ delivery }) => delivery))),
      payment: latencyOf(known(traces.map(({ payment }) => payment))),
      failures: sum(runs.map(({ lost }) => lost)),
      retries: sum(runs.map(retriesOf)),
    },
    problems: runs.flatMap((run) => problemsOf(run, `${workload} with ${inFlight} tasks in flight`)),
  };
}

/**
 * Orders tasks while something fails; the baseline is what another scenario is compared with.
 *
 * @param settings With the number of faults so far, if there are to be any.
 */
export async function measureScenario(
  { session }: Bench,
  scenario: ScenarioName,
  { workload, units, inputs, outputs }: Prepared,
  { faults = () => 0, ...settings }: Pick<SessionWork, "inFlight" | "during"> & { readonly faults?: () => number },
  baseline?: ScenarioResult,
): Promise<Finding<ScenarioResult>> {
  const before = faults();
  const run = await session.measure({ source: workload, inputs, outputs, ...settings });
  const played = faults() - before;
  const payment = latencyOf(known(run.traces.map((trace) => trace.payment)));
  return {
    result: {
      ...{
        scenario,
        workload,
        units,
        inFlight: settings.inFlight,
        tasks: inputs.length,
        faults: played,
        lost: run.lost,
        payment,
      },
      delivery: latencyOf(known(run.traces.map(({ delivery }) => delivery))),
      retries: retriesOf(run),
      growth: baseline === undefined ? {} : growthOf(baseline.payment, payment),
    },
    problems: [
      ...problemsOf(run, `the scenario ${scenario}`),
      ...(scenario !== "baseline" && played === 0 ? [`In the scenario ${scenario}, nothing failed.`] : []),
    ],
  };
}

/** Gas of each operation for one task, rounded up, and who pays for it; refused transactions cost theirs too, and stand apart. */
export function gasOfTask(transactions: readonly SuiteTransaction[], client: string, tasks: number): OperationGas[] {
  const totals = new Map<string, OperationGas>();
  for (const { operation, from, gas, reverted } of transactions) {
    const payer = from.toLowerCase() === client.toLowerCase() ? "client" : "provider";
    const key = `${payer} ${operation} ${reverted}`;
    const refused = reverted ? ({ refused: true } as const) : {};
    totals.set(key, { operation, payer, gas: (totals.get(key)?.gas ?? 0n) + gas, ...refused });
  }
  const count = BigInt(tasks);
  return [...totals.values()].map((each) => ({ ...each, gas: (each.gas + count - 1n) / count }));
}

function costOf(
  { session, feeBps }: Bench,
  traces: readonly TaskTrace[],
  transactions: readonly SuiteTransaction[],
  tasks: number,
): TaskCost {
  const price = traces.find((trace) => trace.payment !== undefined)?.price ?? 0n;
  const { fee, royalty } = splitPrice(price, BigInt(feeBps), BigInt(ROYALTY_BPS));
  return { price, fee, royalty, gas: gasOfTask(transactions, session.client.sender.address, tasks) };
}

/** Runs the work in so many parts, one after the other. */
async function repeated(
  { session }: Bench,
  { workload, inputs, outputs }: Prepared,
  repetitions: number,
  inFlight: number,
): Promise<SessionResult[]> {
  const runs: SessionResult[] = [];
  const size = inputs.length / repetitions;
  for (let from = 0; from < inputs.length; from += size) {
    const part = { inputs: inputs.slice(from, from + size), outputs: outputs.slice(from, from + size) };
    runs.push(await session.measure({ source: workload, inFlight, ...part }));
  }
  return runs;
}

function meanOf(traces: readonly TaskTrace[], workload: string): Split {
  const splits = known(traces.map(({ split }) => split));
  const mean = meanSplit(
    splits.map(({ chain, storage, execution, waiting }) => ({
      ...{ chain: inSeconds(chain), storage: inSeconds(storage) },
      ...{ execution: inSeconds(execution), waiting: inSeconds(waiting) },
    })),
  );
  if (mean === undefined) throw new BenchmarkError(workload);
  return mean;
}

function spread(values: readonly number[], workload: string): Spread {
  const found = spreadOf(values);
  if (found === undefined) throw new BenchmarkError(workload);
  return found;
}

/** What was got over: troubles that were told, and tasks that were ordered again. */
function retriesOf({ traces }: SessionResult): number {
  const pieces = new Set(traces.map(({ part }) => part)).size;
  return sum(traces.map(({ retries }) => retries)) + traces.length - pieces;
}

function problemsOf({ lost, wrong }: SessionResult, where: string): string[] {
  return [
    ...(lost > 0 ? [`In ${where}, ${lost} tasks were not paid.`] : []),
    ...(wrong > 0 ? [`In ${where}, ${wrong} tasks had another output than the direct execution.`] : []),
  ];
}

const known = <T>(values: readonly (T | undefined)[]): T[] => values.filter((value) => value !== undefined);
const inSeconds = (milliseconds: number): number => milliseconds / 1_000;
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
