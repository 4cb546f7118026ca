import type { ContentStore } from "../content/store.js";
import { accept } from "../protocol/actions/accept.js";
import { refund } from "../protocol/actions/refund.js";
import { reopen } from "../protocol/actions/reopen.js";
import { settle } from "../protocol/actions/settle.js";
import { openSealed, type Opening } from "../protocol/envelope.js";
import { Verification } from "../protocol/order.js";
import type { SigningProtocol } from "../protocol/protocol.js";
import { messageOf } from "../protocol/retry.js";
import { isRevert } from "../protocol/reverts.js";
import { snapshot, type TaskSnapshot } from "../protocol/snapshot.js";
import { collectRound } from "./collectRound.js";
import type { JournalEntry } from "./journal.js";
import type { Tidings } from "./tidings.js";

/** What collecting a result tells as it goes. Moments in unix milliseconds, prices in wei. */
export type CollectEvent =
  /** A provider holds the task up to and in second `until`, unix time, and has no result yet. */
  | {
      readonly kind: "reserved";
      readonly at: number;
      readonly provider: number;
      readonly price: bigint;
      readonly until: number;
    }
  /** A provider has sealed a result. */
  | { readonly kind: "delivered"; readonly at: number; readonly provider: number; readonly price: bigint }
  /** Of a round: to the first of its winners; each of `executions` got that price. */
  | {
      readonly kind: "paid";
      readonly at: number;
      readonly provider: number;
      readonly price: bigint;
      readonly executions?: number;
    }
  /** The round takes no more seats; then: nothing more can be opened, and so many have won. */
  | {
      readonly kind: "sealed" | "decided";
      readonly at: number;
      readonly price: bigint;
      readonly seats: number;
      readonly winners: number;
    }
  /** Its holder delivered or disclosed nothing in time; others can take the task. */
  | { readonly kind: "reopened"; readonly at: number; readonly provider: number }
  | { readonly kind: "refunded"; readonly at: number }
  /** Something is not as it should be; it is looked at again. */
  | { readonly kind: "trouble"; readonly at: number; readonly reason: string };

export interface CollectOptions {
  tidings: Tidings;
  /** Where outputs are. */
  store: ContentStore;
  /** Envelopes of a task that came to the client's inbox, bytes in hexadecimal. */
  envelopes: (taskId: string) => readonly string[] | Promise<readonly string[]>;
  /** Most bytes of an output; 256 MiB if left out. */
  maxOutput?: number;
  /** Seconds that a provider has to disclose, as the suite has it. */
  discloseWindow: number;
  /** Whether an output with the right digest is worth accepting; yes if left out. */
  judge?: (output: Uint8Array) => boolean | Promise<boolean>;
  /** Told what a provider sealed before it is accepted: who keeps it finds the output again after a crash. */
  opened?: (opening: Opening) => void | Promise<void>;
  report?: (event: CollectEvent) => void;
  signal?: AbortSignal;
}

/** How a task ended. */
export type Collected =
  /**
   * Paid; `output` is missing only if the provider was paid by the client's silence. Of a round: `provider` is the first of
   * its winners, and `executions` says how many times the price was paid.
   */
  | {
      readonly outcome: "paid";
      readonly provider: number;
      readonly price: bigint;
      readonly executions?: number;
      readonly output?: Uint8Array;
    }
  | { readonly outcome: "refunded" }
  /** Its client took the order back before anybody posted it. */
  | { readonly outcome: "revoked" }
  /** Its deadline passed before anybody posted it. */
  | { readonly outcome: "unposted" };

/** A reservation without a seal. */
interface Reservation {
  readonly provider: number;
  /** When it began, unix seconds: no later one began then. */
  readonly clearedAt: number;
}

/** A hold of the task: from a seal to its payment or its failure. */
interface Hold {
  readonly provider: number;
  readonly seal: string;
  /** Its output, once that is there and found good. */
  output?: Uint8Array;
  /** The judge said no. */
  refused?: boolean;
  /** What has been told of it, so that it is told once. */
  readonly told: Set<string>;
}

/**
 * Sees a task through to its end: opens what providers send, checks it against the seal on chain and the output against
 * its digest, and only then accepts; reopens the task when its holder delivers or discloses nothing in
 * time; takes the money back
 * when the deadline is over. What to do follows from the chain and the journal's entry, so this may be called again
 * after a crash at any point.
 *
 * @throws the signal's reason, and nothing else: what fails is reported and tried again.
 */
export async function collect(
  protocol: SigningProtocol,
  entry: JournalEntry,
  options: CollectOptions,
): Promise<Collected> {
  if (entry.order.verification === Verification.Quorum) return collectRound(protocol, entry, options);
  const { order, secretKey, taskId } = entry;
  const { store, envelopes, tidings, discloseWindow, maxOutput = 256 * 2 ** 20, judge = () => true } = options;
  const signal = options.signal ?? new AbortController().signal;
  const report = options.report ?? (() => undefined);
  const trouble = (reason: string) => {
    report({ kind: "trouble", at: Date.now(), reason });
  };
  let hold: Hold | undefined;
  let reservation: Reservation | undefined;

  const tell = (held: Hold, what: string, reason: string) => {
    if (!held.told.has(what)) trouble(reason);
    held.told.add(what);
  };
  /** What an attempt gives, unless it fails: a holder must be able to lose the task although its output is away. */
  const attempt = async <T>(held: Hold, work: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      tell(held, messageOf(error), messageOf(error));
      return undefined;
    }
  };

  /** What the first of some envelopes says that belongs to the seal. */
  const openingOf = (held: Hold, sent: readonly string[]): Opening | undefined => {
    for (const envelope of sent) {
      try {
        return openSealed({ taskId, provider: held.provider }, held.seal, envelope, secretKey ?? "");
      } catch (error) {
        // Anyone can send anything to an inbox.
        tell(held, envelope, messageOf(error));
      }
    }
    return undefined;
  };

  /** The output behind the seal, if somebody has told where it is and what it is. */
  const outputOf = async (held: Hold): Promise<Uint8Array | undefined> => {
    if (held.output !== undefined || held.refused === true) return held.output;
    const received = (await attempt(held, () => envelopes(taskId))) ?? [];
    const opening = openingOf(held, [...received, ...tidings.disclosed(taskId)]);
    if (opening === undefined) return undefined;
    const { resultDigest } = opening;
    const output = await attempt(held, () => store.get(resultDigest, { maxSize: maxOutput, signal }));
    if (output === undefined) return undefined;
    const good = await attempt(held, async () => {
      if (!(await judge(output))) return false;
      await options.opened?.(opening);
      return true;
    });
    if (good === true) held.output = output;
    if (good === false) {
      held.refused = true;
      trouble(`The output ${resultDigest} is not what was ordered.`);
    }
    return held.output;
  };

  const step = async (task: TaskSnapshot): Promise<Collected | undefined> => {
    const { state, provider = 0, price = 0n, seal, clearedAt = 0, deliveredAt = 0, disclosedAt } = task;
    if (state === "Refunded") {
      report({ kind: "refunded", at: Date.now() });
      return { outcome: "refunded" };
    }
    if (state === "Revoked") return { outcome: "revoked" };
    if (state === "None") return task.timestamp > order.deadline ? { outcome: "unposted" } : undefined;
    // Anyone may have reopened it.
    if (hold !== undefined && hold.seal !== seal) {
      report({ kind: "reopened", at: Date.now(), provider: hold.provider });
      hold = undefined;
    }
    if (reservation !== undefined && reservation.clearedAt !== clearedAt) {
      report({ kind: "reopened", at: Date.now(), provider: reservation.provider });
      reservation = undefined;
    }
    const until = clearedAt + order.reservation;
    if (state === "Reserved" && reservation === undefined) {
      reservation = { provider, clearedAt };
      report({ kind: "reserved", at: Date.now(), provider, price, until });
    }
    if (hold === undefined && seal !== undefined) {
      hold = { provider, seal, told: new Set() };
      reservation = undefined;
      report({ kind: "delivered", at: Date.now(), provider, price });
    }
    // Its refund, its payment or its new holder shows at the next look.
    if (state === "Open" && task.timestamp > task.deadline) await refund(protocol, { order });
    const output = hold === undefined ? undefined : await outputOf(hold);
    signal.throwIfAborted();
    if (state === "Settled") {
      // An envelope that is on chain comes with the tidings, which may be behind after a start.
      const isHeard = tidings.disclosed(taskId).length > 0 || tidings.settled(taskId);
      const coming = disclosedAt !== undefined && !isHeard;
      if (output === undefined && coming) return undefined;
      report({ kind: "paid", at: Date.now(), provider, price });
      return { outcome: "paid", provider, price, ...(output !== undefined && { output }) };
    }
    if (output !== undefined) await accept(protocol, { order });
    else if (state === "Reserved" && task.timestamp > until) await reopen(protocol, { order });
    else if (state === "Delivered" && task.timestamp > deliveredAt + discloseWindow) await reopen(protocol, { order });
    // Its provider should have done that; until somebody does, the rest of the cap is held.
    else if (disclosedAt !== undefined && task.timestamp > disclosedAt + order.reviewPeriod + discloseWindow) {
      await settle(protocol, { order });
    }
    return undefined;
  };

  const { interval } = protocol.patience;
  for (;;) {
    signal.throwIfAborted();
    try {
      const ended = await step(await snapshot(protocol, { task: order }));
      if (ended !== undefined) return ended;
    } catch (error) {
      signal.throwIfAborted();
      // What the contracts refuse is decided by the next look at the chain.
      if (!isRevert(error)) trouble(messageOf(error));
    }
    // An envelope comes without an event.
    await tidings.news(taskId, hold === undefined ? PATIENT * interval : interval, signal);
  }
}

/** A task that nobody holds is looked at after so many intervals without news: deadlines pass silently. */
const PATIENT = 10;
