import { expect } from "chai";
import { parseEther } from "ethers";
import { BEHAVIOURS, DELIVERY_BEHAVIOURS, ROUND_BEHAVIOURS } from "../../../src/market/run/mischief/mischief.js";
import {
  adversaryPlansFor,
  CAP_FACTOR,
  FLOORS,
  plansFor,
  type Prey,
  usualAdversaries,
} from "../../../src/market/run/plans.js";

const PER_SLOT = parseEther("0.1");
const BOND = 3n * FLOORS.render * CAP_FACTOR;
const PREY: Prey = { critical: 9, checked: 4, panelBond: BOND };

describe("market.plans", () => {
  it("let no provider of the honest ones misbehave, and each stake for its slots in two pools", () => {
    const plans = plansFor(7, PER_SLOT);
    expect(new Set(plans.map(({ name }) => name)).size).to.equal(7);
    for (const { name, stake, parallel, behaviour } of plans) {
      expect(behaviour, name).to.equal(undefined);
      expect(stake > 2n * BigInt(parallel) * PER_SLOT, name).to.equal(true);
    }
  });

  it("let each honest one stake for a delivery that is disputed and for panels beside", () => {
    const plain = plansFor(5, PER_SLOT);
    for (const [index, { stake }] of plansFor(5, PER_SLOT, BOND).entries()) {
      expect(stake - (plain[index]?.stake ?? 0n)).to.equal(6n * BOND);
    }
  });

  it("let adversaries misbehave in turn, under names of their own", () => {
    for (const count of [1, 3, 5, 7, 11]) {
      const plans = adversaryPlansFor(count, PER_SLOT, PREY);
      expect(plans.map(({ behaviour }) => behaviour)).to.deep.equal(
        Array.from({ length: count }, (_, index) => BEHAVIOURS[index % BEHAVIOURS.length]),
      );
      expect(new Set(plans.map(({ name }) => name)).size).to.equal(count);
      for (const { stake, parallel, behaviour } of plans) {
        // Its slots, and the bond of a seat in a round, or of a delivery that can be disputed.
        const bond = DELIVERY_BEHAVIOURS.some((one) => one === behaviour) ? BOND : FLOORS.render * CAP_FACTOR;
        expect(stake > BigInt(parallel) * PER_SLOT + bond).to.equal(true);
      }
    }
    expect(adversaryPlansFor(0, PER_SLOT, PREY)).to.deep.equal([]);
  });

  it("let each adversary in rounds have another round, and each deliverer one of the checked tiles", () => {
    const turnsOf = (count: number, prey: Prey, kinds: readonly string[]) =>
      adversaryPlansFor(count, PER_SLOT, prey)
        .filter(({ behaviour = "" }) => kinds.includes(behaviour))
        .map(({ turn, every }) => [turn, every]);
    expect(turnsOf(5, PREY, ROUND_BEHAVIOURS)).to.deep.equal([
      [0, 3],
      [1, 3],
      [2, 3],
    ]);
    // So many that there is no second one, although tiles are ordered again.
    for (const checked of [1, 4, 64]) {
      const prey = { ...PREY, critical: 0, checked };
      expect(turnsOf(3, prey, DELIVERY_BEHAVIOURS)).to.deep.equal([
        [0, 10_000],
        [1, 10_000],
        [2, 10_000],
      ]);
    }
  });

  for (const [what, critical, checked, kinds] of [
    ["critical tiles", 9, 0, ROUND_BEHAVIOURS],
    ["checked tiles", 0, 4, DELIVERY_BEHAVIOURS],
    ["critical and checked tiles", 9, 4, BEHAVIOURS],
  ] as const) {
    it(`let them do what there is something for: with ${what}, ${kinds.join(", ")}`, () => {
      const prey = { critical, checked, panelBond: BOND };
      expect(usualAdversaries(prey)).to.equal(kinds.length);
      const plans = adversaryPlansFor(usualAdversaries(prey), PER_SLOT, prey);
      expect(plans.map(({ behaviour }) => behaviour)).to.deep.equal([...kinds]);
      expect(plans.map(({ name }) => name)).to.deep.equal([...kinds]);
    });
  }

  it("need no adversaries where there is nothing to spoil", () => {
    expect(usualAdversaries({ critical: 0, checked: 0 })).to.equal(0);
  });
});
