import { settle } from "../protocol/actions/settle.js";
import { accept } from "../protocol/actions/accept.js";
import { captureSeed } from "../protocol/actions/captureSeed.js";
import { refund } from "../protocol/actions/refund.js";
import { dataSlice } from "ethers";
import { openEnvelope, type Opening } from "../protocol/envelope.js";
import type { SigningProtocol } from "../protocol/protocol.js";
import { messageOf } from "../protocol/retry.js";
import { isRevert } from "../protocol/reverts.js";
import { mustCapture, readRound, type RoundSeat, type RoundSnapshot } from "../protocol/round.js";
import type { Collected, CollectOptions } from "./collect.js";
import type { JournalEntry } from "./journal.js";

/** Bytes of a result digest that a seat keeps. */
const RESULT_BYTES = 16;

/**
 * Sees a Quorum task through to its end: when its providers have opened their seals, fetches the output of the group that
 * has won from any of them, checks it against the digest that they agree on, and pays all of them at once. Ends rounds
 * without a verdict, and orders that nobody answered, which returns the money. What to do follows from the chain and the
 * journal's entry, so this may be called again after a crash at any point.
 *
 * @throws the signal's reason, and nothing else: what fails is reported and tried again.
 */
export async function collectRound(
  protocol: SigningProtocol,
  { order, secretKey, taskId }: JournalEntry,
  options: CollectOptions,
): Promise<Collected> {
  const { store, envelopes, tidings, maxOutput = 256 * 2 ** 20, judge = () => true } = options;
  const signal = options.signal ?? new AbortController().signal;
  const report = options.report ?? (() => undefined);
  const told = new Set<string>();
  let output: Uint8Array | undefined;
  let isRefused = false;
  let last: RoundSnapshot | undefined;

  const trouble = (reason: string) => {
    if (!told.has(reason)) report({ kind: "trouble", at: Date.now(), reason });
    told.add(reason);
  };
  const tellOnce = (kind: "sealed" | "decided", round: RoundSnapshot) => {
    if (told.has(kind)) return;
    told.add(kind);
    const winners = round.outcomes.filter((outcome) => outcome === "Paid").length;
    report({ kind, at: Date.now(), price: round.price, seats: round.seats.length, winners });
  };
  /** What an attempt gives, unless it fails: a round must end although the output is away. */
  const attempt = async <T>(work: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      trouble(messageOf(error));
      return undefined;
    }
  };
  /**
   * What may open the winning output, by its digest. A seat keeps only the beginning of a digest, and anyone can send
   * anything, so only the one of which there is an output is the right one.
   */
  const openingsFrom = (round: RoundSnapshot, sent: readonly string[]): Map<string, Opening> => {
    const winners = round.seats.filter(({ result }) => result === round.winner);
    const openings = new Map<string, Opening>();
    for (const envelope of sent) {
      for (const { provider } of winners) {
        try {
          const opening = openEnvelope({ taskId, provider }, envelope, secretKey ?? "");
          const { resultDigest } = opening;
          if (dataSlice(resultDigest, 0, RESULT_BYTES) === round.winner) openings.set(resultDigest, opening);
        } catch {
          // It is another winner's, or of somebody who has no part in this.
        }
      }
    }
    return openings;
  };
  /** Whether the output is there and good. */
  const fetchOutput = async (round: RoundSnapshot): Promise<boolean> => {
    const received = (await attempt(() => envelopes(taskId))) ?? [];
    for (const [digest, opening] of openingsFrom(round, [...received, ...tidings.disclosed(taskId)])) {
      const found = await attempt(() => store.get(digest, { maxSize: maxOutput, signal }));
      if (found === undefined) continue;
      const isGood = await attempt(async () => {
        if (!(await judge(found))) return false;
        await options.opened?.(opening);
        return true;
      });
      if (isGood === true) output = found;
      if (isGood === false) {
        isRefused = true;
        trouble(`The output ${digest} is not what was ordered, though its providers agree on it.`);
      }
      return output !== undefined;
    }
    return false;
  };

  const step = async (round: RoundSnapshot): Promise<Collected | undefined> => {
    const { state, timestamp, deadline, sealedAt, claimsUntil = 0, seats, decided, winner } = round;
    if (state === "Refunded") {
      report({ kind: "refunded", at: Date.now() });
      return { outcome: "refunded" };
    }
    if (state === "Revoked") return { outcome: "revoked" };
    if (state === "None") return timestamp > order.deadline ? { outcome: "unposted" } : undefined;
    if (state === "Settled") {
      // What was seen before it ended; after a restart only its price is known.
      const { seats: voters = [], outcomes = [], claimsUntil: end = 0 } = last ?? {};
      // Who has not claimed in time is paid by an acceptance only.
      const isPaid = ({ claimed }: RoundSeat) => output !== undefined || timestamp <= end || claimed;
      const winners = voters.filter((seat, index) => outcomes[index] === "Paid" && isPaid(seat));
      const [provider = 0] = winners.map((seat) => seat.provider);
      const paid = { provider, price: round.price, executions: winners.length };
      report({ kind: "paid", at: Date.now(), ...paid });
      return { outcome: "paid", ...paid, ...(output !== undefined && { output }) };
    }
    if (state === "Open") {
      if (timestamp > deadline) await refund(protocol, { order });
      // Else the chain forgets the block, and a later one decides.
      else if (mustCapture(round, 0)) await captureSeed(protocol, { taskId });
      return undefined;
    }
    last = round;
    if (sealedAt === undefined) return undefined;
    tellOnce("sealed", round);
    if (seats.length < 2) await settle(protocol, { order });
    else if (decided) {
      tellOnce("decided", round);
      if (winner === undefined) await settle(protocol, { order });
      else if (output !== undefined) await accept(protocol, { order });
      else {
        // At once: nobody else needs to be asked any more.
        if (!isRefused && (await fetchOutput(round))) await accept(protocol, { order });
        else if (timestamp > claimsUntil) await settle(protocol, { order });
      }
    }
    return undefined;
  };

  const { interval } = protocol.patience;
  for (;;) {
    signal.throwIfAborted();
    try {
      const ended = await step(await readRound(protocol, order));
      if (ended !== undefined) return ended;
    } catch (error) {
      signal.throwIfAborted();
      // What the contracts refuse is decided by the next look at the chain.
      if (!isRevert(error)) trouble(messageOf(error));
    }
    await tidings.news(taskId, interval, signal);
  }
}
