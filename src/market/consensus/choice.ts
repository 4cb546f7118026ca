import type { Odds } from "./closedForm.js";
import { FOCUS } from "./sweep.js";
import type { Cell, Summary } from "./summary.js";

/** How seldom a result may be wrong, as shares. */
export const TARGETS = [0.01, 0.001, 0.000_1] as const;
/** Standard errors by which what was played may miss a target by chance. */
const DOUBT = 3;

/** What share a wrong result is of: all rounds, or those with a verdict. */
export type Base = "rounds" | "verdicts";

/** How often a result is wrong. */
export function wrongOf({ wrong, right }: Odds, base: Base): number {
  if (base === "rounds" || wrong === 0) return wrong;
  return wrong / (wrong + right);
}

/** The cells of one mix at the hostile share that the tables are about, by rising trust. */
export function focusOf({ cells }: Summary, mix: string): Cell[] {
  return cells.filter((cell) => cell.mix === mix && cell.share === FOCUS);
}

/**
 * The least trust with which a result is seldom enough wrong, with independent seats and, as far as chance lets one tell,
 * in the rounds that were played; `undefined` if none is.
 */
export function trustFor(summary: Summary, mix: string, target: number, base: Base): number | undefined {
  return focusOf(summary, mix).find(({ played, exact }) => {
    const rounds = base === "rounds" ? played.rounds : played.rounds * (played.right + played.wrong);
    const error = Math.sqrt((target * (1 - target)) / Math.max(1, rounds));
    return wrongOf(exact, base) <= target && wrongOf(played, base) <= target + DOUBT * error;
  })?.trust;
}
