import { quantilesOf } from "../report/quantiles.js";
import type { Quantiles } from "../summary.js";

/** Quantiles of durations, milliseconds, and how well they are known. */
export interface Latency extends Quantiles {
  readonly least?: number;
  /** Where each quantile that is told lies with a certainty of 95 %, see {@link intervalOf}. */
  readonly intervals: { readonly [quantile in keyof typeof QUANTILES]?: readonly [from: number, to: number] };
}

const QUANTILES = { p50: 0.5, p90: 0.9, p99: 0.99 } as const;
/** Of the standard normal distribution, 95 % are within so much of 0. */
const Z = 1.96;

/** Where a figure lies over the repetitions. Each is one of the values. */
export interface Spread {
  readonly samples: number;
  readonly least: number;
  /** A quarter of the values are at most this. */
  readonly lowerQuartile: number;
  /** The one in the middle, the lower one of two. */
  readonly median: number;
  readonly upperQuartile: number;
  readonly most: number;
}

/** Figures of one kind are compared, so an empty or endless one among them is a mistake of the caller. */
function finite(values: readonly number[]): readonly number[] {
  const bad = values.find((value) => !Number.isFinite(value));
  if (bad !== undefined) throw new RangeError(`${bad} is no finite number.`);
  return values;
}

/**
 * Spread by the nearest rank: of `n` values in order, quantile `q` is the one at rank `ceil(n q)`, as
 * {@link quantilesOf} has it. `undefined` of none.
 *
 * @throws {RangeError} if one is not finite.
 */
export function spreadOf(values: readonly number[]): Spread | undefined {
  const sorted = finite(values).toSorted((a, b) => a - b);
  const at = (quarters: number) => sorted[Math.max(0, Math.ceil((sorted.length * quarters) / 4) - 1)];
  const [least, lowerQuartile, median, upperQuartile, most] = [0, 1, 2, 3, 4].map(at);
  if (least === undefined || lowerQuartile === undefined || median === undefined) return undefined;
  if (upperQuartile === undefined || most === undefined) return undefined;
  return { samples: sorted.length, least, lowerQuartile, median, upperQuartile, most };
}

/** Upper quartile less the lower one: the middle half of the values lies that close together. */
export function interquartileRange({ lowerQuartile, upperQuartile }: Spread): number {
  return upperQuartile - lowerQuartile;
}

/**
 * Between which of the values a quantile of what they are samples of lies with a certainty of about 95 %, whatever its
 * distribution: those at the ranks `n q ∓ 1.96 √(n q (1 − q))`, rounded up (Conover, Practical Nonparametric Statistics,
 * 3.2). There must be values.
 */
export function intervalOf(values: readonly number[], q: number): [from: number, to: number] {
  const sorted = finite(values).toSorted((a, b) => a - b);
  const count = sorted.length;
  const half = Z * Math.sqrt(count * q * (1 - q));
  const at = (rank: number) => sorted[Math.min(count, Math.max(1, Math.ceil(rank))) - 1] ?? NaN;
  return [at(count * q - half), at(count * q + half)];
}

/**
 * Quantiles of durations as far as there are samples enough (p50 from 10, p90 from 20, p99 from 100), their intervals, and the range.
 *
 * @param durations Milliseconds, in any order.
 */
export function latencyOf(durations: readonly number[]): Latency {
  const { samples, ...quantiles } = quantilesOf(finite(durations));
  const least = durations.reduce((a, b) => Math.min(a, b), Infinity);
  const intervals = Object.fromEntries(
    (["p50", "p90", "p99"] as const)
      .filter((name) => quantiles[name] !== undefined)
      .map((name) => [name, intervalOf(durations, QUANTILES[name])]),
  );
  return { samples, ...(samples > 0 && { least }), ...quantiles, intervals };
}

/**
 * How many of something there were in a second.
 *
 * @param seconds From the first order to the last payment, above 0.
 * @throws {RangeError} if the time is not above 0, or the amount negative.
 */
export function throughputOf(amount: number, seconds: number): number {
  if (!(seconds > 0)) throw new RangeError(`${seconds} s are no time in which anything could be done.`);
  if (!(amount >= 0)) throw new RangeError(`${amount} is no amount.`);
  return amount / seconds;
}

/** How many times as long as at the baseline a scenario took, by the quantiles that both have. */
export interface Growth {
  readonly p50?: number;
  readonly p90?: number;
  readonly p99?: number;
}

/** The quotients of a scenario's quantiles and the baseline's; what either lacks, or is 0, is left out. */
export function growthOf(baseline: Quantiles, scenario: Quantiles): Growth {
  return Object.fromEntries(
    (["p50", "p90", "p99"] as const).flatMap((name) => {
      const [before, after] = [baseline[name], scenario[name]];
      return before === undefined || after === undefined || before <= 0 ? [] : [[name, after / before]];
    }),
  );
}
