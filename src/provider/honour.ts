import { pause } from "../protocol/retry.js";
import { isRevert } from "../protocol/reverts.js";
import type { Protocol } from "../protocol/protocol.js";
import { snapshot, type TaskSnapshot } from "../protocol/snapshot.js";
import type { Debt, DebtBook } from "./debts.js";
import type { Effects } from "./effects.js";

/** How a debt ended. */
export type Discharge =
  /** Paid; price in wei. */
  | { readonly outcome: "paid"; readonly price: bigint }
  /** Another provider had the task first, or this one's hold is over. */
  | { readonly outcome: "lost"; readonly state: TaskSnapshot["state"] };

/** What honouring debts needs. Times in seconds. */
export interface HonourOptions {
  protocol: Protocol;
  effects: Pick<Effects, "send" | "disclose" | "settle">;
  debts: DebtBook;
  /** From delivery to the end of the disclosure window, as the suite has it. */
  discloseWindow: number;
  /** How long to wait for the client before the envelope goes on chain; less than the window. */
  grace: number;
  /** Unix time of the chain now. */
  clock: () => number;
  signal: AbortSignal;
  report: (problem: string) => void;
}

/**
 * Sees a sealed result through to its payment: hands the envelope to the client, discloses it on chain in time if the
 * client does not accept, settles when the review period is over. What to do next follows from the chain alone, so
 * this may be called again after a crash at any point.
 */
export async function honour(debt: Debt, options: HonourOptions): Promise<Discharge> {
  const { protocol, effects, debts, signal, clock, grace, report } = options;
  const { interval } = protocol.patience;
  let sent = false;
  const attempt = async (what: string, effect: () => Promise<void>) => {
    try {
      await effect();
    } catch (error) {
      // What the contracts refuse is decided by the next look at the chain; what failed is tried again.
      if (!isRevert(error)) report(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  for (;;) {
    signal.throwIfAborted();
    const task = await snapshot(protocol, { task: debt.order });
    const isMine = task.provider === debt.provider && task.seal === debt.sealed.seal;
    if (!isMine) {
      await debts.clear(debt.taskId);
      return { outcome: "lost", state: task.state };
    }
    const { state, clearedAt = 0, disclosedAt = 0 } = task;
    if (state === "Settled") {
      await debts.clear(debt.taskId);
      return { outcome: "paid", price: task.price ?? 0n };
    }
    if (state === "Delivered") {
      if (!sent) {
        await attempt("sending the envelope", () => effects.send(debt.order, debt.sealed.envelope));
        sent = true;
      }
      if (clock() >= clearedAt + grace) await attempt("disclosing", () => effects.disclose(debt));
    } else if (state === "Disclosed") {
      if (clock() > disclosedAt + debt.order.reviewPeriod) await attempt("settling", () => effects.settle(debt.order));
    }
    await pause(interval, signal);
  }
}
