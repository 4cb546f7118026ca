import type { Summary } from "../summary.js";
import {
  booksFigures,
  disputeFigures,
  gasFigures,
  latencyFigures,
  paymentSentences,
  priceFigures,
  providerFigures,
} from "./figures.js";
import { plain } from "./format.js";
import { headline, outcomes } from "./sentences.js";
import { tableOf } from "./table.js";

/** How the providers came out, for a terminal. */
export function providerTable(summary: Summary): string {
  return tableOf(providerFigures(summary));
}

/** What the tasks cleared at, and what was saved, for a terminal. */
export function priceTable(summary: Summary): string {
  return tableOf(priceFigures(summary));
}

/** Which deliveries were disputed, and what that cost whom, for a terminal. */
export function disputeTable(summary: Summary): string {
  return tableOf(disputeFigures(summary));
}

/** Whose the coin in Escrow is, and what the tasks cost, for a terminal. */
export function booksTable(summary: Summary): string {
  return [tableOf(booksFigures(summary)), ...paymentSentences(summary)].join("\n");
}

/** What the transactions cost, for a terminal. */
export function gasTable(summary: Summary): string {
  return tableOf(gasFigures(summary));
}

/** How long the clients waited, for a terminal. */
export function latencyTable(summary: Summary): string {
  return tableOf(latencyFigures(summary));
}

/** All that a person sees in the terminal when a run is over. */
export function reportText(summary: Summary): string {
  const { incidents, problems } = summary;
  return [
    `Run ${plain(summary.run)}: ${headline(summary)}`,
    providerTable(summary),
    ...(summary.disputes.length === 0 ? [] : [disputeTable(summary)]),
    priceTable(summary),
    booksTable(summary),
    gasTable(summary),
    latencyTable(summary),
    outcomes(summary).join("\n"),
    ...(incidents.length === 0 ? [] : [["Incidents", ...incidents.map((one) => `- ${plain(one)}`)].join("\n")]),
    problems.length === 0
      ? "No problems."
      : ["PROBLEMS", ...problems.map((problem) => `- ${plain(problem)}`)].join("\n"),
  ].join("\n\n");
}
