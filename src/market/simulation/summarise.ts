import type { Equilibrium } from "./equilibrium.js";
import type { Figures } from "./episode.js";
import { meanOf, medianOf } from "./metrics.js";
import { type Regime, REGIMES } from "./regimes.js";
import type { Scenario } from "./scenario.js";
import type { EpisodeResult, SeedResult, Series } from "./seedRun.js";
import type { ManipulationSummary, RegimeSummary, Spread, Summary, VenueName, WaitSummary } from "./summary.js";

/** Ends of the classes of patience, seconds. */
const CLASSES = [120, 300, 600, 1200, 2400, 3600];

export function summarise(venue: Summary["venue"], scenario: Scenario, results: readonly SeedResult[]): Summary {
  const sorted = results.toSorted((a, b) => a.seed - b.seed);
  const seeds = sorted.map(({ seed }) => seed);
  const regimes = REGIMES.map((regime, index) => {
    const episodes = sorted.map(({ episodes: all }) => all[index] as EpisodeResult);
    return { regime, episodes, summary: summaryOf(regime, seeds, episodes) };
  });
  const steady = regimes[0]?.episodes ?? [];
  return {
    ...{ venue, seeds, scenario },
    ordered: regimes.reduce((sum, { summary }) => sum + summary.ordered, 0),
    regimes: regimes.map(({ summary }) => summary),
    manipulations: regimes.flatMap(({ regime, episodes }) =>
      regime.trick === undefined ? [] : [manipulationOf(regime, seeds, episodes, steady)],
    ),
    waits: regimes.flatMap(({ regime, episodes }) => waitsOf(regime.name, episodes)),
    providers: sorted.flatMap(({ providers }) => providers),
  };
}

function summaryOf(regime: Regime, seeds: readonly number[], episodes: readonly EpisodeResult[]): RegimeSummary {
  const markets = episodes.map(({ market }) => market);
  const of = (field: (figures: Figures) => number) => markets.map(field);
  const largest = (values: number[]) => spreadOf(seeds, values, (a, b) => a > b);
  const least = (values: number[]) => spreadOf(seeds, values, (a, b) => a < b);
  const service = (venue: VenueName) => ({
    wait: medianOf(episodes.flatMap((episode) => episode[venue].wait ?? [])),
    served: medianOf(episodes.flatMap((episode) => episode[venue].served ?? [])),
  });
  const share = (venue: VenueName) =>
    least(episodes.map((episode) => episode[venue].surplus / episode[venue].possible));
  const used = of(({ utilisation }) => utilisation);
  const moved = regime.demand !== 1 || regime.supply !== 1 || regime.cost !== 1;
  return {
    ...regime,
    before: equilibriumOf(markets.map(({ before }) => before)),
    after: equilibriumOf(markets.map(({ after }) => after)),
    error: largest(of(({ error }) => error)),
    bias: medianOf(of(({ bias }) => bias)),
    ...(moved && {
      returned: returnOf(seeds, markets),
      overshoot: largest(of(({ overshoot }) => overshoot)),
    }),
    utilisation: { median: medianOf(used), least: Math.min(...used), most: Math.max(...used) },
    busy: medianOf(of(({ busy }) => busy)),
    surplus: { market: share("market"), fixed: share("fixed"), firstCome: share("firstCome") },
    ofBound: medianOf(of(({ surplus, bound }) => surplus / bound)),
    service: { market: service("market"), fixed: service("fixed"), firstCome: service("firstCome") },
    ordered: of(({ ordered }) => ordered).reduce((sum, count) => sum + count, 0),
    delivered: of(({ delivered }) => delivered).reduce((sum, count) => sum + count, 0),
    series: seriesOf(
      episodes.map(({ series }) => series),
      markets,
    ),
  };
}

function spreadOf(
  seeds: readonly number[],
  values: readonly number[],
  worse: (a: number, b: number) => boolean,
): Spread {
  let place = 0;
  values.forEach((value, index) => {
    if (worse(value, values[place] ?? NaN)) place = index;
  });
  return { median: medianOf(values), worst: values[place] ?? NaN, seed: seeds[place] ?? NaN };
}

/** A price that never returned took longer than any other. */
function returnOf(seeds: readonly number[], markets: readonly Figures[]): NonNullable<RegimeSummary["returned"]> {
  const times = markets.map(({ returned }) => returned ?? Infinity);
  const { median, worst, seed } = spreadOf(seeds, times, (a, b) => a > b);
  const finite = (time: number) => (Number.isFinite(time) ? time : null);
  return { median: finite(median), worst: finite(worst), seed };
}

function equilibriumOf(all: readonly Equilibrium[]): Equilibrium {
  const of = (field: keyof Equilibrium) => medianOf(all.map((each) => each[field]));
  return { price: of("price"), flow: of("flow"), slots: of("slots") };
}

function seriesOf(all: readonly Series[], markets: readonly Figures[]): RegimeSummary["series"] {
  const time = all[0]?.time ?? [];
  const at = (field: Exclude<keyof Series, "time">, index: number) => all.map((each) => each[field][index] ?? NaN);
  const medians = (field: Exclude<keyof Series, "time">) => time.map((_, index) => medianOf(at(field, index)));
  return {
    time,
    error: time.map((_, index) => {
      const errors = at("error", index);
      return { median: medianOf(errors), least: Math.min(...errors), most: Math.max(...errors) };
    }),
    utilisation: medians("utilisation"),
    busy: medians("busy"),
    slots: medians("slots"),
    example: {
      price: all[0]?.price ?? [],
      before: markets[0]?.before.price ?? NaN,
      after: markets[0]?.after.price ?? NaN,
    },
  };
}

function manipulationOf(
  { name, title }: Regime,
  seeds: readonly number[],
  episodes: readonly EpisodeResult[],
  steady: readonly EpisodeResult[],
): ManipulationSummary {
  const profit = ({ manipulator: { earned, cost, paid } }: EpisodeResult) => earned - cost - paid;
  const pairs = episodes.map((episode, index) => [episode, steady[index] as EpisodeResult] as const);
  const moves = pairs.map(([tricky, honest]) => tricky.market.meanPrice / honest.market.meanPrice - 1);
  const gains = pairs.map(([tricky, honest]) => profit(tricky) / profit(honest) - 1);
  return {
    ...{ name, title },
    move: spreadOf(seeds, moves, (a, b) => Math.abs(a) > Math.abs(b)),
    gain: spreadOf(seeds, gains, (a, b) => a > b),
  };
}

function waitsOf(regime: string, episodes: readonly EpisodeResult[]): WaitSummary[] {
  const all = episodes.flatMap(({ waits }) => waits);
  return CLASSES.slice(1).map((to, index) => {
    const from = CLASSES[index] ?? 0;
    const inside = all.filter(([patience]) => patience >= from && (patience < to || to === CLASSES.at(-1)));
    const waits = inside.flatMap(([, wait]) => (wait === null ? [] : [wait]));
    const wait = waits.length === 0 ? null : meanOf(waits);
    return { regime, from, to, orders: inside.length, served: waits.length, wait };
  });
}
