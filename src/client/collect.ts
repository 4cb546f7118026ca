import { isHexString } from "ethers";
import type { ContentStore } from "../content/store.js";
import { accept } from "../protocol/actions/accept.js";
import { dispute } from "../protocol/actions/dispute.js";
import { refund } from "../protocol/actions/refund.js";
import { reopen } from "../protocol/actions/reopen.js";
import { settle } from "../protocol/actions/settle.js";
import type { DisputeOutcome } from "../protocol/dispute.js";
import { keyPair, openSealed, type Opening } from "../protocol/envelope.js";
import { Verification } from "../protocol/order.js";
import type { SigningProtocol } from "../protocol/protocol.js";
import { messageOf } from "../protocol/retry.js";
import { isRevert, RevertError } from "../protocol/reverts.js";
import { snapshot, type TaskSnapshot } from "../protocol/snapshot.js";
import { collectDispute } from "./collectDispute.js";
import { collectRound } from "./collectRound.js";
import type { JournalEntry } from "./journal.js";
import type { DisputeEnd } from "./rulings.js";
import { requireFraction, type SpotCheck, spotChecked } from "./spotCheck.js";
import type { Tidings } from "./tidings.js";
import { MAX_OUTPUT } from "./winners.js";

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
  /**
   * The round, or the panel of a dispute, takes no more seats; then: nothing more can be opened, and so many have won.
   * `outcome`: how the dispute ends.
   */
  | {
      readonly kind: "sealed" | "decided";
      readonly at: number;
      readonly price: bigint;
      readonly seats: number;
      readonly winners: number;
      readonly outcome?: DisputeOutcome;
    }
  /** A panel was asked about the delivery, for which `fee` is held; it judges the output, or computes its own. */
  | {
      readonly kind: "disputed";
      readonly at: number;
      readonly provider: number;
      readonly fee: bigint;
      readonly judged: boolean;
    }
  /** The disputed provider has opened its delivery, or has not in time: then there is no digest. */
  | {
      readonly kind: "opened";
      readonly at: number;
      readonly provider: number;
      readonly resultDigest: string | undefined;
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
  /** Computes some outputs again before they are accepted; another one than the provider's counts as a no of the judge. */
  spotCheck?: SpotCheck;
  /**
   * Whether a panel is asked about a disclosed result that the judge refuses, whose envelope does not open, or whose output
   * cannot be fetched until shortly before the review ends, if the order has a trust: `faulty`, or else `never`.
   */
  dispute?: "faulty" | "never";
  /** Told what a provider sealed before it is accepted: who keeps it finds the output again after a crash. */
  opened?: (opening: Opening) => void | Promise<void>;
  report?: (event: CollectEvent) => void;
  signal?: AbortSignal;
}

/** How a task ended. */
export type Collected =
  /**
   * Paid; `output` is missing only if the provider was paid by the client's silence. Of a round: `provider` is the first of
   * its winners, and `executions` says how many times the price was paid. With a `dispute`, `provider` is the first winner
   * of the panel where it overturned the delivery; `output` then is what the panel agrees on, else what was disputed.
   */
  | {
      readonly outcome: "paid";
      readonly provider: number;
      readonly price: bigint;
      readonly executions?: number;
      readonly output?: Uint8Array;
      readonly dispute?: DisputeEnd;
    }
  | { readonly outcome: "refunded"; readonly dispute?: DisputeEnd }
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
  /** Its output, once that is there. */
  found?: Uint8Array;
  /** The judge said no. */
  refused?: boolean;
  /** Its envelope on chain does not say what was sealed. */
  illegible?: boolean;
  /** Its envelope says what was sealed, but the output could not be fetched. */
  missing?: boolean;
  /** What has been told of it, so that it is told once. */
  readonly told: Set<string>;
}

/**
 * Sees a task through to its end: opens what providers send, checks it against the seal on chain and the output against
 * its digest, and only then accepts; disputes what is faulty, if the order has a trust; reopens the task when its holder
 * delivers or discloses nothing in time; takes the money back when the deadline is over. What to do follows from the chain
 * and the journal's entry, so this may be called again after a crash at any point.
 *
 * @throws {FieldFormatError} at once, if the fraction of the spot check is out of bounds.
 * @throws the signal's reason, and nothing else: what fails is reported and tried again.
 */
export async function collect(
  protocol: SigningProtocol,
  entry: JournalEntry,
  options: CollectOptions,
): Promise<Collected> {
  const { order, secretKey, taskId } = entry;
  const { store, envelopes, tidings, discloseWindow, maxOutput = MAX_OUTPUT, spotCheck } = options;
  requireFraction(spotCheck);
  const signal = options.signal ?? new AbortController().signal;
  const { judge: told = () => true } = options;
  const judge = spotCheck === undefined ? told : spotChecked(spotCheck, order, told, signal);
  if (order.verification === Verification.Quorum) return collectRound(protocol, entry, { ...options, judge });
  const mayDispute = order.trust > 0 && options.dispute !== "never";
  // Without the right key no envelope opens, and no provider is to blame.
  const hasKey = isHexString(secretKey, 32) && keyPair(secretKey).publicKey === order.clientKey.toLowerCase();
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
    held.illegible = opening === undefined && hasKey && tidings.disclosure(taskId)?.provider === held.provider;
    if (opening === undefined) return undefined;
    const { resultDigest } = opening;
    const output = held.found ?? (await attempt(held, () => store.get(resultDigest, { maxSize: maxOutput, signal })));
    held.missing = output === undefined;
    if (output === undefined) return undefined;
    held.found = output;
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

  /** Asks a panel about what is disclosed, if that is faulty so many seconds before the end of the review. */
  const disputeFault = async (held: Hold, price: bigint, left: number): Promise<void> => {
    const isMissing = held.missing === true && left <= Math.min(LAST_CALL, order.reviewPeriod / 2);
    if (!mayDispute || left < 0 || !(held.refused === true || held.illegible === true || isMissing)) return;
    // Agents cannot spend what is free.
    const isClient = protocol.sender.address.toLowerCase() === order.client.toLowerCase();
    try {
      await dispute(protocol, { order, ...(!isClient && { attach: { price } }) });
    } catch (error) {
      if (!(error instanceof RevertError) || error.is("WrongState", "ReviewOver")) throw error;
      tell(held, error.message, `The result of task ${taskId} cannot be disputed. ${error.message}`);
    }
  };

  const step = async (task: TaskSnapshot): Promise<Collected | undefined> => {
    const { state, provider = 0, price = 0n, seal, clearedAt = 0, deliveredAt = 0, disclosedAt } = task;
    if (order.trust > 0 && (state === "Round" || state === "Settled" || state === "Refunded")) {
      // Another one may have delivered while nobody looked.
      const shown = hold?.provider === provider ? hold.found : undefined;
      const ended = await collectDispute(protocol, entry, { ...options, judge }, shown);
      if (ended !== undefined || state === "Round") return ended;
    }
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
    } else if (hold !== undefined && state === "Disclosed" && disclosedAt !== undefined) {
      await disputeFault(hold, price, disclosedAt + order.reviewPeriod - task.timestamp);
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
/** What cannot be fetched is disputed so many seconds before the review ends, or in the second half of a short one. */
const LAST_CALL = 600;
