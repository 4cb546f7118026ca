import { expect } from "chai";
import { copiesChart, wrongChart } from "../../../../src/market/consensus/charts.js";
import { trustFor, wrongOf } from "../../../../src/market/consensus/choice.js";
import { chance, wrongFigures } from "../../../../src/market/consensus/figures.js";
import { MIXES } from "../../../../src/market/consensus/pools.js";
import { consensusPage, consensusText } from "../../../../src/market/consensus/report.js";
import { formatSummary, type Summary } from "../../../../src/market/consensus/summary.js";
import {
  DEFAULT_SCENARIO,
  FOCUS_FACTOR,
  roundsOf,
  SHARES,
  sweep,
  TRUSTS,
} from "../../../../src/market/consensus/sweep.js";
import { expectNear } from "../../../helpers/near.js";

const SCENARIO = { ...DEFAULT_SCENARIO, seed: 7, draws: 20 };

describe("market.consensus.sweep", function () {
  this.timeout(60_000);
  let summary: Summary;
  let rounds = 0;

  before(() => {
    summary = sweep(SCENARIO, (count) => (rounds += count));
  });

  it("plays every combination, the ones of the tables more often", () => {
    expect(summary.cells).to.have.length(MIXES.length * TRUSTS.length * SHARES.length);
    for (const { share, played } of summary.cells) {
      expect(played.rounds).to.equal(share === 0.2 ? FOCUS_FACTOR * 20 : 20);
      expectNear(played.right + played.wrong + played.none, 1, 1e-9);
      expect(played.copies).to.be.at.least(played.seats);
      if (share === 0) expect(played).to.include({ right: 1, wrong: 0, hostile: 0 });
    }
    expect(rounds).to.equal(roundsOf(SCENARIO));
  });

  it("gives the same bytes for the same seed, and others for another", () => {
    const few = { ...SCENARIO, draws: 10, members: 40, duration: 320 };
    const text = formatSummary(sweep(few));
    expect(text).to.equal(formatSummary(sweep(few)));
    expect(text).to.not.equal(formatSummary(sweep({ ...few, seed: 8 })));
    expect(JSON.parse(text)).to.deep.include({ scenario: { ...few } });
  });

  it("shows that a wide first reach and no draw favour liars", () => {
    const shareOf = (name: string) => {
      const found = summary.designs.filter((design) => design.name === name);
      return found.reduce((sum, { played }) => sum + played.hostile, 0) / found.length;
    };
    expect(shareOf("firstCome")).to.equal(1);
    expect(shareOf("wide")).to.be.within(0.3, 0.5);
    expect(shareOf("sortition")).to.be.within(0.15, 0.25);
  });

  it("says the figures in tables", () => {
    const text = consensusText(summary);
    expect(text).to.contain("Seed 7, 20 rounds for each combination").and.contain("200 members");
    expect(text).to.contain("seasoned honest, fresh hostile").and.contain("16384");
    expect(text).to.not.match(/NaN|undefined|Infinity/);
    const [first] = wrongFigures(summary).rows;
    expect(first?.[0]).to.equal("2");
    expect(first?.[1]).to.match(/^[\d.]+ % \(10\.4 %\)$/);
  });

  it("makes a page that needs nothing else and is the same for the same figures", () => {
    const page = consensusPage(summary);
    expect(page).to.equal(consensusPage(summary));
    expect(page.match(/<svg /g)).to.have.length(2);
    expect(page).to.not.match(/<script|<link|<img|@import|url\((?!#)/);
    expect(page).to.not.match(/NaN|undefined|Infinity/);
  });

  it("draws plots that stand for themselves", () => {
    for (const svg of [wrongChart(summary), copiesChart(summary)]) {
      expect(svg).to.match(/^<svg [\s\S]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"[\s\S]*<\/svg>\s*$/);
      expect(svg).to.not.match(/NaN|undefined|Infinity/);
    }
    for (const { title } of MIXES) expect(wrongChart(summary)).to.contain(`>${title}</text>`);
  });
});

describe("market.consensus.trustFor", () => {
  const odds = (wrong: number, right = 0.5) => ({ wrong, right, none: 1 - wrong - right, seats: 5 });
  const cell = (trust: number, exact: number, played = exact, share = 0.2) => ({
    ...{ mix: "fresh", trust, share, exact: odds(exact) },
    played: { ...odds(played), rounds: 10_000, hostile: 0.2, error: 0, copies: 5 },
  });
  const of = (...cells: ReturnType<typeof cell>[]): Summary => ({
    ...{ scenario: SCENARIO, cells, costs: [], designs: [], grains: [], holdings: [], presences: [] },
  });

  it("is the least that is seldom enough wrong", () => {
    const summary = of(cell(2, 0.1), cell(8, 0.009), cell(16, 0.003), cell(4, 0.001, 0.001, 0.1));
    expect(trustFor(summary, "fresh", 0.01, "rounds")).to.equal(8);
    expect(trustFor(summary, "fresh", 0.01, "verdicts")).to.equal(16);
    expect(trustFor(summary, "fresh", 0.001, "rounds")).to.equal(undefined);
    expect(trustFor(summary, "mixed", 0.01, "rounds")).to.equal(undefined);
  });

  it("does not believe the closed form where rounds contradict it, but chance", () => {
    expect(trustFor(of(cell(8, 0.009, 0.012)), "fresh", 0.01, "rounds")).to.equal(8);
    expect(trustFor(of(cell(8, 0.009, 0.014)), "fresh", 0.01, "rounds")).to.equal(undefined);
  });

  it("counts what is wrong among rounds or verdicts", () => {
    expect(wrongOf(odds(0.1, 0.3), "rounds")).to.equal(0.1);
    expect(wrongOf(odds(0.1, 0.3), "verdicts")).to.equal(0.25);
    expect(wrongOf(odds(0, 0), "verdicts")).to.equal(0);
  });
});

describe("market.consensus.chance", () => {
  for (const [share, text] of [
    [0, "0 %"],
    [1, "100.0 %"],
    [0.104, "10.4 %"],
    [0.01, "1.0 %"],
    [0.00672, "0.67 %"],
    [8.448e-5, "0.0084 %"],
    [2.56e-6, "0.00026 %"],
    [9e-7, "< 0.0001 %"],
  ] as const) {
    it(`writes ${share} as ${text}`, () => {
      expect(chance(share)).to.equal(text);
    });
  }
});
