import { documentHtml, escapeHtml, sectionHtml } from "../../report/html.js";
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
  const content = `<h2>The price</h2>
${figure(pricesChart(summary))}
${figure(errorsChart(summary))}
${sectionHtml(priceFigures(summary), [
  "Error: median of |price / equilibrium − 1| over the last half of the regime. Bias: the mean with its sign.",
  "Return: until the price is within 10 % and stays there for ten minutes. In brackets the seed that has the worst.",
])}
<h2>Utilisation and the pool</h2>
${figure(utilisationChart(summary))}
${figure(slotsChart(summary))}
<h2>Surplus</h2>
${figure(surplusChart(summary))}
${sectionHtml(surplusFigures(summary), [
  "Surplus: budgets of the delivered tasks less all costs of the providers, over the whole regime; the possible one is that of the best tasks on the cheapest slots at the target utilisation.",
  "Fixed price: the equilibrium of the steady state. First come: the client posts its budget as the reward.",
  "A share above 100 % is orders from before the regime that were still served, or slots busier than the target.",
])}
${sectionHtml(serviceFigures(summary))}
<h2>Manipulation</h2>
${sectionHtml(manipulationFigures(summary))}
<h2>Clients and providers</h2>
${figure(waitsChart(summary))}
${sectionHtml(waitFigures(summary))}
${figure(earningsChart(summary))}
${sectionHtml(goalFigures(summary))}
<section>
<h2>What is assumed</h2>
<ul>
${assumptionsOf(summary.scenario)
  .map((sentence) => `<li>${escapeHtml(sentence)}</li>`)
  .join("\n")}
</ul>
</section>`;
  return documentHtml(title, headline(summary), content);
}

const figure = (svg: string): string =>
  `<figure><div class="scroll" tabindex="0" role="region" aria-label="Plot">${svg}</div></figure>`;
