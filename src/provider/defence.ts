import { DISPUTE_OUTCOMES, type DisputeOutcome } from "../protocol/dispute.js";
import { watch } from "../protocol/events.js";
import { readPanel } from "../protocol/panel.js";
import type { Protocol } from "../protocol/protocol.js";
import type { Debt } from "./debts.js";
import type { Effects } from "./effects.js";
import type { Discharge } from "./honour.js";

/** What it takes to defend a delivery. Times in seconds. */
export interface DefenceOptions {
  protocol: Protocol;
  effects: Pick<Effects, "openDelivery" | "settle">;
  /** Unix time of the chain now. */
  clock: () => number;
  /** Does something to the world, and tells whether it has succeeded. */
  attempt: (what: string, effect: () => Promise<void>) => Promise<boolean>;
  /** Told when the delivery is opened. */
  defended: () => void;
}

/** Seconds for who should end a round or dispute, before the next one does it. */
export const SETTLE_AFTER = 10;

/**
 * Stands by a delivery that is disputed: opens it as soon as it may, and ends the dispute when that can be, at once if it
 * is paid then. What to do next follows from the chain alone.
 *
 * @returns What does the next step, if there is one now.
 */
export function defenceOf(debt: Debt, { protocol, effects, clock, attempt, defended }: DefenceOptions) {
  let decidedAt: number | undefined;
  return async (): Promise<void> => {
    const panel = await readPanel(protocol, debt.order);
    const { judged, sealedAt, revealedAt, revealUntil, opensUntil, claimsUntil = 0, decided, outcome, seats } = panel;
    if (panel.state !== "Round") return;
    const mayOpen = judged || sealedAt !== undefined;
    // By the clock of the chain: the last second for it must not pass by because another clock is ahead.
    if (revealedAt === undefined && mayOpen && panel.timestamp <= (revealUntil ?? 0)) {
      if (await attempt("opening the delivery", () => effects.openDelivery(debt))) defended();
      return;
    }
    if (!decided) return;
    // Who was away finds a verdict that has stood for long.
    decidedAt ??= Math.min(clock(), opensUntil ?? revealUntil ?? Infinity);
    // That pays it; else it is rather the affair of the panel.
    const stands = outcome === "Standing" || outcome === "Upheld";
    const end = Math.max(decidedAt, outcome === "Overturned" ? claimsUntil : 0) + SETTLE_AFTER * (seats.length + 1);
    if (stands || clock() > end) await attempt("settling", () => effects.settle(debt.order));
  };
}

/**
 * What the log says of how a dispute ended for the provider whose delivery it was about; `undefined` if nothing.
 *
 * @param from First block whose tasks can still be open.
 * @param to Block in which it had ended.
 */
export async function endOfDispute(
  protocol: Protocol,
  { taskId, provider }: Debt,
  from: number,
  to: number,
): Promise<Discharge | undefined> {
  const events = ["taskManager.TaskSettled", "taskManager.DisputeEnded"] as const;
  for await (const { name, args } of watch(protocol, { events, where: { taskId, provider }, from, to })) {
    if (name === "TaskSettled") return { outcome: "paid", price: args.price };
    const how: DisputeOutcome = DISPUTE_OUTCOMES[Number(args.outcome)] ?? "Undecided";
    if (how === "Undecided") return { outcome: "lost", reason: "its panel did not agree" };
    return { outcome: "slashed", amount: args.slashed, how };
  }
  return undefined;
}
