import { dataSlice } from "ethers";
import { accept } from "../protocol/actions/accept.js";
import { captureSeed } from "../protocol/actions/captureSeed.js";
import { settle } from "../protocol/actions/settle.js";
import { seatsOf } from "../protocol/consensus.js";
import type { DisputeOutcome } from "../protocol/dispute.js";
import { EnvelopeError, openEnvelope } from "../protocol/envelope.js";
import { watch } from "../protocol/events.js";
import { type PanelSnapshot, readPanel } from "../protocol/panel.js";
import type { SigningProtocol } from "../protocol/protocol.js";
import { messageOf } from "../protocol/retry.js";
import { isRevert } from "../protocol/reverts.js";
import { mustCapture } from "../protocol/round.js";
import { commitmentOf } from "../protocol/seal.js";
import type { Collected, CollectOptions } from "./collect.js";
import type { JournalEntry } from "./journal.js";
import { type DatedRuling, endOf } from "./rulings.js";
import { createTeller } from "./telling.js";
import { createWinners, MAX_OUTPUT, RESULT_BYTES } from "./winners.js";

/** Outcomes in which the disputed provider is paid, which sees to that itself. */
const STANDS: readonly DisputeOutcome[] = ["Standing", "Upheld"];

/**
 * Sees a disputed task through to its end: tells the course of the panel; where it overturns the delivery, gets the output
 * from any of the winners and only then accepts; ends the dispute where nobody else has a reason to. What to do follows from
 * the chain and the journal's entry, so this may be called again after a crash at any point.
 *
 * @param shown The output that is disputed, if the client has it.
 * @returns `undefined` if the task is not disputed.
 * @throws the signal's reason, and nothing else: what fails is reported and tried again.
 */
export async function collectDispute(
  protocol: SigningProtocol,
  entry: JournalEntry,
  options: CollectOptions,
  shown?: Uint8Array,
): Promise<Collected | undefined> {
  const { order, taskId, secretKey } = entry;
  const { store, tidings, discloseWindow, maxOutput = MAX_OUTPUT } = options;
  const signal = options.signal ?? new AbortController().signal;
  const report = options.report ?? (() => undefined);
  const teller = createTeller({ report, signal });
  const group = createWinners(entry, { ...options, signal }, teller);
  let decidedAt: number | undefined;

  const tell = (panel: PanelSnapshot) => {
    const { timestamp, provider, price, judged, sealedAt, revealUntil, revealedAt, resultDigest, outcome } = panel;
    const at = Date.now();
    teller.once({ kind: "disputed", at, provider, fee: BigInt(seatsOf(order.trust)) * price, judged });
    const seats = panel.seats.length;
    if (sealedAt !== undefined) teller.once({ kind: "sealed", at, price, seats, winners: 0 });
    if (revealedAt !== undefined || (revealUntil !== undefined && timestamp > revealUntil)) {
      teller.once({ kind: "opened", at, provider, resultDigest });
    }
    if (panel.decided) {
      const winners = panel.outcomes.filter((seat) => seat === "Paid").length;
      teller.once({ kind: "decided", at, price, seats, winners, outcome });
    }
  };
  /** The output that was disputed: the provider is paid for it. */
  const disclosedOutput = async (): Promise<Uint8Array | undefined> => {
    const disclosure = tidings.disclosure(taskId);
    if (shown !== undefined || disclosure === undefined) return shown;
    const { provider, commitment, envelope } = disclosure;
    return teller.attempt(async () => {
      const opening = openEnvelope({ taskId, provider }, envelope, secretKey ?? "");
      // The chain has compared envelope and commitment with the seal, but not with each other.
      if (commitmentOf(opening.resultDigest, opening.salt) !== commitment) {
        throw new EnvelopeError(taskId, "it does not say what was sealed");
      }
      const output = await store.get(opening.resultDigest, { maxSize: maxOutput, signal });
      await options.opened?.(opening);
      return output;
    });
  };
  /** The output that the winners agree on: with the dispute the chain forgets them, but its log does not. */
  const wonOutput = async ({ awards, blockNumber }: DatedRuling): Promise<Uint8Array | undefined> => {
    const found = group.output();
    if (found !== undefined) return found;
    await teller.attempt(async () => {
      const votes = watch(protocol, {
        ...{ events: ["taskManager.VoteOpened"], where: { taskId, provider: awards.map(({ provider }) => provider) } },
        ...{ from: tidings.disputedIn(taskId), to: blockNumber, signal },
      });
      for await (const { args } of votes) {
        const winner = dataSlice(args.resultDigest, 0, RESULT_BYTES);
        await group.gather({ winner, seats: awards.map(({ provider }) => ({ provider, result: winner })) });
        return;
      }
    });
    return group.output();
  };
  /** What came of it, which the tidings tell; they may be behind after a start. */
  const endedAs = async (state: "Settled" | "Refunded"): Promise<Collected | undefined> => {
    const ruling = tidings.ruling(taskId);
    if (ruling === undefined) return undefined;
    const dispute = endOf(ruling);
    if (state === "Refunded") {
      report({ kind: "refunded", at: Date.now() });
      return { outcome: "refunded", dispute };
    }
    const stands = STANDS.includes(ruling.outcome);
    const output = stands ? await disclosedOutput() : await wonOutput(ruling);
    signal.throwIfAborted();
    const [first] = ruling.awards;
    const paid = { provider: stands ? ruling.provider : (first?.provider ?? 0), price: ruling.price };
    report({ kind: "paid", at: Date.now(), ...paid });
    return { outcome: "paid", ...paid, ...(output !== undefined && { output }), dispute };
  };

  const step = async (panel: PanelSnapshot): Promise<Collected | undefined> => {
    const { state, timestamp, decided, outcome, sealedAt, claimsUntil = 0 } = panel;
    if (state === "Settled" || state === "Refunded") return endedAs(state);
    tell(panel);
    if (!decided) {
      // Else the chain forgets the block, and a later one decides who sits.
      if (sealedAt === undefined && mustCapture(panel, 0)) await captureSeed(protocol, { taskId });
      return undefined;
    }
    decidedAt ??= timestamp;
    let mayEnd = true;
    if (outcome === "Overturned") {
      const isThere = await group.gather(panel);
      signal.throwIfAborted();
      if (isThere) {
        await accept(protocol, { order });
        return undefined;
      }
      mayEnd = timestamp > claimsUntil;
    } else if (STANDS.includes(outcome)) {
      // Its provider should do that; until somebody does, what the panel left is held.
      mayEnd = timestamp > decidedAt + discloseWindow;
    }
    if (mayEnd) await settle(protocol, { order });
    return undefined;
  };

  for (;;) {
    signal.throwIfAborted();
    try {
      const panel = await readPanel(protocol, order);
      // A dispute may be taken back with its block.
      if (!panel.disputed) return undefined;
      const ended = await step(panel);
      if (ended !== undefined) return ended;
    } catch (error) {
      signal.throwIfAborted();
      // What the contracts refuse is decided by the next look at the chain.
      if (!isRevert(error)) teller.trouble(messageOf(error));
    }
    await tidings.news(taskId, protocol.patience.interval, signal);
  }
}
