import { isTakeable, offerOf, type OpenOrder } from "./orders.js";
import type { Random } from "./random.js";
import { netOf, type Scenario } from "./scenario.js";
import { idleSlotsOf, type Worker } from "./workforce.js";

/** A slot that begins a task. */
export interface Assignment {
  readonly order: OpenOrder;
  readonly worker: Worker;
}

/**
 * Gives idle slots, in a random order, the open order that then pays best, if that covers the cost of working. Orders
 * that pay the same go in the order in which they were posted.
 */
export function assignmentsOf(
  open: Iterable<OpenOrder>,
  workers: readonly Worker[],
  random: Random,
  time: number,
  scenario: Scenario,
): Assignment[] {
  const best = [...open]
    .filter((order) => isTakeable(order, time))
    .map((order) => ({ order, pay: offerOf(order, time) }))
    .sort((a, b) => b.pay - a.pay);
  const slots = workers.flatMap((worker) => Array.from({ length: idleSlotsOf(worker) }, () => worker));
  const assignments: Assignment[] = [];
  for (const worker of random.shuffled(slots)) {
    const [top] = best;
    if (top === undefined) break;
    if (netOf(top.pay, scenario) < worker.provider.work) continue;
    best.shift();
    assignments.push({ order: top.order, worker });
  }
  return assignments;
}
