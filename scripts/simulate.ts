/** The price controller under agents that trade on the deployed contracts: figures, a table and a page of plots. */
import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import { writeText } from "../src/files/atomic.js";
import { REGIMES } from "../src/market/simulation/regimes.js";
import { simulationPage } from "../src/market/simulation/report/page.js";
import { simulationText } from "../src/market/simulation/report/tables.js";
import { summarise } from "../src/market/simulation/summarise.js";
import { formatSummary } from "../src/market/simulation/summary.js";
import { main } from "./deployment/command.js";
import { checkFolder, command, scenarioOf, type SimulationChoices } from "./simulation/options.js";
import { playAll } from "./simulation/pool.js";
import { createProgress, silence } from "./simulation/progress.js";

/** A name that sorts by time. */
function newName(): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
  return `${time}-${randomBytes(2).toString("hex")}`;
}

await main(async () => {
  const choices = command.parse().opts<SimulationChoices>();
  const { seeds, seed: first, jobs, json = false, mirror = false } = choices;
  const folder = resolve(choices.out ?? join("simulations", newName()));
  checkFolder(folder);
  const scenario = scenarioOf(choices);
  const { length, warmUp, tick } = scenario;
  if (!json) {
    const place = mirror ? "the contracts' mirror in memory" : "the contracts on a chain in this process";
    console.log(`OpenGPU: ${seeds} seeds, ${REGIMES.length} regimes each, on ${place}\n`);
  }
  const progress = json ? silence : createProgress(seeds, (REGIMES.length * (warmUp + length)) / tick);
  try {
    const plays = Array.from({ length: seeds }, (_, index) => ({ seed: first + index, scenario, mirror }));
    const results = await playAll(
      plays,
      jobs,
      (blocks) => {
        progress.blocks(blocks);
      },
      (result) => {
        progress.done(result);
      },
    );
    progress.end();
    const summary = summarise(mirror ? "mirror" : "contracts", scenario, results);
    const figures = formatSummary(summary);
    await writeText(join(folder, "figures.json"), figures);
    await writeText(join(folder, "report.html"), simulationPage(summary));
    if (json) process.stdout.write(figures);
    else console.log(`\n${simulationText(summary)}\n\nKept in ${folder}: report.html, figures.json.`);
  } finally {
    progress.end();
  }
});
