import { breakEvenOf, type Provider, survivorsOf, underCost } from "./agents.js";
import { supplyAt } from "./equilibrium.js";
import { type Random, randomOf } from "./random.js";
import type { Regime } from "./regimes.js";
import { netOf, type Scenario } from "./scenario.js";
import type { Action } from "./venue.js";

/** A provider in the course of an episode. */
export interface Worker {
  provider: Provider;
  readonly random: Random;
  member: boolean;
  /** It takes no more tasks and goes when the last is delivered. */
  leaving: boolean;
  /** For good. */
  gone: boolean;
  /** Tasks at work. */
  busy: number;
  reviewAt: number;
  earned: number;
  cost: number;
  tasks: number;
}

/** What a provider knows of the market. */
export interface Outlook {
  /** Coins. */
  readonly price: number;
  /** Of the last minutes, 0 to 1. */
  readonly utilisation: number;
}

/** The providers of a seed before an episode. Those that cover their cost at the opening price join first. */
export function createWorkers(seed: number, providers: readonly Provider[], scenario: Scenario): Worker[] {
  return providers.map((provider) => {
    const random = randomOf(seed, `provider ${provider.id}`);
    const reviewAt = random.wait(1 / scenario.providers.review);
    return {
      ...{ provider, random, reviewAt, member: false, leaving: false, gone: false },
      ...{ busy: 0, earned: 0, cost: 0, tasks: 0 },
    };
  });
}

/** The first members. */
export function joinFirst(workers: readonly Worker[], price: number, scenario: Scenario): Action[] {
  const target = scenario.price.target / 10_000;
  const providers = workers.map(({ provider }) => provider);
  const members = new Set(supplyAt(price, providers, target, scenario));
  return workers.filter(({ provider }) => members.has(provider)).map(join);
}

/** Makes a regime begin for the providers. */
export function enterRegime(seed: number, workers: readonly Worker[], regime: Regime): void {
  const providers = workers.map(({ provider }) => provider);
  const left = new Set(survivorsOf(seed, providers, regime.supply).map(({ id }) => id));
  for (const worker of workers) {
    worker.gone = !left.has(worker.provider.id);
    worker.leaving ||= worker.gone;
    worker.provider = underCost(worker.provider, regime.cost);
    Object.assign(worker, { earned: 0, cost: 0, tasks: 0 });
  }
}

/** Joins and leaves of the providers whose time it is to think, or whose last task is done. */
export function reviewWorkers(
  workers: readonly Worker[],
  time: number,
  outlook: Outlook,
  scenario: Scenario,
  loyal: ReadonlySet<number>,
): Action[] {
  const actions: Action[] = [];
  for (const worker of workers) {
    if (time >= worker.reviewAt) {
      worker.reviewAt = time + worker.random.wait(1 / scenario.providers.review);
      if (!worker.gone && !loyal.has(worker.provider.id)) {
        const margin = marginOf(worker.provider, outlook, scenario);
        if (worker.member) {
          if (margin < -scenario.providers.inertia) worker.leaving = true;
          else if (margin >= 0) worker.leaving = false;
        } else if (margin > scenario.providers.inertia) actions.push(join(worker));
      }
    }
    if (worker.member && worker.leaving && worker.busy === 0) {
      Object.assign(worker, { member: false, leaving: false });
      actions.push({ kind: "leave", provider: worker.provider.id });
    }
  }
  return actions;
}

/** What a slot would earn beyond its cost, as a share of the cost. */
export function marginOf(provider: Provider, { price, utilisation }: Outlook, scenario: Scenario): number {
  if (utilisation === 0) return -1;
  return netOf(price, scenario) / netOf(breakEvenOf(provider, utilisation, scenario), scenario) - 1;
}

/** Slots that could begin a task. */
export function idleSlotsOf({ provider, member, leaving, busy }: Worker): number {
  return member && !leaving ? provider.slots - busy : 0;
}

function join(worker: Worker): Action {
  worker.member = true;
  return { kind: "join", provider: worker.provider.id, slots: worker.provider.slots };
}
