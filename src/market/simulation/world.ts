import { type Client, drawClients, drawProviders } from "./agents.js";
import { assignmentsOf } from "./assignment.js";
import { demandOf, equilibriumOf } from "./equilibrium.js";
import { createManipulator, HOLD, MARGIN } from "./manipulator.js";
import { draftFor, type OpenOrder, submission } from "./orders.js";
import { randomOf } from "./random.js";
import type { Regime } from "./regimes.js";
import type { Scenario } from "./scenario.js";
import { manipulatorRecord, providerRecords } from "./records.js";
import type { Sample, TaskRecord, Trace } from "./trace.js";
import { type Action, toCoins, type Venue } from "./venue.js";
import { createWorkers, enterRegime, idleSlotsOf, joinFirst, reviewWorkers, type Worker } from "./workforce.js";

/** Unix time of the beginning of every episode. */
export const START = 1_900_000_000;

interface Job {
  readonly order: OpenOrder;
  readonly worker: Worker;
  readonly doneAt: number;
  price: number;
}

/** The price that a seed's market opens with: its equilibrium, so that the warm-up is short. Coins. */
export function openingPriceOf(seed: number, scenario: Scenario): number {
  const { rate, budget } = scenario.clients;
  return equilibriumOf(demandOf(rate, budget), drawProviders(seed, scenario), scenario).price;
}

/**
 * Lets the agents of a seed trade at a venue: first in the steady state, then in a regime. What agents decide in a
 * block rests on what could be seen after the one before.
 *
 * @param note Told the time after each block.
 */
export async function runEpisode(
  venue: Venue,
  { seed, scenario, regime }: { seed: number; scenario: Scenario; regime: Regime },
  note: (time: number) => void = () => undefined,
): Promise<Trace> {
  const { tick, warmUp, length } = scenario;
  const clients = drawClients(seed, scenario, regime);
  const workers = createWorkers(seed, drawProviders(seed, scenario), scenario);
  const picking = randomOf(seed, "picking");
  const first = joinFirst(workers, openingPriceOf(seed, scenario), scenario);
  const members = workers.filter(({ member }) => member);
  const manipulator = createManipulator(seed, members, regime);

  const open = new Map<number, OpenOrder>();
  const jobs = new Map<number, Job>();
  const records = new Map<number, TaskRecord>();
  const samples: Sample[] = [];
  let [tasks, next, paid, value, cost] = [0, 0, 0, 0, 0];
  let utilisation = scenario.price.target / 10_000;
  let entered = false;

  for (let time = tick; time <= warmUp + length; time += tick) {
    const actions: Action[] = time === tick ? first : [];
    /** What is to be done with the amounts that come back, by place of the action. */
    const after = new Map<number, (amount: number) => void>();
    const act = (action: Action, then: (amount: number) => void) => {
      after.set(actions.length, then);
      actions.push(action);
    };
    const order = (draft: Omit<OpenOrder, "orderedAt" | "startPrice">): OpenOrder => {
      const posted = { ...draft, orderedAt: time, startPrice: draft.cap };
      open.set(posted.task, posted);
      if (entered && !posted.fake) {
        const { budget, patience } = posted.client;
        records.set(posted.task, { budget, patience, orderedAt: time });
      }
      act(submission(posted, START), (amount) => {
        posted.startPrice = amount;
      });
      return posted;
    };
    const take = (taken: OpenOrder, worker: Worker, seconds: number) => {
      const job: Job = { order: taken, worker, doneAt: time + seconds, price: 0 };
      open.delete(taken.task);
      jobs.set(taken.task, job);
      worker.busy += 1;
      if (!taken.fake) spend(worker, worker.provider.work);
      const record = records.get(taken.task);
      act({ kind: "take", task: taken.task, provider: worker.provider.id }, (amount) => {
        job.price = amount;
        if (record !== undefined) Object.assign(record, { takenAt: time, price: amount });
      });
    };
    const spend = (worker: Worker, amount: number) => {
      worker.cost += amount;
      cost += amount;
    };

    if (!entered && time > warmUp) {
      entered = true;
      enterRegime(seed, workers, regime);
    }

    for (const [task, { order: done, worker, doneAt, price }] of jobs) {
      if (doneAt > time) continue;
      jobs.delete(task);
      worker.busy -= 1;
      if (done.fake) paid += price;
      else value += done.client.budget;
      const record = records.get(task);
      if (record !== undefined) record.deliveredAt = time;
      act({ kind: "deliver", task }, (amount) => {
        worker.earned += amount;
        worker.tasks += 1;
      });
    }
    for (const { task, deadline, fake } of open.values()) {
      if (deadline >= time) continue;
      open.delete(task);
      act({ kind: "refund", task }, (amount) => {
        if (fake) paid += amount;
      });
    }

    const market = venue.now;
    const price = toCoins(market.price);
    const used = market.capacity === 0 ? Number(market.openTasks > 0) : market.openTasks / market.capacity;
    utilisation += (Math.min(1, used) - utilisation) * (1 - Math.exp(-tick / scenario.providers.memory));
    const bound = entered ? manipulator.idle : NOBODY;
    actions.push(...reviewWorkers(workers, time, { price, utilisation }, scenario, bound));

    if (entered) {
      const deadline = warmUp + length - 2 * tick;
      const fake = { client: PHANTOM, cap: price * MARGIN, ramp: HOLD, fake: true };
      if (time <= warmUp + tick) {
        for (let count = 0; count < manipulator.unservable; count++) {
          order({ ...fake, task: tasks++, deadline, servable: false });
        }
      }
      // Order and take in one block: nobody can come in between.
      for (const worker of workers) {
        if (!manipulator.dealing.has(worker.provider.id)) continue;
        for (let slot = idleSlotsOf(worker); slot > 0; slot--) {
          take(order({ ...fake, task: tasks++, deadline: time + 2 * HOLD, servable: true }), worker, HOLD);
        }
      }
    }

    const idle = workers.filter(({ provider }) => !bound.has(provider.id));
    for (const { order: wanted, worker } of assignmentsOf(open.values(), idle, picking, time, scenario)) {
      take(wanted, worker, worker.provider.seconds);
    }

    for (; next < clients.length; next++) {
      const client = clients[next] as Client;
      if (client.arrivesAt > time) break;
      const draft = draftFor(client, tasks, time, market, venue.rules, scenario);
      if (draft === undefined) continue;
      tasks++;
      order(draft);
    }

    const amounts = await venue.advance(START + time, actions);
    for (const [place, then] of after) then(toCoins(amounts[place] ?? 0n));
    for (const worker of workers) {
      if (worker.member) spend(worker, worker.provider.slots * worker.provider.standby * tick);
    }
    const now = venue.now;
    const inPool = workers.filter(({ member }) => member);
    samples.push({
      ...{ time, value, cost, price: toCoins(now.price), open: now.openTasks, capacity: now.capacity },
      busy: inPool.reduce((sum, { busy }) => sum + busy, 0),
      members: inPool.length,
    });
    note(time);
  }

  return {
    samples,
    tasks: [...records.values()],
    providers: providerRecords(workers, scenario),
    manipulator: manipulatorRecord(workers, manipulator.own, paid),
  };
}

const NOBODY: ReadonlySet<number> = new Set();
/** The manipulator's orders are worth nothing. */
const PHANTOM: Client = { arrivesAt: 0, budget: 0, patience: HOLD };
