import { expect } from "chai";
import { createMirrorVenue } from "../../../../src/market/simulation/mirrorVenue.js";
import { simulationPage } from "../../../../src/market/simulation/report/page.js";
import { simulationText } from "../../../../src/market/simulation/report/tables.js";
import { DEFAULT_SCENARIO } from "../../../../src/market/simulation/scenario.js";
import { runSeed, type SeedResult } from "../../../../src/market/simulation/seedRun.js";
import { summarise } from "../../../../src/market/simulation/summarise.js";
import { formatSummary, type Summary } from "../../../../src/market/simulation/summary.js";

const SCENARIO = { ...DEFAULT_SCENARIO, warmUp: 120, length: 1200 };
const HOSTILE = `<script>alert("1")</script>`;
const play = (seed: number): Promise<SeedResult> =>
  runSeed(seed, SCENARIO, (opening) => Promise.resolve(createMirrorVenue(opening)));

describe("market.simulation.summarise", function () {
  this.timeout(30_000);
  let results: SeedResult[];
  let summary: Summary;

  before(async () => {
    results = [await play(1), await play(2)];
    summary = summarise("mirror", SCENARIO, results);
  });

  it("gives the same bytes for the same seeds, in whatever order they come through", async () => {
    const text = formatSummary(summary);
    expect(text).to.equal(formatSummary(summarise("mirror", SCENARIO, [await play(2), await play(1)])));
    expect(JSON.parse(text)).to.have.property("venue", "mirror");
    expect(formatSummary(summarise("mirror", SCENARIO, [await play(3)]))).to.not.equal(text);
  });

  it("names the worst seed and what it had", () => {
    for (const [index, { error, surplus }] of summary.regimes.entries()) {
      const errors = results.map(({ episodes }) => episodes[index]?.market.error ?? NaN);
      expect(error.worst).to.equal(Math.max(...errors));
      expect(error.seed).to.equal(errors.indexOf(error.worst) + 1);
      expect(surplus.market.worst).to.be.at.most(surplus.market.median);
    }
  });

  it("compares each trick with the same seed without it", () => {
    expect(summary.manipulations.map(({ name }) => name)).to.deep.equal(["idle", "pump", "selfDeal"]);
    // Slots that earn nothing but cost: less than all of the profit is gone.
    expect(summary.manipulations[0]?.gain.worst).to.be.lessThan(-1);
  });

  it("counts the worst of a price that never returned as never", () => {
    const [surge] = summary.regimes.filter(({ name }) => name === "surge");
    expect(surge?.returned).to.have.keys("median", "worst", "seed");
    expect(summary.regimes[0]?.returned).to.equal(undefined);
  });

  it("makes a page that needs nothing else and is the same for the same figures", () => {
    const page = simulationPage(summary);
    expect(page).to.equal(simulationPage(summary));
    expect(page.match(/<svg /g)).to.have.length(7);
    expect(page).to.not.match(/<script|<link|<img|@import|url\((?!#)/);
    const addresses = page.match(/https?:\/\/[^"' <]+/g) ?? [];
    expect([...new Set(addresses)].filter((address) => !address.startsWith("http://www.w3.org/"))).to.deep.equal([]);
    expect(page).to.not.match(/NaN|undefined|Infinity/);
    for (const { title } of summary.regimes) expect(page).to.contain(title);
  });

  it("shows text for what it is", () => {
    const regimes = summary.regimes.map((regime) => ({ ...regime, title: HOSTILE }));
    const manipulations = summary.manipulations.map((each) => ({ ...each, title: HOSTILE }));
    const page = simulationPage({ ...summary, regimes, manipulations });
    expect(page).to.not.contain("<script");
    expect(page).to.contain("&lt;script&gt;");
  });

  it("makes tables with a row for each regime and goal", () => {
    const text = simulationText(summary);
    for (const { title } of summary.regimes) expect(text).to.contain(`│ ${title} `);
    expect(text).to.contain("unservable orders, 20 %: price move");
    expect(text).to.not.match(/NaN|undefined|Infinity/);
  });
});
