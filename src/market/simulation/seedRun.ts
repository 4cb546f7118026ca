import { createFirstComeVenue, createFixedVenue } from "./baselineVenues.js";
import { type Figures, figuresOf } from "./episode.js";
import { busyShare, errorOf, utilisationOf } from "./metrics.js";
import type { Opening } from "./mirrorVenue.js";
import { REGIMES, STEADY } from "./regimes.js";
import type { Scenario } from "./scenario.js";
import type { ManipulatorRecord, Trace } from "./trace.js";
import { toWei, type Venue } from "./venue.js";
import { openingPriceOf, runEpisode, START } from "./world.js";

/** What the agents of one seed did in all regimes. */
export interface SeedResult {
  readonly seed: number;
  /** As {@link REGIMES}. */
  readonly episodes: readonly EpisodeResult[];
  /** Of the steady state: cost of each provider against the equilibrium price, and profit of a slot, coins an hour. */
  readonly providers: readonly (readonly [cost: number, profit: number])[];
}

/** One regime at three venues. */
export interface EpisodeResult {
  readonly market: Figures;
  readonly fixed: Figures;
  readonly firstCome: Figures;
  readonly manipulator: ManipulatorRecord;
  readonly series: Series;
  /** Patience of each order, and how long it waited for a provider; `null`: it found none in time. Seconds. */
  readonly waits: readonly (readonly [patience: number, wait: number | null])[];
}

/** The market over time, a point a minute. */
export interface Series {
  /** Seconds since the regime began. */
  readonly time: readonly number[];
  /** Coins. */
  readonly price: readonly number[];
  /** Price / equilibrium − 1. */
  readonly error: readonly number[];
  readonly utilisation: readonly number[];
  readonly busy: readonly number[];
  readonly slots: readonly number[];
}

const POINT = 60;

/** Where a seed's market opens. */
export function openingOf(seed: number, scenario: Scenario): Opening {
  return {
    openedAt: START,
    price: toWei(openingPriceOf(seed, scenario)),
    floorPrice: toWei(scenario.floorPrice),
    feeBps: scenario.feeBps,
    royaltyBps: scenario.royaltyBps,
    parameters: scenario.price,
  };
}

/**
 * Runs every regime for one seed, at a venue and at the two baselines.
 *
 * @param venueFor A fresh market that opens so.
 * @param check Called at the end of an episode with its venue.
 * @param note Told after each block of the venue.
 */
export async function runSeed<V extends Venue>(
  seed: number,
  scenario: Scenario,
  venueFor: (opening: Opening) => Promise<V>,
  check: (venue: V) => Promise<void> = () => Promise.resolve(),
  note: () => void = () => undefined,
): Promise<SeedResult> {
  const opening = openingOf(seed, scenario);
  const episodes: EpisodeResult[] = [];
  let providers: SeedResult["providers"] = [];
  for (const regime of REGIMES) {
    const plot = { seed, scenario, regime };
    const venue = await venueFor(opening);
    const trace = await runEpisode(venue, plot, note);
    await check(venue);
    const market = figuresOf(trace, plot);
    if (regime === STEADY) providers = profitsOf(trace, market, scenario);
    episodes.push({
      market,
      fixed: figuresOf(await runEpisode(createFixedVenue(opening.price, opening), plot), plot),
      firstCome: figuresOf(await runEpisode(createFirstComeVenue(opening.price, opening), plot), plot),
      manipulator: trace.manipulator,
      series: seriesOf(trace, market, scenario),
      waits: waitsOf(trace, scenario),
    });
  }
  return { seed, episodes, providers };
}

function profitsOf({ providers }: Trace, { after }: Figures, { length }: Scenario): SeedResult["providers"] {
  return providers.map(({ breakEven, earned, cost, slots }) => [
    breakEven / after.price,
    ((earned - cost) / slots) * (3600 / length),
  ]);
}

function seriesOf({ samples }: Trace, { before, after }: Figures, { warmUp }: Scenario): Series {
  const points = samples.filter(({ time }) => time % POINT === 0);
  return {
    time: points.map(({ time }) => time - warmUp),
    price: points.map(({ price }) => price),
    error: points.map(({ price, time }) => errorOf(price, time > warmUp ? after.price : before.price)),
    // Of the minute that ends there.
    utilisation: points.map(({ time }) => {
      const minute = samples.filter((sample) => sample.time > time - POINT && sample.time <= time);
      return minute.reduce((sum, sample) => sum + utilisationOf(sample), 0) / minute.length;
    }),
    busy: points.map(({ time }) =>
      busyShare(samples.filter((sample) => sample.time > time - POINT && sample.time <= time)),
    ),
    slots: points.map(({ capacity }) => capacity),
  };
}

/** Only of orders whose patience ended before the episode, so that the impatient are not preferred. */
function waitsOf({ tasks }: Trace, { warmUp, length }: Scenario): EpisodeResult["waits"] {
  return tasks
    .filter(({ orderedAt, patience }) => orderedAt + patience <= warmUp + length)
    .map(({ patience, orderedAt, takenAt }) => [patience, takenAt === undefined ? null : takenAt - orderedAt]);
}
