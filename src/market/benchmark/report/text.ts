import { plain } from "../../report/format.js";
import type { Comparison } from "../compare.js";
import type { BenchmarkResult } from "../result.js";
import { changeFigures, conclusion } from "./comparison.js";
import {
  costFigures,
  latencyFigures,
  loadFigures,
  overheadFigures,
  rateFigures,
  scenarioFigures,
  splitFigures,
} from "./figures.js";
import { gpuSentence, hardwareSentence, marketFigures, offerFigures, providerFigures } from "./priceFigures.js";
import { machineSentence, READING } from "./sentences.js";
import { tableOf } from "../../report/table.js";

/** All that a person sees in the terminal when a benchmark is over. */
export function benchmarkText(result: BenchmarkResult): string {
  const { problems } = result;
  return [
    machineSentence(result),
    ...[latencyFigures, overheadFigures, splitFigures, costFigures].map((figures) => tableOf(figures(result))),
    ...[loadFigures, scenarioFigures].map((figures) => tableOf(figures(result))),
    tableOf(rateFigures(result)),
    gpuSentence(result),
    tableOf(marketFigures(result)),
    ...(nothingToCompare(result) ?? result.prices.map((prices) => tableOf(offerFigures(prices)))),
    hardwareSentence(result) ?? tableOf(providerFigures(result)),
    READING.map((sentence) => `- ${sentence}`).join("\n"),
    problems.length === 0
      ? "No problems."
      : ["PROBLEMS", ...problems.map((problem) => `- ${plain(problem)}`)].join("\n"),
  ].join("\n\n");
}

/** Instead of pages of list prices beside which nothing stands; undefined where something does. */
function nothingToCompare({ network, prices }: BenchmarkResult): string[] | undefined {
  const some = prices.some(({ offers }) => offers.some(({ basis }) => basis === "measured"));
  if (network.coinPrice !== undefined || some) return undefined;
  return ["The coin has no price in USD, so nothing can be compared with what others ask: say one by --coin-price."];
}

/** What a benchmark says against an older one, for a terminal. */
export function comparisonText(comparison: Comparison): string {
  const notes = comparison.notes.map((note) => `- ${plain(note)}`);
  return [
    tableOf(changeFigures(comparison)),
    ...(notes.length === 0 ? [] : [notes.join("\n")]),
    conclusion(comparison),
  ].join("\n\n");
}
