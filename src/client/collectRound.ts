import { accept } from "../protocol/actions/accept.js";
import { captureSeed } from "../protocol/actions/captureSeed.js";
import { refund } from "../protocol/actions/refund.js";
import { settle } from "../protocol/actions/settle.js";
import type { SigningProtocol } from "../protocol/protocol.js";
import { messageOf } from "../protocol/retry.js";
import { isRevert } from "../protocol/reverts.js";
import { mustCapture, readRound, type RoundSeat, type RoundSnapshot } from "../protocol/round.js";
import type { Collected, CollectOptions } from "./collect.js";
import type { JournalEntry } from "./journal.js";
import { createTeller } from "./telling.js";
import { createWinners } from "./winners.js";

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
  entry: JournalEntry,
  options: CollectOptions,
): Promise<Collected> {
  const { order, taskId } = entry;
  const { tidings } = options;
  const signal = options.signal ?? new AbortController().signal;
  const report = options.report ?? (() => undefined);
  const teller = createTeller({ report, signal });
  const group = createWinners(entry, { ...options, signal }, teller);
  let last: RoundSnapshot | undefined;

  const tellOnce = (kind: "sealed" | "decided", round: RoundSnapshot) => {
    const winners = round.outcomes.filter((outcome) => outcome === "Paid").length;
    teller.once({ kind, at: Date.now(), price: round.price, seats: round.seats.length, winners });
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
      const output = group.output();
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
      // At once: nobody else needs to be asked any more.
      else if (await group.gather(round)) await accept(protocol, { order });
      else if (timestamp > claimsUntil) await settle(protocol, { order });
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
      if (!isRevert(error)) teller.trouble(messageOf(error));
    }
    await tidings.news(taskId, interval, signal);
  }
}
