import type { ContentStore } from "../content/store.js";
import type { Order } from "../protocol/order.js";
import type { SigningProtocol } from "../protocol/protocol.js";
import { snapshot } from "../protocol/snapshot.js";
import { collect, type CollectEvent, type Collected } from "./collect.js";
import type { OrderJournal } from "./journal.js";
import { type OrderDraft, submitOrder } from "./submitOrder.js";
import { listen } from "./tidings.js";

/** What is ordered for one input: everything but the input itself, with the deadline counted from the submission. */
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
  /** Most tasks at a time that nobody has delivered yet; 8 if left out. */
  window?: number;
  /** How often a piece is ordered whose task is refunded; twice if left out. */
  orders?: number;
  /** Most bytes of an output; 256 MiB if left out. */
  maxOutput?: number;
  /** Seconds that a provider has to disclose, as the suite has it. */
  discloseWindow: number;
  /** Whether an output with the right digest is worth accepting; yes if left out. */
  judge?: (output: Uint8Array, part: number) => boolean | Promise<boolean>;
  report?: (event: WorkEvent) => void;
  signal?: AbortSignal;
}

/**
 * Orders many pieces from the client's balance in Escrow, a few at a time, and collects their outputs. Inputs are put
 * into the store first, and every order is in the journal before it is sent.
 *
 * @returns How each piece ended, in the sequence of the pieces.
 * @throws what {@link submitOrder} throws, e.g. `InsufficientBalance`, and what the store throws; what was submitted by
 * then is in the journal, and {@link collect} goes on with it.
 */
export async function orderWork(
  protocol: SigningProtocol,
  pieces: readonly WorkPiece[],
  options: WorkOptions,
): Promise<Collected[]> {
  const { journal, window = 8, orders = 2, judge, report = () => undefined, ...collecting } = options;
  const { store } = collecting;
  const over = new AbortController();
  const signal = options.signal === undefined ? over.signal : AbortSignal.any([options.signal, over.signal]);
  const tidings = listen(protocol, protocol.sender.address, protocol.head.number);
  const following = tidings.follow(signal);
  const places = createPlaces(window);

  const order = async ({ input, terms }: WorkPiece, part: number): Promise<Collected> => {
    const { lifetime, ...rest } = terms;
    const { digest } = await store.put(input, { signal });
    const leave = await places.take();
    try {
      signal.throwIfAborted();
      const at = Date.now();
      const { timestamp } = await snapshot(protocol, "suite");
      const draft = { ...rest, inputDigest: digest, deadline: timestamp + lifetime };
      const { entry, taskId, startPrice } = await submitOrder(protocol, draft, { journal });
      report({ kind: "submitted", part, taskId, at, order: entry.order, startPrice });
      return await collect(protocol, entry, {
        ...collecting,
        ...{ tidings, signal },
        ...(judge !== undefined && { judge: (output: Uint8Array) => judge(output, part) }),
        report: (event) => {
          if (event.kind === "delivered") leave();
          report({ ...event, part, taskId });
        },
      });
    } finally {
      leave();
    }
  };
  const persist = async (piece: WorkPiece, part: number): Promise<Collected> => {
    for (let count = 1; ; count++) {
      const collected = await order(piece, part);
      if (collected.outcome === "paid" || count >= orders) return collected;
    }
  };

  try {
    const work = Promise.all(pieces.map(persist));
    // Without tidings nothing would be collected: what ends them ends the work.
    const deaf = following.then(() => new Promise<never>(() => undefined));
    return await Promise.race([work, deaf]);
  } finally {
    over.abort();
    await Promise.allSettled([following]);
  }
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
