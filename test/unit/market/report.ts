import { expect } from "chai";
import { parseEther } from "ethers";
import { balancesChart, latencyChart, winsChart } from "../../../src/market/report/charts.js";
import { escapeHtml } from "../../../src/market/report/html.js";
import { reportPage } from "../../../src/market/report/page.js";
import { pricesChart } from "../../../src/market/report/pricesChart.js";
import { median, quantilesOf } from "../../../src/market/report/quantiles.js";
import {
  booksTable,
  disputeTable,
  gasTable,
  latencyTable,
  priceTable,
  providerTable,
  reportText,
} from "../../../src/market/report/tables.js";
import type { Summary } from "../../../src/market/summary.js";
import { aDispute, aMarketSample, aProvider, aSummary, aTask, START } from "../../helpers/summary.js";

const CHARTS = { winsChart, latencyChart, pricesChart, balancesChart };
const NO_SLOTS = { price: parseEther("0.01"), utilisation: 1, openTasks: 3, capacity: 0 };
const HOSTILE = `<script>alert("1")</script> & 'x'\u001b[31m`;
const upTo = (length: number) => Array.from({ length }, (_, index) => index + 1);
/** The cells of the row of a text table that begins with a name. */
const cellsOf = (table: string, name: string) =>
  (table.split("\n").find((row) => row.startsWith(`│ ${name} `)) ?? "").split("│").map((cell) => cell.trim());
/** What a person reads in a drawing. */
const wordsOf = (svg: string) => [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, words]) => words);
const barsIn = (svg: string) => [...svg.matchAll(/<path d="[^"]*Z" fill="#0072b2"/g)].length;

/** The number that an expression caught. */
const caughtNumber = ([, digits]: RegExpExecArray) => Number(digits);

/** Fails where tags do not close in order, attributes lack quotes, or text holds characters that it may not. */
function expectWellFormed(xml: string): void {
  const open: string[] = [];
  const rest = xml.replace(
    /<(\/?)([\w:-]+)((?:\s+[\w:-]+="[^"<&]*(?:&[#\w]+;[^"<&]*)*")*)\s*(\/?)>/g,
    (_, ...parts) => {
      const [closes, tag, , empty] = parts as [string, string, string, string];
      if (closes === "/") expect(open.pop(), "a closing tag").to.equal(tag);
      else if (empty === "") open.push(tag);
      return "";
    },
  );
  expect(open, "open tags").to.deep.equal([]);
  expect(rest).to.not.match(/<|&(?!(?:#\d+|amp|lt|gt|quot);)/);
}

describe("market.quantilesOf", () => {
  it("takes the nearest rank, in whatever order the samples come", () => {
    // Ranks 10, 18 and 20 of the twenty.
    expect(quantilesOf(upTo(20).toReversed())).to.deep.equal({ samples: 20, p50: 10, p90: 18, most: 20 });
    // Ranks ceil(5.5) and ceil(9.9) of 11; the second is not asked for.
    expect(quantilesOf([11, 2, 9, 4, 7, 6, 5, 8, 3, 10, 1])).to.deep.equal({ samples: 11, p50: 6, most: 11 });
    expect(quantilesOf(upTo(101))).to.deep.equal({ samples: 101, p50: 51, p90: 91, p99: 100, most: 101 });
  });

  it("sorts durations as numbers", () => {
    expect(quantilesOf([9, 1000, 80, 9, 9, 9, 9, 9, 9, 9])).to.deep.equal({ samples: 10, p50: 9, most: 1000 });
  });

  for (const [samples, fields] of [
    [0, ["samples"]],
    [1, ["samples", "most"]],
    [9, ["samples", "most"]],
    [10, ["samples", "p50", "most"]],
    [19, ["samples", "p50", "most"]],
    [20, ["samples", "p50", "p90", "most"]],
    [99, ["samples", "p50", "p90", "most"]],
    [100, ["samples", "p50", "p90", "p99", "most"]],
  ] as const) {
    it(`says of ${samples} samples what they can tell: ${fields.join(", ")}`, () => {
      expect(quantilesOf(upTo(samples))).to.have.all.keys(...fields);
    });
  }

  it("leaves the samples as they were", () => {
    const samples = Object.freeze([3, 1, 2]);
    expect(quantilesOf(samples).most).to.equal(3);
    expect(samples).to.deep.equal([3, 1, 2]);
  });

  it("has a median of amounts beyond 2^53", () => {
    const huge = 2n ** 60n;
    expect(median([huge + 2n, huge, huge + 1n])).to.equal(huge + 1n);
    expect(median([4n, 1n, 3n, 2n])).to.equal(2n);
    expect(median([7n])).to.equal(7n);
    expect(median([])).to.equal(undefined);
  });
});

describe("market.reportText", () => {
  it("tells how each provider came out", () => {
    const table = providerTable(
      aSummary({
        providers: [
          aProvider(7, { name: "swift", niceness: 12, won: 31, lost: 9 }),
          aProvider(8, { name: "liar", won: 0, seatsLost: 4, slashed: parseEther("0.12"), frauds: 3 }),
        ],
      }),
    );
    const titles = ["seats lost", "slashed", "wrong", "gas", "score"];
    expect(cellsOf(table, "provider").slice(-1 - titles.length, -1)).to.deep.equal(titles);
    expect(cellsOf(table, "liar").slice(-6, -1)).to.deep.equal(["4", "0.120000", "3", "0.000321", "0.750000"]);
    expect(cellsOf(table, "swift").slice(1, -1)).to.deep.equal([
      "swift",
      "7",
      "2.000000",
      "4",
      "12",
      "31",
      "9",
      "0.020000",
      "0",
      "0.000000",
      "0",
      "0.000321",
      "0.750000",
    ]);
  });

  it("tells which deliveries were disputed, why they did not stand, and what that cost whom", () => {
    const quarrel = {
      ...({ provider: "provider 3", outcome: "Upheld", slashed: 0n, cost: parseEther("0.036"), seats: 3 } as const),
      ...{ client: "client 2", price: parseEther("0.012"), awarded: parseEther("0.036") },
    };
    const upheld = aDispute(11, quarrel);
    const disputes = [aDispute(9), aDispute(10, { provider: "withholder", reason: "unavailable" }), upheld];
    const summary = aSummary({ disputes });
    const table = disputeTable(summary);
    const titles = ["task", "delivered by", "disputed by", "verdict", "because", "seats"];
    const amounts = ["provider lost", "client paid", "to the panel", "panel got"];
    expect(cellsOf(table, "task").slice(1, -1)).to.deep.equal([...titles, ...amounts]);
    expect(cellsOf(table, "render 9").slice(1, -1)).to.deep.equal([
      ...["render 9", "forger", "client 1", "Overturned", "wrong", "3"],
      ...["0.075000", "0.010000", "0.000000", "0.030000"],
    ]);
    expect(cellsOf(table, "render 10").slice(2, 6)).to.deep.equal([
      ...["withholder", "client 1", "Overturned", "unavailable"],
    ]);
    expect(cellsOf(table, "render 11").slice(1, -1)).to.deep.equal([
      ...["render 11", "provider 3", "client 2", "Upheld", "–", "3"],
      ...["0.000000", "0.012000", "0.036000", "0.036000"],
    ]);
    expect(reportText(summary)).to.include(table);
    expect(reportPage(summary)).to.include("<h2>Disputes, amounts in ETH</h2>").and.include("withholder");
    for (const text of [reportText(aSummary()), reportPage(aSummary())]) expect(text).to.not.include("Disputes");
  });

  it("tells where what was slashed and what panels were paid came from and went", () => {
    const { escrow } = aSummary();
    expect(booksTable(aSummary())).to.not.match(/Panels|Slashed/);
    const told = { panels: parseEther("0.036"), fromBonds: parseEther("0.04"), slashed: parseEther("0.18") };
    const text = booksTable(aSummary({ escrow: { ...escrow, ...told } }));
    expect(text).to.include("Panels of disputes: 0.036000 ETH from clients, 0.040000 ETH out of bonds.");
    expect(text).to.include("Slashed: 0.180000 ETH, of which the protocol has 0.140000 ETH.");
  });

  it("tells what each workload cleared at, where its market went, and what that saved", () => {
    const render = [
      aTask(1, { price: parseEther("0.012"), cap: parseEther("0.03") }),
      aTask(2, { price: parseEther("0.015"), cap: parseEther("0.03") }),
      paidBefore(0, 4),
    ];
    const table = priceTable(aSummary({ tasks: render }));
    expect(cellsOf(table, "render").slice(1, -1)).to.deep.equal([
      ...["render", "2", "0.010000", "0.010000", "0.019000", "0.019000"],
      ...["0.013500", "0.012000", "0.015000", "0.033000", "55.0 %"],
    ]);
    expect(cellsOf(table, "digits").slice(1, -1)).to.deep.equal([
      ...["digits", "0", "0.010000", "0.010000", "0.019000", "0.019000"],
      ...["–", "–", "–", "–", "–"],
    ]);
    const unseen = cellsOf(priceTable(aSummary({ tasks: render, markets: [] })), "render");
    expect(unseen.slice(4, 7)).to.deep.equal(["–", "–", "–"]);
    expect(priceTable(aSummary({ workloads: [] }))).to.equal("Prices, amounts in ETH: none");
  });

  it("adds the books up, to the wei", () => {
    const text = booksTable(aSummary());
    expect(cellsOf(text, "sum")).to.include("16.000000");
    expect(cellsOf(text, "in Escrow")).to.include.members(["16.000000", "to the wei"]);
    expect(text).to.include("Paid: 0.500000 ETH of caps of 0.625000 ETH (80.0 %).");
    expect(text).to.include("payments 0.400000 + royalties 0.060000 + fees 0.040000 ETH, to the wei.");
  });

  it("shows a difference that six decimals would hide", () => {
    const { escrow } = aSummary();
    const off = (change: Partial<Summary["escrow"]>) => booksTable(aSummary({ escrow: { ...escrow, ...change } }));
    expect(off({ coin: escrow.coin - 1n, balanced: false })).to.include("DOES NOT BALANCE, 1 wei missing");
    expect(off({ coin: escrow.coin + 2n, balanced: false })).to.include("DOES NOT BALANCE, 2 wei too much");
    const unclaimed = off({ coin: escrow.coin + 3n, strangers: 3n, balanced: false });
    expect(cellsOf(unclaimed, "strangers")).to.include("3 wei");
    expect(cellsOf(unclaimed, "in Escrow")).to.include("DOES NOT BALANCE");
    expect(off({ paid: escrow.paid + 3n })).to.include("a rest of 3 wei did not");
  });

  it("shows what transactions cost, and nothing for those that were all refused", () => {
    const refused = { operation: "escrow.deposit", count: 2, reverted: 2, least: 0n, median: 0n, most: 0n };
    const table = gasTable(aSummary({ gas: [...aSummary().gas, refused] }));
    const deliver = ["taskManager.deliver", "30", "6", "60001", "60020", "77777"];
    expect(cellsOf(table, "taskManager.deliver").slice(1, -1)).to.deep.equal(deliver);
    expect(cellsOf(table, "escrow.deposit").slice(1, -1)).to.deep.equal(["escrow.deposit", "2", "2", "–", "–", "–"]);
  });

  it("shows latencies in seconds, and a dash where the samples are too few", () => {
    const table = latencyTable(aSummary());
    expect(cellsOf(table, "delivery").slice(1, -1)).to.deep.equal([
      "delivery",
      "24",
      "12.00 s",
      "22.00 s",
      "–",
      "24.00 s",
    ]);
    expect(cellsOf(table, "payment").slice(1, -1)).to.deep.equal([
      "payment",
      "24",
      "12.50 s",
      "22.50 s",
      "–",
      "24.50 s",
    ]);
  });

  it("composes it all, with digits, overlap and problems", () => {
    const summary = aSummary({
      digits: { images: 1000, correct: 947, accuracy: 0.947 },
      picture: { file: "frame.png", width: 320, height: 240, tiles: 12 },
      problems: ["Task 7 was refunded."],
    });
    const text = reportText(summary);
    for (const part of [providerTable, priceTable, booksTable, gasTable, latencyTable])
      expect(text).to.include(part(summary));
    expect(text).to.match(/^Run test-run: 24 of 24 tasks paid in 27\.0 s by 3 providers on chain 31337\./);
    expect(text).to.include("Digits: 947 of 1000 images recognised, 94.7 %.");
    expect(text).to.include("Picture: frame.png, 320 × 240 pixels in 12 tiles.");
    expect(text).to.include("Overlap: on 50.0 % of the tasks");
    expect(text).to.match(/PROBLEMS\n- Task 7 was refunded\.$/);
    expect(reportText(aSummary()))
      .to.match(/No problems\.$/)
      .and.not.include("Digits");
  });

  it("can go into a file, and steers no terminal", () => {
    const text = reportText(aSummary({ providers: [aProvider(1, { name: HOSTILE })], problems: [`bad\n${HOSTILE}`] }));
    expect(text.replaceAll("\n", "")).to.not.match(/\p{Cc}/u);
    expect(text).to.include("- bad\ufffd<script>");
  });

  it("speaks of a run in which nothing happened", () => {
    const text = reportText(aSummary({ tasks: [], providers: [], gas: [], overlap: 0 }));
    expect(text).to.include("0 of 0 tasks paid").and.include("Gas of the transactions: none");
    expect(cellsOf(text, "delivery").slice(1, -1)).to.deep.equal(["delivery", "0", "–", "–", "–", "–"]);
  });
});

describe("market charts", () => {
  it("draw a bar for each provider, of one that won nothing too", () => {
    for (const wins of [[5], [5, 0, 2], [0, 0], upTo(12)]) {
      const svg = winsChart(aSummary({ providers: wins.map((won, index) => aProvider(index + 1, { won })) }));
      expect(barsIn(svg), String(wins)).to.equal(wins.length);
      for (const id of wins.keys()) expect(wordsOf(svg)).to.include(`provider-${id + 1}`);
    }
    const two = winsChart(aSummary({ providers: [aProvider(1, { won: 4 }), aProvider(2, { won: 2 })] }));
    const [first = 0, second = 0] = [...two.matchAll(/l([\d.]+) 0l0 [\d.]+l[^"]*Z" fill="#0072b2"/g)].map(caughtNumber);
    expect(first)
      .to.equal(2 * second)
      .and.be.above(0);
  });

  it("name their axes with units", () => {
    expect(wordsOf(winsChart(aSummary()))).to.include("tasks");
    const times = ["time since the submission, seconds", "share of all tasks, %", "delivered", "paid"];
    expect(wordsOf(latencyChart(aSummary()))).to.include.members(times);
    const prices = ["price, ETH", "utilisation, %", "render", "digits", "market of render", "market of digits", "caps"];
    expect(wordsOf(pricesChart(aSummary()))).to.include.members(prices);
    const names = ["provider-1", "provider-2", "provider-3", "earned by the providers, ETH", "free", "held for tasks"];
    expect(wordsOf(balancesChart(aSummary()))).to.include.members(names);
  });

  it("draw a dot for each price that a task cleared at, and for each its cap", () => {
    for (const count of [1, 3, 24]) {
      const tasks = upTo(count).map((part) => aTask(part - 1));
      const svg = pricesChart(aSummary({ tasks }));
      // What is in the legend is moved there, not scaled.
      const marks = (color: string) => [
        ...svg.matchAll(new RegExp(`transform="matrix[^"]*" fill="#(?:${color})"`, "g")),
      ];
      expect(marks("b4bdc6"), "caps").to.have.length(count);
      expect(marks("0072b2|d55e00"), "dots").to.have.length(count);
    }
  });

  it("draw the market of each source, and its utilisation with the one at which the price stands still", () => {
    const lines = (summary: Summary, color: string) =>
      [...pricesChart(summary).matchAll(new RegExp(`<path d="(M[^"]*)" fill="none" stroke="${color}"`, "g"))].map(
        ([, path = ""]) => [...path.matchAll(/[ML]?[\d.]+ ([\d.]+)/g)].map(caughtNumber),
      );
    const [price = [], use = []] = lines(aSummary(), "#d55e00").filter((heights) => heights.length > 2);
    // Render rises by a tenth each time, and is full for the first five of ten samples.
    expect(price).to.have.length(10);
    expect(price).to.deep.equal(price.toSorted((a, b) => b - a));
    expect(use.slice(0, 5)).to.deep.equal(Array.from({ length: 5 }, () => use[0]));
    expect(use[5]).to.be.above(use[4] ?? 0);
    const target = /stroke-dasharray/;
    expect(pricesChart(aSummary())).to.match(target);
    // Fewer sources, fewer lines.
    const alone = aSummary({ tasks: [], markets: [{ at: START, sources: { render: NO_SLOTS } }] });
    expect(wordsOf(pricesChart(alone)))
      .to.include("market of render")
      .and.not.include("market of digits");
  });

  it("do not hide tasks that were never paid", () => {
    const tasks = upTo(10).map((part) => paidBefore(6, part));
    const svg = latencyChart(aSummary({ tasks }));
    const heights = [...svg.matchAll(/<path d="([^"]*)" [^>]*stroke="#(?:0072b2|d55e00)"/g)].map(([, path = ""]) =>
      Math.min(...[...path.matchAll(/[ML][\d.]+ ([\d.]+)/g)].map(caughtNumber)),
    );
    // The curve of the deliveries reaches the top; that of the payments ends in the middle.
    const bottom = Math.max(...[...svg.matchAll(/[ML][\d.]+ ([\d.]+)/g)].map(caughtNumber));
    const [delivered = 0, paid = 0] = heights;
    // In hundredths: whole numbers are all that the matchers for chains compare.
    expect(Math.round((100 * (bottom - paid)) / (bottom - delivered))).to.be.within(45, 55);
  });

  it("say so where there is nothing to draw", () => {
    const nothing = aSummary({ tasks: [], providers: [], balances: [], markets: [] });
    expect(wordsOf(winsChart(nothing))).to.include("There were no providers.");
    expect(wordsOf(latencyChart(nothing))).to.include("No task was delivered or paid.");
    expect(wordsOf(pricesChart(nothing))).to.include("No task was sold.");
    expect(wordsOf(balancesChart(nothing))).to.include("No balances were read.");
  });

  const runs: [string, Summary][] = [
    ["a run that went well", aSummary()],
    ["nothing at all", aSummary({ tasks: [], providers: [], balances: [], markets: [] })],
    ["markets that nobody saw", aSummary({ markets: [] })],
    ["markets in which nothing was sold", aSummary({ tasks: [] })],
    ["markets without slots", aSummary({ markets: [aMarketSample(0, { render: NO_SLOTS }), aMarketSample(1)] })],
    ["a source that one workload has alone", aSummary({ markets: [{ at: START, sources: { render: NO_SLOTS } }] })],
    ["names of all kinds", aSummary({ providers: [aProvider(1, { name: HOSTILE }), aProvider(2, { name: "" })] })],
    ["one provider, one task and one sample", oneOfEach()],
    ["twenty providers", aSummary({ providers: upTo(20).map((id) => aProvider(id)) })],
  ];
  for (const [what, summary] of runs) {
    it(`are well-formed and the same each time for ${what}`, () => {
      for (const [name, chart] of Object.entries(CHARTS)) {
        const svg = chart(summary);
        expectWellFormed(svg);
        expect(svg, name)
          .to.match(/^<svg /)
          .and.not.match(/<script|<style|NaN|undefined|Infinity/);
        expect(chart(summary) === svg, name).to.equal(true);
      }
    });
  }
});

describe("market.reportPage", () => {
  it("holds figures, charts and every task", () => {
    const page = reportPage(aSummary({ digits: { images: 1000, correct: 947, accuracy: 0.947 } }));
    expect(page)
      .to.match(/^<!doctype html>\n<html lang="en">/)
      .and.include('<meta charset="utf-8">');
    expect(page).to.include('<meta name="viewport" content="width=device-width, initial-scale=1">');
    expect(page).to.include("<dd>94.7 %<").and.include("<dd>24 of 24</dd>").and.include("<dd>to the wei</dd>");
    expect(page.match(/<svg /g)).to.have.length(4);
    expect(page).to.include("All 24 tasks");
    for (const { taskId } of aSummary().tasks) expect(page).to.include(`<td>${taskId}</td>`);
    expect(page).to.include("2026-01-02 03:04:05 UTC");
    expect(page).to.not.include("Problems");
  });

  it("shows what was saved against the caps, in large letters and by workload", () => {
    const page = reportPage(aSummary());
    // 24 caps of 0.025, less 24 times 0.01 and 276 times 0.0003.
    expect(page).to.include("<dt>Saved against the caps</dt><dd>46.2 %<small>0.277200 ETH less</small></dd>");
    expect(page).to.include("<h2>Prices, amounts in ETH</h2>").and.include("above 80 % and falls");
    expect(page).to.include(">began at</th>").and.include(">cleared at</th>");
    const unpaid = reportPage(aSummary({ tasks: upTo(3).map((part) => paidBefore(0, part)) }));
    expect(unpaid).to.include("<dt>Saved against the caps</dt><dd>–<small>0.000000 ETH less</small></dd>");
  });

  it("says who was paid, of a round the first and how many more", () => {
    const tasks = [
      aTask(0, { winner: "swift", executions: 3 }),
      aTask(1, { winner: "slow" }),
      aTask(2, { winner: "lonely", executions: 1 }),
    ];
    const page = reportPage(aSummary({ tasks }));
    expect(page).to.include(">swift and 2 more<").and.include(">slow<").and.include(">lonely<");
  });

  it("closes every tag", () => {
    const page = reportPage(aSummary({ problems: [HOSTILE] }), Uint8Array.of(1, 2, 3));
    expectWellFormed(page.replace("<!doctype html>", "").replace(/<(meta|img)\b([^>]*)>/g, "<$1$2/>"));
  });

  it("shows text as text, whoever wrote it", () => {
    const hostile = { operation: HOSTILE, count: 1, reverted: 0, least: 1n, median: 1n, most: 1n };
    const summary = aSummary({
      run: HOSTILE,
      chain: { ...aSummary().chain, id: 1, taskManager: HOSTILE, coin: HOSTILE },
      providers: [aProvider(1, { name: HOSTILE })],
      tasks: [aTask(0, { state: HOSTILE, winner: HOSTILE, client: HOSTILE, taskId: HOSTILE })],
      gas: [hostile],
      problems: [HOSTILE],
    });
    const page = reportPage(summary, Uint8Array.of(1));
    expect(page).to.not.match(/<script/i);
    expect(page).to.include("<li>&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39;\ufffd[31m</li>");
    expect(escapeHtml(`a"b'c<d>e&f`)).to.equal("a&quot;b&#39;c&lt;d&gt;e&amp;f");
  });

  it("loads nothing from anywhere", () => {
    const page = reportPage(aSummary(), Uint8Array.of(137, 80, 78, 71));
    expect(page.replace(/ xmlns(?::\w+)?="[^"]*"/g, "")).to.not.match(/https?:|\/\/|@import|<link|<script/i);
    const sources = [...page.matchAll(/ (?:src|href)="([^"]*)"|url\(([^)]*)\)/g)].map(
      ([, link, place]) => link ?? place,
    );
    expect(sources).to.not.be.empty;
    for (const source of sources) expect(source).to.match(/^(data:image\/png;base64,|#)/);
  });

  it("keeps the ids of its charts apart", () => {
    const ids = [...reportPage(aSummary()).matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).to.equal(ids.length);
  });

  it("shows the picture with words for who cannot see it, and does without", () => {
    const picture = { file: "frame.png", width: 320, height: 240, tiles: 12 };
    const page = reportPage(aSummary({ picture }), Uint8Array.of(137, 80, 78, 71));
    expect(page).to.include('<img src="data:image/png;base64,iVBORw==" alt="The picture that the providers rendered');
    expect(page).to.include("320 × 240 pixels in 12 tiles");
    expect(reportPage(aSummary({ picture }))).to.not.include("<img");
  });

  it("puts problems before everything else, and marks books that do not balance", () => {
    const escrow = { ...aSummary().escrow, coin: parseEther("15"), balanced: false };
    const page = reportPage(aSummary({ escrow, problems: ["The books do not balance."] }));
    expect(page.indexOf("<li>The books do not balance.</li>")).to.be.within(1, page.indexOf("<dl"));
    expect(page).to.include('<dd class="bad">DOES NOT BALANCE');
  });

  it("is the same, byte by byte, for the same run", () => {
    const bytes = Uint8Array.of(1, 2, 3);
    expect(reportPage(aSummary(), bytes) === reportPage(aSummary(), bytes)).to.equal(true);
  });

  it("speaks of runs in which little or nothing happened", () => {
    expect(reportPage(oneOfEach())).to.include("<dd>1 of 1</dd>").and.include("All 1 task<");
    const unpaid = reportPage(aSummary({ tasks: upTo(3).map((part) => paidBefore(0, part)) }));
    expect(unpaid).to.include('<dd class="bad">0 of 3</dd>');
    const empty = reportPage(aSummary({ tasks: [], providers: [], balances: [], markets: [], gas: [], workloads: [] }));
    expect(empty)
      .to.include("No task was sold.")
      .and.not.match(/NaN|undefined|Infinity/);
  });
});

/** A task that was delivered after a second and, if its part is below the limit, paid. */
function paidBefore(limit: number, part: number) {
  const { paidAt, ...task } = aTask(part, { deliveredAt: START + 100 * part + 1000 });
  return part < limit && paidAt !== undefined ? { ...task, paidAt } : task;
}

function oneOfEach(): Summary {
  const summary = aSummary({ tasks: [aTask(0)], providers: [aProvider(1)] });
  return { ...summary, balances: summary.balances.slice(0, 1), markets: summary.markets.slice(0, 1) };
}
