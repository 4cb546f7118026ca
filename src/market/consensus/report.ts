import { LATE } from "../../protocol/consensus.js";
import { documentHtml, escapeHtml, sectionHtml } from "../report/html.js";
import { tableOf } from "../report/table.js";
import { copiesChart, wrongChart } from "./charts.js";
import {
  choiceFigures,
  costFigures,
  designFigures,
  grainFigures,
  headline,
  holdingFigures,
  noneFigures,
  presenceFigures,
  seatFigures,
  wrongFigures,
} from "./figures.js";
import { MIXES } from "./pools.js";
import type { Summary } from "./summary.js";

/** All that a person sees in the terminal when a sweep is over. */
export function consensusText(summary: Summary): string {
  const tables = [
    ...[wrongFigures, noneFigures, seatFigures, choiceFigures],
    ...[costFigures, designFigures, grainFigures, holdingFigures, presenceFigures],
  ];
  return [headline(summary), ...tables.map((figures) => tableOf(figures(summary)))].join("\n\n");
}

/** A page that says everything about a sweep and needs nothing else: no script, no other file, no network. */
export function consensusPage(summary: Summary): string {
  const content = `${figure(wrongChart(summary))}
${sectionHtml(wrongFigures(summary))}
${sectionHtml(noneFigures(summary))}
${sectionHtml(seatFigures(summary))}
${sectionHtml(choiceFigures(summary), [
  "Of the rounds: a round without a verdict is not wrong. Of the verdicts: only rounds that a result won count.",
])}
<h2>What it costs</h2>
${figure(copiesChart(summary))}
${sectionHtml(costFigures(summary), [
  "Seats, and executions that were begun, ahead of an entry or at it, before sealing ended without a seat for them.",
])}
${sectionHtml(designFigures(summary))}
${sectionHtml(grainFigures(summary), ["The hostile come first where several may enter in one second, or block."])}
${sectionHtml(holdingFigures(summary), ["A provider has one seat in a round, however many slots it has."])}
${sectionHtml(presenceFigures(summary), ["Whoever waits for its turn counts the tickets of those that stay away, and begins too late."])}
<section>
<h2>What is assumed</h2>
<ul>
${ASSUMPTIONS.map((sentence) => `<li>${escapeHtml(sentence)}</li>`).join("\n")}
</ul>
</section>`;
  return documentHtml("Simulation of the consensus", headline(summary), content);
}

const weights = (list: readonly number[]): string => [...new Set(list)].join(", ");

const ASSUMPTIONS: readonly string[] = [
  "The hostile own a share of the slots, one each under as many identities, agree on one wrong result, and open it in every round that they sit in. They seal without computing, in the second in which they may.",
  `The honest open the right result. Who may sit at once seals when it is done; who may sit later begins one and a half times what the work takes and a second before, unless sealing has ended. Before whose entry more than ${LATE} times as many tickets as seats have entered in the mean begins only then.`,
  `Weights, in turn: ${MIXES.map(({ title, honest, hostile }) => `${title}: honest ${weights(honest)}, hostile ${weights(hostile)}`).join("; ")}; half of the mixed have 2.`,
  "Everybody takes the seat that it may take, and opens it.",
];

const figure = (svg: string): string =>
  `<figure><div class="scroll" tabindex="0" role="region" aria-label="Plot">${svg}</div></figure>`;
