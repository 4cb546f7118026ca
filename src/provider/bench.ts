import { cidOf, digestOf } from "../content/digest.js";
import { JUDGED_INVALID, JUDGED_VALID } from "../protocol/dispute.js";
import { type Opening, sealEnvelope } from "../protocol/envelope.js";
import type { Order } from "../protocol/order.js";
import { readPanel } from "../protocol/panel.js";
import type { Protocol } from "../protocol/protocol.js";
import { mustCapture } from "../protocol/round.js";
import { messageOf, pause } from "../protocol/retry.js";
import { isRevert, RevertError } from "../protocol/reverts.js";
import type { Debt, DebtBook } from "./debts.js";
import { type Costs, type Offer, timeOfPayment } from "./decide.js";
import type { Draw } from "./draws.js";
import type { Effects, Perform } from "./effects.js";
import { isReadable } from "./evidence.js";
import { ReservationMissedError, TaskRefusedError } from "./errors.js";
import type { Outputs } from "./outputs.js";
import { type Held, reserveTask } from "./reservations.js";

export interface BenchOptions {
  protocol: Protocol;
  /** Number of the provider. */
  provider: number;
  effects: Pick<Effects, "perform" | "prepare" | "publish" | "reserve" | "captureSeed" | "holds" | "judge">;
  /** First block whose tasks can still be disputed. */
  from: number;
  outputs: Pick<Outputs, "keep">;
  debts: DebtBook;
  /** Unix time of the chain now, seconds. */
  clock: () => number;
  /** Told of a task that is held from now on. */
  reserved: (held: Held) => void;
  /** Told what failed and will be tried again, or what a reservation came to. */
  troubled: (taskId: string, reason: string) => void;
}

type Task = Pick<Offer, "taskId" | "order" | "panel">;

/** Where orders become results: sealed, and in the book. All methods reject when the signal ends the attempt. */
export interface Bench {
  /** Does what others may be at too; the result is there when the price pays. */
  race(offer: Offer, payment: bigint, stop: AbortSignal): Promise<Debt>;
  /**
   * Does the task of a round or panel before the provider may sit, so that it can when its time has come. Its output stays here.
   */
  sit(offer: Offer, draw: Draw, costs: Costs, stop: AbortSignal): Promise<Debt>;
  /**
   * Reserves a task and does it.
   *
   * @throws {ReserveRevert} `WrongState` if another was first.
   * @throws what {@link Bench.fulfil} throws.
   */
  reserve(task: Task, stop: AbortSignal): Promise<Debt>;
  /**
   * Does a task that is held, again and again until there is a result.
   *
   * @throws {ReservationMissedError} if there is none when the reservation ends.
   * @throws {TaskRefusedError} if there can be none.
   */
  fulfil(held: Held, stop: AbortSignal, perform?: Perform): Promise<Debt>;
}

/** Longest pause before something that failed is tried again, milliseconds. */
const LONGEST = 10_000;

export function createBench(options: BenchOptions): Bench {
  const { protocol, provider, effects, outputs, debts, clock, from, reserved, troubled } = options;
  const { interval } = protocol.patience;

  /** Work that is done is not done again because a store is away. */
  const publish = async (taskId: string, output: Uint8Array, stop: AbortSignal): Promise<string> => {
    for (let delay = interval; ; delay = Math.min(2 * delay, LONGEST)) {
      try {
        return await effects.publish(output, taskId);
      } catch (error) {
        stop.throwIfAborted();
        troubled(taskId, `publishing: ${messageOf(error)}`);
        await pause(delay, stop);
      }
    }
  };
  const produce = async (taskId: string, perform: Perform, stop: AbortSignal): Promise<Omit<Opening, "salt">> => {
    const output = await perform(stop);
    return { location: await publish(taskId, output, stop), resultDigest: digestOf(output) };
  };
  const seal = async (
    { taskId, order, panel }: Task,
    opening: Omit<Opening, "salt">,
    stop: AbortSignal,
  ): Promise<Debt> => {
    stop.throwIfAborted();
    const sealed = sealEnvelope({ taskId, provider }, order.clientKey, opening);
    const debt: Debt = { taskId, order, provider, sealed, ...(panel !== undefined && { panel: true }) };
    await debts.incur(debt);
    return debt;
  };
  /** What a judge seals of a delivery that is opened: what nobody can read is of no use to its client either. */
  const judge = async (order: Order, stop: AbortSignal): Promise<string> => {
    const panel = await readPanel(protocol, order);
    const isThere = await isReadable(protocol, order, panel, { effects, from, signal: stop });
    const isValid = isThere && (await effects.judge?.(order, panel.resultDigest ?? "", stop));
    return isValid === true ? JUDGED_VALID : JUDGED_INVALID;
  };
  const performing =
    (order: Order): Perform =>
    (stop) =>
      effects.perform(order, stop);

  const fulfil: Bench["fulfil"] = async (task, stop, perform = performing(task.order)) => {
    const { taskId, until } = task;
    const ended = new AbortController();
    const within = AbortSignal.any([stop, ended.signal]);
    const watching = async () => {
      while (clock() <= until) await pause(interval, within);
      ended.abort();
    };
    watching().catch(() => undefined);
    let last: unknown;
    try {
      for (let delay = interval; ; delay = Math.min(2 * delay, LONGEST)) {
        try {
          within.throwIfAborted();
          return await seal(task, await produce(taskId, perform, within), within);
        } catch (error) {
          within.throwIfAborted();
          last = error;
          troubled(taskId, messageOf(error));
          // The same would come of it again.
          if (error instanceof TaskRefusedError) throw error;
          await pause(delay, within);
        }
      }
    } catch (error) {
      if (stop.aborted || !ended.signal.aborted) throw error;
      const missed = new ReservationMissedError(taskId, until, { cause: last });
      troubled(taskId, missed.message);
      throw missed;
    } finally {
      ended.abort();
    }
  };

  return {
    async race(offer, payment, stop) {
      const opening = await produce(offer.taskId, performing(offer.order), stop);
      const time = timeOfPayment(offer, payment) ?? 0;
      while (clock() < time) await pause(interval, stop);
      return seal(offer, opening, stop);
    },
    async sit(offer, { round, entry }, { payment, duration }, stop) {
      const { taskId, order } = offer;
      if (mustCapture(round, duration)) {
        // Whoever is first has done it for all.
        await effects.captureSeed(taskId).catch((error: unknown) => {
          if (!isRevert(error)) troubled(taskId, `capturing the seed: ${messageOf(error)}`);
        });
      }
      const output = offer.panel?.judged === true ? undefined : await effects.perform(order, stop);
      const resultDigest = output === undefined ? await judge(order, stop) : digestOf(output);
      const time = Math.max(entry, timeOfPayment(offer, payment) ?? 0);
      while (clock() < time) await pause(interval, stop);
      const location = output === undefined ? "" : `ipfs://${cidOf(resultDigest)}`;
      const debt = await seal(offer, { location, resultDigest }, stop);
      // That of an attempt that ends before is of no use.
      if (output !== undefined) outputs.keep(taskId, output);
      return debt;
    },
    async reserve(task, stop) {
      // What cannot be begun must not be held: a reservation without a result costs stake.
      const perform = await effects.prepare?.(task.order, stop);
      stop.throwIfAborted();
      const held = await reserveTask(protocol, effects, task, provider);
      reserved(held);
      return fulfil(held, stop, perform);
    },
    fulfil,
  };
}

/** Whether another provider took the task first. */
export function isLostRace(error: unknown): boolean {
  return error instanceof RevertError && (error.is("WrongState") || error.is("SealingOver"));
}
