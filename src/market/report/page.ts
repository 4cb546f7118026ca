import type { Summary } from "../summary.js";
import { balancesChart, latencyChart, winsChart } from "./charts.js";
import {
  booksFigures,
  disputeFigures,
  gasFigures,
  latencyFigures,
  paymentSentences,
  priceFigures,
  providerFigures,
  taskFigures,
  workloadFigures,
} from "./figures.js";
import { count, percent, plain } from "./format.js";
import { documentHtml, escapeHtml, sectionHtml, tableHtml } from "./html.js";
import { keyFigures } from "./keyFigures.js";
import { pricesChart } from "./pricesChart.js";
import { headline, pictureSize } from "./sentences.js";

/**
 * A page that says everything about a run and needs nothing else: no script, no other file, no network.
 *
 * @param picture Bytes of the PNG that the frame became.
 */
export function reportPage(summary: Summary, picture?: Uint8Array): string {
  const title = `Run ${plain(summary.run)}`;
  const content = `${listHtml("problems", "Problems", summary.problems)}
${listHtml("incidents", "Incidents", summary.incidents)}
${keyFiguresHtml(summary)}
${pictureHtml(summary, picture)}
<h2>What happened</h2>
${chartsHtml(summary)}
${sectionHtml(providerFigures(summary), [
  "Parallel: executions at a time. Niceness: how far a provider's executions stand back for others.",
  "Lost: attempts at which another provider was faster. Score: of the reputation on chain; it adds up over clients and epochs.",
])}
${disputesHtml(summary)}
${sectionHtml(priceFigures(summary), [
  "Market: what an order of the source began at, unless its cap was lower. Cleared at: what tasks were sold for, on average, at least and at most.",
  "Saved: what the caps of the paid tasks add up to, less what was paid.",
])}
${sectionHtml(booksFigures(summary), paymentSentences(summary))}
${sectionHtml(gasFigures(summary), ["Refused: when they were mined; the other columns are of those that were not."])}
${sectionHtml(latencyFigures(summary), ["A quantile stands where there are samples enough for it to say something."])}
${sectionHtml(workloadFigures(summary))}
<details>
<summary>All ${escapeHtml(count(summary.tasks.length, "task"))}</summary>
${tableHtml(taskFigures(summary), [`Amounts in ${plain(summary.chain.coin)}, times since the submission.`])}
</details>
${footerHtml(summary)}`;
  return documentHtml(title, headline(summary), content);
}

function listHtml(name: string, title: string, sentences: readonly string[]): string {
  if (sentences.length === 0) return "";
  const items = sentences.map((sentence) => `<li>${escapeHtml(plain(sentence))}</li>`);
  return `<section class="${name}">\n<h2>${title}</h2>\n<ul>\n${items.join("\n")}\n</ul>\n</section>`;
}

function keyFiguresHtml(summary: Summary): string {
  const items = keyFigures(summary).map(({ name, value, more, bad }) => {
    const below = more === undefined ? "" : `<small>${escapeHtml(more)}</small>`;
    return `<div><dt>${escapeHtml(name)}</dt><dd${bad ? ' class="bad"' : ""}>${escapeHtml(value)}${below}</dd></div>`;
  });
  return `<dl class="key">\n${items.join("\n")}\n</dl>`;
}

function pictureHtml({ picture }: Summary, bytes?: Uint8Array): string {
  if (bytes === undefined) return "";
  const size = picture === undefined ? "" : `: ${pictureSize(picture)}`;
  const alt = `The picture that the providers rendered${size}`;
  const space = picture === undefined ? "" : ` width="${picture.width}" height="${picture.height}"`;
  const source = `data:image/png;base64,${Buffer.from(bytes).toString("base64")}`;
  return `<figure>
<img src="${source}" alt="${escapeHtml(alt)}"${space}>
<figcaption>${escapeHtml(alt)}. Each tile was a task of its own.</figcaption>
</figure>`;
}

function disputesHtml(summary: Summary): string {
  if (summary.disputes.length === 0) return "";
  return sectionHtml(disputeFigures(summary), [
    "Upheld: the panel computed what the provider delivered. Overturned: it did not, and the client has the panel's result.",
    "Because: the result was another one, most of the panel could not read it, or the provider did not open it.",
    "Client paid: for the result, whoever has made it; to the panel: beside that. What a provider lost and the panel did not get went to the protocol.",
  ]);
}

function chartsHtml(summary: Summary): string {
  const { target } = summary.chain.pricing;
  const charts: [svg: string, caption: string][] = [
    [winsChart(summary), "A task is won by the provider that is paid for it."],
    [latencyChart(summary), "A curve that ends below 100 % leaves out the tasks that were never delivered, or paid."],
    [
      pricesChart(summary),
      `A line is what new tasks began at. It rises while utilisation is above ${percent(target / 10_000, 0)} and falls ` +
        "while it is below. A task begins on its line and climbs to its cap until it is delivered; there is its dot.",
    ],
    [balancesChart(summary), "What the caps hold back for open tasks is free again once a task is paid for less."],
  ];
  const figures = charts.map(
    ([svg, caption]) =>
      `<figure>\n<div class="scroll" tabindex="0">\n${svg}\n</div>\n<figcaption>${caption}</figcaption>\n</figure>`,
  );
  return figures.join("\n");
}

function footerHtml({ startedAt, chain }: Summary): string {
  const moment = new Date(startedAt).toISOString();
  const shown = `${moment.slice(0, 10)} ${moment.slice(11, 19)} UTC`;
  const where = escapeHtml(`Chain ${chain.id}, TaskManager at ${plain(chain.taskManager)}.`);
  return `<footer>Started at <time datetime="${moment}">${shown}</time>. ${where}</footer>`;
}
