import { count } from "../../report/format.js";
import type { Scenario } from "../scenario.js";
import type { Summary } from "../summary.js";

/** What was simulated, in one sentence. */
export function headline({ venue, seeds, ordered, regimes, scenario }: Summary): string {
  const { target, speed, clamp } = scenario.price;
  const place = venue === "contracts" ? "on the deployed contracts" : "in the contracts' mirror in memory";
  const many = `${count(seeds.length, "seed")} (${seeds[0] ?? "–"} to ${seeds.at(-1) ?? "–"})`;
  return `${count(ordered, "order")} ${place} in ${count(regimes.length, "regime")} and ${many}; target ${target / 100} %, speed ${speed} ppm a second, clamp ${clamp} thousandths.`;
}

/** What is assumed about the agents, in sentences. */
export function assumptionsOf({ tick, clients, providers, warmUp, length, feeBps, royaltyBps }: Scenario): string[] {
  const minutes = (seconds: number) => `${seconds / 60} min`;
  const { budget, patience } = clients;
  const { seconds, cost, standby, review, memory, inertia } = providers;
  return [
    `A block every ${tick} s. Each regime begins at once, after ${minutes(warmUp)} of the steady state, and lasts ${minutes(length)}.`,
    `Clients arrive by a Poisson process, ${clients.rate} a second in the steady state. Budgets are lognormal, median ${budget.median} coins, σ ${budget.sigma}; a budget is what the task is worth, and the cap.`,
    `Patience, the longest wait for a provider to begin and the length of the ramp, is lognormal, median ${minutes(patience.median)}, σ ${patience.sigma}, from ${minutes(patience.least)} to ${minutes(patience.most)}.`,
    "A client orders if the market price is within its budget and the queue does not outlast its patience; otherwise it goes elsewhere.",
    `${providers.number} providers own ${providers.slots.join(", ")} slots in turn. A task takes a slot a lognormal time of its own, median ${seconds.median} s, σ ${seconds.sigma}, from ${seconds.least} to ${seconds.most} s.`,
    `What a task costs a slot that is never idle is lognormal, median ${cost.median} coins, σ ${cost.sigma}; ${standby * 100} % of it falls due also while the slot idles in the pool.`,
    `A provider looks at the market every ${minutes(review)} on average, at the price of the moment and the utilisation of the last ${minutes(memory)}, and joins or leaves if that means a profit or a loss of more than ${inertia * 100} % of its cost. It leaves when its last task is delivered.`,
    "An idle slot takes the open order that pays best, if that covers the cost of working; who is first among idle slots is a matter of luck. Orders ask for a reservation, so nobody works on a task of another, and the price is that of the moment in which a task is taken.",
    `Fee ${feeBps / 100} % and royalty ${royaltyBps / 100} % come off the provider's part. Gas costs nothing.`,
    "The manipulator owns a fifth of the slots that are in the pool at first. It lets all of them idle; or it posts orders that nobody can serve, for a fifth of the capacity, for the whole regime; or it keeps half of its slots busy with orders of its own.",
  ];
}
