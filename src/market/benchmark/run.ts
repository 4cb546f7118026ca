import { join } from "node:path";
import type { Signer } from "ethers";
import type { Deployment } from "../../protocol/deployment.js";
import { persist } from "../../protocol/retry.js";
import type { Executor } from "../../sandbox/executor.js";
import type { Program } from "../run/fleet.js";
import type { SuiteTransaction } from "../run/gas.js";
import type { WorkloadFiles } from "../run/stage.js";
import { runDirectly } from "./direct.js";
import { type Bench, type Finding, measureBatch, measureLoad, measureScenario, type Prepared } from "./measure.js";
import type { PriceBook } from "./priceBook.js";
import { comparePrices, type PriceChoices } from "./prices.js";
import { openRelay } from "./relay.js";
import type {
  BatchResult,
  BenchmarkResult,
  GpuResult,
  LoadResult,
  Machine,
  Network,
  PriceComparison,
  ScenarioName,
  ScenarioResult,
} from "./result.js";
import { spreadOf } from "./statistics.js";
import { openSession, type Session, type SessionOptions } from "./session.js";

/** A workload to be measured. */
export interface Work {
  readonly workload: string;
  /** What a unit of work is. */
  readonly unit: string;
  readonly files: WorkloadFiles;
  /** Units of work in a task, from small to large. */
  readonly sizes: readonly number[];
  /** So many inputs of so many units, other ones at every call. */
  inputs(units: number, count: number): Uint8Array[];
}

/** How much is measured. */
export interface BenchmarkPlan {
  readonly repetitions: number;
  /** Tasks of each size in a repetition, one at a time. */
  readonly tasks: number;
  /** Numbers of tasks in flight, and tasks in a repetition for each of them, at least {@link LOAD_TASKS}. */
  readonly loads: readonly number[];
  readonly loadFactor: number;
  /** Tasks of a scenario, and how many of them are in flight. */
  readonly scenarioTasks: number;
  readonly scenarioInFlight: number;
  /** Which scenarios are played after the baseline; without any there is no baseline either. */
  readonly scenarios: readonly ScenarioName[];
  /** Milliseconds that a slow store takes longer for each request. */
  readonly delay: number;
  /** Share of a lossy node's answers that are lost. */
  readonly loss: number;
}

/** Least number of tasks in a repetition under load. */
export const LOAD_TASKS = 8;

export interface BenchmarkOptions {
  readonly folder: string;
  readonly rpc: string;
  readonly deployment: Deployment;
  readonly deploymentFile: string;
  readonly funder: Signer;
  readonly machine: Machine;
  /** As far as somebody said; what is missing is measured. */
  readonly network: Pick<Network, "coin" | "coinPrice"> & Partial<Pick<Network, "blockTime" | "gasPrice">>;
  readonly works: readonly [Work, ...Work[]];
  readonly plan: BenchmarkPlan;
  /** What a task pays, wei. */
  readonly reward: bigint;
  readonly providers: number;
  readonly parallel: number;
  readonly program: Program;
  /** As the providers have one. */
  readonly executor: Executor;
  readonly book: PriceBook;
  readonly choices: Omit<PriceChoices, "device">;
  readonly gpu: GpuResult;
  readonly interval: number;
  readonly confirm?: (total: bigint) => Promise<void>;
  /** Told what begins. */
  readonly begin: (what: string) => void;
  readonly trouble: (who: string, reason: string) => void;
  /** Called when a session is over, with its folder; on another chain its coin is taken back then. */
  readonly over?: (folder: string, keys: Session["keys"]) => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Measures workloads in a market of its own: each size one task at a time, then many tasks at a time, then many while
 * something fails, in a second market whose node is reached through a relay that loses answers when it is told to.
 *
 * @throws {InsufficientFundsError} before anything is sent.
 * @throws {BenchmarkError} if nothing of a measurement was paid.
 * @throws the signal's reason when it ends the run. No process is left in any case.
 */
export async function runBenchmark(options: BenchmarkOptions): Promise<BenchmarkResult> {
  const { deployment, works, plan, machine, book, choices, gpu } = options;
  const startedAt = Date.now();
  const problems: string[] = [];
  const keep = <T>({ result, problems: found }: Finding<T>): T => {
    problems.push(...found);
    return result;
  };
  const bench = (session: Session): Bench => ({ session, feeBps: deployment.parameters.feeBps });

  const batches: BatchResult[] = [];
  const loads: LoadResult[] = [];
  const [first] = works;
  const middle = first.sizes[Math.floor(first.sizes.length / 2)] ?? 1;
  const paid = await within(options, "market", options.rpc, tasksOf(options), async (session) => {
    const from = await session.client.provider.getBlockNumber();
    for (const work of works) {
      for (const units of work.sizes) {
        options.begin(`${work.workload}, ${units} ${work.unit}s a task, one task at a time`);
        const prepared = await prepare(options, work, units, plan.repetitions * plan.tasks);
        batches.push(keep(await measureBatch(bench(session), prepared, plan.repetitions)));
      }
    }
    for (const inFlight of plan.loads) {
      options.begin(`${first.workload}, ${middle} ${first.unit}s a task, ${inFlight} in flight`);
      const prepared = await prepare(options, first, middle, plan.repetitions * loadTasks(plan, inFlight));
      loads.push(keep(await measureLoad(bench(session), prepared, plan.repetitions, inFlight)));
    }
    return rhythmOf(session, { from, to: await session.client.provider.getBlockNumber() });
  });
  const scenarios = plan.scenarios.length === 0 ? [] : await playScenarios(options, first, middle, keep, bench);

  const { coin, coinPrice, blockTime = paid.blockTime, gasPrice = paid.gasPrice } = options.network;
  const network: Network = {
    ...{ chainId: deployment.chainId, coin, blockTime, gasPrice },
    ...(coinPrice !== undefined && { coinPrice }),
  };
  const largest = works.flatMap(({ workload }) => batches.findLast((batch) => batch.workload === workload) ?? []);
  const prices = largest.map((batch) => comparePrices(book, batch, network, { ...choices, device: machine.cpu }));
  return {
    format: "opengpu-benchmark/1",
    ...{ startedAt, duration: (Date.now() - startedAt) / 1_000, machine, network, batches, loads, scenarios, gpu },
    prices: [...prices, ...onGpu(options, largest, network)],
    problems,
  };
}

/** The same work at the rate of the accelerator, if that was measured: what a task costs in the market does not depend on it. */
function onGpu(
  { gpu, book, choices }: BenchmarkOptions,
  batches: readonly BatchResult[],
  network: Network,
): PriceComparison[] {
  if (!gpu.measured) return [];
  const batch = batches.find(({ workload }) => workload === gpu.workload);
  const direct = batch && spreadOf([batch.units / gpu.rate.median]);
  if (batch === undefined || direct === undefined) return [];
  const { utilisation, parallel } = choices;
  const rest = { utilisation, ...(parallel !== undefined && { parallel }) };
  return [
    comparePrices(book, { ...batch, overhead: { ...batch.overhead, direct } }, network, {
      ...rest,
      device: gpu.device,
    }),
  ];
}

/** The scenarios, each in the same market as the baseline before it. */
async function playScenarios(
  options: BenchmarkOptions,
  work: Work,
  units: number,
  keep: <T>(finding: Finding<T>) => T,
  bench: (session: Session) => Bench,
): Promise<ScenarioResult[]> {
  const { plan } = options;
  const relay = await openRelay(options.rpc, Math.random);
  try {
    return await within(
      options,
      "faults",
      relay.url,
      plan.scenarioTasks * (1 + plan.scenarios.length),
      async (session) => {
        const results: ScenarioResult[] = [];
        const play = async (
          scenario: ScenarioName,
          fault: Omit<Parameters<typeof measureScenario>[3], "inFlight"> = {},
        ) => {
          options.begin(
            `${work.workload}, ${units} ${work.unit}s a task, ${plan.scenarioInFlight} in flight, ${scenario}`,
          );
          const prepared = await prepare(options, work, units, plan.scenarioTasks);
          const settings = { inFlight: plan.scenarioInFlight, ...fault };
          results.push(keep(await measureScenario(bench(session), scenario, prepared, settings, results[0])));
        };
        await play("baseline");
        for (const scenario of plan.scenarios) {
          if (scenario === "slow-store") {
            session.slow(plan.delay);
            await play(scenario, { faults: () => session.slowed() });
            session.slow(0);
          } else if (scenario === "lossy-rpc") {
            relay.losing(plan.loss);
            await play(scenario, { faults: () => relay.lost });
            relay.losing(0);
          }
        }
        // Last, because it is gone for good.
        if (plan.scenarios.includes("provider-killed")) {
          let killed = 0;
          const act = () => {
            if (session.kill() !== undefined) killed += 1;
          };
          await play("provider-killed", {
            during: { paid: Math.ceil(plan.scenarioTasks / 4), act },
            faults: () => killed,
          });
        }
        return results;
      },
    );
  } finally {
    await relay.close();
  }
}

/** Opens a market for some work, and closes it whatever happens. */
async function within<T>(
  options: BenchmarkOptions,
  name: string,
  rpc: string,
  tasks: number,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const { works, plan } = options;
  const folder = join(options.folder, name);
  options.begin(`a market with ${options.providers} providers`);
  const settings: SessionOptions = {
    ...options,
    ...{ folder, rpc, tasks },
    inFlight: Math.max(plan.scenarioInFlight, ...plan.loads, 1),
    sources: Object.fromEntries(works.map(({ workload, files }) => [workload, files])),
  };
  const session = await openSession(settings);
  try {
    return await work(session);
  } finally {
    await session.close();
    await options.over?.(folder, session.keys);
  }
}

/** Inputs of one size, and what comes of them without a market. */
async function prepare(
  { executor, signal }: BenchmarkOptions,
  work: Work,
  units: number,
  count: number,
): Promise<Prepared> {
  const inputs = work.inputs(units, count);
  const { outputs, seconds } = await runDirectly(executor, work.files, inputs, signal);
  return { workload: work.workload, unit: work.unit, units, inputs, outputs, seconds };
}

const loadTasks = ({ loadFactor }: BenchmarkPlan, inFlight: number): number =>
  Math.max(LOAD_TASKS, loadFactor * inFlight);

function tasksOf({ works, plan }: BenchmarkOptions): number {
  const sizes = works.reduce((sum, work) => sum + work.sizes.length, 0);
  const loads = plan.loads.reduce((sum, inFlight) => sum + loadTasks(plan, inFlight), 0);
  return plan.repetitions * (plan.tasks * sizes + loads);
}

/** What the chain was like meanwhile: seconds between blocks, and wei that a unit of gas cost. */
async function rhythmOf(
  session: Session,
  blocks: { from: number; to: number },
): Promise<Pick<Network, "blockTime" | "gasPrice">> {
  const { provider, patience } = session.client;
  const timeOf = async (number: number) =>
    persist(
      "eth_getBlockByNumber",
      async () => {
        const block = await provider.getBlock(number);
        if (block === null) throw new Error("block not found");
        return block.timestamp;
      },
      patience.requests,
    );
  const [began, ended, sent] = await Promise.all([
    timeOf(blocks.from),
    timeOf(blocks.to),
    session.transactions({ from: blocks.from + 1, to: blocks.to }),
  ]);
  const count = Math.max(1, blocks.to - blocks.from);
  return { blockTime: (ended - began) / count, gasPrice: averagePrice(sent) };
}

/** Wei for a unit of gas, averaged over some transactions, rounded down. */
export function averagePrice(transactions: readonly Pick<SuiteTransaction, "gas" | "cost">[]): bigint {
  const gas = transactions.reduce((sum, sent) => sum + sent.gas, 0n);
  return gas === 0n ? 0n : transactions.reduce((sum, sent) => sum + sent.cost, 0n) / gas;
}
