import { drawClients, drawProviders, survivorsOf, underCost } from "./agents.js";
import { demandOf, type Equilibrium, equilibriumOf } from "./equilibrium.js";
import { busyShare, meanOf, medianError, overshoot, returnTime, utilisationOf } from "./metrics.js";
import type { Regime } from "./regimes.js";
import type { Scenario } from "./scenario.js";
import { possibleSurplus, realisedSurplus } from "./surplus.js";
import type { Sample, Trace } from "./trace.js";

/** What an episode comes to. Money in coins, times in seconds, the rest shares of one. */
export interface Figures {
  /** Equilibria before and in the regime. */
  readonly before: Equilibrium;
  readonly after: Equilibrium;
  /** Median absolute price error over the last half of the regime. */
  readonly error: number;
  /** Mean of price / equilibrium − 1 over the same. */
  readonly bias: number;
  /** Time until the price was right again, `null` if it never was. */
  readonly returned: number | null;
  readonly overshoot: number;
  /** Time averages over the last half: what the controller sees, and slots at work. */
  readonly utilisation: number;
  readonly busy: number;
  readonly meanPrice: number;
  /** Budgets less costs over the whole regime. */
  readonly surplus: number;
  /** The most possible with slots busy for the target share of their time. */
  readonly possible: number;
  /** The same with slots that are never idle. */
  readonly bound: number;
  readonly ordered: number;
  readonly delivered: number;
  /** Mean time from the order to its beginning, of those that began; `null`: none did. */
  readonly wait: number | null;
  /** Share of the orders whose patience ended in the regime that found a provider; `null`: there were none. */
  readonly served: number | null;
}

/** The equilibria before and in a regime. */
export function equilibriaOf(seed: number, scenario: Scenario, regime: Regime): [Equilibrium, Equilibrium] {
  const { rate, budget } = scenario.clients;
  const all = drawProviders(seed, scenario);
  return [
    equilibriumOf(demandOf(rate, budget), all, scenario),
    equilibriumOf(demandOf(rate * regime.demand, budget), providersIn(seed, scenario, regime), scenario),
  ];
}

/** The providers that there are in a regime, with their costs. */
export function providersIn(seed: number, scenario: Scenario, regime: Regime) {
  const left = survivorsOf(seed, drawProviders(seed, scenario), regime.supply);
  return left.map((provider) => underCost(provider, regime.cost));
}

export function figuresOf(
  { samples, tasks }: Pick<Trace, "samples" | "tasks">,
  { seed, scenario, regime }: { seed: number; scenario: Scenario; regime: Regime },
): Figures {
  const { warmUp, length } = scenario;
  const [before, after] = equilibriaOf(seed, scenario, regime);
  const during = samples.filter(({ time }) => time > warmUp);
  const late = samples.filter(({ time }) => time > warmUp + length / 2);
  const start = samples.findLast(({ time }) => time <= warmUp) as Sample;
  const end = samples.at(-1) as Sample;
  const clients = drawClients(seed, scenario, regime).filter(({ arrivesAt }) => arrivesAt > warmUp);
  const providers = providersIn(seed, scenario, regime);
  const most = (utilisation: number) => possibleSurplus(clients, providers, length, utilisation, scenario.tick);
  return {
    ...{ before, after, error: medianError(late, after) },
    bias: meanOf(late.map(({ price }) => price / after.price - 1)),
    returned: returnTime(during, after, warmUp),
    overshoot: overshoot(during, before, after),
    utilisation: meanOf(late.map(utilisationOf)),
    busy: busyShare(late),
    meanPrice: meanOf(late.map(({ price }) => price)),
    surplus: realisedSurplus(start, end),
    possible: most(scenario.price.target / 10_000),
    bound: most(1),
    ordered: tasks.length,
    delivered: tasks.filter(({ deliveredAt }) => deliveredAt !== undefined).length,
    ...serviceOf(tasks, warmUp + length),
  };
}

function serviceOf(tasks: Trace["tasks"], end: number): Pick<Figures, "wait" | "served"> {
  const waits = tasks.flatMap(({ orderedAt, takenAt }) => (takenAt === undefined ? [] : [takenAt - orderedAt]));
  const judged = tasks.filter(({ orderedAt, patience }) => orderedAt + patience <= end);
  const began = judged.filter(({ takenAt }) => takenAt !== undefined);
  return {
    wait: waits.length === 0 ? null : meanOf(waits),
    served: judged.length === 0 ? null : began.length / judged.length,
  };
}
