import { read, readBatch } from "../protocol/batch.js";
import type { Watched } from "../protocol/events.js";
import { type Order, unpackOrder } from "../protocol/order.js";
import { readPanel } from "../protocol/panel.js";
import { amountOf } from "../protocol/price.js";
import type { Protocol } from "../protocol/protocol.js";
import { persist } from "../protocol/retry.js";
import { TaskState } from "../protocol/states.js";
import { createBell } from "./bell.js";
import type { Offer } from "./decide.js";
import type { Held } from "./reservations.js";

/** For how long the node may be away, milliseconds. */
export const OUTAGE = 600_000;
/** Tasks that are looked at together. */
const AT_ONCE = 64;

/** States that a task never leaves. */
const FINAL: ReadonlySet<number> = new Set([TaskState.Settled, TaskState.Refunded, TaskState.Revoked]);

/** Events by which tasks open and close. */
export const BOARD_EVENTS = [
  "taskManager.TaskSubmitted",
  "taskManager.TaskReserved",
  "taskManager.SealingEnded",
  "taskManager.TaskDelivered",
  "taskManager.TaskSettled",
  "taskManager.TaskLapsed",
  "taskManager.TaskCancelled",
  "taskManager.TaskRefunded",
  "taskManager.TaskDisputed",
  "taskManager.DeliveryOpened",
  "taskManager.DisputeEnded",
] as const;

export interface BoardOptions {
  protocol: Protocol;
  /** Number of the provider, which cannot judge its own delivery. */
  provider: number;
  /** Whether an order may ever be worth a look. */
  wants: (order: Order) => boolean;
  /** Told of a task that can be taken. */
  opened: (taskId: string) => void;
  /** Told of a task that can be taken no more, and of its holder or winner. */
  closed: (taskId: string, provider: number) => void;
  /** Told, after that, of a task that is reserved, and of who holds it. */
  held: (task: Held, provider: number) => void;
  /** Told of a task that will never be open again, or that was given back by its holder. */
  renewed: (taskId: string) => void;
}

/** The tasks that wait for a result, as far as the chain has told. */
export interface Board {
  readonly offers: ReadonlyMap<string, Offer>;
  /** Takes note of an event. */
  learn(event: Watched): void;
  /**
   * Reads where tasks stand now.
   *
   * @throws {NodeError} if the node does not answer.
   */
  look(taskIds: readonly string[]): Promise<void>;
  /** Has a task looked at once more: something may have happened to it that no event has told yet. */
  review(taskId: string): void;
  /** Takes an offer off, until something happens to its task. */
  take(taskId: string): void;
  /** Takes an offer off for good. */
  drop(taskId: string): void;
  /**
   * Reads what events were about, many tasks at once, until the signal ends it.
   *
   * @throws {NodeError} if the node is away for more than ten minutes.
   */
  follow(signal: AbortSignal): Promise<void>;
}

export function createBoard({ protocol, provider, wants, opened, closed, held, renewed }: BoardOptions): Board {
  const orders = new Map<string, Order>();
  const offers = new Map<string, Offer>();
  /** Tasks that something happened to. */
  const news = new Set<string>();
  const heard = createBell();

  /** What the dispute of a task offers, if its panel takes seals, and until when. */
  const panelOf = async (order: Order): Promise<Pick<Offer, "panel" | "deadline"> | undefined> => {
    const panel = await readPanel(protocol, order);
    const { state, price, before, judged, sealsUntil, revealUntil } = panel;
    if (state !== "Round" || panel.sealedAt !== undefined || panel.provider === provider) return undefined;
    // Judges wait for the delivery to be opened.
    return { panel: { price, before, judged }, deadline: BigInt(sealsUntil ?? revealUntil ?? 0) };
  };

  /** Events may be old, or taken back: where the tasks stand now is what counts. */
  const look = async (taskIds: readonly string[]) => {
    const { values } = await readBatch(
      protocol,
      taskIds.map((taskId) => read("taskManager", "getTask", taskId)),
    );
    for (const [index, taskId] of taskIds.entries()) {
      const task = values[index];
      // Dropped in the meantime.
      const order = orders.get(taskId);
      if (order === undefined || task === undefined) continue;
      const state = Number(task.state);
      const panel = state === TaskState.Round && task.disputed ? await panelOf(order) : undefined;
      if (!orders.has(taskId)) continue;
      // A round takes seals until it says otherwise, or its deadline is over.
      const isRound = state === TaskState.Round && !task.disputed && !task.opened;
      if (state === TaskState.Open || isRound || panel !== undefined) {
        const { startFraction, openedAt, clearedAt, deadline, rampDuration, feeBps, royaltyBps } = task;
        const priced = { startFraction, openedAt, clearedAt, deadline, rampDuration, feeBps, royaltyBps };
        offers.set(taskId, { taskId, order, ...priced, ...panel });
        opened(taskId);
        continue;
      }
      offers.delete(taskId);
      closed(taskId, Number(task.provider));
      if (state === TaskState.Reserved) {
        const price = amountOf(task.priceFraction, order.maxReward);
        held({ taskId, order, price, until: Number(task.clearedAt) + order.reservation }, Number(task.provider));
      }
      if (!FINAL.has(state)) continue;
      orders.delete(taskId);
      renewed(taskId);
    }
  };

  const review = (taskId: string) => {
    if (!orders.has(taskId)) return;
    news.add(taskId);
    heard.ring();
  };

  return {
    offers,
    look,
    learn(event) {
      if (event.contract !== "taskManager" || !("taskId" in event.args)) return;
      const { taskId } = event.args;
      if (event.name === "TaskSubmitted") {
        const order = unpackOrder(event.args.order);
        if (wants(order)) orders.set(taskId, order);
      }
      if (event.name === "TaskLapsed") renewed(taskId);
      review(taskId);
    },
    review,
    take(taskId) {
      offers.delete(taskId);
    },
    drop(taskId) {
      offers.delete(taskId);
      orders.delete(taskId);
    },
    async follow(signal) {
      while (!signal.aborted) {
        const taskIds = [...news].slice(0, AT_ONCE);
        for (const taskId of taskIds) news.delete(taskId);
        if (taskIds.length === 0) await heard.wait(OUTAGE, signal);
        else await persist("eth_call", () => look(taskIds), OUTAGE, signal);
      }
    },
  };
}
