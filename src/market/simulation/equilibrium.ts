import { breakEvenOf, type Provider } from "./agents.js";
import type { Scenario } from "./scenario.js";

/** Tasks a second that would be ordered at a price. Falls. */
export type Demand = (price: number) => number;

/** The state that supply and demand allow for. Money in coins, flows in tasks a second. */
export interface Equilibrium {
  readonly price: number;
  readonly flow: number;
  readonly slots: number;
}

/** Demand of clients that come at a rate, budgets lognormal. */
export function demandOf(rate: number, { median, sigma }: { median: number; sigma: number }): Demand {
  return (price) => rate * (1 - normalShare(Math.log(price / median) / sigma));
}

/** The providers that cover their cost at a price if they are busy for a share of the time. */
export function supplyAt(
  price: number,
  providers: readonly Provider[],
  utilisation: number,
  scenario: Scenario,
): Provider[] {
  return providers.filter((provider) => breakEvenOf(provider, utilisation, scenario) <= price);
}

/**
 * Tasks a second of slots that are used for a share of the time. An order uses a slot from the block in which it was
 * posted: one passes before it is taken.
 */
export function throughputOf(providers: readonly Provider[], utilisation: number, { tick }: Scenario): number {
  return providers.reduce((sum, { slots, seconds }) => sum + (utilisation * slots) / (seconds + tick), 0);
}

/**
 * The competitive equilibrium: the price at which the clients that would order keep the slots that cover their cost
 * busy for just the target share of the time. The least price at which supply reaches demand, not below the floor.
 */
export function equilibriumOf(demand: Demand, providers: readonly Provider[], scenario: Scenario): Equilibrium {
  const utilisation = scenario.price.target / 10_000;
  const short = (price: number) =>
    throughputOf(supplyAt(price, providers, utilisation, scenario), utilisation, scenario) < demand(price);
  let [low, high] = [Math.log(scenario.floorPrice), Math.log(1e6)];
  if (short(Math.exp(low))) {
    for (let round = 0; round < 60; round++) {
      const middle = (low + high) / 2;
      if (short(Math.exp(middle))) low = middle;
      else high = middle;
    }
  } else {
    high = low;
  }
  const price = Math.exp(high);
  const members = supplyAt(price, providers, utilisation, scenario);
  return { price, flow: demand(price), slots: members.reduce((sum, { slots }) => sum + slots, 0) };
}

/** Share of a standard normal variable that is at most x; to 1.5e-7 (Abramowitz and Stegun 7.1.26). */
function normalShare(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * z);
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const upper = (series * Math.exp(-z * z)) / 2;
  return x < 0 ? upper : 1 - upper;
}
