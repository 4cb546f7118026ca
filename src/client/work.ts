import { StoreError } from "../content/errors.js";
import type { ContentStore } from "../content/store.js";
import { submit } from "../protocol/actions/submit.js";
import { TimeoutError } from "../protocol/errors.js";
import type { Order } from "../protocol/order.js";
import type { SigningProtocol } from "../protocol/protocol.js";
import { isTransient, messageOf, pause } from "../protocol/retry.js";
import { snapshot } from "../protocol/snapshot.js";
import { collect, type CollectEvent, type Collected } from "./collect.js";
import type { JournalEntry, OrderJournal } from "./journal.js";
import { requireFraction, type SpotCheck } from "./spotCheck.js";
import { type OrderDraft, prepareOrder } from "./submitOrder.js";
import { listen } from "./tidings.js";

/**
 * What is ordered for one input: everything but the input itself, with the deadline counted from the submission. With a
 * `reservation`, which must fit into the lifetime, one provider at a time has so many seconds for the work.
 */
export interface WorkTerms extends Omit<OrderDraft, "inputDigest" | "deadline" | "nonce" | "client" | "clientKey"> {
  /** Seconds from the submission to the deadline. */
  lifetime: number;
}

/** One of many jobs. */
export interface WorkPiece {
  readonly input: Uint8Array;
  readonly terms: WorkTerms;
}

/** What happens to a piece. Moments in unix milliseconds, amounts in wei. */
export type WorkEvent = (
  { readonly kind: "submitted"; readonly at: number; readonly order: Order; readonly startPrice: bigint } | CollectEvent
) & {
  /** Which piece, from 0. */
  readonly part: number;
  readonly taskId: string;
};

export interface WorkOptions {
  store: ContentStore;
  journal: OrderJournal;
  /** Envelopes of a task that came to the client's inbox, bytes in hexadecimal. */
  envelopes: (taskId: string) => readonly string[] | Promise<readonly string[]>;
  /** Most tasks at a time that are on their way; 8 if left out. */
  window?: number;
  /** Until when a task is on its way: until somebody has delivered it, if left out, or until it is over. */
  underWay?: "delivery" | "end";
  /** How often a piece is ordered whose task is refunded; twice if left out. */
  orders?: number;
  /** Most bytes of an output; 256 MiB if left out. */
  maxOutput?: number;
  /** Seconds that a provider has to disclose, as the suite has it. */
  discloseWindow: number;
  /** Whether an output with the right digest is worth accepting; yes if left out. */
  judge?: (output: Uint8Array, part: number) => boolean | Promise<boolean>;
  /** Computes some outputs again before they are accepted, see {@link CollectOptions}. */
  spotCheck?: SpotCheck;
  /** Whether faulty results of orders with a trust are disputed, `faulty` if left out, see {@link CollectOptions}. */
  dispute?: "faulty" | "never";
  report?: (event: WorkEvent) => void;
  signal?: AbortSignal;
}

/**
 * Orders many pieces from the client's balance in Escrow, a few at a time, and collects their outputs. Inputs are put
 * into the store first, and every order is in the journal before it is sent.
 *
 * @returns How each piece ended, in the sequence of the pieces.
 * @throws {FieldFormatError} if the fraction of the spot check is out of bounds; nothing was ordered.
 * @throws what {@link prepareOrder} and {@link submit} throw, e.g. `InsufficientBalance`, and what the store throws, if it does not pass; what was submitted by
 * then is in the journal, and {@link collect} goes on with it.
 */
export async function orderWork(
  protocol: SigningProtocol,
  pieces: readonly WorkPiece[],
  options: WorkOptions,
): Promise<Collected[]> {
  const {
    journal,
    window = 8,
    underWay = "delivery",
    orders = 2,
    judge,
    report = () => undefined,
    ...collecting
  } = options;
  const { store } = collecting;
  requireFraction(options.spotCheck);
  const over = new AbortController();
  const signal = options.signal === undefined ? over.signal : AbortSignal.any([options.signal, over.signal]);
  const tidings = listen(protocol, protocol.sender.address, protocol.head.number);
  const following = tidings.follow(signal);
  const places = createPlaces(window);

  const order = async ({ input, terms }: WorkPiece, part: number): Promise<Collected> => {
    const { lifetime, ...rest } = terms;
    const leave = await places.take();
    try {
      signal.throwIfAborted();
      const { digest } = await patiently(part, async () => store.put(input, { signal }));
      const at = Date.now();
      const { timestamp } = await snapshot(protocol, "suite");
      const draft = { ...rest, inputDigest: digest, deadline: timestamp + lifetime };
      const entry = await prepareOrder(protocol, draft, { journal });
      const { taskId } = entry;
      const startPrice = await patiently(part, () => post(entry), taskId);
      report({ kind: "submitted", part, taskId, at, order: entry.order, startPrice });
      return await collect(protocol, entry, {
        ...collecting,
        ...{ tidings, signal },
        ...(judge !== undefined && { judge: (output: Uint8Array) => judge(output, part) }),
        report: (event) => {
          if (underWay === "delivery" && (event.kind === "delivered" || event.kind === "sealed")) leave();
          report({ ...event, part, taskId });
        },
      });
    } catch (error) {
      // Before its place is free: nothing is ordered after a failure.
      over.abort(error);
      throw error;
    } finally {
      leave();
    }
  };
  /** Posts an order, unless it is posted: an answer may be lost although the order arrived. */
  const post = async ({ order }: JournalEntry): Promise<bigint> => {
    try {
      return (await submit(protocol, { order })).startPrice;
    } catch (error) {
      const { state, startPrice = 0n } = await snapshot(protocol, { task: order });
      if (state === "None" || state === "Revoked") throw error;
      return startPrice;
    }
  };
  /** Tries again what fails for what may pass, as long as a transaction is waited for. */
  const patiently = async <T>(part: number, attempt: () => Promise<T>, taskId = ""): Promise<T> => {
    const end = Date.now() + protocol.patience.mining;
    for (let delay = protocol.patience.interval; ; delay = Math.min(2 * delay, LONGEST)) {
      try {
        return await attempt();
      } catch (error) {
        signal.throwIfAborted();
        if (!mayPass(error) || Date.now() + delay > end) throw error;
        report({ kind: "trouble", at: Date.now(), part, taskId, reason: messageOf(error) });
        await pause(delay, signal);
      }
    }
  };
  const persist = async (piece: WorkPiece, part: number): Promise<Collected> => {
    for (let count = 1; ; count++) {
      const collected = await order(piece, part);
      if (collected.outcome === "paid" || count >= orders) return collected;
    }
  };

  const working = pieces.map(persist);
  try {
    // Without tidings nothing would be collected: what ends them ends the work.
    const deaf = following.then(() => new Promise<never>(() => undefined));
    return await Promise.race([Promise.all(working), deaf]);
  } finally {
    over.abort();
    // Nothing is sent or written to the journal after the end.
    await Promise.allSettled([following, ...working]);
  }
}

/** Longest pause before something is tried again, milliseconds. */
const LONGEST = 10_000;

function mayPass(error: unknown): boolean {
  return isTransient(error) || error instanceof TimeoutError || error instanceof StoreError;
}

/** So many may be in at a time. Who leaves twice leaves once. */
function createPlaces(count: number) {
  let free = count;
  const queue: (() => void)[] = [];
  return {
    async take(): Promise<() => void> {
      if (free > 0) free--;
      else await new Promise<void>((resolve) => queue.push(resolve));
      let inside = true;
      return () => {
        if (!inside) return;
        inside = false;
        const next = queue.shift();
        if (next === undefined) free++;
        else next();
      };
    },
  };
}
