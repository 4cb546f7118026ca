import { pause } from "../protocol/retry.js";
import { isRevert, RevertError, type RevertName } from "../protocol/reverts.js";
import type { Protocol } from "../protocol/protocol.js";
import { snapshot } from "../protocol/snapshot.js";
import type { Debt, DebtBook } from "./debts.js";
import type { Effects } from "./effects.js";

/** How a debt ended. */
export type Discharge =
  /** Paid; price in wei. */
  | { readonly outcome: "paid"; readonly price: bigint }
  /** Another provider had the task first, or this one's hold is over. */
  | { readonly outcome: "lost"; readonly reason: string };

/** What honouring debts needs. Times in seconds. */
export interface HonourOptions {
  protocol: Protocol;
  effects: Pick<Effects, "deliver" | "send" | "disclose" | "settle">;
  debts: DebtBook;
  /** How long to wait for the client before the envelope goes on chain; less than the disclosure window. */
  grace: number;
  /** Unix time of the chain now. */
  clock: () => number;
  signal: AbortSignal;
  /** Told the price, wei, when the seal is on chain. */
  delivered: (price: bigint) => void;
  /** Told what failed and will be tried again. */
  report: (problem: string) => void;
}

/**
 * Sees a sealed result through to its payment: delivers its seal, hands the envelope to the client, discloses it on chain
 * in time if the client does not accept, settles when the review period is over. What to do next follows from the
 * chain alone, so this may be called again after a crash at any point; a seal whose sending failed may still arrive,
 * and so its debt lasts until somebody else has the task or the contracts refuse the seal.
 */
export async function honour(debt: Debt, options: HonourOptions): Promise<Discharge> {
  const { protocol, effects, debts, signal, clock, grace, report } = options;
  let sent = false;
  const lost = async (reason: string): Promise<Discharge> => {
    await debts.clear(debt.taskId);
    return { outcome: "lost", reason };
  };
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
  for (;;) {
    signal.throwIfAborted();
    const seen = protocol.head.number;
    const task = await snapshot(protocol, { task: debt.order });
    const { state, clearedAt = 0, disclosedAt = 0 } = task;
    if (state === "Open") {
      try {
        options.delivered(await effects.deliver(debt));
      } catch (error) {
        // A task that is no longer open shows at the next look who has it.
        const revert: RevertName | undefined = error instanceof RevertError ? error.revert : undefined;
        if (!isRevert(error)) report(`delivering: ${messageOf(error)}`);
        else if (revert !== "WrongState") return lost(error.message);
      }
    } else if (task.provider !== debt.provider || task.seal !== debt.sealed.seal) {
      return lost(`the task is ${state}`);
    } else if (state === "Settled") {
      await debts.clear(debt.taskId);
      return { outcome: "paid", price: task.price ?? 0n };
    } else if (state === "Delivered") {
      sent ||= await attempt("sending the envelope", () => effects.send(debt.order, debt.sealed.envelope));
      if (clock() >= clearedAt + grace) await attempt("disclosing", () => effects.disclose(debt));
    } else if (state === "Disclosed" && clock() > disclosedAt + debt.order.reviewPeriod) {
      await attempt("settling", () => effects.settle(debt.order));
    }
    await news(protocol, seen, signal);
  }
}

/** Looks at the chain are worth it when there is a block, or when so many intervals have passed without. */
const PATIENT = 10;

/** Waits until there may be something new on the chain since block `seen`. */
async function news({ head, patience }: Protocol, seen: number, signal: AbortSignal): Promise<void> {
  for (let round = 0; round < PATIENT; round++) {
    await pause(patience.interval, signal);
    if (head.number !== seen) return;
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
