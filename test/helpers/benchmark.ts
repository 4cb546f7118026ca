import { parseEther } from "ethers";
import type { Offer, PriceBook } from "../../src/market/benchmark/priceBook.js";
import { comparePrices } from "../../src/market/benchmark/prices.js";
import { measured } from "../../src/market/benchmark/provenance.js";
import type {
  BatchResult,
  BenchmarkResult,
  LoadResult,
  Machine,
  Network,
  RateResult,
  ScenarioResult,
  Setup,
} from "../../src/market/benchmark/result.js";
import { latencyOf, type Spread, spreadOf } from "../../src/market/benchmark/statistics.js";

export const CPU = "Test Processor 2000";
export const STATED = { source: "https://example.org/prices", date: "2026-01-31" };

/** The spread of values that are there. */
export function aSpread(...values: number[]): Spread {
  const spread = spreadOf(values);
  if (spread === undefined) throw new Error("no values");
  return spread;
}

/** From 1,000 ms in steps of 10 ms, so that p50 and p90 are there. */
export const aLatency = (samples = 20, first = 1_000) =>
  latencyOf(Array.from({ length: samples }, (_, index) => first + 10 * index));

export function anOffer(fields: Partial<Offer> = {}): Offer {
  return {
    provider: "Cloud",
    product: "one",
    device: "NVIDIA H100 80GB HBM3",
    devices: 8,
    usdPerHour: 28.8,
    kind: "on-demand",
    ...STATED,
    ...fields,
  };
}

/** An H100 by eight, and a whole machine with the processor of {@link aMachine}; hardware that lasts 5 years. */
export function aBook(fields: Partial<PriceBook> = {}): PriceBook {
  return {
    format: "opengpu-prices/1",
    offers: [anOffer(), anOffer({ device: CPU, devices: 1, usdPerHour: 3.6, product: "two" })],
    hardware: [
      {
        device: CPU,
        price: { usd: 1_577.88, ...STATED },
        power: { watts: 360, ...STATED },
        life: { years: 5, ...STATED },
      },
    ],
    electricity: { usdPerKwh: 0.2, region: "nowhere", ...STATED },
    ...fields,
  };
}

export const aMachine = (fields: Partial<Machine> = {}): Machine => ({
  ...{ cpu: CPU, cores: 4, memory: 8 * 2 ** 30, system: "Linux 6.8.0 x64", node: "24.21.0", gpu: "none" },
  ...fields,
});

export const aNetwork = (fields: Partial<Network> = {}): Network => ({
  ...{ chainId: 31_337, blockTime: 1, gasPrice: 1_000_000_000n, coin: "ETH", coinPrice: 2_000 },
  ...fields,
});

/** 100 units in 2 s direct, in 6 s in the market, for 0.01 coins. */
export function aBatch(fields: Partial<BatchResult> = {}): BatchResult {
  return {
    ...{ workload: "digits", unit: "image", units: 100, repetitions: 5 },
    delivery: aLatency(20, 4_000),
    payment: aLatency(20, 6_000),
    overhead: {
      direct: aSpread(1.9, 2, 2, 2, 2.1),
      market: aSpread(5.5, 5.8, 6, 6.2, 6.5),
      split: { chain: 2.5, storage: 0.5, execution: 2, waiting: 1 },
    },
    cost: {
      price: parseEther("0.01"),
      fee: parseEther("0.001"),
      royalty: parseEther("0.0015"),
      gas: [
        { operation: "taskManager.submit", payer: "client", gas: 100_000n },
        { operation: "taskManager.pay", payer: "client", gas: 50_000n },
        { operation: "taskManager.deliver", payer: "provider", gas: 80_000n },
      ],
    },
    ...fields,
  };
}

export const aLoad = (inFlight: number, fields: Partial<LoadResult> = {}): LoadResult => ({
  ...{ workload: "digits", units: 100, inFlight, tasks: 24, failures: 0, retries: 1 },
  throughput: aSpread(0.9, 1, 1.1),
  unitRate: aSpread(90, 100, 110),
  delivery: aLatency(24, 4_000),
  payment: aLatency(24, 6_000),
  ...fields,
});

export const aSetup = (fields: Partial<Setup> = {}): Setup => ({
  ...{ providers: 3, parallel: 1, reward: parseEther("0.01"), delay: 500, loss: 0.1 },
  ...fields,
});

/** 50 units a second on all processors of {@link aMachine}. */
export const aRate = (fields: Partial<RateResult> = {}): RateResult => ({
  ...{ workload: "digits", unit: "image", units: 100, parallel: 4, rate: aSpread(49, 50, 51) },
  ...fields,
});

export const aScenario = (fields: Partial<ScenarioResult> = {}): ScenarioResult => ({
  ...{
    scenario: "baseline",
    workload: "digits",
    units: 100,
    inFlight: 4,
    tasks: 20,
    faults: 0,
    lost: 0,
    retries: 0,
    growth: {},
  },
  delivery: aLatency(20, 4_000),
  payment: aLatency(20, 6_000),
  ...fields,
});

export function aResult(fields: Partial<BenchmarkResult> = {}): BenchmarkResult {
  const { network = aNetwork(), batches = [aBatch({ units: 1 }), aBatch()] } = fields;
  const [first = aBatch()] = batches.slice(-1);
  return {
    format: "opengpu-benchmark/1",
    startedAt: Date.UTC(2026, 0, 2, 3, 4, 5),
    duration: 61,
    machine: aMachine(),
    network,
    setup: aSetup(),
    rates: [aRate()],
    batches,
    loads: [aLoad(1), aLoad(8), aLoad(64)],
    scenarios: [
      aScenario(),
      aScenario({ scenario: "provider-killed", faults: 1, retries: 3, growth: { p50: 1.5, p90: 2.25 } }),
    ],
    gpu: { measured: false, reason: "There is none." },
    prices: [comparePrices(aBook(), first, measured(CPU, 50), network, { utilisation: 0.5 })],
    problems: [],
    ...fields,
  };
}
