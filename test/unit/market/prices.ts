import { expect } from "chai";
import { parseEther } from "ethers";
import { savingsOf } from "../../../src/market/report/savings.js";
import { type OrderedWorkload, workloadSummary } from "../../../src/market/run/prices.js";
import type { TaskSummary } from "../../../src/market/summary.js";
import { aMarket, aMarketSample, aTask } from "../../helpers/summary.js";

const RENDER: OrderedWorkload = {
  ...{ name: "render", source: 3, floorPrice: 10n, tasks: 9 },
  manifestDigest: `0x${"4d".repeat(32)}`,
};

/** A tile that was sold for so much of a cap of 100 wei. */
const sold = (price: bigint, changes: Partial<TaskSummary> = {}) =>
  aTask(1, { workload: "render", cap: 100n, price, ...changes });

/** A tile that has a price, but that nobody has paid. */
function unpaid(price: bigint): TaskSummary {
  const { paidAt, ...task } = sold(price);
  expect(paidAt).to.be.a("number");
  return task;
}

describe("market.workloadSummary", () => {
  it("has average, range and savings of the tasks that were paid, and what it was given", () => {
    const tasks = [sold(50n), unpaid(1n), sold(20n), sold(31n), sold(99n, { workload: "digits" })];
    expect(workloadSummary(RENDER, tasks, [])).to.deep.equal({
      ...RENDER,
      paid: 3,
      clearing: { average: 33n, least: 20n, most: 50n },
      ...{ saved: 199n, savedShare: 0.663333 },
    });
  });

  it("has a range of one price if one task was paid", () => {
    const summary = workloadSummary(RENDER, [sold(25n)], []);
    expect(summary.clearing).to.deep.equal({ average: 25n, least: 25n, most: 25n });
    expect(summary).to.include({ paid: 1, saved: 75n, savedShare: 0.75 });
  });

  it("has no prices and no savings if none was paid", () => {
    for (const tasks of [[], [unpaid(7n)], [sold(7n, { workload: "digits" })]]) {
      const summary = workloadSummary(RENDER, tasks, []);
      expect(summary).to.deep.equal({ ...RENDER, paid: 0, saved: 0n, savedShare: 0 });
    }
  });

  it("tells where the market began, ended and was highest, of its own source", () => {
    const prices = [10n, 14n, 19n, 12n];
    const markets = prices.map((price, index) => aMarketSample(index, { render: aMarket(price, 3) }));
    expect(workloadSummary(RENDER, [], markets).market).to.deep.equal({ start: 10n, end: 12n, most: 19n });
    expect(workloadSummary(RENDER, [], markets.slice(2, 3)).market).to.deep.equal({ start: 19n, end: 19n, most: 19n });
    // A sample without the source is passed over.
    const [first] = markets;
    const holes = [{ at: 0, sources: {} }, ...(first === undefined ? [] : [first]), { at: 9, sources: {} }];
    expect(workloadSummary(RENDER, [], holes).market).to.deep.equal({ start: 10n, end: 10n, most: 10n });
    expect(workloadSummary(RENDER, [], [])).to.not.have.property("market");
  });
});

describe("market.savingsOf", () => {
  it("is to the wei, and a share of the caps of what was paid", () => {
    const cap = parseEther("30");
    const tasks = [sold(cap - 1n, { cap }), sold(1n, { cap }), unpaid(2n)];
    expect(savingsOf(tasks)).to.deep.equal({ paid: 2, saved: cap, share: 0.5 });
  });

  it("is nothing of nothing, and of tasks that cost all they might", () => {
    expect(savingsOf([])).to.deep.equal({ paid: 0, saved: 0n, share: 0 });
    expect(savingsOf([sold(100n)])).to.deep.equal({ paid: 1, saved: 0n, share: 0 });
  });
});
