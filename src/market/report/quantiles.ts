import type { Quantiles } from "../summary.js";

/**
 * Quantiles by the nearest rank: each is one of the durations. Fewer samples than a quantile needs leave it out,
 * because the largest of a handful is no 99th percentile.
 *
 * @param durations Milliseconds, in any order.
 */
export function quantilesOf(durations: readonly number[]): Quantiles {
  const sorted = durations.toSorted((a, b) => a - b);
  const samples = sorted.length;
  return {
    samples,
    ...ranked("p50", 50, 10),
    ...ranked("p90", 90, 20),
    ...ranked("p99", 99, 100),
    ...ranked("most", 100, 1),
  };

  function ranked(name: Exclude<keyof Quantiles, "samples">, percent: number, needed: number): Partial<Quantiles> {
    const value = samples < needed ? undefined : sorted[Math.ceil((samples * percent) / 100) - 1];
    return value === undefined ? {} : { [name]: value };
  }
}

/** The amount in the middle, the lower one of two; `undefined` of none. */
export function median(amounts: readonly bigint[]): bigint | undefined {
  const sorted = amounts.toSorted((a, b) => (a < b ? -1 : Number(a > b)));
  return sorted[Math.ceil(sorted.length / 2) - 1];
}
