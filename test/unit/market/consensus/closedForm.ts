import { expect } from "chai";
import { independentOdds, kindsOf } from "../../../../src/market/consensus/closedForm.js";
import { createSortition } from "../../../../src/market/consensus/gate.js";
import { MIXES, poolOf } from "../../../../src/market/consensus/pools.js";
import { createRound, drawFrom } from "../../../../src/market/consensus/round.js";
import { SHARES, TRUSTS } from "../../../../src/market/consensus/sweep.js";
import { randomOf } from "../../../../src/market/simulation/random.js";
import { seatsOf } from "../../../../src/protocol/consensus.js";
import { expectNear } from "../../../helpers/near.js";

const VERDICTS = ["right", "wrong", "none"] as const;
const allOf = (weight: number, hostile: number) => [
  { weight, hostile: true, probability: hostile },
  { weight, hostile: false, probability: 1 - hostile },
];

describe("market.consensus.independentOdds", () => {
  it("adds up to 1", () => {
    for (const mix of MIXES) {
      for (const trust of TRUSTS) {
        for (const share of SHARES) {
          const { right, wrong, none, seats } = independentOdds(kindsOf(poolOf(mix, 200, share)), trust);
          expectNear(right + wrong + none, 1, 1e-12);
          expect(seats).to.be.within(3 - 1e-9, seatsOf(trust) + 1e-9);
          if (share === 0) expect(wrong).to.equal(0);
          // Those who are as many and as heavy win as often.
          if (share === 0.5 && mix.name !== "outsiders") expectNear(wrong, right, 1e-12);
        }
      }
    }
  });

  it("is the binomial for the least weight: all but one must agree", () => {
    for (const trust of TRUSTS.filter((each) => each > 2)) {
      const seats = seatsOf(trust);
      for (const hostile of [0.1, 0.2, 0.5]) {
        const most = (p: number) => p ** seats + seats * (1 - p) * p ** (seats - 1);
        const odds = independentOdds(allOf(2, hostile), trust);
        expectNear(odds.wrong / most(hostile), 1, 1e-9);
        expectNear(odds.right / most(1 - hostile), 1, 1e-9);
        expectNear(odds.seats, seats, 1e-9);
      }
    }
  });

  it("is the majority of three where seasoned providers close a round early", () => {
    for (const trust of [2, 16, 32]) {
      const { wrong, none, seats } = independentOdds(allOf(32, 0.2), trust);
      expectNear(wrong, 0.2 ** 3 + 3 * 0.8 * 0.2 ** 2, 1e-12);
      expectNear(none, 0, 1e-12);
      expectNear(seats, 3, 1e-12);
    }
    expectNear(independentOdds(allOf(32, 0.2), 33).seats, 4, 1e-12);
  });

  it("adds up the ways in which weights may come", () => {
    const kinds = [
      { weight: 32, hostile: true, probability: 0.25 },
      { weight: 2, hostile: false, probability: 0.75 },
    ];
    // Of three seats the heavy win if there is one: 32 − 1 ≥ 2² for trust 2.
    const { wrong, right } = independentOdds(kinds, 2);
    expectNear(right, 0.75 ** 3, 1e-12);
    expectNear(wrong, 1 - 0.75 ** 3, 1e-12);
  });

  it("agrees with rounds that are played in a large pool", function () {
    this.timeout(60_000);
    const rounds = 8_000;
    for (const [index, trust, share] of [
      [0, 2, 0.2],
      [0, 8, 0.3],
      [0, 32, 0.4],
      [1, 8, 0.2],
      [1, 128, 0.3],
      [2, 2, 0.3],
      [3, 8, 0.4],
    ] as const) {
      const mix = MIXES[index];
      const members = poolOf(mix, 1_000, share);
      const gate = createSortition({ capacity: 1_000, duration: 86_400 });
      const play = createRound(members, { trust, gate, compute: 3_600 });
      const draw = drawFrom(randomOf(1, `${mix.name} ${trust} ${share}`));
      const counts = { right: 0, wrong: 0, none: 0 };
      for (let round = 0; round < rounds; round++) counts[play(draw).verdict] += 1;
      const odds = independentOdds(kindsOf(members), trust);
      for (const verdict of VERDICTS) {
        const sigma = Math.sqrt((odds[verdict] * (1 - odds[verdict])) / rounds);
        expectNear(counts[verdict] / rounds, odds[verdict], 4 * sigma + 1e-12);
      }
    }
  });
});

describe("market.consensus.kindsOf", () => {
  it("weighs kinds by their slots", () => {
    expect(kindsOf(poolOf(MIXES[3], 10, 0.3, "one"))).to.deep.equal([
      { weight: 32, hostile: false, probability: 0.7 },
      { weight: 2, hostile: true, probability: 0.3 },
    ]);
  });
});
