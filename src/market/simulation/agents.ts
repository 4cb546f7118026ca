import { type Random, randomOf } from "./random.js";
import type { Regime } from "./regimes.js";
import { netOf, type Scenario } from "./scenario.js";

/** A client with its one task. Money in coins, times in seconds since the start of the episode. */
export interface Client {
  readonly arrivesAt: number;
  readonly budget: number;
  readonly patience: number;
}

export interface Provider {
  readonly id: number;
  readonly slots: number;
  /** Time a slot needs for a task. */
  readonly seconds: number;
  /** What a slot costs a second in the pool, coins. */
  readonly standby: number;
  /** What a task costs besides, coins. */
  readonly work: number;
}

/** What the providers of a seed are; they number from 1, as in the pool. */
export function drawProviders(seed: number, { providers, tick }: Scenario): Provider[] {
  const random = randomOf(seed, "providers");
  const { number, slots, seconds, cost, standby } = providers;
  return Array.from({ length: number }, (_, index) => {
    // Whole blocks, because a result is delivered with one.
    const time = Math.round(drawWithin(random, seconds) / tick) * tick;
    const whole = random.around(cost.median, cost.sigma);
    return {
      id: index + 1,
      slots: slots[index % slots.length] ?? 1,
      seconds: time,
      standby: (whole * standby) / time,
      work: whole * (1 - standby),
    };
  });
}

/** Who comes in an episode, in order. */
export function drawClients(seed: number, scenario: Scenario, regime: Regime): Client[] {
  const random = randomOf(seed, "clients");
  const { clients, warmUp, length } = scenario;
  const found: Client[] = [];
  // Work of a process of rate 1, so that regimes share what comes before they begin.
  for (let time = 0; ;) {
    const work = random.wait(clients.rate);
    const steady = Math.max(0, Math.min(work, warmUp - time));
    time += steady + (work - steady) / regime.demand;
    if (time >= warmUp + length) return found;
    const budget = random.around(clients.budget.median, clients.budget.sigma);
    found.push({ arrivesAt: time, budget, patience: drawWithin(random, clients.patience) });
  }
}

/** What a provider has to pay under a regime. */
export function underCost(provider: Provider, factor: number): Provider {
  return { ...provider, standby: provider.standby * factor, work: provider.work * factor };
}

/** Those that a loss of supply leaves: a random part, the same for the same seed. */
export function survivorsOf(seed: number, providers: readonly Provider[], share: number): Provider[] {
  const shuffled = randomOf(seed, "outage").shuffled(providers);
  const left = new Set(shuffled.slice(0, Math.round(providers.length * share)));
  return providers.filter((provider) => left.has(provider));
}

/** Price at which a slot that is busy for a share of its time earns what it costs, coins. */
export function breakEvenOf(provider: Provider, utilisation: number, scenario: Scenario): number {
  const cost = provider.work + (provider.standby * provider.seconds) / utilisation;
  return cost / netOf(1, scenario);
}

function drawWithin(
  random: Random,
  { median, sigma, least, most }: { median: number; sigma: number; least: number; most: number },
): number {
  return Math.min(most, Math.max(least, random.around(median, sigma)));
}
