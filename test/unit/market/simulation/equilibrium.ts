import { expect } from "chai";
import { demandOf, equilibriumOf, throughputOf } from "../../../../src/market/simulation/equilibrium.js";
import { DEFAULT_SCENARIO } from "../../../../src/market/simulation/scenario.js";
import { possibleSurplus, realisedSurplus } from "../../../../src/market/simulation/surplus.js";
import { expectNear } from "../../../helpers/near.js";

const SCENARIO = {
  ...DEFAULT_SCENARIO,
  ...{ tick: 10, feeBps: 0, royaltyBps: 0, floorPrice: 0.1 },
  price: { ...DEFAULT_SCENARIO.price, target: 8_000 },
};
/** A slot that is done with a task every 100 s, block included, and covers its cost at a price. */
const slotsAt = (price: number, id: number, slots = 1) => ({ id, slots, seconds: 90, standby: 0, work: price });

describe("market.simulation.equilibriumOf", () => {
  it("finds the price at which just enough slots cover their cost", () => {
    // 0.8 of ten slots make 0.08 tasks a second; demand is 0.2 − 0.1 p, so 0.08 are wanted at 1.2.
    const providers = [slotsAt(0.5, 1, 4), slotsAt(0.9, 2, 6), slotsAt(2, 3, 10)];
    const { price, flow, slots } = equilibriumOf((at) => 0.2 - 0.1 * at, providers, SCENARIO);
    expectNear(price, 1.2, 1e-6);
    expectNear(flow, 0.08, 1e-6);
    expect(slots).to.equal(10);
  });

  it("is the cost of the provider that is needed last where demand meets a step of the supply", () => {
    // At 0.9 demand is 0.11: more than four slots make, less than ten would.
    const providers = [slotsAt(0.5, 1, 4), slotsAt(0.9, 2, 20)];
    const { price, slots } = equilibriumOf((at) => 0.2 - 0.1 * at, providers, SCENARIO);
    expectNear(price, 0.9, 1e-6);
    expect(slots).to.equal(24);
  });

  it("does not go below the floor", () => {
    expectNear(equilibriumOf(() => 0.0001, [slotsAt(0.01, 1)], SCENARIO).price, 0.1, 1e-12);
  });
});

describe("market.simulation.demandOf", () => {
  it("counts the clients whose budget reaches the price", () => {
    const demand = demandOf(2, { median: 3, sigma: 0.5 });
    expectNear(demand(3), 1, 1e-6);
    // One standard deviation above and below.
    expectNear(demand(3 * Math.exp(0.5)), 2 * 0.158655, 1e-5);
    expectNear(demand(3 * Math.exp(-0.5)), 2 * 0.841345, 1e-5);
  });
});

describe("market.simulation.throughputOf", () => {
  it("counts the block that passes before a task is taken", () => {
    expectNear(throughputOf([slotsAt(1, 1, 5)], 0.8, SCENARIO), 0.04, 1e-12);
  });
});

describe("market.simulation.possibleSurplus", () => {
  const clients = [3, 2, 1.5, 1].map((budget) => ({ arrivesAt: 0, budget, patience: 0 }));

  it("gives the best tasks to the cheapest slots", () => {
    // In 100 s each slot is good for one task: 3 − 0.5, 2 − 1, and nothing for 1.5 at 1.6.
    const providers = [slotsAt(1, 1), slotsAt(0.5, 2), slotsAt(1.6, 3)];
    expectNear(possibleSurplus(clients, providers, 100, 1, 10), 3.5, 1e-12);
  });

  it("splits a task between two slots, and counts what idling costs", () => {
    // Half a task each: 3 is shared by both, the rest of the second slot's time is all there is for nobody.
    const providers = [slotsAt(1, 1), slotsAt(0.5, 2)];
    expectNear(possibleSurplus(clients, providers, 100, 0.5, 10), 0.5 * 2.5 + 0.5 * 2, 1e-12);
    const idle = [{ id: 1, slots: 1, seconds: 90, standby: 0.01, work: 0 }];
    expectNear(possibleSurplus(clients, idle, 100, 0.5, 10), 0.5 * (3 - 2), 1e-12);
  });
});

describe("market.simulation.realisedSurplus", () => {
  it("takes costs from budgets between two samples", () => {
    const sample = { time: 0, price: 1, open: 0, capacity: 0, busy: 0, members: 0, value: 5, cost: 2 };
    expect(realisedSurplus(sample, { ...sample, value: 12, cost: 4.5 })).to.equal(4.5);
  });
});
