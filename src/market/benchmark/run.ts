import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Signer } from "ethers";
import type { Deployment } from "../../protocol/deployment.js";
import { connect } from "../../protocol/protocol.js";
import { messageOf, persist } from "../../protocol/retry.js";
import type { Executor } from "../../sandbox/executor.js";
import type { Program } from "../run/fleet.js";
import type { SuiteTransaction } from "../run/gas.js";
import { type Budget, requireBalance, type WorkloadFiles } from "../run/stage.js";
import { runDirectly } from "./direct.js";
import { type Bench, type Finding, measureBatch, measureLoad, measureScenario, type Prepared } from "./measure.js";
import type { PriceBook } from "./priceBook.js";
import { type PriceChoices, pricesOf } from "./prices.js";
import { measureRate } from "./rate.js";
import { openRelay, type Relay } from "./relay.js";
import type {
  BatchResult,
  BenchmarkResult,
  GpuResult,
  LoadResult,
  Machine,
  Network,
  RateResult,
  ScenarioName,
  ScenarioResult,
  Setup,
} from "./result.js";
import { openSession, type Session, sessionBudget, type SessionOptions, type SessionSettings } from "./session.js";

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
  readonly choices: PriceChoices;
  readonly gpu: GpuResult;
  readonly interval: number;
  /** Asked before anything is sent, with what both markets need in wei; stops the run by rejecting. */
  readonly confirm?: (total: bigint) => Promise<void>;
  /** Told what begins. */
  readonly begin: (what: string) => void;
  readonly trouble: (who: string, reason: string) => void;
  readonly signal: AbortSignal;
}

/** Folders of the markets, each with the keys and the journal that {@link reclaim} needs. */
export const MARKETS = ["market", "faults"] as const;

/**
 * Measures workloads in a market of its own: each size one task at a time, then many tasks at a time, then many while
 * something fails, in a second market whose node is reached through a relay that loses answers when it is told to. What
 * fails of it is a problem of the result, which has all the rest.
 *
 * @throws {InsufficientFundsError} before anything is sent.
 * @throws the first failure, if nothing was measured.
 * @throws the signal's reason when it ends the run. No process is left in any case.
 */
export async function runBenchmark(options: BenchmarkOptions): Promise<BenchmarkResult> {
  const { deployment, works, plan, machine, book, choices, gpu, signal } = options;
  const { providers, parallel, reward } = options;
  const startedAt = Date.now();
  const problems: string[] =
    !gpu.measured && gpu.failed === true ? [`On the accelerator: not measured. ${gpu.reason}`] : [];
  const keep = <T>({ result, problems: found }: Finding<T>): T => {
    problems.push(...found);
    return result;
  };
  const failures: unknown[] = [];
  const attempt = async (what: string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      signal.throwIfAborted();
      failures.push(error);
      problems.push(`${what}: not measured. ${messageOf(error)}`);
    }
  };
  const bench = (session: Session): Bench => ({ session, feeBps: deployment.parameters.feeBps });

  const relay = await openRelay(options.rpc, Math.random);
  try {
    // Also at the baseline, so that what differs is the loss alone. A relay takes http and https.
    const isLossy = plan.scenarios.includes("lossy-rpc");
    const settings = {
      market: settingsOf(options, "market", options.rpc, tasksOf(options)),
      faults: settingsOf(
        options,
        "faults",
        isLossy ? relay.url : options.rpc,
        plan.scenarioTasks * (1 + plan.scenarios.length),
      ),
    };
    const budgets = await budgetsOf(options, settings);
    const rates: RateResult[] = [];
    const batches: BatchResult[] = [];
    const loads: LoadResult[] = [];
    const scenarios: ScenarioResult[] = [];
    const [first] = works;
    const middle = first.sizes[Math.floor(first.sizes.length / 2)] ?? 1;
    let rhythm: Rhythm | undefined;
    for (const work of works) {
      const what = `${work.workload} on the whole machine`;
      options.begin(`${what}, without a market`);
      await attempt(what, async () => {
        rates.push(await rateOf(options, work));
      });
    }
    await within(options, { ...settings.market, budget: budgets.market }, async (session) => {
      const from = await session.head();
      const follow = async () => {
        rhythm = await rhythmOf(session, { from, to: await session.head() });
      };
      for (const work of works) {
        for (const units of work.sizes) {
          const what = `${work.workload}, ${units} ${work.unit}s a task, one task at a time`;
          options.begin(what);
          await attempt(what, async () => {
            const prepared = await prepare(options, work, units, plan.repetitions * plan.tasks);
            batches.push(keep(await measureBatch(bench(session), prepared, plan.repetitions)));
          });
        }
      }
      // Twice: if the node is gone at the end, this is what is known.
      await attempt("Time between blocks", follow);
      for (const inFlight of new Set(plan.loads)) {
        const what = `${first.workload}, ${middle} ${first.unit}s a task, ${inFlight} in flight`;
        options.begin(what);
        await attempt(what, async () => {
          const prepared = await prepare(options, first, middle, plan.repetitions * loadTasks(plan, inFlight));
          loads.push(keep(await measureLoad(bench(session), prepared, plan.repetitions, inFlight)));
        });
      }
      await attempt("Time between blocks", follow);
    });
    if (batches.length === 0 || rhythm === undefined) throw failures[0];
    if (plan.scenarios.length > 0) {
      await attempt("While something fails", () =>
        within(options, { ...settings.faults, budget: budgets.faults }, (session) =>
          playScenarios(options, session, relay, async (scenario, fault = {}) => {
            const { scenarioInFlight: inFlight, scenarioTasks: tasks } = plan;
            const what = `${first.workload}, ${middle} ${first.unit}s a task, ${inFlight} in flight, ${scenario}`;
            options.begin(what);
            await attempt(what, async () => {
              const prepared = await prepare(options, first, middle, tasks);
              const baseline = scenarios.find((each) => each.scenario === "baseline");
              const settings = { inFlight, ...fault };
              scenarios.push(keep(await measureScenario(bench(session), scenario, prepared, settings, baseline)));
            });
          }),
        ),
      );
    }
    const { coin, coinPrice, blockTime = rhythm.blockTime, gasPrice = rhythm.gasPrice } = options.network;
    const network: Network = {
      ...{ chainId: deployment.chainId, coin, blockTime, gasPrice },
      ...(coinPrice !== undefined && { coinPrice }),
    };
    const setup: Setup = { providers, parallel, reward, delay: plan.delay, loss: plan.loss };
    return {
      format: "opengpu-benchmark/1",
      ...{ startedAt, duration: (Date.now() - startedAt) / 1_000, machine, network, setup },
      ...{ rates, batches, loads, scenarios, gpu },
      prices: pricesOf(book, { machine, network, rates, batches, gpu }, choices),
      problems,
    };
  } finally {
    await relay.close();
  }
}

/** What both markets need, together: asked for and checked before anything is sent. */
async function budgetsOf(
  options: BenchmarkOptions,
  settings: Record<(typeof MARKETS)[number], SessionSettings>,
): Promise<Record<(typeof MARKETS)[number], Budget>> {
  const { deployment, interval, plan } = options;
  const funder = await connect(options.funder, deployment, { patience: { interval } });
  const budgets = {
    market: await sessionBudget(funder, settings.market),
    faults: await sessionBudget(funder, settings.faults),
  };
  const total = budgets.market.total + (plan.scenarios.length === 0 ? 0n : budgets.faults.total);
  await requireBalance(funder, total);
  await options.confirm?.(total);
  return budgets;
}

function settingsOf(
  options: BenchmarkOptions,
  name: (typeof MARKETS)[number],
  rpc: string,
  tasks: number,
): SessionSettings {
  const { works, plan } = options;
  return {
    ...options,
    ...{ folder: join(options.folder, name), rpc, tasks },
    inFlight: Math.max(plan.scenarioInFlight, ...plan.loads, 1),
    sources: Object.fromEntries(works.map(({ workload, files }) => [workload, files])),
  };
}

/** How much of the largest tasks the whole machine does, as many at a time as it has processors, without a market. */
async function rateOf({ executor, plan, signal }: BenchmarkOptions, work: Work): Promise<RateResult> {
  const units = work.sizes.at(-1) ?? 1;
  const parallel = availableParallelism();
  const [input = new Uint8Array()] = work.inputs(units, 1);
  const together = Array.from({ length: parallel }, () => [input]);
  const rate = await measureRate(units * parallel, Math.max(3, plan.repetitions), signal, () =>
    Promise.all(together.map((inputs) => runDirectly(executor, work.files, inputs, signal))),
  );
  return { workload: work.workload, unit: work.unit, units, parallel, rate };
}

/** The scenarios, each in the same market as the baseline before it. */
async function playScenarios(
  { plan }: BenchmarkOptions,
  session: Session,
  relay: Relay,
  play: (scenario: ScenarioName, fault?: Omit<Parameters<typeof measureScenario>[3], "inFlight">) => Promise<void>,
): Promise<void> {
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
  if (!plan.scenarios.includes("provider-killed")) return;
  let killed = 0;
  const act = () => {
    if (session.kill() !== undefined) killed += 1;
  };
  await play("provider-killed", {
    during: { paid: Math.ceil(plan.scenarioTasks / 4), act },
    faults: () => killed,
  });
}

/** Opens a market for some work, and closes it whatever happens. */
async function within(
  options: BenchmarkOptions,
  settings: SessionOptions,
  work: (session: Session) => Promise<void>,
): Promise<void> {
  options.begin(`a market with ${options.providers} providers`);
  const session = await openSession(settings);
  try {
    await work(session);
  } finally {
    await session.close();
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
  const loads = [...new Set(plan.loads)].reduce((sum, inFlight) => sum + loadTasks(plan, inFlight), 0);
  return plan.repetitions * (plan.tasks * sizes + loads);
}

type Rhythm = Pick<Network, "blockTime" | "gasPrice">;

/** What the chain was like meanwhile: seconds between blocks, and wei that a unit of gas cost. */
async function rhythmOf(session: Session, blocks: { from: number; to: number }): Promise<Rhythm> {
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
