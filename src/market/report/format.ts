import { coins } from "../coins.js";
import type { TaskSummary } from "../summary.js";

/** Stands where there is no figure. */
export const NONE = "–";

/** Who was paid for a task, e.g. `provider 1 and 2 more`, or a dash. */
export function winners({ winner, executions = 1 }: Pick<TaskSummary, "winner" | "executions">): string {
  if (winner === undefined) return NONE;
  return plain(winner) + (executions > 1 ? ` and ${executions - 1} more` : "");
}

/** Text of somebody else's, without what would steer a terminal. */
export function plain(text: string): string {
  return text.replace(/\p{C}/gu, "\ufffd");
}

/** Wei as coins, or a dash. */
export function amount(wei: bigint | undefined): string {
  return wei === undefined ? NONE : coins(wei);
}

/** Milliseconds as seconds, e.g. `1.23 s`, or a dash. */
export function seconds(milliseconds: number | undefined): string {
  return milliseconds === undefined ? NONE : `${(milliseconds / 1000).toFixed(2)} s`;
}

/** A long duration as a person says it, e.g. `2 min 5 s`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  const whole = Math.round(milliseconds / 1000);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/**
 * A share of one, e.g. `94.7 %`.
 *
 * @param decimals 1 if left out.
 */
export function percent(share: number, decimals = 1): string {
  return `${(share * 100).toFixed(decimals)} %`;
}

/** How many there are of a thing, e.g. `1 task`. */
export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}
