import type { Figures } from "../../report/figures.js";
import { escapeHtml, tableHtml } from "../../report/html.js";
import { STYLE } from "../../report/style.js";
import type { Summary } from "../summary.js";
import {
  earningsChart,
  errorsChart,
  pricesChart,
  slotsChart,
  surplusChart,
  utilisationChart,
  waitsChart,
} from "./charts.js";
import {
  goalFigures,
  manipulationFigures,
  priceFigures,
  serviceFigures,
  surplusFigures,
  waitFigures,
} from "./figures.js";
import { assumptionsOf, headline } from "./sentences.js";

/** A page that says everything about a simulation and needs nothing else: no script, no other file, no network. */
export function simulationPage(summary: Summary): string {
  const title = "Simulation of the price controller";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<h1>${title}</h1>
<p class="lead">${escapeHtml(headline(summary))}</p>
</header>
<h2>The price</h2>
${figure(pricesChart(summary))}
${figure(errorsChart(summary))}
${section(priceFigures(summary), [
  "Error: median of |price / equilibrium − 1| over the last half of the regime. Bias: the mean with its sign.",
  "Return: until the price is within 10 % and stays there for ten minutes. In brackets the seed that has the worst.",
])}
<h2>Utilisation and the pool</h2>
${figure(utilisationChart(summary))}
${figure(slotsChart(summary))}
<h2>Surplus</h2>
${figure(surplusChart(summary))}
${section(surplusFigures(summary), [
  "Surplus: budgets of the delivered tasks less all costs of the providers, over the whole regime; the possible one is that of the best tasks on the cheapest slots at the target utilisation.",
  "Fixed price: the equilibrium of the steady state. First come: the client posts its budget as the reward.",
  "A share above 100 % is orders from before the regime that were still served, or slots busier than the target.",
])}
${section(serviceFigures(summary))}
<h2>Manipulation</h2>
${section(manipulationFigures(summary))}
<h2>Clients and providers</h2>
${figure(waitsChart(summary))}
${section(waitFigures(summary))}
${figure(earningsChart(summary))}
${section(goalFigures(summary))}
<section>
<h2>What is assumed</h2>
<ul>
${assumptionsOf(summary.scenario)
  .map((sentence) => `<li>${escapeHtml(sentence)}</li>`)
  .join("\n")}
</ul>
</section>
</main>
</body>
</html>
`;
}

const figure = (svg: string): string =>
  `<figure><div class="scroll" tabindex="0" role="region" aria-label="Plot">${svg}</div></figure>`;

function section(figures: Figures, notes: readonly string[] = []): string {
  return `<section>\n<h2>${escapeHtml(figures.title)}</h2>\n${tableHtml(figures, notes)}\n</section>`;
}
