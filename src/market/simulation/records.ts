import { breakEvenOf } from "./agents.js";
import type { Scenario } from "./scenario.js";
import type { ManipulatorRecord, ProviderRecord } from "./trace.js";
import type { Worker } from "./workforce.js";

/** How the providers came out. */
export function providerRecords(workers: readonly Worker[], scenario: Scenario): ProviderRecord[] {
  return workers.map(({ provider, earned, cost, tasks }) => ({
    ...{ id: provider.id, slots: provider.slots, earned, cost, tasks },
    breakEven: breakEvenOf(provider, scenario.price.target / 10_000, scenario),
  }));
}

/**
 * How the manipulator came out.
 *
 * @param own Its providers.
 * @param paid For orders of its own, coins.
 */
export function manipulatorRecord(
  workers: readonly Worker[],
  own: ReadonlySet<number>,
  paid: number,
): ManipulatorRecord {
  const mine = workers.filter(({ provider }) => own.has(provider.id));
  const sumOf = (value: (worker: Worker) => number) => mine.reduce((sum, worker) => sum + value(worker), 0);
  return {
    slots: sumOf(({ provider }) => provider.slots),
    earned: sumOf(({ earned }) => earned),
    cost: sumOf(({ cost }) => cost),
    paid,
  };
}
