import { expect } from "chai";
import { type Change, compareResults } from "../../../../src/market/benchmark/compare.js";
import { figuresIn } from "../../../../src/market/benchmark/compareFigures.js";
import { latencyOf } from "../../../../src/market/benchmark/statistics.js";
import { comparisonText } from "../../../../src/market/benchmark/report/text.js";
import type { BatchResult, BenchmarkResult } from "../../../../src/market/benchmark/result.js";
import {
  aBatch,
  aLatency,
  aLoad,
  aMachine,
  aNetwork,
  aRate,
  aResult,
  aScenario,
  aSetup,
  aSpread,
} from "../../../helpers/benchmark.js";
import { expectNear } from "../../../helpers/near.js";

const changeOf = (before: BenchmarkResult, after: BenchmarkResult, name: string): Change => {
  const found = compareResults(before, after).changes.find((change) => change.name === name);
  if (found === undefined) throw new Error(`no change of ${name}`);
  return found;
};
const withMarket = (...seconds: number[]) =>
  aResult({ batches: [aBatch({ overhead: { ...aBatch().overhead, market: aSpread(...seconds) } })] });
const withBatch = (fields: Partial<BatchResult>) => aResult({ batches: [aBatch(fields)] });
const MARKET = "digits of 100: market";

describe("market.benchmark.compareResults", () => {
  it("finds no change between a result and itself", () => {
    const { changes, notes, regressed } = compareResults(aResult(), aResult());
    expect(changes).to.have.length(figuresIn(aResult()).length);
    expect(changes.every(({ percent = 0 }) => percent === 0)).to.equal(true);
    expect(new Set(changes.map(({ verdict }) => verdict))).to.deep.equal(new Set(["same", "not judged"]));
    expect(notes).to.deep.equal([]);
    expect(regressed).to.equal(false);
  });

  it("names every figure of a result once", () => {
    const names = figuresIn(aResult()).map(({ name }) => name);
    expect(new Set(names).size).to.equal(names.length);
  });

  for (const [title, before, after, verdict] of [
    ["worse by half, the ranges apart", [9, 10, 11], [14, 15, 16], "regression"],
    ["worse by half, but the new one was within the old range", [9, 10, 16], [14, 15, 16], "same"],
    ["worse by half, but the old one was within the new range", [9, 10, 11], [10, 15, 16], "same"],
    ["ranges that overlap without their medians", [9, 10, 12], [11, 15, 16], "regression"],
    ["worse by exactly a tenth", [10, 10, 10], [11, 11, 11], "same"],
    ["worse by a little more than a tenth", [10, 10, 10], [11.1, 11.1, 11.1], "regression"],
    ["worse by less than a tenth, the ranges apart", [10, 10, 10], [10.5, 10.5, 10.5], "same"],
    ["better by half", [9, 10, 11], [4, 5, 6], "better"],
  ] as const) {
    it(`calls it ${verdict} where the market is ${title}`, () => {
      const change = changeOf(withMarket(...before), withMarket(...after), MARKET);
      expect(change.verdict).to.equal(verdict);
      const [, old] = before;
      const [, fresh] = after;
      expect(change).to.include({ old, new: fresh, unit: "s" });
      expectNear(change.percent ?? 0, (100 * (fresh - old)) / old, 1e-9);
    });
  }

  it("takes less throughput for worse, and more for better", () => {
    const loads = (...rates: number[]) => aResult({ loads: [aLoad(8, { throughput: aSpread(...rates) })] });
    const name = "digits of 100, 8 in flight: throughput";
    expect(changeOf(loads(2, 2.1), loads(1, 1.1), name).verdict).to.equal("regression");
    expect(changeOf(loads(1, 1.1), loads(2, 2.1), name).verdict).to.equal("better");
  });

  it("judges gas beyond a tenth, and never the price", () => {
    const client = (gas: bigint, price = 1n) =>
      withBatch({ cost: { price, fee: 0n, royalty: 0n, gas: [{ operation: "submit", payer: "client", gas }] } });
    const gas = "digits of 100: gas of the client, without refused transactions";
    expect(changeOf(client(100n), client(110n), gas).verdict).to.equal("same");
    expect(changeOf(client(100n), client(111n), gas)).to.include({ verdict: "regression", percent: 11 });
    expect(changeOf(client(111n), client(100n), gas).verdict).to.equal("same");
    expect(changeOf(client(112n), client(100n), gas).verdict).to.equal("better");
    // More of those who were too late is no regression of anything.
    const cost = aBatch().cost;
    const late = { operation: "taskManager.deliver", payer: "provider", gas: 90_000n, refused: true } as const;
    const unlucky = withBatch({ cost: { ...cost, gas: [...cost.gas, late] } });
    const provider = "digits of 100: gas of the provider, without refused transactions";
    expect(changeOf(withBatch({}), unlucky, provider)).to.include({ verdict: "same", percent: 0 });
    expect(changeOf(client(1n, 10n), client(1n, 99n), "digits of 100: price").verdict).to.equal("not judged");
  });

  it("takes one more lost or failed task for a regression", () => {
    const lost = (tasks: number) => aResult({ scenarios: [aScenario({ lost: tasks })] });
    const change = changeOf(lost(0), lost(1), "digits of 100, 4 in flight, baseline: lost");
    expect(change).to.include({ verdict: "regression", old: 0, new: 1 });
    expect(change).to.not.have.property("percent");
    expect(compareResults(lost(0), lost(1)).regressed).to.equal(true);
    expect(changeOf(lost(2), lost(1), "digits of 100, 4 in flight, baseline: lost").verdict).to.equal("better");
    const failed = (failures: number) => aResult({ loads: [aLoad(1, { failures })] });
    expect(compareResults(failed(1), failed(2)).regressed).to.equal(true);
  });

  it("compares only quantiles that both have", () => {
    const { changes, notes } = compareResults(
      withBatch({ delivery: aLatency(20) }),
      withBatch({ delivery: aLatency(10, 9_000) }),
    );
    const delivery = changes.filter(({ name }) => name.includes("delivery"));
    expect(delivery.map(({ name }) => name)).to.deep.equal(["digits of 100: delivery p50"]);
    expect(delivery[0]?.verdict).to.equal("regression");
    expect(notes).to.deep.equal(["Only the old result has: digits of 100: delivery p90."]);
  });

  it("judges no times of another machine, but still gas and lost tasks", () => {
    const slow = { ...withMarket(99), machine: aMachine({ cpu: "Slow", cores: 2 }) };
    const { changes, notes, regressed } = compareResults(withMarket(6), slow);
    expect(notes).to.deep.equal([
      "The machines differ (cpu Test Processor 2000, now Slow; cores 4, now 2): times are not judged.",
    ]);
    expect(regressed).to.equal(false);
    expect(changes.find(({ name }) => name === MARKET)?.verdict).to.equal("not judged");
    expect(changes.find(({ name }) => name.includes("gas of the client"))?.verdict).to.equal("same");
  });

  it("judges direct times on another network, but none in the market", () => {
    const after = aResult({ network: aNetwork({ blockTime: 12 }) });
    const { changes, notes } = compareResults(aResult(), after);
    expect(notes).to.deep.equal(["The networks differ (blockTime 1, now 12): times in the market are not judged."]);
    const verdict = (name: string) => changes.find((change) => change.name === name)?.verdict;
    expect(verdict("digits of 100: direct")).to.equal("same");
    expect(verdict(MARKET)).to.equal("not judged");
  });

  it("judges times in the market on a chain whose measured time between blocks is nearly the same", () => {
    const on = (blockTime: number, market: number) => ({ ...withMarket(market), network: aNetwork({ blockTime }) });
    expect(changeOf(on(2.0131, 6), on(2.0127, 18), MARKET).verdict).to.equal("regression");
    expect(compareResults(on(2.0131, 6), on(2.0127, 18)).notes).to.deep.equal([]);
    expect(changeOf(on(2, 6), on(2.3, 18), MARKET).verdict).to.equal("not judged");
    expect(changeOf(on(0, 6), on(0, 18), MARKET).verdict).to.equal("regression");
    expect(changeOf(on(0, 6), on(1, 18), MARKET).verdict).to.equal("not judged");
  });

  it("judges neither times in the market nor gas of another set-up, but direct times and lost tasks", () => {
    for (const fields of [{ providers: 2 }, { parallel: 2 }, { reward: 1n }, { delay: 0 }, { loss: 0.5 }]) {
      const after = aResult({ setup: aSetup(fields), scenarios: [aScenario({ lost: 1 })] });
      const { changes, notes } = compareResults(aResult(), after);
      expect(notes[0]).to.match(
        /^The set-ups differ \([a-z]+ [\d.]+, now [\d.]+\): times in the market and gas are not/,
      );
      const verdict = (name: string) => changes.find((change) => change.name === name)?.verdict;
      for (const name of [
        MARKET,
        "digits of 100: payment p50",
        "digits of 100: gas of the provider, without refused transactions",
      ]) {
        expect(verdict(name), name).to.equal("not judged");
      }
      expect(verdict("digits of 100, 8 in flight: throughput")).to.equal("not judged");
      expect(verdict("digits of 100: direct")).to.equal("same");
      expect(verdict("digits of 100, 4 in flight, baseline: lost")).to.equal("regression");
    }
  });

  it("compares no scenario of other tasks, or of another number in flight", () => {
    const after = aResult({ scenarios: [aScenario({ inFlight: 64 }), aScenario({ units: 1 })] });
    expect(
      compareResults(aResult({ scenarios: [aScenario()] }), after)
        .changes.map(({ name }) => name)
        .join(),
    ).not.to.include("baseline");
  });

  it("notices a median that has doubled among times that spread widely", () => {
    // As tasks in a queue do: from 3 s to 40 s, then to 80 s.
    const queued = (longest: number) => ({
      ...aScenario({ payment: latencyOf(Array.from({ length: 128 }, (_, index) => 3_000 + (index * longest) / 128)) }),
    });
    const [before, after] = [40_000, 80_000].map((longest) => aResult({ scenarios: [queued(longest)] }));
    if (before === undefined || after === undefined) throw new Error("no results");
    const name = "digits of 100, 4 in flight, baseline: payment p50";
    expect(changeOf(before, after, name).verdict).to.equal("regression");
    expect(changeOf(after, before, name).verdict).to.equal("better");
    // One task that takes ten times as long makes no range in which all is the same.
    const outlier = { ...withMarket(...Array.from({ length: 20 }, () => 6), 60) };
    expect(changeOf(outlier, withMarket(...Array.from({ length: 21 }, () => 12)), MARKET).verdict).to.equal(
      "regression",
    );
  });

  it("judges rates of the whole machine on the same machine alone", () => {
    const at = (rate: number, cpu = "Same") =>
      aResult({ rates: [aRate({ rate: aSpread(rate) })], machine: aMachine({ cpu }) });
    const name = "digits of 100 on the whole machine: rate";
    expect(changeOf(at(50), at(40), name).verdict).to.equal("regression");
    expect(changeOf(at(50), at(40, "Other"), name).verdict).to.equal("not judged");
  });

  it("judges no rates of another accelerator", () => {
    const on = (device: string, rate: number) =>
      aResult({ gpu: { measured: true, workload: "digits", unit: "image", units: 9, device, rate: aSpread(rate) } });
    const name = "digits of 9 on the accelerator: rate";
    expect(changeOf(on("NVIDIA L4", 9), on("NVIDIA L4", 1), name).verdict).to.equal("regression");
    expect(changeOf(on("NVIDIA L4", 9), on("Tesla T4", 1), name).verdict).to.equal("not judged");
    expect(compareResults(on("NVIDIA L4", 9), aResult()).notes).to.deep.equal([`Only the old result has: ${name}.`]);
  });

  it("says in a table how it came out", () => {
    const text = comparisonText(compareResults(withMarket(5.9, 6, 6.1), withMarket(11.9, 12, 12.1)));
    expect(text).to.match(/│ digits of 100: market +│ s +│ +6 │ +12 │ \+100\.0 % │ REGRESSION +│/);
    expect(text).to.match(/1 REGRESSION in \d+ judged figures of \d+\.$/);
    expect(comparisonText(compareResults(aResult(), aResult()))).to.match(
      /No regression in \d+ judged figures of \d+\.$/,
    );
    const other = { ...aResult(), machine: aMachine({ node: "25.0.0" }) };
    expect(comparisonText(compareResults(aResult(), other))).to.include(
      "- The machines differ (node 24.21.0, now 25.0.0)",
    );
  });
});
