import { SEAT_OUTCOMES, type SeatOutcome } from "../protocol/consensus.js";
import { watch } from "../protocol/events.js";
import type { Protocol } from "../protocol/protocol.js";
import { messageOf } from "../protocol/retry.js";
import { isRevert, RevertError } from "../protocol/reverts.js";
import { courseOf, type Sitting } from "./course.js";
import type { Debt, DebtBook } from "./debts.js";
import { SETTLE_AFTER } from "./defence.js";
import type { Effects } from "./effects.js";
import { type Discharge, news, SEND_WITHIN } from "./honour.js";
import type { Outputs } from "./outputs.js";
import { createPostponed } from "./postponed.js";

/** What honouring a seat needs. Times in seconds. */
export interface SeatOptions {
  protocol: Protocol;
  effects: Pick<Effects, "takeSeat" | "openSeat" | "openVote" | "holds" | "claimSeat" | "publish" | "send" | "settle">;
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
 * Sees a sealed result of a Quorum task, or of one that is disputed, through: takes the seat, opens it as soon as it may,
 * and if its group wins and owes the client its result, publishes the output, hands the envelope to the client, claims
 * where the client is silent, and ends the round or dispute when its clocks have run. What to do next follows from the chain alone, so this may be called again after a crash at any
 * point; a seal that is not opened in time costs all that its seat has locked.
 */
export async function honourSeat(debt: Debt, options: SeatOptions): Promise<Discharge> {
  const { protocol, effects, debts, outputs, signal, clock, grace, report } = options;
  const { confirmations = 1 } = options;
  const { order, taskId, provider, sealed } = debt;
  const course = courseOf(debt, options);
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
    isPublished ||= await attempt("publishing", async () =>
      effects.publish(await outputs.of(debt, signal), debt.taskId),
    );
    const within = AbortSignal.any([signal, AbortSignal.timeout(SEND_WITHIN)]);
    if (isPublished && !isSent) {
      isSent = await attempt("sending the envelope", () => effects.send(order, sealed.envelope, within));
    }
    if (!isPublished || !isSent) postponed.failed(taskId);
  };
  const open = async (seat: number) => {
    if (await course.open(seat)) options.opened(seat);
  };
  /** Does what a verdict asks for. */
  const conclude = async ({ opensUntil = 0, claimsUntil = 0, isClaimed, outcomes, seats }: Sitting, seat: number) => {
    // Who was away finds a verdict that has stood for long: it was there when openings ended at the latest.
    decidedAt ??= Math.min(clock(), opensUntil);
    if (!isClaimed || clock() > claimsUntil) {
      // First the client's affair, then that of one after the other.
      const end = Math.max(decidedAt, isClaimed ? claimsUntil : 0);
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
    const sitting = await course.look();
    const { state, stage, opensFrom, opensUntil = 0 } = sitting;
    const seat = sitting.seats.findIndex((one) => one.provider === provider);
    let what: string | undefined;
    if (stage === "over") what = `the task is ${state}`;
    else if (seat < 0) {
      if (sitting.sealedAt !== undefined) what = "all seats are taken";
      else if (sitting.timestamp > sitting.sealsUntil) what = "its deadline is over";
      else if (stage === "on") {
        const refused = await sit();
        if (refused !== undefined) {
          await forget();
          return { outcome: "lost", reason: refused };
        }
      }
    } else if (opensFrom !== undefined && sitting.seats[seat]?.result === undefined && clock() <= opensUntil) {
      await attempt("opening", () => open(seat));
    } else if (sitting.decided) await conclude(sitting, seat);
    // A block may be replaced, and what it said with it.
    if (what !== ending?.what) ending = what === undefined ? undefined : { what, block: sitting.blockNumber };
    if (ending !== undefined && sitting.blockNumber >= ending.block + confirmations - 1) {
      const end = await endOf(protocol, debt, options.from, sitting.blockNumber);
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

/** What the log says of a provider's part in a round or panel that is over. */
async function endOf(
  protocol: Protocol,
  { taskId, provider }: Debt,
  from: number,
  to: number,
): Promise<Discharge | undefined> {
  const events = ["taskManager.TaskSettled", "taskManager.ValidatorPaid", "taskManager.SeatSlashed"] as const;
  for await (const { name, args } of watch(protocol, { events, where: { taskId, provider }, from, to })) {
    if (name === "TaskSettled") return { outcome: "paid", price: args.price };
    if (name === "ValidatorPaid") return { outcome: "paid", price: args.amount };
    const outcome: SeatOutcome | undefined = SEAT_OUTCOMES[Number(args.outcome)];
    return { outcome: "slashed", amount: args.slashed, how: outcome ?? "Wrong" };
  }
  return undefined;
}
