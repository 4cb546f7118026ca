import type { BatchResult, Split } from "./result.js";

/** What the market adds to a direct execution, by the medians. */
export interface Added {
  /** Seconds for a task. */
  readonly task: number;
  /** Seconds for a unit of work. */
  readonly unit: number;
  /** How many times as long as the direct execution; missing if that took no time. */
  readonly factor?: number;
}

/** Market less direct execution. Negative if the market's machine happened to be faster. */
export function addedBy({ overhead: { direct, market }, units }: Pick<BatchResult, "overhead" | "units">): Added {
  const task = market.median - direct.median;
  return { task, unit: task / units, ...(direct.median > 0 && { factor: market.median / direct.median }) };
}

/** Names of the parts, in the order in which they are shown. */
export const PARTS = ["chain", "storage", "execution", "waiting"] as const satisfies readonly (keyof Split)[];

/** The mean of several splits, part by part. `undefined` of none. */
export function meanSplit(splits: readonly Split[]): Split | undefined {
  if (splits.length === 0) return undefined;
  const mean = (part: keyof Split) => splits.reduce((sum, split) => sum + split[part], 0) / splits.length;
  return { chain: mean("chain"), storage: mean("storage"), execution: mean("execution"), waiting: mean("waiting") };
}
