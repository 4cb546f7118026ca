/** Rounds of Quorum tasks with liars among the providers: figures, tables, and a page of plots. */
import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import { SingleBar } from "cli-progress";
import { writeText } from "../src/files/atomic.js";
import { copiesChart, wrongChart } from "../src/market/consensus/charts.js";
import { consensusPage, consensusText } from "../src/market/consensus/report.js";
import { formatSummary } from "../src/market/consensus/summary.js";
import { DEFAULT_SCENARIO, roundsOf, sweep } from "../src/market/consensus/sweep.js";
import { main } from "./deployment/command.js";
import { consensusCommand, type ConsensusChoices } from "./simulation/consensusOptions.js";
import { checkFolder } from "./simulation/options.js";

/** A name that sorts by time. */
function newName(): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
  return `${time}-${randomBytes(2).toString("hex")}`;
}

/** A bar with the time that is left. */
function createBar(total: number): SingleBar {
  const format = " {bar} {percentage} %  {duration_formatted}, {eta_formatted} left";
  const bar = new SingleBar({ format, hideCursor: true, clearOnComplete: true, barsize: 24 });
  bar.start(total, 0);
  return bar;
}

await main(async () => {
  const { out, json = false, ...chosen } = consensusCommand.parse().opts<ConsensusChoices>();
  const folder = resolve(out ?? join("consensus", newName()));
  checkFolder(folder);
  const scenario = { ...DEFAULT_SCENARIO, ...chosen };
  const rounds = roundsOf(scenario);
  if (!json) console.log(`OpenGPU: ${rounds.toLocaleString("en")} rounds, seed ${scenario.seed}\n`);
  const bar = json || !process.stdout.isTTY ? undefined : createBar(rounds);
  try {
    const summary = sweep(scenario, (count) => bar?.increment(count));
    bar?.stop();
    const figures = formatSummary(summary);
    await writeText(join(folder, "figures.json"), figures);
    await writeText(join(folder, "report.html"), consensusPage(summary));
    await writeText(join(folder, "wrong.svg"), wrongChart(summary));
    await writeText(join(folder, "copies.svg"), copiesChart(summary));
    if (json) process.stdout.write(figures);
    else {
      console.log(`${consensusText(summary)}\n\nKept in ${folder}: report.html, figures.json, wrong.svg, copies.svg.`);
    }
  } finally {
    bar?.stop();
  }
});
