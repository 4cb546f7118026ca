import type { Odds } from "./closedForm.js";

/** What is played. */
export interface Scenario {
  readonly seed: number;
  /** Rounds for each combination. */
  readonly draws: number;
  /** Members of the pool, a slot each. */
  readonly members: number;
  /** Seconds of the window for sealing. */
  readonly duration: number;
  /** What the work takes, as a share of the window. */
  readonly compute: number;
}

/** Means over the rounds that were played. */
export interface Means extends Odds {
  readonly rounds: number;
  /** Share of the seats that the hostile took. */
  readonly hostile: number;
  /** Standard error of it. */
  readonly error: number;
  /** Seats and executions in vain. */
  readonly copies: number;
}

/** One mix, trust and hostile share of the stake. */
export interface Cell {
  readonly mix: string;
  readonly trust: number;
  readonly share: number;
  readonly played: Means;
  /** The same for independent seats, exactly. */
  readonly exact: Odds;
}

/** What rounds of the honest cost. */
export interface Cost {
  readonly mix: string;
  readonly trust: number;
  readonly compute: number;
  readonly played: Means;
}

/** A way to give the seats away. */
export interface Design {
  readonly name: string;
  readonly title: string;
  readonly trust: number;
  readonly played: Means;
}

/** A window of so many seconds, or blocks if those are longer. */
export interface Grain {
  readonly duration: number;
  readonly played: Means;
}

/** So many identities with all of the honest slots. */
export interface Holding {
  readonly owners: number;
  readonly played: Means;
}

/** A pool of which only a part takes seats. */
export interface Presence {
  /** Share of the slots, on either side. */
  readonly present: number;
  readonly compute: number;
  readonly played: Means;
}

/** All that a sweep found. The same scenario gives the same bytes. */
export interface Summary {
  readonly scenario: Scenario;
  readonly cells: readonly Cell[];
  readonly costs: readonly Cost[];
  readonly designs: readonly Design[];
  readonly grains: readonly Grain[];
  readonly holdings: readonly Holding[];
  readonly presences: readonly Presence[];
}

/** The figures as a file has them: six digits, a line for each combination. */
export function formatSummary({ scenario, ...lists }: Summary): string {
  const rounded = (_key: string, value: unknown) => (typeof value === "number" ? Number(value.toPrecision(6)) : value);
  const line = (value: unknown) => JSON.stringify(value, rounded);
  const blocks = Object.entries(lists).map(
    ([name, rows]) => `  ${line(name)}: [\n${rows.map((row) => `    ${line(row)}`).join(",\n")}\n  ]`,
  );
  return `{\n${[`  "scenario": ${line(scenario)}`, ...blocks].join(",\n")}\n}\n`;
}
