import type { Equilibrium } from "./equilibrium.js";
import type { Regime } from "./regimes.js";
import type { Scenario } from "./scenario.js";

/** A figure over all seeds. */
export interface Spread {
  readonly median: number;
  readonly worst: number;
  /** The seed that has the worst. */
  readonly seed: number;
}

/** The controller and its baselines. */
export type VenueName = "market" | "fixed" | "firstCome";

export interface RegimeSummary extends Regime {
  /** Medians. */
  readonly before: Equilibrium;
  readonly after: Equilibrium;
  /** Median absolute price error over the last half. */
  readonly error: Spread;
  readonly bias: number;
  /** Seconds; `null`: never. Only where the equilibrium moved. */
  readonly returned?: { readonly median: number | null; readonly worst: number | null; readonly seed: number };
  readonly overshoot?: Spread;
  readonly utilisation: { readonly median: number; readonly least: number; readonly most: number };
  readonly busy: number;
  /** Realised share of the possible surplus, and of the bound that no idle slot sets. */
  readonly surplus: { readonly market: Spread; readonly fixed: Spread; readonly firstCome: Spread };
  readonly ofBound: number;
  /** Medians of the seeds: mean wait for a provider, seconds, and share of the orders that found one in time. */
  readonly service: Readonly<Record<VenueName, { readonly wait: number; readonly served: number }>>;
  readonly ordered: number;
  readonly delivered: number;
  /** Over time; the example is the first seed. */
  readonly series: {
    readonly time: readonly number[];
    readonly error: { readonly median: number; readonly least: number; readonly most: number }[];
    readonly utilisation: readonly number[];
    readonly busy: readonly number[];
    readonly slots: readonly number[];
    readonly example: { readonly price: readonly number[]; readonly before: number; readonly after: number };
  };
}

/** What a trick did, against the same seed without it. */
export interface ManipulationSummary {
  readonly name: string;
  readonly title: string;
  /** Mean price of the last half, as a share; the worst is the largest move. */
  readonly move: Spread;
  /** What the manipulator earned more, as a share of what it earns honestly; the worst is the largest gain. */
  readonly gain: Spread;
}

export interface WaitSummary {
  readonly regime: string;
  /** Patience, seconds. */
  readonly from: number;
  readonly to: number;
  readonly orders: number;
  readonly served: number;
  /** Mean wait of the served for a provider, seconds; `null` if there are none. */
  readonly wait: number | null;
}

/** All that a simulation found. The same seeds give the same bytes. */
export interface Summary {
  /** `contracts` on a chain, or their mirror in memory. */
  readonly venue: "contracts" | "mirror";
  readonly seeds: readonly number[];
  readonly scenario: Scenario;
  readonly ordered: number;
  readonly regimes: readonly RegimeSummary[];
  readonly manipulations: readonly ManipulationSummary[];
  readonly waits: readonly WaitSummary[];
  readonly providers: readonly (readonly [cost: number, profit: number])[];
}

/** The figures as a file has them: six digits, a line for each that stands alone. */
export function formatSummary(summary: Summary): string {
  const rounded = (_key: string, value: unknown) => (typeof value === "number" ? Number(value.toPrecision(6)) : value);
  const text = JSON.stringify(summary, rounded, 2);
  // Series on one line each: thousands of lines with one number are no help to anybody.
  return `${text.replace(/\[[\s\d.,e+-]*\]/g, (list) => list.replace(/\s+/g, " "))}\n`;
}
