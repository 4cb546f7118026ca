import { parseEther } from "ethers";
import { quantilesOf } from "../../src/market/report/quantiles.js";
import { workloadSummary } from "../../src/market/run/prices.js";
import type {
  BalanceSample,
  DisputeSummary,
  MarketSample,
  MarketState,
  ProviderSummary,
  Summary,
  TaskSummary,
} from "../../src/market/summary.js";

/** Unix time at which the run of {@link aSummary} starts, milliseconds. */
export const START = Date.UTC(2026, 0, 2, 3, 4, 5);
const PRICE = parseEther("0.01");
const CAP = parseEther("0.025");
const address = (byte: string) => `0x${byte.repeat(20)}`;

/** A provider that won two tasks. */
export function aProvider(id: number, changes: Partial<ProviderSummary> = {}): ProviderSummary {
  return {
    name: `provider-${id}`,
    id,
    owner: address("0a"),
    stake: parseEther("2"),
    parallel: 4,
    niceness: 5,
    attempts: 3,
    won: 2,
    lost: 1,
    earned: PRICE * 2n,
    awarded: 0n,
    seatsLost: 0,
    disputesLost: 0,
    slashed: 0n,
    frauds: 0,
    gasCost: parseEther("0.000321"),
    score: 0.75,
    ...changes,
  };
}

/** A task that was delivered after `part + 1` seconds and paid half a second later. */
export function aTask(part: number, changes: Partial<TaskSummary> = {}): TaskSummary {
  const submittedAt = START + 100 * part;
  return {
    taskId: `0x${part.toString(16).padStart(64, "0")}`,
    workload: part % 3 === 0 ? "digits" : "render",
    part,
    client: address("c1"),
    state: "Settled",
    cap: CAP,
    startPrice: PRICE,
    price: PRICE + BigInt(part) * parseEther("0.0003"),
    winner: `provider-${(part % 3) + 1}`,
    submittedAt,
    deliveredAt: submittedAt + 1000 * (part + 1),
    paidAt: submittedAt + 1000 * (part + 1) + 500,
    attempts: 2,
    overlapped: part % 2 === 0,
    ...changes,
  };
}

/** A dispute of a tile that a panel of three overturned, unless told otherwise. */
export function aDispute(part: number, changes: Partial<DisputeSummary> = {}): DisputeSummary {
  return {
    taskId: `0x${part.toString(16).padStart(64, "0")}`,
    workload: "render",
    part,
    client: "client 1",
    provider: "forger",
    outcome: "Overturned",
    ...(changes.outcome === "Upheld" ? {} : { reason: "wrong" }),
    seats: 3,
    slashed: 3n * CAP,
    price: PRICE,
    cost: 0n,
    awarded: 3n * PRICE,
    ...changes,
  };
}

/** The market of a source with ten slots. */
export function aMarket(price: bigint, openTasks: number): MarketState {
  return { price, utilisation: Math.min(1, openTasks / 10), openTasks, capacity: 10 };
}

/** Markets after three seconds an index, whose prices rise by a tenth of the floor each time. */
export function aMarketSample(index: number, changes: MarketSample["sources"] = {}): MarketSample {
  const price = PRICE + BigInt(index) * (PRICE / 10n);
  const sources = { render: aMarket(price, 14 - index), digits: aMarket(price, 9), ...changes };
  return { at: START + 3000 * index, sources };
}

/** A run of 24 tasks and three providers on which all went well. */
export function aSummary(changes: Partial<Summary> = {}): Summary {
  const tasks = changes.tasks ?? Array.from({ length: 24 }, (_, part) => aTask(part));
  const providers = changes.providers ?? [1, 2, 3].map((id) => aProvider(id));
  const markets = changes.markets ?? Array.from({ length: 10 }, (_, index) => aMarketSample(index));
  const durations = (moment: "deliveredAt" | "paidAt") =>
    quantilesOf(tasks.flatMap((task) => (task[moment] === undefined ? [] : [task[moment] - task.submittedAt])));
  return {
    format: "opengpu-run/1",
    run: "test-run",
    startedAt: START,
    duration: 27_000,
    chain: {
      id: 31337,
      taskManager: address("7a"),
      coin: "ETH",
      pricing: { target: 8_000, speed: 40_000, clamp: 250 },
    },
    workloads: [
      { name: "render", source: 1, manifestDigest: `0x${"4d".repeat(32)}`, floorPrice: PRICE, tasks: 16 } as const,
      { name: "digits", source: 2, manifestDigest: `0x${"d1".repeat(32)}`, floorPrice: PRICE, tasks: 8 } as const,
    ].map((workload) => workloadSummary(workload, tasks, markets)),
    tasks,
    providers,
    escrow: {
      clients: parseEther("9.5"),
      providers: parseEther("0.4"),
      publisher: parseEther("0.06"),
      treasury: parseEther("0.03"),
      stakes: parseEther("6"),
      others: parseEther("0.01"),
      strangers: 0n,
      coin: parseEther("16"),
      balanced: true,
      paid: parseEther("0.5"),
      payments: parseEther("0.4"),
      royalties: parseEther("0.06"),
      fees: parseEther("0.04"),
      caps: parseEther("0.625"),
      panels: 0n,
      fromBonds: 0n,
      slashed: 0n,
    },
    disputes: [],
    balances: Array.from({ length: 10 }, (_, index) => aSample(index, providers)),
    markets,
    gas: [
      { operation: "taskManager.submit", count: 24, reverted: 0, least: 71_002n, median: 71_014n, most: 88_114n },
      { operation: "taskManager.deliver", count: 30, reverted: 6, least: 60_001n, median: 60_020n, most: 77_777n },
    ],
    delivery: durations("deliveredAt"),
    payment: durations("paidAt"),
    overlap: 0.5,
    incidents: [],
    problems: [],
    ...changes,
  };
}

/** Balances after three seconds an index, of a run in which all providers earn alike. */
function aSample(index: number, providers: readonly ProviderSummary[]): BalanceSample {
  return {
    at: START + 3000 * index,
    free: parseEther("10") - PRICE * BigInt(5 * index),
    held: CAP * BigInt(Math.max(0, 10 - index)),
    earned: Object.fromEntries(providers.map(({ name, id }) => [name, PRICE * BigInt(index * id)])),
  };
}
