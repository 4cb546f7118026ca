import type { Summary } from "../summary.js";
import { BALANCED, verdictOn } from "./figures.js";
import { amount, count, duration, NONE, percent, plain, seconds } from "./format.js";
import { savingsOf } from "./savings.js";

/** What is worth large letters. */
export interface KeyFigure {
  readonly name: string;
  readonly value: string;
  readonly more?: string;
  /** Whether it is a reason to look closer. */
  readonly bad: boolean;
}

/** The handful of figures by which one run compares with another. */
export function keyFigures(summary: Summary): KeyFigure[] {
  const { tasks, delivery, payment, escrow, chain, digits } = summary;
  const verdict = verdictOn(escrow);
  const coin = plain(chain.coin);
  const { paid, saved, share } = savingsOf(tasks);
  const good = (name: string, value: string, more: string): KeyFigure => ({ name, value, more, bad: false });
  return [
    { name: "Tasks paid", value: `${paid} of ${tasks.length}`, bad: paid < tasks.length },
    good("Duration", duration(summary.duration), "from the first order to the last payment"),
    good("Median delivery", seconds(delivery.p50), `of ${count(delivery.samples, "task")}`),
    good("Median payment", seconds(payment.p50), `of ${count(payment.samples, "task")}`),
    good(`Paid, ${coin}`, amount(escrow.paid), `of caps of ${amount(escrow.caps)}`),
    good("Saved against the caps", paid === 0 ? NONE : percent(share), `${amount(saved)} ${coin} less`),
    good("Overlap", percent(summary.overlap), "of the tasks had two attempts or more at once"),
    ...(digits ? [good("Digits", percent(digits.accuracy), `${digits.correct} of ${digits.images} recognised`)] : []),
    { name: "Books", value: verdict, bad: verdict !== BALANCED },
  ];
}
