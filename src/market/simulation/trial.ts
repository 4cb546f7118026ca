import type { PriceParameters } from "../../protocol/parameters.js";
import { type Figures, figuresOf } from "./episode.js";
import { medianOf } from "./metrics.js";
import { createMirrorVenue } from "./mirrorVenue.js";
import { type Regime, REGIMES, STEADY } from "./regimes.js";
import type { Scenario } from "./scenario.js";
import { openingOf } from "./seedRun.js";
import { controllerOf, type ErrorName } from "./variants.js";
import { runEpisode } from "./world.js";

/** A controller that is tried out. */
export interface Candidate extends PriceParameters {
  readonly error: ErrorName;
}

/** What a candidate came to, over all seeds. Shares of one, times in seconds. */
export interface Trial {
  readonly candidate: Candidate;
  /** Median absolute price error of the last half: steady, and the worst of the four shocks. */
  readonly steady: { readonly median: number; readonly worst: number };
  readonly shocks: { readonly median: number; readonly worst: number };
  /** Of the shocks; `null`: never. */
  readonly returned: { readonly median: number | null; readonly worst: number | null };
  readonly overshoot: { readonly median: number; readonly worst: number };
  /** In the steady state and after the shocks. */
  readonly utilisation: { readonly median: number; readonly least: number; readonly most: number };
  /** Share of the possible surplus in the steady state. */
  readonly surplus: { readonly median: number; readonly worst: number };
  /** Price error where hardly anybody orders. */
  readonly dead: { readonly median: number; readonly worst: number };
}

/** The steady state of a market of some size. */
export interface SizeTrial {
  readonly candidate: Candidate;
  /** Of the equilibrium; the rest as in {@link Trial}. Medians. */
  readonly slots: number;
  readonly utilisation: number;
  readonly bias: number;
  readonly error: { readonly median: number; readonly worst: number };
  readonly surplus: { readonly median: number; readonly worst: number };
}

const SHOCKS = ["surge", "slump", "outage", "costs"];

/** Runs the regimes without manipulators in the mirror. */
export async function tryOut(candidate: Candidate, seeds: readonly number[], base: Scenario): Promise<Trial> {
  const found = new Map<string, Figures[]>();
  for (const regime of REGIMES.filter(({ trick }) => trick === undefined)) {
    found.set(regime.name, await playOut(candidate, seeds, base, regime));
  }
  const of = (...names: string[]) => names.flatMap((name) => found.get(name) ?? []);
  const used = of("steady", ...SHOCKS).map(({ utilisation }) => utilisation);
  const times = largest(of(...SHOCKS).map(({ returned }) => returned ?? Infinity));
  const finite = (time: number) => (Number.isFinite(time) ? time : null);
  return {
    candidate,
    steady: largest(of("steady").map((figures) => figures.error)),
    shocks: largest(of(...SHOCKS).map((figures) => figures.error)),
    returned: { median: finite(times.median), worst: finite(times.worst) },
    overshoot: largest(of(...SHOCKS).map(({ overshoot }) => overshoot)),
    utilisation: { median: medianOf(used), least: Math.min(...used), most: Math.max(...used) },
    surplus: sharesOf(of("steady")),
    dead: largest(of("dead").map((figures) => figures.error)),
  };
}

/** Runs the steady state with so many times the providers and the clients. */
export async function trySize(
  candidate: Candidate,
  factor: number,
  seeds: readonly number[],
  base: Scenario,
): Promise<SizeTrial> {
  const clients = { ...base.clients, rate: base.clients.rate * factor };
  const providers = { ...base.providers, number: Math.round(base.providers.number * factor) };
  const figures = await playOut(candidate, seeds, { ...base, clients, providers }, STEADY);
  return {
    candidate,
    slots: medianOf(figures.map(({ after }) => after.slots)),
    utilisation: medianOf(figures.map(({ utilisation }) => utilisation)),
    bias: medianOf(figures.map(({ bias }) => bias)),
    error: largest(figures.map((each) => each.error)),
    surplus: sharesOf(figures),
  };
}

async function playOut(
  { error, target, speed, clamp }: Candidate,
  seeds: readonly number[],
  base: Scenario,
  regime: Regime,
): Promise<Figures[]> {
  const scenario: Scenario = { ...base, price: { target, speed, clamp } };
  const figures: Figures[] = [];
  for (const seed of seeds) {
    const plot = { seed, scenario, regime };
    const trace = await runEpisode(createMirrorVenue(openingOf(seed, scenario), controllerOf(error)), plot);
    figures.push(figuresOf(trace, plot));
  }
  return figures;
}

function largest(values: readonly number[]): { median: number; worst: number } {
  return { median: medianOf(values), worst: Math.max(...values) };
}

function sharesOf(figures: readonly Figures[]): { median: number; worst: number } {
  const shares = figures.map(({ surplus, possible }) => surplus / possible);
  return { median: medianOf(shares), worst: Math.min(...shares) };
}
