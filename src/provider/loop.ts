import { sealEnvelope } from "../protocol/envelope.js";
import { watch, type Watched } from "../protocol/events.js";
import { OpenGpuError } from "../protocol/errors.js";
import { type PackedOrder, unpackOrder } from "../protocol/order.js";
import type { SigningProtocol } from "../protocol/protocol.js";
import { pause } from "../protocol/retry.js";
import { isRevert } from "../protocol/reverts.js";
import type { Debt, DebtBook } from "./debts.js";
import { type Costs, decide, type Offer, timeOfPayment } from "./decide.js";
import { digestOf, type Effects } from "./effects.js";
import { honour } from "./honour.js";

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
  const offers = new Map<string, Offer>();
  const attempts = new Map<string, AbortController>();
  const running = new Set<Promise<void>>();
  const tell = (kind: "abandoned" | "trouble", taskId: string, reason: string) => {
    report({ kind, taskId, at: Date.now(), reason });
  };

  const see = async (debt: Debt) => {
    const { taskId } = debt;
    const troubled = (reason: string) => {
      tell("trouble", taskId, reason);
    };
    for (;;) {
      try {
        const needs = { protocol, effects, debts, discloseWindow, grace, clock, signal, report: troubled };
        const discharge = await honour(debt, needs);
        if (discharge.outcome === "paid") report({ kind: "paid", taskId, at: Date.now(), price: discharge.price });
        else tell("abandoned", taskId, `the task is ${discharge.state}`);
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
    let debt: Debt | undefined;
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
      const price = await effects.deliver(debt);
      report({ kind: "delivered", taskId, at: Date.now(), price });
    } catch (error) {
      if (debt === undefined || isRevert(error)) {
        if (debt !== undefined) await debts.clear(taskId);
        tell("abandoned", taskId, stop.signal.aborted ? "another was first" : messageOf(error));
        return;
      }
      // Whether the seal is on chain is unknown: the chain will tell.
      tell("trouble", taskId, messageOf(error));
    } finally {
      attempts.delete(taskId);
      offers.delete(taskId);
    }
    await see(debt);
  };

  /** Begins whatever can be begun; tells when to look again, unix seconds. */
  const schedule = async (): Promise<void> => {
    for (const offer of [...offers.values()].sort(preference)) {
      if (attempts.size >= capacity || signal.aborted) return;
      const { taskId, order } = offer;
      const costs = options.costs(order.source);
      if (attempts.has(taskId) || costs === undefined) continue;
      const standing = await effects.standing(order.source);
      if (standing === undefined || !offers.has(taskId) || attempts.has(taskId)) continue;
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
    if (event.name === "TaskSubmitted" && !event.removed) {
      const order = unpackOrder(plain(event.args.order));
      const task = await protocol.contracts.taskManager.getTask(taskId);
      if (task.state === 1n) offers.set(taskId, { taskId, order, ...pricedOf(task) });
      orders.set(taskId, order);
      return;
    }
    // Anything else may have closed the task or opened it again; the chain knows which.
    const order = orders.get(taskId);
    if (order === undefined) return;
    const task = await protocol.contracts.taskManager.getTask(taskId);
    if (task.state === 1n) offers.set(taskId, { taskId, order, ...pricedOf(task) });
    else {
      offers.delete(taskId);
      if (task.provider !== BigInt(provider)) attempts.get(taskId)?.abort();
      if (task.state >= 6n) orders.delete(taskId);
    }
  };
  const orders = new Map<string, Offer["order"]>();

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

function plain({ reward, assurance, terms, clocks, inputDigest, clientKey }: PackedOrder): PackedOrder {
  return { reward, assurance, terms, clocks, inputDigest, clientKey };
}

function messageOf(error: unknown): string {
  return error instanceof OpenGpuError || error instanceof Error ? error.message : String(error);
}
