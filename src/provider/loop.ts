import { digestOf } from "../content/digest.js";
import { read, readBatch } from "../protocol/batch.js";
import { sealEnvelope } from "../protocol/envelope.js";
import { watch, type Watched } from "../protocol/events.js";
import { unpackOrder } from "../protocol/order.js";
import type { SigningProtocol } from "../protocol/protocol.js";
import { pause } from "../protocol/retry.js";
import { TaskState } from "../protocol/states.js";
import { createBell } from "./bell.js";
import type { Debt, DebtBook } from "./debts.js";
import { type Costs, decide, type Offer, type Standing, timeOfPayment } from "./decide.js";
import type { Effects } from "./effects.js";
import { TaskRefusedError } from "./errors.js";
import { honour, messageOf } from "./honour.js";
import { createPostponed } from "./postponed.js";

/** What a provider tells of its work. Times in unix milliseconds, prices in wei. */
export type ProviderEvent =
  | { readonly kind: "attempted"; readonly taskId: string; readonly at: number }
  /** The attempt ended without a delivery; `retry` tells when it is tried again, if it is. */
  | {
      readonly kind: "abandoned";
      readonly taskId: string;
      readonly at: number;
      readonly reason: string;
      readonly retry?: number;
    }
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

/** The reason of an attempt that ended because another provider sealed a result. */
export const LOST_RACE = "another was first";

/** An offer that is not worth it now is looked at again after so many milliseconds: stake and costs change. */
const LOOK_AGAIN = 10_000;

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
 * abandoned at once; an attempt that fails for what may pass is tried again, after longer and longer pauses, while the
 * task is open.
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
  const postponed = createPostponed(protocol.patience.interval);
  const bell = createBell();
  const owed = new Set<string>();
  const running = new Set<Promise<void>>();
  const tell = (kind: "abandoned" | "trouble", taskId: string, reason: string, retry?: number) => {
    report({ kind, taskId, at: Date.now(), reason, ...(retry !== undefined && { retry }) });
  };

  /** Sees a debt through. Meanwhile the task is not attempted again: another seal would take the place of this one. */
  const see = async (debt: Debt) => {
    const { taskId } = debt;
    owed.add(taskId);
    try {
      await seeThrough(debt);
    } finally {
      owed.delete(taskId);
      bell.ring();
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
        if (discharge.outcome === "paid") {
          report({ kind: "paid", taskId, at: Date.now(), price: discharge.price });
          return;
        }
        tell("abandoned", taskId, discharge.reason);
        postponed.failed(taskId);
        // What the contracts refused now, stake that is locked elsewhere for one, they may take later.
        await look(taskId);
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
      offers.delete(taskId);
    } catch (error) {
      if (error instanceof TaskRefusedError) offers.delete(taskId);
      if (stop.signal.aborted) tell("abandoned", taskId, signal.aborted ? "the provider stops" : LOST_RACE);
      else tell("abandoned", taskId, messageOf(error), offers.has(taskId) ? postponed.failed(taskId) : undefined);
      return;
    } finally {
      attempts.delete(taskId);
      bell.ring();
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
      if (isBusy(taskId) || postponed.isWaiting(taskId) || costs === undefined) continue;
      const asked = standings.get(order.source) ?? effects.standing(order.source);
      standings.set(order.source, asked);
      const standing = await asked;
      if (standing === undefined || !offers.has(taskId) || isBusy(taskId)) continue;
      const now = clock();
      const decision = decide(offer, standing, costs, now);
      if (decision.act !== "attempt") {
        const rest = decision.act === "wait" ? (decision.until - now) * 1_000 : LOOK_AGAIN;
        postponed.until(taskId, Date.now() + Math.min(rest, LOOK_AGAIN));
        continue;
      }
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
    if (event.name === "TaskLapsed") postponed.forget(taskId);
    await look(taskId);
  };
  /** The event may be old, or taken back: where the task stands now is what counts. */
  const look = async (taskId: string) => {
    const order = orders.get(taskId);
    if (order === undefined) return;
    const [task] = (await readBatch(protocol, [read("taskManager", "getTask", taskId)])).values;
    const state = Number(task.state);
    if (state === TaskState.Open) {
      offers.set(taskId, { taskId, order, ...pricedOf(task) });
      bell.ring();
      return;
    }
    offers.delete(taskId);
    if (task.provider !== BigInt(provider)) attempts.get(taskId)?.abort();
    if (!FINAL.has(state)) return;
    orders.delete(taskId);
    postponed.forget(taskId);
  };

  for (const debt of await debts.open()) track(see(debt));
  const ticking = (async () => {
    while (!signal.aborted) {
      await schedule().catch((error: unknown) => {
        tell("trouble", "", messageOf(error));
      });
      await bell.wait(protocol.patience.interval, signal);
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
