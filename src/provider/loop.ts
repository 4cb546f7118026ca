import { digestOf } from "../content/digest.js";
import { read, readBatch } from "../protocol/batch.js";
import { sealEnvelope } from "../protocol/envelope.js";
import { watch, type Watched } from "../protocol/events.js";
import { unpackOrder } from "../protocol/order.js";
import type { SigningProtocol } from "../protocol/protocol.js";
import { pause } from "../protocol/retry.js";
import { TaskState } from "../protocol/states.js";
import type { Debt, DebtBook } from "./debts.js";
import { type Costs, decide, type Offer, type Standing, timeOfPayment } from "./decide.js";
import type { Effects } from "./effects.js";
import { honour, messageOf } from "./honour.js";

/** What a provider tells of its work. Times in unix milliseconds, prices in wei. */
export type ProviderEvent =
  | { readonly kind: "attempted"; readonly taskId: string; readonly at: number }
  /** The attempt ended without a delivery. */
  | { readonly kind: "abandoned"; readonly taskId: string; readonly at: number; readonly reason: string }
  | { readonly kind: "delivered"; readonly taskId: string; readonly at: number; readonly price: bigint }
  | { readonly kind: "paid"; readonly taskId: string; readonly at: number; readonly price: bigint }
  /** Something failed that will be tried again. */
  | { readonly kind: "trouble"; readonly taskId: string; readonly at: number; readonly reason: string };

export interface ProviderOptions {
  protocol: SigningProtocol;
  /** Number of the provider, for which the protocol's signer may act. */
  provider: number;
  effects: Effects;
  debts: DebtBook;
  /** What an execution must pay and takes, by source; `undefined`: it does not work for that source. */
  costs: (source: number) => Costs | undefined;
  /** Most executions at a time. */
  capacity: number;
  /** First block whose tasks are looked at. */
  from: number;
  /** Seconds from delivery to the end of the disclosure window, as the suite has it. */
  discloseWindow: number;
  /** How long to wait for the client before the envelope goes on chain, seconds; half the window by default. */
  grace?: number;
  /** Which of several offers to try first; the oldest by default. */
  preference?: (a: Offer, b: Offer) => number;
  /** Unix time of the chain now, seconds. */
  clock?: () => number;
  report?: (event: ProviderEvent) => void;
  /** Ends the loop. What is owed stays in the book for the next start. */
  signal: AbortSignal;
}

/** States that a task never leaves. */
const FINAL: ReadonlySet<number> = new Set([TaskState.Settled, TaskState.Refunded, TaskState.Revoked]);

/** Events by which tasks open and close. */
const EVENTS = [
  "taskManager.TaskSubmitted",
  "taskManager.TaskDelivered",
  "taskManager.TaskSettled",
  "taskManager.TaskLapsed",
  "taskManager.TaskCancelled",
  "taskManager.TaskRefunded",
] as const;

/**
 * Competes for tasks until the signal ends it: watches for open tasks, decides, executes, seals, hands over, and sees
 * every sealed result through to its payment, those of an earlier run first. Races that another provider has won are
 * abandoned at once.
 *
 * @throws {NodeError} if the node is away for longer than the watcher bears.
 */
export async function runProvider(options: ProviderOptions): Promise<void> {
  const { protocol, provider, effects, debts, capacity, from, discloseWindow, signal } = options;
  const { clock = () => Math.floor(Date.now() / 1000), grace = Math.floor(discloseWindow / 2) } = options;
  const report = options.report ?? (() => undefined);
  const preference = options.preference ?? (() => 0);
  const orders = new Map<string, Offer["order"]>();
  const offers = new Map<string, Offer>();
  const attempts = new Map<string, AbortController>();
  const owed = new Set<string>();
  const running = new Set<Promise<void>>();
  const tell = (kind: "abandoned" | "trouble", taskId: string, reason: string) => {
    report({ kind, taskId, at: Date.now(), reason });
  };

  /** Sees a debt through. Meanwhile the task is not attempted again: another seal would take the place of this one. */
  const see = async (debt: Debt) => {
    const { taskId } = debt;
    owed.add(taskId);
    try {
      await seeThrough(debt);
    } finally {
      owed.delete(taskId);
    }
  };
  const seeThrough = async (debt: Debt) => {
    const { taskId } = debt;
    const troubled = (reason: string) => {
      tell("trouble", taskId, reason);
    };
    for (;;) {
      try {
        const delivered = (price: bigint) => {
          report({ kind: "delivered", taskId, at: Date.now(), price });
        };
        const needs = { protocol, effects, debts, grace, clock, signal, delivered, report: troubled };
        const discharge = await honour(debt, needs);
        if (discharge.outcome === "paid") report({ kind: "paid", taskId, at: Date.now(), price: discharge.price });
        else tell("abandoned", taskId, discharge.reason);
        return;
      } catch (error) {
        if (signal.aborted) return;
        troubled(messageOf(error));
        await pause(protocol.patience.interval, signal).catch(() => undefined);
      }
    }
  };

  const attempt = async (offer: Offer, costs: Costs, stop: AbortController) => {
    const { taskId, order } = offer;
    let debt: Debt;
    try {
      report({ kind: "attempted", taskId, at: Date.now() });
      const output = await effects.perform(order, stop.signal);
      const location = await effects.publish(output);
      const time = timeOfPayment(offer, costs.payment) ?? 0;
      while (clock() < time) await pause(protocol.patience.interval, stop.signal);
      stop.signal.throwIfAborted();
      const opening = { resultDigest: digestOf(output), location };
      debt = { taskId, order, provider, sealed: sealEnvelope({ taskId, provider }, order.clientKey, opening) };
      await debts.incur(debt);
      owed.add(taskId);
    } catch (error) {
      tell("abandoned", taskId, stop.signal.aborted ? "another was first" : messageOf(error));
      return;
    } finally {
      attempts.delete(taskId);
      offers.delete(taskId);
    }
    await see(debt);
  };

  const isBusy = (taskId: string) => attempts.has(taskId) || owed.has(taskId);
  /** Begins whatever can be begun. */
  const schedule = async (): Promise<void> => {
    // Asked once for all offers of a source, and only if there is one.
    const standings = new Map<number, Promise<Standing | undefined>>();
    for (const offer of [...offers.values()].sort(preference)) {
      if (attempts.size >= capacity || signal.aborted) return;
      const { taskId, order } = offer;
      const costs = options.costs(order.source);
      if (isBusy(taskId) || costs === undefined) continue;
      const asked = standings.get(order.source) ?? effects.standing(order.source);
      standings.set(order.source, asked);
      const standing = await asked;
      if (standing === undefined || !offers.has(taskId) || isBusy(taskId)) continue;
      if (decide(offer, standing, costs, clock()).act !== "attempt") continue;
      const stop = new AbortController();
      attempts.set(taskId, stop);
      track(attempt(offer, costs, stop));
    }
  };
  const track = (work: Promise<void>) => {
    running.add(work);
    void work.finally(() => running.delete(work));
  };

  const learn = async (event: Watched) => {
    if (event.contract !== "taskManager" || !("taskId" in event.args)) return;
    const { taskId } = event.args;
    if (event.name === "TaskSubmitted") orders.set(taskId, unpackOrder(event.args.order));
    const order = orders.get(taskId);
    if (order === undefined) return;
    // The event may be old, or taken back: where the task stands now is what counts.
    const [task] = (await readBatch(protocol, [read("taskManager", "getTask", taskId)])).values;
    const state = Number(task.state);
    if (state === TaskState.Open) {
      offers.set(taskId, { taskId, order, ...pricedOf(task) });
      return;
    }
    offers.delete(taskId);
    if (task.provider !== BigInt(provider)) attempts.get(taskId)?.abort();
    if (FINAL.has(state)) orders.delete(taskId);
  };

  for (const debt of await debts.open()) track(see(debt));
  const ticking = (async () => {
    while (!signal.aborted) {
      await schedule().catch((error: unknown) => {
        tell("trouble", "", messageOf(error));
      });
      await pause(protocol.patience.interval, signal).catch(() => undefined);
    }
  })();
  try {
    for await (const event of watch(protocol, { events: EVENTS, from, signal })) {
      await learn(event);
    }
  } finally {
    for (const stop of attempts.values()) stop.abort();
    await Promise.allSettled([...running, ticking]);
  }
}

function pricedOf(task: Omit<Offer, "taskId" | "order">): Omit<Offer, "taskId" | "order"> {
  const { startFraction, openedAt, clearedAt, deadline, rampDuration, feeBps, royaltyBps } = task;
  return { startFraction, openedAt, clearedAt, deadline, rampDuration, feeBps, royaltyBps };
}
