import { type Depends, type Figure, figuresIn } from "./compareFigures.js";
import type { BenchmarkResult } from "./result.js";

/** So much worse may be chance, whatever the ranges say. */
export const TOLERANCE = 0.1;

/** One figure that both results have. */
export interface Change {
  readonly name: string;
  readonly unit: Figure["unit"];
  readonly old: number;
  readonly new: number;
  /** New less old, in percent of old; missing if old is 0. */
  readonly percent?: number;
  /** What is judged of it, or why it is not. */
  readonly verdict: "regression" | "better" | "same" | "not judged";
}

export interface Comparison {
  readonly changes: readonly Change[];
  /** What one should know of it, in sentences. */
  readonly notes: readonly string[];
  /** Whether one of the figures is a regression. */
  readonly regressed: boolean;
}

/**
 * Compares what two benchmarks have in common.
 *
 * A figure with a range (of a median the middle half of its values, of a quantile where it lies with a certainty of 95 %)
 * is a regression if it is worse by more than {@link TOLERANCE} of the old one, and neither figure lies in the other's range. One without a range, e.g. gas, is a
 * regression if it is worse by more than {@link TOLERANCE}; tasks that fail or are lost count from the first one more.
 * Prices and retries are shown and not judged. Nor is what depends on the machine, the network, the set-up or the accelerator
 * where these differ: it is another measurement then.
 */
export function compareResults(before: BenchmarkResult, after: BenchmarkResult): Comparison {
  const differing = differences(before, after);
  const moot = new Set(differing.map(({ depends }) => depends));
  const old = new Map(figuresIn(before).map((figure) => [figure.name, figure]));
  const fresh = figuresIn(after);
  const changes = fresh.flatMap((figure) => {
    const former = old.get(figure.name);
    return former === undefined ? [] : [changeOf(former, figure, moot)];
  });
  const known = new Set(fresh.map(({ name }) => name));
  const missing = [...old.keys()].filter((name) => !known.has(name));
  const added = fresh.filter(({ name }) => !old.has(name));
  return {
    changes,
    notes: [
      ...differing.map(({ note }) => note),
      ...(missing.length === 0 ? [] : [`Only the old result has: ${missing.join("; ")}.`]),
      ...(added.length === 0 ? [] : [`Only the new result has: ${added.map(({ name }) => name).join("; ")}.`]),
    ],
    regressed: changes.some(({ verdict }) => verdict === "regression"),
  };
}

function changeOf(old: Figure, fresh: Figure, moot: ReadonlySet<Depends>): Change {
  const judged = fresh.rule !== "never" && !fresh.depends.some((each) => moot.has(each));
  return {
    ...{ name: fresh.name, unit: fresh.unit, old: old.value, new: fresh.value },
    ...(old.value !== 0 && { percent: (100 * (fresh.value - old.value)) / old.value }),
    verdict: judged ? verdictOn(old, fresh) : "not judged",
  };
}

function verdictOn(old: Figure, fresh: Figure): Change["verdict"] {
  const change = fresh.value - old.value;
  const direction = fresh.better === "lower" ? Math.sign(change) : -Math.sign(change);
  const far = fresh.rule === "any" ? change !== 0 : Math.abs(change) > TOLERANCE * Math.abs(old.value);
  if (!far || isWithin(fresh.value, old.range) || isWithin(old.value, fresh.range)) return "same";
  return direction > 0 ? "regression" : "better";
}

function isWithin(value: number, range: Figure["range"]): boolean {
  return range !== undefined && range[0] <= value && value <= range[1];
}

/** In what machines, networks and accelerators differ, and what that makes moot. */
function differences(before: BenchmarkResult, after: BenchmarkResult): { note: string; depends: Depends }[] {
  const found: { note: string; depends: Depends }[] = [];
  const machine = unequal(before.machine, after.machine, ["cpu", "cores", "memory", "system", "node"]);
  if (machine.length > 0) {
    found.push({ depends: "machine", note: `The machines differ (${machine.join("; ")}): times are not judged.` });
  }
  const network = [
    ...unequal(before.network, after.network, ["chainId"]),
    // On another chain it is measured, and never the same.
    ...(isNear(before.network.blockTime, after.network.blockTime)
      ? []
      : unequal(before.network, after.network, ["blockTime"])),
  ];
  if (network.length > 0) {
    found.push({
      depends: "network",
      note: `The networks differ (${network.join("; ")}): times in the market are not judged.`,
    });
  }
  const setup = unequal(before.setup, after.setup, ["providers", "parallel", "reward", "delay", "loss"]);
  if (setup.length > 0) {
    found.push({
      depends: "setup",
      note: `The set-ups differ (${setup.join("; ")}): times in the market and gas are not judged.`,
    });
  }
  const [old, fresh] = [before, after].map(({ gpu }) => (gpu.measured ? gpu.device : undefined));
  if (old !== undefined && fresh !== undefined && old !== fresh) {
    found.push({
      depends: "gpu",
      note: `The accelerators differ (${old}, now ${fresh}): their rates are not judged.`,
    });
  }
  return found;
}

const isNear = (old: number, fresh: number) => Math.abs(fresh - old) <= TOLERANCE * old;

function unequal<T extends object>(before: T, after: T, keys: readonly (keyof T & string)[]): string[] {
  return keys.flatMap((key) =>
    before[key] === after[key] ? [] : [`${key} ${String(before[key])}, now ${String(after[key])}`],
  );
}
