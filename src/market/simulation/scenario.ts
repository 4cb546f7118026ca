import { DEFAULT_PARAMETERS, type PriceParameters } from "../../protocol/parameters.js";

/**
 * Everything that is assumed about the agents and their world. Money in coins, times in seconds.
 *
 * Clients arrive by a Poisson process. Each has a budget, which is what the task is worth to it and what it posts as
 * the cap, and a patience: the longest that it waits for a provider to begin, and the length of its ramp. It orders if
 * the market price is within its budget and the queue, as far as the chain tells it, does not outlast its patience;
 * otherwise it goes elsewhere. An order asks for a reservation, so a task is executed by one provider at a time, at the
 * price of the moment in which that provider took it.
 *
 * Providers own some slots. A slot needs a fixed time for a task; it costs something while it is in the pool, busy or
 * not, and something more while it works. Now and then a provider looks at the price and at the utilisation of the
 * last minutes: it joins if a slot would earn more than it costs, leaves if it earns less, and does neither where the
 * difference is within its inertia. It leaves when its last task is delivered. An idle slot takes the open task that
 * pays best, if that covers the cost of working.
 */
export interface Scenario {
  /** Pace at which the world moves: one block. */
  readonly tick: number;
  /** Time before the regime begins, in the steady state. */
  readonly warmUp: number;
  /** Length of a regime. */
  readonly length: number;
  readonly floorPrice: number;
  /** Shares of a price, basis points. */
  readonly feeBps: number;
  readonly royaltyBps: number;
  readonly price: PriceParameters;
  readonly clients: {
    /** Arrivals a second in the steady state. */
    readonly rate: number;
    readonly budget: Lognormal;
    readonly patience: Lognormal & Range;
  };
  readonly providers: {
    readonly number: number;
    /** Slots of the providers, in turn. */
    readonly slots: readonly number[];
    /** Time a slot needs for a task. */
    readonly seconds: Lognormal & Range;
    /** What a task costs on a slot that is never idle. */
    readonly cost: Lognormal;
    /** Share of that cost that a slot has also while it idles in the pool. */
    readonly standby: number;
    /** Mean time between two looks at the market. */
    readonly review: number;
    /** Time over which utilisation is averaged. */
    readonly memory: number;
    /** Profit or loss, as a share of the cost, that does not move a provider. */
    readonly inertia: number;
  };
}

interface Lognormal {
  readonly median: number;
  /** Standard deviation of the logarithm. */
  readonly sigma: number;
}

interface Range {
  readonly least: number;
  readonly most: number;
}

const MINUTE = 60;

/** Some sixty slots in the steady state, a task every four seconds. */
export const DEFAULT_SCENARIO: Scenario = {
  tick: 10,
  warmUp: 15 * MINUTE,
  length: 60 * MINUTE,
  floorPrice: 0.05,
  feeBps: DEFAULT_PARAMETERS.feeBps,
  royaltyBps: 500,
  price: DEFAULT_PARAMETERS.price,
  clients: {
    rate: 0.52,
    budget: { median: 1, sigma: 0.5 },
    patience: { median: 12 * MINUTE, sigma: 0.8, least: 2 * MINUTE, most: 60 * MINUTE },
  },
  providers: {
    number: 60,
    slots: [1, 2, 3],
    seconds: { median: 175, sigma: 0.25, least: 90, most: 350 },
    cost: { median: 0.85, sigma: 0.4 },
    standby: 0.4,
    review: 10 * MINUTE,
    memory: 10 * MINUTE,
    inertia: 0.03,
  },
};

/** Longest that a provider may hold a task, seconds; every slot is faster. */
export const RESERVATION = 400;

/** What is left of a price for the provider. */
export function netOf(price: number, { feeBps, royaltyBps }: Pick<Scenario, "feeBps" | "royaltyBps">): number {
  return price * (1 - (feeBps + royaltyBps) / 10_000);
}
