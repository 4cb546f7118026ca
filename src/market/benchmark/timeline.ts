import type { WorkEvent } from "../../client/work.js";
import type { FleetEvent } from "../run/fleet.js";

/** Where the time between two moments of a task went. Milliseconds. */
export interface TimeSplit {
  /** Transactions on their way into a block, the client's and those of the provider that was paid. */
  readonly chain: number;
  /** Inputs and outputs on their way to the store and from it. */
  readonly storage: number;
  /** The execution that was paid, as the provider measured it beside all others on its machine. */
  readonly execution: number;
  /** All else: until a provider looks and has a place free, until the client looks, and what nobody told of. */
  readonly waiting: number;
}

/** What became of one task. Durations in milliseconds. */
export interface TaskTrace {
  readonly taskId: string;
  /** Which piece of the work, from 0. */
  readonly part: number;
  /** From the beginning of its submission, its input not stored yet, until the client saw a sealed result. */
  readonly delivery?: number;
  /** Until the client had the output and had paid for it. */
  readonly payment?: number;
  readonly split?: TimeSplit;
  /** What it cleared at, wei. */
  readonly price?: bigint;
  /** Name of the provider that was paid. */
  readonly winner?: string;
  /** Executions that providers began. */
  readonly attempts: number;
  /** Troubles that client and providers told of and got over, and tasks that were taken from who held them. */
  readonly retries: number;
}

/** Moments of a task, unix milliseconds, and durations, milliseconds. */
interface Record {
  readonly taskId: string;
  readonly part: number;
  /** Its input is there, the order is sent. */
  readonly sent: number;
  posted?: number;
  delivered?: number;
  paid?: number;
  price?: bigint;
  provider?: number;
  retries: number;
}

/** What one provider did with one task. */
interface Attempt {
  attempted?: number;
  executed?: { at: number; duration: number };
  stored?: { at: number; duration: number };
  delivered?: number;
}

/** Puts together what client and providers tell of tasks. All of them must have the same clock. */
export interface Timeline {
  work(event: WorkEvent): void;
  readonly provider: (name: string, event: FleetEvent) => void;
  /**
   * The input of a piece was put into the store in so many milliseconds, just before it was ordered.
   *
   * @param began When that was first tried, unix milliseconds; so long ago if left out.
   */
  put(part: number, duration: number, began?: number): void;
  /** The output of a piece has come, after so many milliseconds. */
  got(part: number, duration: number): void;
  /** In the sequence of the orders; a piece that was ordered again has several, of which each begins when the first did. */
  traces(): TaskTrace[];
}

/**
 * @param nameOf Name of the provider with a number.
 * @param now Unix time, milliseconds.
 */
export function createTimeline(nameOf: (provider: number) => string, now: () => number = Date.now): Timeline {
  const records = new Map<string, Record>();
  const attempts = new Map<string, Map<string, Attempt>>();
  const puts = new Map<number, number>();
  /** When the input of a piece was first to be stored. */
  const begins = new Map<number, number>();
  const gets = new Map<number, { at: number; duration: number }>();
  /** Troubles before there was an order. */
  const early = new Map<number, number>();

  const attemptOf = (taskId: string, name: string): Attempt => {
    const known = attempts.get(taskId) ?? new Map<string, Attempt>();
    attempts.set(taskId, known);
    const attempt = known.get(name) ?? {};
    known.set(name, attempt);
    return attempt;
  };
  const traceOf = (record: Record): TaskTrace => {
    const { taskId, part, sent, delivered, paid, price, provider, retries } = record;
    const begun = begins.get(part) ?? sent - (puts.get(part) ?? 0);
    const winner = provider === undefined ? undefined : nameOf(provider);
    const attempt = winner === undefined ? undefined : attempts.get(taskId)?.get(winner);
    return {
      ...{ taskId, part, retries, attempts: attempts.get(taskId)?.size ?? 0 },
      ...(delivered !== undefined && { delivery: delivered - begun }),
      ...(paid !== undefined && { payment: paid - begun }),
      ...(paid !== undefined && { split: splitOf(record, attempt, puts.get(part) ?? 0, gets.get(part), begun) }),
      ...(price !== undefined && { price }),
      ...(winner !== undefined && { winner }),
    };
  };

  return {
    work(event) {
      const { taskId, part, at } = event;
      const known = records.get(taskId);
      // Who held the task did not disclose, and another did the work again.
      const isAgain = "provider" in event && known?.provider !== undefined && known.provider !== event.provider;
      if (isAgain) known.retries += 1;
      switch (event.kind) {
        case "submitted":
          // It is told when the order is on chain.
          records.set(taskId, { taskId, part, sent: at, posted: now(), retries: early.get(part) ?? 0 });
          early.delete(part);
          if (!begins.has(part)) begins.set(part, at - (puts.get(part) ?? 0));
          return;
        case "delivered":
          Object.assign(known ?? {}, { delivered: at, price: event.price, provider: event.provider });
          return;
        case "paid":
          Object.assign(known ?? {}, { paid: at, price: event.price, provider: event.provider });
          return;
        case "trouble":
          if (known === undefined) early.set(part, (early.get(part) ?? 0) + 1);
          else known.retries += 1;
          return;
        default:
      }
    },
    provider(name, { kind, taskId = "", at, duration = 0 }) {
      const record = records.get(taskId);
      if (kind === "trouble" && record !== undefined) record.retries += 1;
      if (kind === "attempted") attemptOf(taskId, name).attempted = at;
      if (kind === "executed" || kind === "stored") attemptOf(taskId, name)[kind] = { at, duration };
      if (kind === "delivered") attemptOf(taskId, name).delivered = at;
    },
    put(part, duration, began) {
      puts.set(part, duration);
      if (began !== undefined && !begins.has(part)) begins.set(part, began);
    },
    got(part, duration) {
      gets.set(part, { at: now(), duration });
    },
    traces: () => [...records.values()].map(traceOf),
  };
}

/**
 * Where the time from `begun` to the payment went. What happens at the same time counts once, for what came first; what
 * cannot be told is waiting.
 */
function splitOf(
  { sent, posted = sent, delivered, paid = sent }: Record,
  { attempted, executed, stored, delivered: sealed }: Attempt = {},
  put: number,
  got: { at: number; duration: number } | undefined,
  begun: number,
): TimeSplit {
  const span = (from: number | undefined, ...ends: (number | undefined)[]): number => {
    const known = ends.filter((end) => end !== undefined);
    return from === undefined || known.length === 0 ? 0 : Math.max(0, Math.min(...known) - from);
  };
  // The client hears of its transaction, or a provider of its own, when another is at work already.
  const submission = span(sent, posted, attempted);
  const sealing = sealed === undefined ? 0 : span(stored?.at, sealed, delivered);
  const acceptance = span(got?.at, paid);
  const execution = executed?.duration ?? 0;
  const fetching = executed === undefined ? 0 : span(attempted, executed.at - execution);
  const chain = submission + sealing + acceptance;
  const storage = put + fetching + (stored?.duration ?? 0) + (got?.duration ?? 0);
  return { chain, storage, execution, waiting: Math.max(0, paid - begun - chain - storage - execution) };
}
