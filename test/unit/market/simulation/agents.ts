import { expect } from "chai";
import { breakEvenOf, drawClients, drawProviders, survivorsOf } from "../../../../src/market/simulation/agents.js";
import { randomOf } from "../../../../src/market/simulation/random.js";
import { REGIMES, type Regime, STEADY } from "../../../../src/market/simulation/regimes.js";
import { DEFAULT_SCENARIO as SCENARIO } from "../../../../src/market/simulation/scenario.js";
import { expectNear } from "../../../helpers/near.js";

const SURGE = REGIMES.find(({ name }) => name === "surge") as Regime;
const meanOf = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("market.simulation.randomOf", () => {
  it("gives the same numbers for the same seed and name, and others for others", () => {
    const draw = (seed: number, name: string) => {
      const random = randomOf(seed, name);
      return [random.real(), random.wait(2), random.around(1, 0.5), ...random.shuffled([1, 2, 3, 4, 5])];
    };
    expect(draw(7, "clients")).to.deep.equal(draw(7, "clients"));
    expect(draw(7, "clients")).to.not.deep.equal(draw(8, "clients"));
    expect(draw(7, "clients")).to.not.deep.equal(draw(7, "providers"));
  });

  it("has the moments of its distributions", () => {
    const random = randomOf(1, "moments");
    const many = Array.from({ length: 20_000 }, () => random);
    expectNear(meanOf(many.map((each) => each.real())), 0.5, 0.01);
    // Exponential: mean and standard deviation are both the inverse of the rate.
    const waits = many.map((each) => each.wait(4));
    expectNear(meanOf(waits), 0.25, 0.01);
    expectNear(Math.sqrt(meanOf(waits.map((wait) => (wait - 0.25) ** 2))), 0.25, 0.02);
    const logs = many.map((each) => Math.log(each.around(2, 0.5)));
    expectNear(meanOf(logs), Math.log(2), 0.02);
    expectNear(Math.sqrt(meanOf(logs.map((log) => (log - Math.log(2)) ** 2))), 0.5, 0.02);
  });
});

describe("market.simulation.drawClients", () => {
  const { warmUp, length, clients } = SCENARIO;

  it("lets clients come at the rate of the regime", () => {
    const all = drawClients(3, SCENARIO, SURGE);
    const before = all.filter(({ arrivesAt }) => arrivesAt < warmUp).length;
    // Four standard deviations of a Poisson variable.
    const expected = (seconds: number, rate: number) => [seconds * rate, 4 * Math.sqrt(seconds * rate)] as const;
    expectNear(before, ...expected(warmUp, clients.rate));
    expectNear(all.length - before, ...expected(length, 3 * clients.rate));
    expect(all.every(({ patience }) => patience >= 120 && patience <= 3600)).to.be.true;
  });

  it("shares what comes before the regimes among them, and the clients themselves", () => {
    const [steady, surge] = [STEADY, SURGE].map((regime) => drawClients(3, SCENARIO, regime));
    const early = (all = steady) => all?.filter(({ arrivesAt }) => arrivesAt < warmUp);
    expect(early(surge)).to.deep.equal(early(steady));
    const budgets = steady?.map(({ budget }) => budget) ?? [];
    expect(surge?.slice(0, budgets.length).map(({ budget }) => budget)).to.deep.equal(budgets);
  });
});

describe("market.simulation.drawProviders", () => {
  it("draws providers whose times are whole blocks, and always the same", () => {
    const providers = drawProviders(5, SCENARIO);
    expect(providers).to.deep.equal(drawProviders(5, SCENARIO));
    expect(providers).to.have.length(60);
    expect(providers.map(({ id }) => id)).to.deep.equal(Array.from({ length: 60 }, (_, index) => index + 1));
    for (const { seconds } of providers) expect(seconds % SCENARIO.tick).to.equal(0);
  });

  it("leaves half of them after an outage", () => {
    const providers = drawProviders(5, SCENARIO);
    expect(survivorsOf(5, providers, 0.5)).to.have.length(30);
    expect(survivorsOf(5, providers, 1)).to.deep.equal(providers);
  });
});

describe("market.simulation.breakEvenOf", () => {
  it("spreads the cost of standing by over the busy time and adds what is taken of the price", () => {
    const provider = { id: 1, slots: 1, seconds: 100, standby: 0.002, work: 0.25 };
    const scenario = { ...SCENARIO, feeBps: 1_000, royaltyBps: 1_500 };
    // (0.25 + 0.002 · 100 / 0.8) / 0.75
    expectNear(breakEvenOf(provider, 0.8, scenario), 2 / 3, 1e-12);
  });
});
