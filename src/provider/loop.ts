import { digestOf } from "../content/digest.js";
import { sealEnvelope } from "../protocol/envelope.js";
import { watch } from "../protocol/events.js";
import type { SigningProtocol } from "../protocol/protocol.js";
import { messageOf, pause } from "../protocol/retry.js";
import { createBell } from "./bell.js";
import { BOARD_EVENTS, createBoard, OUTAGE } from "./board.js";
import type { Debt, DebtBook } from "./debts.js";
import { type Costs, decide, type Offer, type Standing, timeOfPayment } from "./decide.js";
import type { Effects } from "./effects.js";
import { TaskRefusedError } from "./errors.js";
import { honour } from "./honour.js";
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
  /** Whether an order may ever be worth a look; all are if left out. */
  wants?: (order: Offer["order"]) => boolean;
  /** What an execution must pay and takes, by source; `undefined`: it does not work for that source, or not yet. */
  costs: (source: number) => Costs | undefined;
  /** Most executions at a time. */
  capacity: number;
  /** First block whose tasks are looked at. */
  from: number;
  /** Seconds from delivery to the end of the disclosure window, as the suite has it. */
  discloseWindow: number;
  /** How long to wait for the client before the envelope goes on chain, seconds; half the window by default. */
  grace?: number;
  /** Blocks that must stand on what ends a debt before it is forgotten; 1 if left out. */
  confirmations?: number;
  /** Whether to see through what is owed, take nothing new, and end. */
  drain?: boolean;
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

/** Longest pause before an output that could not be published is published again, milliseconds. */
const PUBLISH_AGAIN = 10_000;

/**
 * Competes for tasks until the signal ends it: watches for open tasks, decides, executes, seals, hands over, and sees
 * every sealed result through to its payment, those of an earlier run first. Races that another provider has won are
 * abandoned at once; an attempt that fails for what may pass is tried again, after longer and longer pauses, while the
 * task is open.
 *
 * @throws {NodeError} if the node is away for more than ten minutes.
 */
export async function runProvider(options: ProviderOptions): Promise<void> {
  const { protocol, provider, effects, debts, capacity, from, discloseWindow } = options;
  const { clock = () => Math.floor(Date.now() / 1000), grace = Math.floor(discloseWindow / 2) } = options;
  const report = options.report ?? (() => undefined);
  // Nothing goes on when the watcher has given up: a provider that is blind to the races must not run in them.
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  const preference = options.preference ?? (() => 0);
  const attempts = new Map<string, AbortController>();
  /** Bonds of the attempts, wei, which the chain does not know of yet. */
  const bonds = new Map<string, bigint>();
  const postponed = createPostponed(protocol.patience.interval);
  const bell = createBell();
  const board = createBoard({
    protocol,
    wants: (order) => order.deadline >= clock() && options.wants?.(order) !== false,
    opened: () => {
      bell.ring();
    },
    closed: (taskId, holder) => {
      if (holder !== provider) attempts.get(taskId)?.abort();
    },
    renewed: (taskId) => {
      postponed.forget(taskId);
    },
  });
  const { offers } = board;
  const owed = new Set<string>();
  const running = new Set<Promise<void>>();
  const tell = (kind: "abandoned" | "trouble", taskId: string, reason: string, retry?: number) => {
    report({ kind, taskId, at: Date.now(), reason, ...(retry !== undefined && { retry }) });
  };

  /** Sees a debt through. Meanwhile the task is not attempted again: another seal would take the place of this one. */
  const see = async (debt: Debt, underway: boolean) => {
    const { taskId } = debt;
    owed.add(taskId);
    try {
      await seeThrough(debt, underway);
    } finally {
      owed.delete(taskId);
      bell.ring();
    }
  };
  const seeThrough = async (debt: Debt, early: boolean) => {
    const { taskId } = debt;
    let underway = early;
    let lost: string | undefined;
    const troubled = (reason: string) => {
      tell("trouble", taskId, reason);
    };
    for (;;) {
      try {
        const delivered = (price: bigint) => {
          report({ kind: "delivered", taskId, at: Date.now(), price });
        };
        if (lost === undefined) {
          const needs = { protocol, effects, debts, grace, clock, signal, underway, delivered, report: troubled };
          const { confirmations = 1 } = options;
          const discharge = await honour(debt, { ...needs, confirmations });
          if (discharge.outcome === "paid") {
            report({ kind: "paid", taskId, at: Date.now(), price: discharge.price });
            return;
          }
          // It is in the book no more, so it must not be sent again.
          lost = discharge.reason;
        }
        // What the contracts refused now, stake that is locked elsewhere for one, they may take later.
        await board.look([taskId]);
        tell("abandoned", taskId, lost, offers.has(taskId) ? postponed.failed(taskId) : undefined);
        return;
      } catch (error) {
        if (signal.aborted) return;
        // Whatever failed, the seal may have been sent before.
        underway = true;
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
      const location = await publish(taskId, output, stop.signal);
      const time = timeOfPayment(offer, costs.payment) ?? 0;
      while (clock() < time) await pause(protocol.patience.interval, stop.signal);
      stop.signal.throwIfAborted();
      const opening = { resultDigest: digestOf(output), location };
      debt = { taskId, order, provider, sealed: sealEnvelope({ taskId, provider }, order.clientKey, opening) };
      await debts.incur(debt);
      owed.add(taskId);
      board.take(taskId);
    } catch (error) {
      if (error instanceof TaskRefusedError) board.drop(taskId);
      if (stop.signal.aborted) tell("abandoned", taskId, signal.aborted ? "the provider stops" : LOST_RACE);
      else tell("abandoned", taskId, messageOf(error), offers.has(taskId) ? postponed.failed(taskId) : undefined);
      return;
    } finally {
      attempts.delete(taskId);
      bonds.delete(taskId);
      bell.ring();
    }
    await see(debt, false);
  };
  /** Work that is done is not done again because a store is away. */
  const publish = async (taskId: string, output: Uint8Array, stop: AbortSignal): Promise<string> => {
    for (let delay = protocol.patience.interval; ; delay = Math.min(2 * delay, PUBLISH_AGAIN)) {
      try {
        return await effects.publish(output);
      } catch (error) {
        stop.throwIfAborted();
        tell("trouble", taskId, `publishing: ${messageOf(error)}`);
        await pause(delay, stop);
      }
    }
  };

  /** A function, because what is asked again after a wait may have changed. */
  const isOver = () => signal.aborted;
  const isBusy = (taskId: string) => attempts.has(taskId) || owed.has(taskId);
  /** Begins whatever can be begun. */
  const schedule = async (): Promise<void> => {
    // Asked once for all offers of a source, and only if there is one.
    const standings = new Map<number, Promise<Standing | undefined>>();
    for (const offer of [...offers.values()].sort(preference)) {
      if (attempts.size >= capacity || isOver()) return;
      const { taskId, order } = offer;
      const costs = options.costs(order.source);
      if (isBusy(taskId) || postponed.isWaiting(taskId) || costs === undefined) continue;
      const asked = standings.get(order.source) ?? effects.standing(order.source);
      standings.set(order.source, asked);
      const standing = await asked;
      if (standing === undefined || isOver() || !offers.has(taskId) || isBusy(taskId)) continue;
      const now = clock();
      if (offer.deadline < now) {
        // Nobody may refund it for long.
        board.drop(taskId);
        continue;
      }
      const freeStake = [...bonds.values()].reduce((left, bond) => left - bond, standing.freeStake);
      const decision = decide(offer, { ...standing, freeStake }, costs, now);
      if (decision.act !== "attempt") {
        const rest = decision.act === "wait" ? (decision.until - now) * 1_000 : LOOK_AGAIN;
        postponed.until(taskId, Date.now() + Math.min(rest, LOOK_AGAIN));
        continue;
      }
      const stop = new AbortController();
      attempts.set(taskId, stop);
      bonds.set(taskId, order.bond);
      track(attempt(offer, costs, stop));
    }
  };
  const track = (work: Promise<void>) => {
    running.add(work);
    void work.finally(() => running.delete(work));
  };

  for (const debt of await debts.open()) {
    if (debt.provider === provider) track(see(debt, true));
    else tell("trouble", debt.taskId, `it is owed by provider ${debt.provider}, not by this one, ${provider}`);
  }
  if (options.drain === true) {
    await Promise.all(running);
    return;
  }
  const ticking = (async () => {
    while (!signal.aborted) {
      await schedule().catch((error: unknown) => {
        tell("trouble", "", messageOf(error));
      });
      await bell.wait(protocol.patience.interval, signal);
    }
  })();
  try {
    const looking = board.follow(signal).catch((error: unknown) => {
      if (isOver()) return;
      // Without looks there are no races.
      over.abort(error);
      throw error;
    });
    looking.catch(() => undefined);
    for await (const event of watch(protocol, { events: BOARD_EVENTS, from, outage: OUTAGE, signal })) {
      board.learn(event);
    }
    over.abort();
    await looking;
  } finally {
    over.abort();
    for (const stop of attempts.values()) stop.abort();
    await Promise.allSettled([...running, ticking]);
  }
}
