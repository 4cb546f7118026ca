import type { Figures } from "../../report/figures.js";
import { count, percent, plain } from "../../report/format.js";
import { type Change, type Comparison, TOLERANCE } from "../compare.js";
import { number, text } from "./figures.js";
import { figure, signed } from "./format.js";

const VERDICTS: Readonly<Record<Change["verdict"], string>> = {
  regression: "REGRESSION",
  better: "better",
  same: "same",
  "not judged": "not judged",
};

/** Each figure that both results have. */
export function changeFigures({ changes }: Comparison): Figures {
  return {
    title: `Changes; a regression is worse by more than ${percent(TOLERANCE, 0)} and more than chance explains`,
    columns: [text("figure"), text("unit"), ...["old", "new", "change"].map(number), text("verdict")],
    rows: changes.map(({ name, unit, old, new: fresh, percent: change, verdict }) => [
      ...[plain(name), unit],
      ...[old, fresh].map(figure),
      signed(change),
      VERDICTS[verdict],
    ]),
  };
}

/** How it came out, in a sentence. */
export function conclusion({ changes }: Comparison): string {
  const worse = changes.filter(({ verdict }) => verdict === "regression").length;
  const judged = changes.filter(({ verdict }) => verdict !== "not judged").length;
  return worse === 0
    ? `No regression in ${count(judged, "judged figure")} of ${changes.length}.`
    : `${count(worse, "REGRESSION")} in ${count(judged, "judged figure")} of ${changes.length}.`;
}
