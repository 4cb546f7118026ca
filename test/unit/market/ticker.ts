import { expect } from "chai";
import { parseEther } from "ethers";
import { createTicker, pricesIn } from "../../../scripts/market/ticker.js";
import type { MarketSample } from "../../../src/market/summary.js";
import { aMarket } from "../../helpers/summary.js";

/** Thousandths of a coin, as wei. */
const milli = (thousandths: number) => parseEther((thousandths / 1_000).toFixed(9));

/** Markets at a second, at prices in thousandths of a coin. */
const sample = (second: number, render: number, digits = 5): MarketSample => ({
  at: 1_000 * second,
  sources: { render: aMarket(milli(render), 9), digits: aMarket(milli(digits), 2) },
});

/** What is told of some samples; a dash where nothing is. */
const toldOf = (samples: readonly MarketSample[]): string[] => {
  const ticker = createTicker("ETH");
  return samples.map((one) => ticker.tell(one) ?? "–");
};

describe("scripts.market.ticker", () => {
  it("tells of all markets once a price has moved by a twentieth, up or down, and compares with what it told last", () => {
    const samples = [sample(0, 10), sample(2, 10.4), sample(4, 10.5), sample(6, 10.9), sample(8, 9.9, 5.1)];
    expect(toldOf(samples)).to.deep.equal([
      ...["–", "–", "render 0.0105 ETH ▲ 5 %, 9 open for 10 slots; digits 0.00500 ETH, 2 open for 10 slots", "–"],
      "render 0.00990 ETH ▼ 6 %, 9 open for 10 slots; digits 0.00510 ETH ▲ 2 %, 2 open for 10 slots",
    ]);
  });

  it("tells at most every two seconds, however fast a price moves", () => {
    const samples = Array.from({ length: 9 }, (_, index) => sample(index / 2, 10 + 2 * index));
    expect(toldOf(samples).filter((one) => one !== "–")).to.have.length(2);
  });

  it("tells every ten seconds of prices that hardly move, and never of such that do not", () => {
    const slow = Array.from({ length: 31 }, (_, index) => sample(index, 10 + index / 1_000));
    expect(toldOf(slow).flatMap((one, second) => (one === "–" ? [] : second))).to.deep.equal([10, 20, 30]);
    const still = Array.from({ length: 31 }, (_, index) => sample(index, 10));
    expect(new Set(toldOf(still))).to.deep.equal(new Set(["–"]));
  });

  it("knows no change of a market that was not there before, and says nothing of none", () => {
    const [first, second] = [{ at: 0, sources: {} }, sample(20, 10)];
    expect(toldOf([first, second, sample(22, 11)]).slice(0, 2)).to.deep.equal(["–", "–"]);
    expect(toldOf([first, { at: 60_000, sources: {} }])).to.deep.equal(["–", "–"]);
    expect(pricesIn(first, "ETH")).to.equal("");
  });

  it("has the prices alone", () => {
    expect(pricesIn(sample(0, 12.345), "ETH")).to.equal("render 0.0123, digits 0.00500 ETH");
  });
});
