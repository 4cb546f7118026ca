import type { SeatOutcome } from "../protocol/consensus.js";
import type { DisputeOutcome } from "../protocol/dispute.js";
import { messageOf, pause } from "../protocol/retry.js";
import { isRevert, RevertError, type RevertName } from "../protocol/reverts.js";
import type { Protocol } from "../protocol/protocol.js";
import { snapshot, type TaskSnapshot } from "../protocol/snapshot.js";
import type { Debt, DebtBook } from "./debts.js";
import { defenceOf, endOfDispute } from "./defence.js";
import type { Effects } from "./effects.js";
import { createPostponed } from "./postponed.js";

/** How a debt ended. */
export type Discharge =
  /** Paid; price in wei. */
  | { readonly outcome: "paid"; readonly price: bigint }
  /** A seat in a round or panel, or a disputed delivery, lost so much of what was locked for it, wei. */
  | { readonly outcome: "slashed"; readonly amount: bigint; readonly how: SeatOutcome | DisputeOutcome }
  /** Another provider had the task first, or this one's hold is over. */
  | { readonly outcome: "lost"; readonly reason: string };

/** What honouring debts needs. Times in seconds. */
export interface HonourOptions {
  protocol: Protocol;
  effects: Pick<
    Effects,
    "deliver" | "deliverAndDisclose" | "reaches" | "send" | "disclose" | "openDelivery" | "settle"
  >;
  debts: DebtBook;
  /** How long to wait for the client before the envelope goes on chain; less than the disclosure window. */
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
  /** Told the price, wei, when the seal is on chain. */
  delivered: (price: bigint) => void;
  /** Told when it is opened because it is disputed. */
  defended: () => void;
  /** Told what failed and will be tried again. */
  report: (problem: string) => void;
}

/**
 * Sees a sealed result through to its payment: delivers its seal, of a reserved task while it is held,
 * hands the envelope to the client, discloses it on chain
 * in time if the client does not accept, settles when the review period is over, and opens it to the panel if the client
 * disputes it. What to do next follows from the chain alone, so this may be called again after a crash at any point. A seal whose sending failed may still arrive, and
 * then costs the bond of who cannot open it: its debt lasts until somebody else has the task or its deadline is over.
 */
export async function honour(debt: Debt, options: HonourOptions): Promise<Discharge> {
  const { protocol, effects, debts, signal, clock, grace, report } = options;
  const { confirmations = 1 } = options;
  const sending = createPostponed(protocol.patience.interval);
  let sent = false;
  let underway = options.underway ?? false;
  /** What the task came to, and the block that was first seen to say so. */
  let ending: { what: string; block: number } | undefined;

  const attempt = async (what: string, effect: () => Promise<void>): Promise<boolean> => {
    try {
      await effect();
      return true;
    } catch (error) {
      // What the contracts refuse is decided by the next look at the chain; what failed is tried again.
      if (!isRevert(error)) report(`${what}: ${messageOf(error)}`);
      return false;
    }
  };
  const defend = defenceOf(debt, { protocol, effects, clock, attempt, defended: options.defended });
  /** Delivers, and tells why that can never be, if it cannot. */
  const deliver = async (isReserved: boolean): Promise<string | undefined> => {
    // Who cannot be reached off chain gets all at one stroke.
    const isShown = isReserved && effects.reaches?.(debt.order.client) === false;
    try {
      options.delivered(await (isShown ? effects.deliverAndDisclose(debt) : effects.deliver(debt)));
    } catch (error) {
      const revert: RevertName | undefined = error instanceof RevertError ? error.revert : undefined;
      if (!isRevert(error)) {
        underway = true;
        report(`delivering: ${messageOf(error)}`);
      } else if (revert !== "WrongState" && !underway) return error.message;
      // A task that is no longer open shows at the next look who has it.
    }
    return undefined;
  };
  const send = async () => {
    if (sent || sending.isWaiting(debt.taskId)) return;
    const within = AbortSignal.any([signal, AbortSignal.timeout(SEND_WITHIN)]);
    sent = await attempt("sending the envelope", () => effects.send(debt.order, debt.sealed.envelope, within));
    if (!sent) sending.failed(debt.taskId);
  };

  for (;;) {
    signal.throwIfAborted();
    const seen = protocol.head.number;
    const task = await snapshot(protocol, { task: debt.order });
    const { state, clearedAt = 0, deliveredAt = 0, disclosedAt = 0 } = task;
    // That of a cancelled task is earlier, and one that is not posted has none.
    const over = task.timestamp > (task.deadline === 0 ? debt.order.deadline : task.deadline);
    let what: string | undefined;
    if (state === "Open" || state === "None") {
      if (over) what = "its deadline is over";
      // Its reservation lapsed, or the chain took it back.
      else if (state === "Open" && debt.order.reservation > 0) what = "it is reserved no more";
      else if (state === "Open") {
        const refused = await deliver(false);
        if (refused !== undefined) {
          await debts.clear(debt.taskId);
          return { outcome: "lost", reason: refused };
        }
      }
    } else if (state === "Reserved" && task.provider === debt.provider) {
      if (task.timestamp > clearedAt + debt.order.reservation) what = MISSED;
      else {
        const refused = await deliver(true);
        // As long as it is held, what is refused now may be taken later.
        if (refused !== undefined) report(`delivering: ${refused}`);
      }
    } else if (!isOwn(task, debt)) what = `the task is ${state}`;
    else if (state === "Round") await defend();
    else if (task.disputed) what = `the task is ${state}`;
    else if (state === "Settled") what = "paid";
    else if (state === "Delivered") {
      await send();
      if (clock() >= deliveredAt + grace) await attempt("disclosing", () => effects.disclose(debt));
    } else if (state === "Disclosed" && clock() > disclosedAt + debt.order.reviewPeriod) {
      await attempt("settling", () => effects.settle(debt.order));
    }
    if (what === MISSED && ending?.what !== MISSED) report(MISSED);
    // A block may be replaced, and what it said with it.
    if (what !== ending?.what) ending = what === undefined ? undefined : { what, block: task.blockNumber };
    if (ending !== undefined && task.blockNumber >= ending.block + confirmations - 1) {
      const isJudged = task.disputed && isOwn(task, debt);
      const end = isJudged ? await endOfDispute(protocol, debt, options.from, task.blockNumber) : undefined;
      await debts.clear(debt.taskId);
      if (end !== undefined) return end;
      return what === "paid" ? { outcome: "paid", price: task.price ?? 0n } : { outcome: "lost", reason: ending.what };
    }
    await news(protocol, seen, signal);
  }
}

/** Whether what a task was answered with is this debt. A dispute forgets the seal when it is opened. */
function isOwn({ provider, seal, disputed }: TaskSnapshot, debt: Debt): boolean {
  if (provider !== debt.provider) return false;
  return seal === debt.sealed.seal || (disputed && seal === undefined);
}

/** How a debt ends that came too late for its reservation. */
const MISSED = "its reservation ended before its result was delivered";
/** An inbox that takes longer, milliseconds, is tried again later: the window for disclosing must not pass by it. */
export const SEND_WITHIN = 5_000;
/** Looks at the chain are worth it when there is a block, or when so many intervals have passed without. */
const PATIENT = 10;

/** Waits until there may be something new on the chain since block `seen`. */
export async function news({ head, patience }: Protocol, seen: number, signal: AbortSignal): Promise<void> {
  for (let round = 0; round < PATIENT; round++) {
    await pause(patience.interval, signal);
    if (head.number !== seen) return;
  }
}
