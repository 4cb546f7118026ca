import { count, plain } from "../../report/format.js";
import { documentHtml, escapeHtml, sectionHtml, tableHtml } from "../../report/html.js";
import { UNITS } from "../costs.js";
import type { BenchmarkResult } from "../result.js";
import { growthChart, loadChart, overheadChart, splitChart } from "./charts.js";
import {
  costFigures,
  gasFigures,
  latencyFigures,
  loadFigures,
  overheadFigures,
  rateFigures,
  scenarioFigures,
  splitFigures,
} from "./figures.js";
import { costChart, rateChart } from "./priceCharts.js";
import {
  gpuSentence,
  hardwareSentence,
  marketFigures,
  offerFigures,
  providerFigures,
  sourceFigures,
} from "./priceFigures.js";
import { machineSentence, READING } from "./sentences.js";

/** A page that says everything about a benchmark and needs nothing else: no script, no other file, no network. */
export function benchmarkPage(result: BenchmarkResult): string {
  const content = `${listHtml("problems", "Problems", result.problems)}
${listHtml("incidents", "How to read it", READING)}
<h2>How fast</h2>
${figureHtml(overheadChart(result), "What a task takes beside its work is shared by its units: the larger the task, the less falls on each.")}
${figureHtml(splitChart(result), "Chain: until transactions were in blocks. Storage: uploads and downloads. Waiting: all else, e.g. until somebody looked.")}
${sectionHtml(latencyFigures(result))}
${sectionHtml(overheadFigures(result), ["Middle half: upper quartile less lower quartile of the tasks."])}
${sectionHtml(splitFigures(result))}
<h2>How much</h2>
${figureHtml(loadChart(result), "From the first order to the last payment.")}
${sectionHtml(loadFigures(result), ["Failures: tasks that were not paid. Retries: troubles that were told of and got over, and tasks that were done or ordered again."])}
<h2>While something fails</h2>
${figureHtml(growthChart(result), "Times to the payment against those without a failure.")}
${sectionHtml(scenarioFigures(result), ["Faults: requests that were delayed, answers that were lost, providers that were killed."])}
<h2>At what cost</h2>
${sectionHtml(rateFigures(result), ["As many executions at a time as there are processors."])}
<p>${escapeHtml(gpuSentence(result))}</p>
${sectionHtml(costFigures(result), ["The price contains fee and royalty; gas comes on top."])}
${sectionHtml(marketFigures(result))}
${pricesHtml(result)}
${providerHtml(result)}
${sectionHtml(sourceFigures(result))}
<details>
<summary>Gas by operation</summary>
${tableHtml(gasFigures(result))}
</details>
${footerHtml(result)}`;
  return documentHtml("Benchmark of the market", machineSentence(result), content);
}

function pricesHtml({ prices }: BenchmarkResult): string {
  const sections = prices.map(
    (comparison, index) => `${figureHtml(
      costChart(comparison, index),
      `For ${UNITS.toLocaleString("en")} units. Only offers of ${plain(comparison.rate.device)} have a cost: it was measured here.`,
    )}
${figureHtml(
  rateChart(comparison, index),
  "Computed from list prices, not measured: a device that is faster than its dot costs less than the market, a slower one more.",
)}
${sectionHtml(offerFigures(comparison))}`,
  );
  return sections.join("\n");
}

function providerHtml(result: BenchmarkResult): string {
  const sentence = hardwareSentence(result);
  if (sentence !== undefined) return `<p class="note">${escapeHtml(sentence)}</p>`;
  return sectionHtml(providerFigures(result));
}

function listHtml(name: string, title: string, sentences: readonly string[]): string {
  if (sentences.length === 0) return "";
  const items = sentences.map((sentence) => `<li>${escapeHtml(plain(sentence))}</li>`);
  return `<section class="${name}">\n<h2>${title}</h2>\n<ul>\n${items.join("\n")}\n</ul>\n</section>`;
}

function figureHtml(svg: string, caption: string): string {
  return `<figure>
<div class="scroll" tabindex="0" role="region" aria-label="Plot">
${svg}
</div>
<figcaption>${escapeHtml(caption)}</figcaption>
</figure>`;
}

function footerHtml({ startedAt, duration, batches }: BenchmarkResult): string {
  const moment = new Date(startedAt).toISOString();
  const shown = `${moment.slice(0, 10)} ${moment.slice(11, 19)} UTC`;
  const took = `It took ${count(Math.round(duration), "second")}, ${count(batches.length, "batch size")}.`;
  return `<footer>Started at <time datetime="${moment}">${shown}</time>. ${escapeHtml(took)}</footer>`;
}
