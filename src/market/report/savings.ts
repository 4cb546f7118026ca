import type { TaskSummary } from "../summary.js";

/** What paid tasks cost less than they would have cost at most. */
export interface Savings {
  /** How many were paid. */
  readonly paid: number;
  /** Their caps, less what was paid, wei. */
  readonly saved: bigint;
  /** The same as a share of these caps, 0 to 1; 0 if none was paid. */
  readonly share: number;
}

export function savingsOf(tasks: readonly Pick<TaskSummary, "paidAt" | "price" | "cap">[]): Savings {
  const sold = tasks.filter(({ paidAt, price }) => paidAt !== undefined && price !== undefined);
  const caps = sold.reduce((sum, { cap }) => sum + cap, 0n);
  const saved = caps - sold.reduce((sum, { price = 0n }) => sum + price, 0n);
  // In steps of a millionth, because the whole amounts are beyond what a number holds.
  const share = caps === 0n ? 0 : Number((saved * 1_000_000n) / caps) / 1_000_000;
  return { paid: sold.length, saved, share };
}
