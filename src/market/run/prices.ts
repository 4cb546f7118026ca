import { savingsOf } from "../report/savings.js";
import type { Clearing, Course, MarketSample, TaskSummary, WorkloadName, WorkloadSummary } from "../summary.js";

/** A workload as it is known before anything of it is sold. */
export type OrderedWorkload = Pick<WorkloadSummary, "name" | "source" | "manifestDigest" | "floorPrice" | "tasks">;

/** What came of a workload's orders: what they cleared at, how the price moved, and what was saved against the caps. */
export function workloadSummary(
  { name, source, manifestDigest, floorPrice, tasks: ordered }: OrderedWorkload,
  tasks: readonly TaskSummary[],
  markets: readonly MarketSample[],
): WorkloadSummary {
  const own = tasks.filter(({ workload, paidAt }) => workload === name && paidAt !== undefined);
  const clearing = clearingOf(own.flatMap(({ price }) => price ?? []));
  const market = courseOf(name, markets);
  const { paid, saved, share: savedShare } = savingsOf(own);
  return {
    ...{ name, source, manifestDigest, floorPrice, tasks: ordered, paid },
    ...(clearing !== undefined && { clearing }),
    ...(market !== undefined && { market }),
    ...{ saved, savedShare },
  };
}

function clearingOf(prices: readonly bigint[]): Clearing | undefined {
  const [first] = prices;
  if (first === undefined) return undefined;
  const sum = prices.reduce((total, price) => total + price, 0n);
  return { average: sum / BigInt(prices.length), least: extreme(prices, first, -1), most: extreme(prices, first, 1) };
}

function courseOf(name: WorkloadName, markets: readonly MarketSample[]): Course | undefined {
  const prices = markets.flatMap(({ sources }) => sources[name]?.price ?? []);
  const [start, end] = [prices[0], prices.at(-1)];
  return start === undefined || end === undefined ? undefined : { start, end, most: extreme(prices, start, 1) };
}

/** The highest of some amounts, or the lowest, for which `Math` has no way. */
function extreme(amounts: readonly bigint[], first: bigint, side: 1 | -1): bigint {
  return amounts.reduce((found, one) => ((side === 1 ? one > found : one < found) ? one : found), first);
}
