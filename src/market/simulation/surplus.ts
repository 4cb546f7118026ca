import type { Client, Provider } from "./agents.js";
import type { Sample } from "./trace.js";

/** Budgets of the tasks delivered between two samples less all that the providers had to spend, coins. */
export function realisedSurplus(from: Sample, to: Sample): number {
  return to.value - from.value - (to.cost - from.cost);
}

/**
 * The most that budgets could exceed costs by if the best tasks of a time went to the cheapest slots, each slot busy
 * for at most a share of the time. Coins.
 *
 * @param clients Those that came in the time.
 * @param seconds The time.
 * @param tick What passes before an order is taken, seconds.
 */
export function possibleSurplus(
  clients: readonly Client[],
  providers: readonly Provider[],
  seconds: number,
  utilisation: number,
  tick: number,
): number {
  const budgets = clients.map(({ budget }) => budget).sort((a, b) => b - a);
  const offers = providers
    .map((provider) => ({
      tasks: (provider.slots * utilisation * seconds) / (provider.seconds + tick),
      cost: provider.work + (provider.standby * (provider.seconds + tick)) / utilisation,
    }))
    .sort((a, b) => a.cost - b.cost);
  let surplus = 0;
  let place = 0;
  let left = offers[0]?.tasks ?? 0;
  for (const budget of budgets) {
    // A task may be split between two offers: both sides are flows.
    let rest = 1;
    while (rest > 0) {
      const offer = offers[place];
      if (offer === undefined || offer.cost >= budget) return surplus;
      const part = Math.min(rest, left);
      surplus += part * (budget - offer.cost);
      rest -= part;
      left -= part;
      if (left <= 0) left = offers[++place]?.tasks ?? 0;
    }
  }
  return surplus;
}
