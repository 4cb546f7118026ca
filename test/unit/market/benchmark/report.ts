import { expect } from "chai";
import { growthChart, loadChart, overheadChart, splitChart } from "../../../../src/market/benchmark/report/charts.js";
import { figure, money, secondsOf, signed, usd } from "../../../../src/market/benchmark/report/format.js";
import { benchmarkPage } from "../../../../src/market/benchmark/report/page.js";
import { costChart, rateChart } from "../../../../src/market/benchmark/report/priceCharts.js";
import { benchmarkText } from "../../../../src/market/benchmark/report/text.js";
import type { BenchmarkResult, PriceComparison } from "../../../../src/market/benchmark/result.js";
import { comparePrices } from "../../../../src/market/benchmark/prices.js";
import { measured } from "../../../../src/market/benchmark/provenance.js";
import {
  aBatch,
  aBook,
  aLoad,
  aMachine,
  aNetwork,
  anOffer,
  aResult,
  aSpread,
  CPU,
} from "../../../helpers/benchmark.js";

const HOSTILE = `<script>alert("1")</script> & 'x'\u001b[31m`;
const CHARTS = { overheadChart, loadChart, splitChart, growthChart };
const EMPTY = aResult({ batches: [], loads: [], scenarios: [], prices: [] });
const wordsOf = (svg: string) => [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, words]) => words);
const cellsOf = (text: string, ...names: string[]) =>
  (text.split("\n").find((row) => row.startsWith("│") && names.every((name) => row.includes(` ${name} `))) ?? "")
    .split("│")
    .slice(1, -1)
    .map((cell) => cell.trim());
const [prices] = aResult().prices as [PriceComparison];

function hostile(): BenchmarkResult {
  const batch = aBatch({ workload: HOSTILE, unit: HOSTILE });
  const offers = [
    anOffer({ provider: HOSTILE, product: HOSTILE, region: HOSTILE, device: CPU }),
    anOffer({ device: HOSTILE }),
  ];
  return aResult({
    machine: aMachine({ cpu: HOSTILE, gpu: HOSTILE }),
    network: aNetwork({ coin: HOSTILE }),
    batches: [{ ...batch, cost: { ...batch.cost, gas: [{ operation: HOSTILE, payer: "client", gas: 1n }] } }],
    loads: [aLoad(1, { workload: HOSTILE })],
    gpu: { measured: false, reason: HOSTILE },
    prices: [comparePrices(aBook({ offers }), batch, measured(CPU, 50), aNetwork(), { utilisation: 1 })],
    problems: [HOSTILE],
  });
}

describe("market.benchmark.report", () => {
  it("writes numbers in four significant digits", () => {
    expect([0, 1, 12.345678, 1_234.567, 1_234_567, 0.000123456, -0.5].map(figure)).to.deep.equal([
      ...["0", "1", "12.35", "1,235", "1,235,000", "0.0001235", "-0.5"],
    ]);
    expect(figure(1e-12)).to.equal("1.000e-12");
    expect(figure(undefined)).to.equal("–");
    expect([usd(203), usd(-0.02), usd(undefined)]).to.deep.equal(["$203", "-$0.02", "–"]);
    expect([signed(11.04), signed(-3), signed(0), signed(undefined)]).to.deep.equal([
      "+11.0 %",
      "-3.0 %",
      "0.0 %",
      "–",
    ]);
    expect(secondsOf(0.04)).to.equal("0.04 s");
    expect(money({ wei: 10n ** 17n })).to.equal("0.100000");
    expect(money({ wei: 10n ** 17n, usd: 200 })).to.equal("0.100000 ($200)");
  });

  describe("benchmarkText", () => {
    const text = benchmarkText(aResult());

    it("tells where it ran", () => {
      expect(text).to.match(
        /^Test Processor 2000, 4 cores, 8 GiB, no accelerator, Linux 6\.8\.0 x64, Node\.js 24\.21\.0; chain 31337, a block every 1 second, gas at 1 gwei, 1 ETH taken as \$2000\./,
      );
    });

    it("tells how long a task takes, and what the market adds", () => {
      expect(cellsOf(text, "100 images", "payment")).to.deep.equal([
        ...["digits", "100 images", "payment", "5", "20", "6.09 s", "6.17 s", "–", "6.19 s"],
      ]);
      expect(cellsOf(text, "100 images", "× 3")).to.deep.equal([
        ...["digits", "100 images", "2 s", "6 s", "5.5 s", "6.5 s", "0.4 s", "× 3", "0.04 s"],
      ]);
      expect(cellsOf(text, "1 image", "2.5 s")).to.deep.equal(["digits", "1 image", "2.5 s", "0.5 s", "2 s", "1 s"]);
    });

    it("tells what a task costs, and a thousand units", () => {
      expect(cellsOf(text, "100 images", "150000")).to.deep.equal([
        ...["digits", "100 images", "0.010000", "0.001000", "0.001500", "150000", "80000", "0.000230"],
      ]);
      expect(cellsOf(text, "0.101500 ($203)")).to.deep.equal([
        ...["digits", "image", "0.075000 ($150)", "0.010000 ($20)", "0.015000 ($30)", "0.001500 ($3)"],
        "0.101500 ($203)",
      ]);
    });

    it("sets measured and list prices apart", () => {
      expect(cellsOf(text, "Cloud", CPU)).to.deep.equal([
        ...["Cloud", CPU, "on-demand", "3.6", "2026-01-31", "$0.02", "-$203 (-1014900.0 %)", "0.004926/s"],
      ]);
      expect(cellsOf(text, "Cloud", "8 × NVIDIA H100 80GB HBM3")).to.deep.equal([
        ...["Cloud", "8 × NVIDIA H100 80GB HBM3", "on-demand", "28.8", "2026-01-31", "not measured here", "–"],
        "0.004926/s",
      ]);
      expect(text).to.include(
        "digits, 50 images a second, measured on Test Processor 2000: list prices; cost of 1,000",
      );
      expect(text).to.include("listed, USD/h").and.include("measured rate × list price");
    });

    it("shows a list price to the last digit, with its region", () => {
      const offers = [anOffer({ usdPerHour: 27.44705, region: "us-east-1" })];
      const comparison = comparePrices(aBook({ offers }), aBatch(), measured(CPU, 50), aNetwork(), { utilisation: 1 });
      expect(cellsOf(benchmarkText(aResult({ prices: [comparison] })), "Cloud, us-east-1")).to.include("27.44705");
    });

    it("says once that no offer has a cost, and that no hardware was named", () => {
      const alien = comparePrices(aBook(), aBatch(), measured("Another Processor", 50), aNetwork(), { utilisation: 1 });
      for (const shown of [benchmarkText, benchmarkPage].map((show) => show(aResult({ prices: [alien] })))) {
        expect(shown).to.include("none of these devices was measured here").and.include("by --hardware.");
        expect(shown).not.to.match(/saved in the market|Payment for one task/);
      }
      const row = cellsOf(benchmarkText(aResult({ prices: [alien] })), "8 × NVIDIA H100 80GB HBM3");
      expect(row).to.have.length(6).and.include("28.8");
    });

    it("lists no prices of others beside which nothing stands", () => {
      const network = aNetwork();
      const { coinPrice, ...priceless } = network;
      expect(coinPrice).to.equal(2_000);
      const elsewhere = comparePrices(aBook(), aBatch(), measured("Another", 50), priceless, { utilisation: 1 });
      const said = benchmarkText(aResult({ network: priceless, prices: [elsewhere] }));
      expect(said).to.include("say one by --coin-price").and.not.include("28.8");
      // Of the very machine there is a cost all the same.
      const own = comparePrices(aBook(), aBatch(), measured(CPU, 50), priceless, { utilisation: 1 });
      expect(benchmarkText(aResult({ network: priceless, prices: [own] })))
        .to.include("28.8")
        .and.include("$0.02");
    });

    it("tells what a provider needs, how loads and failures went, and why there is no accelerator", () => {
      expect(cellsOf(text, "digits, 100 images", "50 %")).to.deep.equal([
        ...["digits, 100 images", CPU, "50 %", "$0.00004", "$0.00004", "0.000080", "$0.1601", "0.00008004"],
        ...["0.007500", "$0.00004"],
      ]);
      expect(cellsOf(text, "100", "64")).to.deep.equal([
        "digits",
        "100",
        "64",
        "24",
        "1",
        "0.9",
        "1.1",
        "100",
        ...["6.11 s", "6.21 s", "–"],
        "0",
        "1",
      ]);
      expect(cellsOf(text, "provider-killed").slice(0, 6)).to.deep.equal([
        "provider-killed",
        "digits",
        "20",
        "1",
        "0",
        "3",
      ]);
      expect(cellsOf(text, "provider-killed").slice(-3)).to.deep.equal(["× 1.5", "× 2.25", "–"]);
      expect(text)
        .to.include("No accelerator was measured: There is none.")
        .and.match(/No problems\.$/);
    });

    it("says so where there is nothing", () => {
      expect(benchmarkText(EMPTY)).to.include("Throughput, measured: none");
      expect(benchmarkText({ ...EMPTY, problems: ["It failed."] })).to.match(/PROBLEMS\n- It failed\.$/);
      const gpu = { measured: true, workload: "digits", unit: "image", units: 8, device: "Tesla T4" } as const;
      expect(benchmarkText({ ...EMPTY, gpu: { ...gpu, rate: aSpread(1, 2, 4) } })).to.include(
        "Accelerator: Tesla T4 did 2 images of digits a second (least 1, most 4; tasks of 8, 4 s each), measured.",
      );
    });

    it("steers no terminal", () => {
      expect(benchmarkText(hostile())).to.not.include("\u001b");
    });
  });

  describe("charts", () => {
    for (const [name, chart] of Object.entries(CHARTS)) {
      it(`draws ${name}, the same bytes each time, and says why there is nothing to draw`, () => {
        const svg = chart(aResult());
        expect(svg).to.match(/^<svg role="img" aria-label="[^"]+" /);
        expect(svg).to.equal(chart(aResult()));
        expect(chart(EMPTY)).to.match(/^<svg /);
        expect(wordsOf(chart(EMPTY)).length).to.be.below(4);
      });
    }

    it("shows the curve of the overhead over sizes, and leaves out what has none", () => {
      const svg = overheadChart(aResult());
      expect(wordsOf(svg)).to.include.members(["digits", "units of work in a task", "seconds added to a unit"]);
      const none = aBatch({ overhead: { ...aBatch().overhead, market: aSpread(1) } });
      expect(wordsOf(overheadChart(aResult({ batches: [none] })))).to.include("No task took longer in the market.");
    });

    it("stacks the parts of the time, and draws levels of load", () => {
      expect(wordsOf(splitChart(aResult()))).to.include.members(["chain", "storage", "execution", "waiting"]);
      expect(wordsOf(splitChart(aResult()))).to.include.members(["digits of 1", "digits of 100"]);
      expect(wordsOf(loadChart(aResult()))).to.include.members(["1", "8", "64", "digits of 100"]);
      expect(wordsOf(growthChart(aResult()))).to.include("provider-killed, digits");
    });

    it("has costs only of the measured device, and rates of all", () => {
      const costs = wordsOf(costChart(prices));
      expect(costs).to.include.members(["the market, measured", "$203", `Cloud, ${CPU}, on-demand`, "$0.02"]);
      expect(costs.join()).to.not.include("H100");
      const rates = wordsOf(rateChart(prices));
      expect(rates).to.include.members([
        "this machine, measured",
        "50",
        "Cloud, H100 80GB HBM3, on-demand",
        "0.004926",
      ]);
    });

    it("says why there are neither", () => {
      const unpriced = comparePrices(aBook(), aBatch(), measured("Another", 50), { gasPrice: 1n }, { utilisation: 1 });
      expect(wordsOf(costChart(unpriced))).to.include("No offer is of the device that was measured here.");
      expect(wordsOf(rateChart(unpriced)).join()).to.include("no price in USD");
    });
  });

  describe("benchmarkPage", () => {
    const page = benchmarkPage(aResult());

    it("holds the plots and the tables", () => {
      expect(page).to.match(/^<!doctype html>/);
      expect(page.match(/<svg /g)).to.have.length(6);
      for (const title of ["How fast", "How much", "While something fails", "At what cost"]) {
        expect(page).to.include(`<h2>${title}</h2>`);
      }
      expect(page).to.include("not measured here").and.include("https://example.org/prices");
      expect(page).to.include('<time datetime="2026-01-02T03:04:05.000Z">2026-01-02 03:04:05 UTC</time>');
    });

    it("needs nothing from elsewhere", () => {
      // Addresses of sources are text; the namespace of SVG is no address that anything asks.
      expect(page).to.not.match(/<(?:script|link|iframe|object|embed|img|a|image|use)\b/i);
      expect(page).to.not.match(/\b(?:src|href|xlink:href|action|srcset)\s*=/i);
      expect(page).to.not.match(/url\(\s*["']?(?!#)|@import/i);
      expect(page).to.include("default-src 'none'");
    });

    it("escapes all that others say", () => {
      const html = benchmarkPage(hostile());
      expect(html).to.not.include("<script").and.not.include("\u001b");
      expect(html).to.include("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39;");
    });

    it("gives each plot ids of its own", () => {
      const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
      expect(new Set(ids).size).to.equal(ids.length);
    });

    it("is a page even of nothing", () => {
      const html = benchmarkPage({ ...EMPTY, problems: ["It failed."] });
      expect(html).to.include('<section class="problems">').and.include("It failed.");
    });
  });
});
