import type { SeatOutcome } from "../protocol/consensus.js";
import type { DisputeOutcome } from "../protocol/dispute.js";
import { watch } from "../protocol/events.js";
import type { SigningProtocol } from "../protocol/protocol.js";
import { messageOf, orAbort } from "../protocol/retry.js";
import { RevertError } from "../protocol/reverts.js";
import { createBench, isLostRace } from "./bench.js";
import { createBell } from "./bell.js";
import { BOARD_EVENTS, createBoard, OUTAGE } from "./board.js";
import type { Debt, DebtBook } from "./debts.js";
import {
  asksForReservation,
  canBeDisputed,
  type Costs,
  decide,
  type Offer,
  offersSeat,
  type Standing,
} from "./decide.js";
import { discharge } from "./discharge.js";
import { type Draw, drawFor } from "./draws.js";
import type { Effects } from "./effects.js";
import { ReservationMissedError, TaskRefusedError } from "./errors.js";
import { createOutputs } from "./outputs.js";
import { createPostponed } from "./postponed.js";
import { type Held, heldTasks } from "./reservations.js";

/** What a provider tells of its work. Times in unix milliseconds, prices in wei. */
export type ProviderEvent =
  | { readonly kind: "attempted"; readonly taskId: string; readonly at: number }
  /** The task is held up to and in second `until`, unix time, at a price that is fixed from now on. */
  | {
      readonly kind: "reserved";
      readonly taskId: string;
      readonly at: number;
      readonly price: bigint;
      readonly until: number;
    }
  /** The attempt ended without a delivery; `retry` tells when it is tried again, if it is. */
  | {
      readonly kind: "abandoned";
      readonly taskId: string;
      readonly at: number;
      readonly reason: string;
      readonly retry?: number;
    }
  | { readonly kind: "delivered"; readonly taskId: string; readonly at: number; readonly price: bigint }
  /** Its delivery is disputed, and it has opened it to the panel. */
  | { readonly kind: "defended"; readonly taskId: string; readonly at: number }
  /** It has a seat in the round of a Quorum task, or in the panel of a dispute. */
  | {
      readonly kind: "seated";
      readonly taskId: string;
      readonly at: number;
      readonly seat: number;
      readonly weight: number;
    }
  | { readonly kind: "opened"; readonly taskId: string; readonly at: number; readonly seat: number }
  /** Its seat, or its disputed delivery, lost so much, wei. */
  | {
      readonly kind: "slashed";
      readonly taskId: string;
      readonly at: number;
      readonly amount: bigint;
      readonly how: SeatOutcome | DisputeOutcome;
    }
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
  /**
   * What an execution must pay and takes, by source and whether it is to be reserved first; `undefined`: it does not
   * work for that source, or not yet.
   */
  costs: (source: number, isReserved: boolean) => Costs | undefined;
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
  /** Whether to see through what is owed or held, take nothing new, and end; a signal: as soon as it says so. */
  drain?: boolean | AbortSignal;
  /** Which of several offers to try first; the oldest by default. */
  preference?: (a: Offer, b: Offer) => number;
  /** Unix time of the chain now, seconds. */
  clock?: () => number;
  report?: (event: ProviderEvent) => void;
  /** Ends the loop. What is owed stays in the book for the next start. */
  signal: AbortSignal;
}

/** The reason of an attempt that ended because another provider reserved the task or sealed a result. */
export const LOST_RACE = "another was first";

/** An offer that is not worth it now is looked at again after so many milliseconds: stake and costs change. */
const LOOK_AGAIN = 10_000;

/**
 * Competes for tasks until the signal ends it: watches for open tasks, decides, executes, seals, hands over, and sees
 * every sealed result through to its payment, those of an earlier run first, with what that had reserved. A task that asks
 * for a reservation is reserved before it is executed. Races that another provider has won are
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
  /** Ends what is only for new tasks. */
  const full = AbortSignal.any([signal, drainOf(options.drain)]);
  const preference = options.preference ?? (() => 0);
  const attempts = new Map<string, AbortController>();
  /** Orders of the attempts, whose bonds and slots the chain does not know of yet. */
  const pending = new Map<string, Pick<Offer, "order" | "panel">>();
  const postponed = createPostponed(protocol.patience.interval);
  const bell = createBell();
  const board = createBoard({
    ...{ protocol, provider },
    wants: (order) => (order.deadline >= clock() || canBeDisputed(order)) && options.wants?.(order) !== false,
    opened: () => {
      bell.ring();
    },
    closed: (taskId, holder) => {
      if (holder !== provider) attempts.get(taskId)?.abort();
    },
    held: (held, holder) => {
      // A reservation may arrive although its sending failed.
      if (holder === provider && held.until >= clock() && !isBusy(held.taskId)) track(resume(held));
    },
    renewed: (taskId) => {
      postponed.forget(taskId);
    },
  });
  const { offers } = board;
  const outputs = createOutputs(effects);
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
      const needs = { protocol, effects, debts, outputs, from, grace, clock, signal, report, retry };
      await discharge(debt, underway, { ...needs, confirmations: options.confirmations ?? 1 });
    } finally {
      owed.delete(taskId);
      bell.ring();
    }
  };
  /** What the contracts refused now, stake that is locked elsewhere for one, they may take later. */
  const retry = async (taskId: string) => {
    await board.look([taskId]);
    return offers.has(taskId) ? postponed.failed(taskId) : undefined;
  };

  const bench = createBench({
    ...{ protocol, provider, effects, outputs, debts, clock, from },
    reserved: ({ taskId, price, until }) => {
      pending.delete(taskId);
      board.take(taskId);
      report({ kind: "reserved", taskId, at: Date.now(), price, until });
    },
    troubled: (taskId, reason) => {
      tell("trouble", taskId, reason);
    },
  });
  const attempt = (offer: Offer, costs: Costs, draw: Draw | undefined, stop: AbortController) => {
    attempts.set(offer.taskId, stop);
    pending.set(offer.taskId, offer);
    return bringTo(offer, stop, () => {
      if (draw !== undefined) return bench.sit(offer, draw, costs, stop.signal);
      if (asksForReservation(offer)) return bench.reserve(offer, stop.signal);
      return bench.race(offer, costs.payment, stop.signal);
    });
  };
  /** Goes on with a task that is held. */
  const resume = (held: Held) => {
    const stop = new AbortController();
    attempts.set(held.taskId, stop);
    return bringTo(held, stop, () => {
      board.take(held.taskId);
      report({ kind: "reserved", taskId: held.taskId, at: Date.now(), price: held.price, until: held.until });
      return bench.fulfil(held, stop.signal);
    });
  };
  /** Lets an attempt work, and sees its result through to its payment. */
  const bringTo = async (
    { taskId, order }: Pick<Offer, "taskId" | "order">,
    stop: AbortController,
    work: () => Promise<Debt>,
  ) => {
    let debt: Debt;
    try {
      report({ kind: "attempted", taskId, at: Date.now() });
      debt = await work();
      owed.add(taskId);
      board.take(taskId);
    } catch (error) {
      const isLost = stop.signal.aborted || isLostRace(error);
      if (isHopeless(error)) board.drop(taskId);
      else if (isLost) board.take(taskId);
      // A reservation that was sent may still arrive; only a look tells.
      if (order.reservation > 0) board.review(taskId);
      if (isLost) tell("abandoned", taskId, signal.aborted ? "the provider stops" : LOST_RACE);
      else tell("abandoned", taskId, messageOf(error), offers.has(taskId) ? postponed.failed(taskId) : undefined);
      return;
    } finally {
      attempts.delete(taskId);
      pending.delete(taskId);
      bell.ring();
    }
    await see(debt, false);
  };

  /** A function, because what is asked again after a wait may have changed. */
  const isOver = () => signal.aborted;
  const isFull = () => full.aborted || attempts.size >= capacity;
  const isBusy = (taskId: string) => attempts.has(taskId) || owed.has(taskId);
  /** Begins whatever can be begun. */
  const schedule = async (): Promise<void> => {
    // Asked once for all offers of a source, and only if there is one.
    const standings = new Map<number, Promise<Standing | undefined>>();
    // Rounds and panels wait for nobody.
    const isSeat = (offer: Offer) => Number(offersSeat(offer));
    for (const offer of [...offers.values()].sort((a, b) => isSeat(b) - isSeat(a) || preference(a, b))) {
      if (isFull()) return;
      const { taskId, order } = offer;
      const costs = options.costs(order.source, asksForReservation(offer));
      if (isBusy(taskId) || postponed.isWaiting(taskId) || costs === undefined) continue;
      // Who cannot look for outputs cannot tell whether a disputed one is there.
      if (offer.panel !== undefined && effects.holds === undefined) continue;
      if (offer.panel?.judged === true && effects.judge === undefined) continue;
      const asked = standings.get(order.source) ?? effects.standing(order.source);
      standings.set(order.source, asked);
      const standing = await asked;
      if (standing === undefined || isFull() || !offers.has(taskId) || isBusy(taskId)) continue;
      const now = clock();
      if (offer.deadline < now) {
        // Nobody may refund it for long.
        board.drop(taskId);
        continue;
      }
      const draw = offersSeat(offer) ? await drawFor(protocol, provider, offer, standing) : undefined;
      if (isFull() || !offers.has(taskId) || isBusy(taskId)) continue;
      const left = without(standing, order.source, [...pending.values()]);
      const decision = decide(offer, left, costs, now, draw);
      if (decision.act !== "attempt") {
        const rest = decision.act === "wait" ? (decision.until - now) * 1_000 : LOOK_AGAIN;
        postponed.until(taskId, Date.now() + Math.min(rest, LOOK_AGAIN));
        continue;
      }
      track(attempt(offer, costs, draw, new AbortController()));
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
  let ticking: Promise<void> | undefined;
  const tick = async () => {
    while (!full.aborted) {
      await schedule().catch((error: unknown) => {
        tell("trouble", "", messageOf(error));
      });
      await bell.wait(protocol.patience.interval, full);
    }
  };
  try {
    for (const held of await heldTasks(protocol, provider, from, signal)) {
      if (isBusy(held.taskId) || isOver()) continue;
      if (held.until >= clock()) track(resume(held));
      else tell("trouble", held.taskId, new ReservationMissedError(held.taskId, held.until).message);
    }
    ticking = tick();
    const looking = board.follow(signal).catch((error: unknown) => {
      if (isOver()) return;
      // Without looks there are no races.
      over.abort(error);
      throw error;
    });
    looking.catch(() => undefined);
    for await (const event of watch(protocol, { events: BOARD_EVENTS, from, outage: OUTAGE, signal: full })) {
      board.learn(event);
    }
    // What is over takes nothing new, but may still owe and hold.
    while (running.size > 0 && !isOver()) await orAbort(Promise.all(running), signal).catch(() => undefined);
    over.abort();
    await looking;
  } finally {
    over.abort();
    for (const stop of attempts.values()) stop.abort();
    await Promise.allSettled([...running, ticking]);
  }
}

/** Aborted when nothing new is to be taken. */
function drainOf(drain: boolean | AbortSignal = false): AbortSignal {
  if (typeof drain !== "boolean") return drain;
  return drain ? AbortSignal.abort() : new AbortController().signal;
}

/** What is left to a provider beside orders that the chain does not know it to be at yet. */
function without(standing: Standing, source: number, pending: readonly Pick<Offer, "order" | "panel">[]): Standing {
  const freeStake = pending.reduce((left, { order }) => left - order.bond, standing.freeStake);
  const reserving = pending.filter((offer) => offer.order.source === source && asksForReservation(offer));
  return { ...standing, freeStake, freeSlots: standing.freeSlots - reserving.length };
}

/** Whether a task will never be done here, however often it is tried. */
function isHopeless(error: unknown): boolean {
  return error instanceof TaskRefusedError || (error instanceof RevertError && error.is("Barred"));
}
