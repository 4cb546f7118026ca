import type { ProviderCost } from "./breakEven.js";
import type { MarketCost, OfferComparison, TaskCost } from "./costs.js";
import type { Measured } from "./provenance.js";
import type { Growth, Latency, Spread } from "./statistics.js";

/**
 * What a benchmark found. Amounts in wei, decimal strings when written; moments in unix milliseconds; durations of
 * {@link Latency} in milliseconds, all others in seconds. Whoever adds a field or changes what one means, changes the
 * number in `format`.
 */
export interface BenchmarkResult {
  readonly format: "opengpu-benchmark/1";
  readonly startedAt: number;
  /** Of the whole run, its markets' setting up and the direct executions too, seconds. */
  readonly duration: number;
  readonly machine: Machine;
  readonly network: Network;
  readonly setup: Setup;
  /** Each workload on the whole machine, without a market. */
  readonly rates: readonly RateResult[];
  /** Each workload in each batch size, one task at a time. */
  readonly batches: readonly BatchResult[];
  /** The market under several tasks at a time. */
  readonly loads: readonly LoadResult[];
  /** The market while something fails. */
  readonly scenarios: readonly ScenarioResult[];
  readonly gpu: GpuResult;
  readonly prices: readonly PriceComparison[];
  /** What went wrong, in sentences; empty if every task was paid. */
  readonly problems: readonly string[];
}

/** Where it ran. */
export interface Machine {
  /** Model of the processor as the system tells it. */
  readonly cpu: string;
  /** Cores that the system shows. */
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
  /** E.g. `Linux 6.8.0 x64`. */
  readonly system: string;
  /** E.g. `24.21.0`. */
  readonly node: string;
  /** Model of the accelerator as its driver tells it, several with commas between them, or `none`. */
  readonly gpu: string;
}

/** The chain that it ran on, and what gas and coin were taken to cost. */
export interface Network {
  readonly chainId: number;
  /** Seconds between blocks; 0: a block for every transaction. */
  readonly blockTime: number;
  /** Wei for a unit of gas, in all costs here. */
  readonly gasPrice: bigint;
  /** Name of the coin. */
  readonly coin: string;
  /** USD for a coin, as the user said; missing if nobody said. */
  readonly coinPrice?: number;
}

/** What somebody chose of the market; another set-up is another measurement. */
export interface Setup {
  /** Providers that compete, and how many executions each does at a time. */
  readonly providers: number;
  readonly parallel: number;
  /** What a task pays, wei. */
  readonly reward: bigint;
  /** How much longer a slow store takes for a request, milliseconds. */
  readonly delay: number;
  /** Share of a lossy node's answers that are lost. */
  readonly loss: number;
}

/** What the whole machine does of a workload, all the time. */
export interface RateResult {
  readonly workload: string;
  readonly unit: string;
  /** Units of work in a task. */
  readonly units: number;
  /** Executions at a time, each in a process of its own: as many as there are processors. */
  readonly parallel: number;
  /** Units of work a second, all executions together. */
  readonly rate: Spread;
}

/** Tasks of one workload and one size, sent one after the other. */
export interface BatchResult {
  readonly workload: string;
  /** What a unit of work is, e.g. `image`. */
  readonly unit: string;
  /** Units of work in a task. */
  readonly units: number;
  readonly repetitions: number;
  /** From when the client begins to store the input until it sees a sealed result. */
  readonly delivery: Latency;
  /** From when the client begins to store the input until it has the output and has paid. */
  readonly payment: Latency;
  readonly overhead: Overhead;
  readonly cost: TaskCost;
}

/** The same module on the same input: started at once, and ordered in the market. Seconds for a task. */
export interface Overhead {
  /** The execution alone. */
  readonly direct: Spread;
  /** From when the client begins to store the input until it has the output and has paid. */
  readonly market: Spread;
  /** Where the market's time went. Means, so that they add up. */
  readonly split: Split;
}

/** Parts of the time that a task takes in the market, seconds. */
export interface Split {
  /** Until transactions were in blocks. */
  readonly chain: number;
  /** Uploads and downloads. */
  readonly storage: number;
  readonly execution: number;
  /** All else, e.g. until somebody looked. */
  readonly waiting: number;
}

/** So many tasks in flight at a time. */
export interface LoadResult {
  readonly workload: string;
  readonly units: number;
  readonly inFlight: number;
  /** Tasks in all repetitions. */
  readonly tasks: number;
  /** Paid tasks a second. */
  readonly throughput: Spread;
  /** Units of work a second. */
  readonly unitRate: Spread;
  /** As of one task at a time, but beside others. */
  readonly delivery: Latency;
  readonly payment: Latency;
  /** Tasks that were not paid. */
  readonly failures: number;
  /** Troubles that were told of and got over, tasks that another provider did again, and tasks that were ordered again. */
  readonly retries: number;
}

export const SCENARIOS = ["baseline", "provider-killed", "slow-store", "lossy-rpc"] as const;
/** Nothing fails; a provider is killed; the store answers late; the node drops one answer in ten. */
export type ScenarioName = (typeof SCENARIOS)[number];

export interface ScenarioResult {
  readonly scenario: ScenarioName;
  readonly workload: string;
  readonly units: number;
  readonly inFlight: number;
  readonly tasks: number;
  /** What was done to it: requests that were delayed, answers that were lost, or providers that were killed. */
  readonly faults: number;
  /** Tasks that were never paid. */
  readonly lost: number;
  /** Troubles that were told of and got over, tasks that another provider did again, and tasks that were ordered again. */
  readonly retries: number;
  readonly delivery: Latency;
  readonly payment: Latency;
  /** Times to the payment against those of the baseline; empty at the baseline, and where there is too little to tell. */
  readonly growth: Growth;
}

/** What an accelerator did, or why nobody asked it. */
export type GpuResult =
  | {
      readonly measured: true;
      readonly workload: string;
      readonly unit: string;
      readonly units: number;
      /** Model of the accelerator as its driver tells it. */
      readonly device: string;
      /** Units of work a second. */
      readonly rate: Spread;
    }
  | {
      readonly measured: false;
      readonly reason: string;
      /** There is one that should have been measured. */
      readonly failed?: true;
    };

/** What a workload costs here, elsewhere, and its provider. */
export interface PriceComparison {
  readonly workload: string;
  readonly unit: string;
  /** Units of work in the task whose cost is told. */
  readonly units: number;
  /** Units a second without a market on one device, the whole of it, at work all the time. */
  readonly rate: Measured<number>;
  /** For a thousand units. */
  readonly market: MarketCost;
  readonly offers: readonly OfferComparison[];
  /** Missing where the book says nothing of the device. */
  readonly provider?: ProviderBreakEven;
}

/** What a provider with this hardware would have to be paid for a task of the measured length. */
export interface ProviderBreakEven {
  /** Name of the hardware in the price book. */
  readonly hardware: string;
  /** Share of its life in which it is at work, as the user said. */
  readonly utilisation: number;
  readonly cost: ProviderCost;
  /** What reached the provider for a task, wei. */
  readonly payment: bigint;
}
