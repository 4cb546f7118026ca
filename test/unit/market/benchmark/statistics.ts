import { expect } from "chai";
import { addedBy, meanSplit } from "../../../../src/market/benchmark/overhead.js";
import {
  growthOf,
  interquartileRange,
  latencyOf,
  spreadOf,
  throughputOf,
} from "../../../../src/market/benchmark/statistics.js";
import { aBatch, aSpread } from "../../../helpers/benchmark.js";
import { expectNear } from "../../../helpers/near.js";
import { Random, SEED } from "../../../helpers/seeded.js";
import { thrown } from "../../../helpers/thrown.js";

const upTo = (length: number) => Array.from({ length }, (_, index) => index + 1);

describe("market.benchmark.spreadOf", () => {
  it("takes the nearest rank, in whatever order the values come", () => {
    // Ranks 1, 2, 4, 6 and 8 of the eight.
    expect(spreadOf(upTo(8).toReversed())).to.deep.equal({
      ...{ samples: 8, least: 1, lowerQuartile: 2, median: 4, upperQuartile: 6, most: 8 },
    });
    // Ranks ceil(1.25), ceil(2.5) and ceil(3.75) of five.
    expect(spreadOf([50, 10, 40, 20, 30])).to.deep.equal({
      ...{ samples: 5, least: 10, lowerQuartile: 20, median: 30, upperQuartile: 40, most: 50 },
    });
    expect(spreadOf([7])).to.deep.equal({
      ...{ samples: 1, least: 7, lowerQuartile: 7, median: 7, upperQuartile: 7, most: 7 },
    });
    expect(interquartileRange(aSpread(...upTo(8)))).to.equal(4);
  });

  it("has none of no values, and refuses what is no number", () => {
    expect(spreadOf([])).to.equal(undefined);
    thrown(() => spreadOf([1, Number.NaN]), RangeError);
    thrown(() => latencyOf([1, Number.POSITIVE_INFINITY]), RangeError);
  });

  it(`rises from least to most, and every figure is a value (seed ${SEED})`, () => {
    const random = new Random(`spread ${SEED}`);
    for (let round = 0; round < 100; round++) {
      const values = Object.freeze(Array.from({ length: random.whole(1, 40) }, () => random.real(0, 1e6)));
      const { samples, ...figures } = aSpread(...values);
      const { least, lowerQuartile, median, upperQuartile, most } = figures;
      expect([least, lowerQuartile, median, upperQuartile, most]).to.deep.equal(
        [least, lowerQuartile, median, upperQuartile, most].toSorted((a, b) => a - b),
      );
      expect(values).to.include.members(Object.values(figures));
      expect(samples).to.equal(values.length);
      // Half of the values, or one more, are at most the median.
      expect(values.filter((value) => value <= median)).to.have.length(Math.ceil(values.length / 2));
    }
  });
});

describe("market.benchmark.latencyOf", () => {
  it("says as many quantiles as there are samples for, and the range", () => {
    expect(latencyOf([])).to.deep.equal({ samples: 0, intervals: {} });
    expect(latencyOf([5, 3, 4])).to.deep.equal({ samples: 3, least: 3, most: 5, intervals: {} });
    expect(latencyOf(upTo(20))).to.deep.equal({
      ...{ samples: 20, least: 1, p50: 10, p90: 18, most: 20 },
      // 10 ∓ 4.38, and 18 ∓ 2.63, rounded up, of 20.
      intervals: { p50: [6, 15], p90: [16, 20] },
    });
    expect(latencyOf(upTo(100))).to.include({ p50: 50, p90: 90, p99: 99 });
  });
});

describe("market.benchmark.growthOf", () => {
  it("divides the quantiles that both have", () => {
    expect(growthOf({ samples: 20, p50: 100, p90: 200 }, { samples: 20, p50: 150, p90: 500 })).to.deep.equal({
      ...{ p50: 1.5, p90: 2.5 },
    });
    expect(growthOf({ samples: 10, p50: 100 }, { samples: 20, p50: 80, p90: 500 })).to.deep.equal({ p50: 0.8 });
    expect(growthOf({ samples: 3 }, { samples: 20, p50: 80 })).to.deep.equal({});
    expect(growthOf({ samples: 10, p50: 0 }, { samples: 10, p50: 80 })).to.deep.equal({});
  });
});

describe("market.benchmark.throughputOf", () => {
  it("divides by the time", () => {
    expect(throughputOf(24, 12)).to.equal(2);
    expect(throughputOf(0, 3)).to.equal(0);
    for (const [amount, seconds] of [
      [1, 0],
      [1, -1],
      [-1, 1],
      [Number.NaN, 1],
      [1, Number.NaN],
    ] as const) {
      thrown(() => throughputOf(amount, seconds), RangeError);
    }
  });
});

describe("market.benchmark.overhead", () => {
  it("is the market less the direct execution, for a task and for a unit", () => {
    const added = addedBy(aBatch());
    expectNear(added.task, 4, 1e-12);
    expectNear(added.unit, 0.04, 1e-12);
    expectNear(added.factor ?? 0, 3, 1e-12);
  });

  it("may be negative, and has no factor of nothing", () => {
    const { split } = aBatch().overhead;
    const fast = addedBy({ units: 2, overhead: { direct: aSpread(3), market: aSpread(2), split } });
    expect(fast.task).to.equal(-1);
    expect(fast.unit).to.equal(-0.5);
    expect(addedBy({ units: 1, overhead: { direct: aSpread(0), market: aSpread(2), split } })).to.deep.equal({
      ...{ task: 2, unit: 2 },
    });
  });

  it("averages splits part by part", () => {
    expect(
      meanSplit([
        { chain: 1, storage: 2, execution: 3, waiting: 4 },
        { chain: 3, storage: 2, execution: 1, waiting: 0 },
      ]),
    ).to.deep.equal({ chain: 2, storage: 2, execution: 2, waiting: 2 });
    expect(meanSplit([])).to.equal(undefined);
  });
});
