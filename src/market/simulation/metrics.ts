import type { Equilibrium } from "./equilibrium.js";
import type { Sample } from "./trace.js";

/** How far from the equilibrium a price still counts as right. */
export const TOLERANCE = 0.1;
/** How long a price must stay right to have returned, seconds. */
export const STAY = 600;

/** Value in the middle; of an even number the mean of the two. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] ?? NaN) + (sorted[Math.floor(half)] ?? NaN)) / 2;
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Deviation of a price from the equilibrium as a share of it. */
export const errorOf = (price: number, equilibrium: number): number => price / equilibrium - 1;

/** Median of the absolute price error. */
export function medianError(samples: readonly Sample[], { price }: Equilibrium): number {
  return medianOf(samples.map((sample) => Math.abs(errorOf(sample.price, price))));
}

/**
 * Seconds from a shock until the price comes within the tolerance and stays there for a while, or to the end;
 * `null` if it never does.
 *
 * @param shockAt Time of the shock, seconds.
 */
export function returnTime(samples: readonly Sample[], { price }: Equilibrium, shockAt: number): number | null {
  let since: number | undefined;
  for (const { time, price: at } of samples) {
    if (time < shockAt) continue;
    if (Math.abs(errorOf(at, price)) > TOLERANCE) since = undefined;
    else {
      since ??= time;
      if (time - since >= STAY) break;
    }
  }
  return since === undefined ? null : since - shockAt;
}

/**
 * How far the price went beyond the equilibrium after it came there from another one, as a share of it; 0 if it never
 * came that far.
 */
export function overshoot(samples: readonly Sample[], before: Equilibrium, after: Equilibrium): number {
  const way = Math.sign(after.price - before.price);
  const beyond = samples.map(({ price }) => way * errorOf(price, after.price));
  return Math.max(0, ...beyond);
}

/** min(1, open tasks / slots). */
export function utilisationOf({ open, capacity }: Pick<Sample, "open" | "capacity">): number {
  return capacity === 0 ? Number(open > 0) : Math.min(1, open / capacity);
}

/** Share of the slots that worked, over some time. */
export function busyShare(samples: readonly Sample[]): number {
  const sum = (field: "busy" | "capacity") => samples.reduce((total, sample) => total + sample[field], 0);
  return sum("busy") / Math.max(1, sum("capacity"));
}
