import { SEAT_OUTCOMES, type SeatOutcome } from "../protocol/consensus.js";
import { watch } from "../protocol/events.js";
import type { Protocol } from "../protocol/protocol.js";
import { messageOf } from "../protocol/retry.js";
import { isRevert, RevertError } from "../protocol/reverts.js";
import { readRound, type RoundSnapshot } from "../protocol/round.js";
import type { Debt, DebtBook } from "./debts.js";
import type { Effects } from "./effects.js";
import { type Discharge, news, SEND_WITHIN } from "./honour.js";
import type { Outputs } from "./outputs.js";
import { createPostponed } from "./postponed.js";

/** What honouring a seat needs. Times in seconds. */
export interface SeatOptions {
  protocol: Protocol;
  effects: Pick<Effects, "takeSeat" | "openSeat" | "claimSeat" | "publish" | "send" | "settle">;
  debts: DebtBook;
  outputs: Outputs;
  /** How long to wait for the client before the envelope goes on chain. */
  grace: number;
  /** Unix time of the chain now. */
  clock: () => number;
  /** First block whose tasks can still be open. */
  from: number;
  signal: AbortSignal;
  /** Whether the seal may be on its way already, from an earlier run. */
  underway?: boolean;
  /** Blocks that must stand on what ends the debt, its own included; 1 if left out. */
  confirmations?: number;
  /** Told when the seat is taken, and when its seal is opened. */
  seated: (seat: number, weight: number) => void;
  opened: (seat: number) => void;
  /** Told what failed and will be tried again. */
  report: (problem: string) => void;
}

/**
 * Sees a sealed result of a Quorum task through: takes the seat, opens it as soon as sealing is over, and if its group
 * wins, publishes the output, hands the envelope to the client, claims where the client is silent, and ends the round when
 * its clocks have run. What to do next follows from the chain alone, so this may be called again after a crash at any
 * point; a seal that is not opened in time costs all that its seat has locked.
 */
export async function honourSeat(debt: Debt, options: SeatOptions): Promise<Discharge> {
  const { protocol, effects, debts, outputs, signal, clock, grace, report } = options;
  const { confirmations = 1 } = options;
  const { order, taskId, provider, sealed } = debt;
  const postponed = createPostponed(protocol.patience.interval);
  let underway = options.underway ?? false;
  let isPublished = false;
  let isSent = false;
  let decidedAt: number | undefined;
  let ending: { what: string; block: number } | undefined;

  const attempt = async (what: string, effect: () => Promise<unknown>): Promise<boolean> => {
    try {
      await effect();
      return true;
    } catch (error) {
      signal.throwIfAborted();
      // What the contracts refuse is decided by the next look at the chain; what failed is tried again.
      if (!isRevert(error)) report(`${what}: ${messageOf(error)}`);
      return false;
    }
  };
  /** Takes the seat, and tells why that can never be, if it cannot. */
  const sit = async (): Promise<string | undefined> => {
    try {
      const { seat, weight } = await effects.takeSeat(debt);
      options.seated(seat, weight);
    } catch (error) {
      if (!isRevert(error)) {
        underway = true;
        report(`taking a seat: ${messageOf(error)}`);
      } else if (!underway && !(error instanceof RevertError && error.is(...PASSING))) {
        return error.message;
      }
    }
    return undefined;
  };
  const hand = async () => {
    if (postponed.isWaiting(taskId)) return;
    isPublished ||= await attempt("publishing", async () => effects.publish(await outputs.of(debt, signal)));
    const within = AbortSignal.any([signal, AbortSignal.timeout(SEND_WITHIN)]);
    if (isPublished && !isSent) {
      isSent = await attempt("sending the envelope", () => effects.send(order, sealed.envelope, within));
    }
    if (!isPublished || !isSent) postponed.failed(taskId);
  };
  /** Does what a verdict asks for. */
  const conclude = async (round: RoundSnapshot, seat: number) => {
    const { opensUntil = 0, claimsUntil = 0, outcomes, seats } = round;
    // Who was away finds a verdict that has stood for long: it was there when openings ended at the latest.
    decidedAt ??= Math.min(clock(), opensUntil);
    if (round.winner === undefined || clock() > claimsUntil) {
      // First the client's affair, then that of one after the other.
      const end = Math.max(decidedAt, round.winner === undefined ? 0 : claimsUntil);
      if (clock() > end + SETTLE_AFTER * (seat + 1)) await attempt("settling", () => effects.settle(order));
    } else if (outcomes[seat] === "Paid" && seats[seat]?.claimed === false) {
      await hand();
      // Whatever the suite's windows are, there must be time left for it.
      const patience = Math.min(grace, (claimsUntil - opensUntil) / 2);
      // A claim on chain is no use without the output.
      if (isPublished && clock() >= decidedAt + patience) {
        await attempt("claiming", () => effects.claimSeat(debt, seat));
      }
    }
  };

  for (;;) {
    signal.throwIfAborted();
    const seen = protocol.head.number;
    const round = await readRound(protocol, order);
    const { state, sealedAt, opensUntil = 0 } = round;
    const seat = round.seats.findIndex((one) => one.provider === provider);
    let what: string | undefined;
    if (state === "Open" || state === "None" || (state === "Round" && seat < 0)) {
      const deadline = round.deadline === 0 ? order.deadline : round.deadline;
      if (sealedAt !== undefined) what = "all seats are taken";
      else if (round.timestamp > deadline) what = "its deadline is over";
      else if (state !== "None") {
        const refused = await sit();
        if (refused !== undefined) {
          await forget();
          return { outcome: "lost", reason: refused };
        }
      }
    } else if (state === "Round") {
      if (sealedAt !== undefined && round.seats[seat]?.result === undefined && clock() <= opensUntil) {
        if (await attempt("opening", () => effects.openSeat(debt, seat))) options.opened(seat);
      } else if (round.decided || (round.seats.length === 1 && sealedAt !== undefined)) await conclude(round, seat);
    } else what = `the task is ${state}`;
    // A block may be replaced, and what it said with it.
    if (what !== ending?.what) ending = what === undefined ? undefined : { what, block: round.blockNumber };
    if (ending !== undefined && round.blockNumber >= ending.block + confirmations - 1) {
      const end = await endOf(protocol, debt, options.from, round.blockNumber);
      await forget();
      return end ?? { outcome: "lost", reason: ending.what };
    }
    await news(protocol, seen, signal);
  }

  async function forget() {
    await debts.clear(taskId);
    outputs.drop(taskId);
  }
}

/** Refusals of a seat that may be different at the next look, at the latest when sealing is over; a score may have fallen. */
const PASSING = [
  ...(["NotDrawn", "SeedNotReady", "WeightOutOfBounds"] as const),
  ...(["AlreadySeated", "SealingOver", "WrongState"] as const),
];
/** Seconds for who should end a round, before the next one does it. */
const SETTLE_AFTER = 10;

/** What the log says of a provider's part in a round that is over. */
async function endOf(
  protocol: Protocol,
  { taskId, provider }: Debt,
  from: number,
  to: number,
): Promise<Discharge | undefined> {
  const events = ["taskManager.TaskSettled", "taskManager.SeatSlashed"] as const;
  for await (const { name, args } of watch(protocol, { events, where: { taskId, provider }, from, to })) {
    if (name === "TaskSettled") return { outcome: "paid", price: args.price };
    const outcome: SeatOutcome | undefined = SEAT_OUTCOMES[Number(args.outcome)];
    return { outcome: "slashed", amount: args.slashed, how: outcome ?? "Wrong" };
  }
  return undefined;
}
