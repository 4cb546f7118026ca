import { expect } from "chai";
import { parseEther } from "ethers";
import { BEHAVIOURS } from "../../../src/market/run/adversary.js";
import { adversaryPlansFor, CAP_FACTOR, FLOORS, plansFor } from "../../../src/market/run/plans.js";

const PER_SLOT = parseEther("0.1");

describe("market.plans", () => {
  it("let no provider of the honest ones misbehave, and each stake for its slots in two pools", () => {
    const plans = plansFor(7, PER_SLOT);
    expect(new Set(plans.map(({ name }) => name)).size).to.equal(7);
    for (const { name, stake, parallel, behaviour } of plans) {
      expect(behaviour, name).to.equal(undefined);
      expect(stake > 2n * BigInt(parallel) * PER_SLOT, name).to.equal(true);
    }
  });

  it("let adversaries misbehave in turn, each in another round, under names of their own", () => {
    for (const count of [1, 3, 5, 7]) {
      const plans = adversaryPlansFor(count, PER_SLOT);
      expect(plans.map(({ behaviour }) => behaviour)).to.deep.equal(
        Array.from({ length: count }, (_, index) => BEHAVIOURS[index % BEHAVIOURS.length]),
      );
      expect(plans.map(({ turn, every }) => [turn, every])).to.deep.equal(
        Array.from({ length: count }, (_, index) => [index, count]),
      );
      expect(new Set(plans.map(({ name }) => name)).size).to.equal(count);
      for (const { stake, parallel } of plans) {
        // Its slots, and the bond of a seat in a round.
        expect(stake > BigInt(parallel) * PER_SLOT + FLOORS.render * CAP_FACTOR).to.equal(true);
      }
    }
    expect(adversaryPlansFor(0, PER_SLOT)).to.deep.equal([]);
  });
});
