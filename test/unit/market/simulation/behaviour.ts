import { expect } from "chai";
import { createFirstComeVenue, createFixedVenue } from "../../../../src/market/simulation/baselineVenues.js";
import { createManipulator } from "../../../../src/market/simulation/manipulator.js";
import { draftFor, expectedWait, isTakeable, offerOf } from "../../../../src/market/simulation/orders.js";
import { REGIMES, type Regime } from "../../../../src/market/simulation/regimes.js";
import { DEFAULT_SCENARIO, RESERVATION } from "../../../../src/market/simulation/scenario.js";
import { controllerOf, type ErrorName } from "../../../../src/market/simulation/variants.js";
import { toCoins, toWei } from "../../../../src/market/simulation/venue.js";
import {
  createWorkers,
  idleSlotsOf,
  joinFirst,
  marginOf,
  reviewWorkers,
  type Worker,
} from "../../../../src/market/simulation/workforce.js";
import { expectNear } from "../../../helpers/near.js";

const SCENARIO = { ...DEFAULT_SCENARIO, feeBps: 0, royaltyBps: 0 };
const SHARES = { feeBps: 1_000, royaltyBps: 500 };
const ORDER = { ramp: 0, deadline: 100, servable: true };
const MARKET = { price: toWei(1), openTasks: 10, capacity: 10 };
/** Covers its cost at 1 where it is busy for four fifths of the time. */
const provider = (id: number, slots = 1) => ({ id, slots, seconds: 100, standby: 0.004, work: 0.5 });
const regimeOf = (name: string) => REGIMES.find((regime) => regime.name === name) as Regime;

describe("market.simulation.draftFor", () => {
  const client = { arrivesAt: 0, budget: 1.5, patience: 300 };
  const draft = (market = MARKET, rules: "market" | "posted" | "budget" = "market", who = client) =>
    draftFor(who, 7, 50, market, rules, SCENARIO);

  it("orders with the budget as the cap and the patience as the ramp", () => {
    expect(draft()).to.include({ task: 7, cap: 1.5, ramp: 300, deadline: 350 + RESERVATION, servable: true });
    expect(draft(MARKET, "posted")).to.include({ cap: 1, ramp: 0 });
    expect(draft(MARKET, "budget")).to.include({ cap: 1.5, ramp: 0 });
  });

  it("does not order above its budget, nor where the queue outlasts its patience", () => {
    expect(draft({ ...MARKET, price: toWei(1.51) })).to.equal(undefined);
    expect(draft({ ...MARKET, price: toWei(1.51) }, "budget")).to.not.equal(undefined);
    // Twenty orders too many for ten slots of 175 s each.
    const crowded = { ...MARKET, openTasks: 30 };
    expect(expectedWait(crowded, SCENARIO)).to.equal(350);
    expect(draft(crowded)).to.equal(undefined);
  });
});

describe("market.simulation.offerOf", () => {
  const order = {
    ...{ task: 1, client: { arrivesAt: 0, budget: 2, patience: 100 }, cap: 2, startPrice: 1, fake: false },
    ...{ ramp: 100, deadline: 100 + RESERVATION, servable: true, orderedAt: 0 },
  };

  it("climbs to the cap", () => {
    expect([0, 50, 100, 150].map((time) => offerOf(order, time))).to.deep.equal([1, 1.5, 2, 2]);
  });

  it("may be taken from the next block on, as long as there is time enough", () => {
    expect([0, 10, 100, 110].map((time) => isTakeable(order, time))).to.deep.equal([false, true, true, false]);
    expect(isTakeable({ ...order, servable: false }, 10)).to.be.false;
  });
});

describe("market.simulation.workforce", () => {
  const outlook = (price: number, utilisation = 0.8) => ({ price, utilisation });
  const due = (worker: Worker, price: number) => {
    worker.reviewAt = 0;
    return reviewWorkers([worker], 100, outlook(price), SCENARIO, new Set()).map(({ kind }) => kind);
  };

  it("compares the price with what a task costs at the utilisation", () => {
    expectNear(marginOf(provider(1), outlook(1.2), SCENARIO), 0.2, 1e-12);
    // 0.5 + 0.004 · 100 / 0.4 = 1.5
    expectNear(marginOf(provider(1), outlook(1.2, 0.4), SCENARIO), -0.2, 1e-12);
    expect(marginOf(provider(1), outlook(1.2, 0), SCENARIO)).to.equal(-1);
  });

  it("lets those join first that cover their cost", () => {
    const workers = createWorkers(1, [provider(1), { ...provider(2), work: 0.6 }], SCENARIO);
    expect(joinFirst(workers, 1.05, SCENARIO)).to.deep.equal([{ kind: "join", provider: 1, slots: 1 }]);
  });

  it("moves a provider only beyond its inertia, and lets it finish first", () => {
    const [worker] = createWorkers(1, [provider(1, 2)], SCENARIO);
    if (worker === undefined) throw new Error("no worker");
    expect(due(worker, 1.02)).to.deep.equal([]);
    expect(due(worker, 1.04)).to.deep.equal(["join"]);
    expect(due(worker, 0.98)).to.deep.equal([]);
    worker.busy = 1;
    expect(idleSlotsOf(worker)).to.equal(1);
    expect(due(worker, 0.96)).to.deep.equal([]);
    expect(idleSlotsOf(worker)).to.equal(0);
    worker.busy = 0;
    expect(due(worker, 0.96)).to.deep.equal(["leave"]);
    expect(worker.member).to.be.false;
  });
});

describe("market.simulation.createManipulator", () => {
  it("has about a fifth of the slots, the same for every trick", () => {
    const workers = createWorkers(
      1,
      Array.from({ length: 25 }, (_, index) => provider(index + 1, 2)),
      SCENARIO,
    );
    const of = (name: string) => createManipulator(1, workers, regimeOf(name));
    expect([...of("idle").own]).to.have.length(5);
    expect(of("pump").own).to.deep.equal(of("steady").own);
    expect(of("steady")).to.deep.include({ idle: new Set(), dealing: new Set(), unservable: 0 });
    expect(of("idle").idle).to.deep.equal(of("idle").own);
    expect(of("pump").unservable).to.equal(10);
    expect([...of("selfDeal").dealing]).to.have.length(2);
  });
});

describe("market.simulation baselines", () => {
  it("keep a price for ever", async () => {
    const venue = createFixedVenue(toWei(1), SHARES);
    await venue.advance(1, [{ kind: "join", provider: 1, slots: 3 }]);
    const amounts = await venue.advance(2, [
      { kind: "submit", task: 1, cap: toWei(1), ...ORDER },
      { kind: "take", task: 1, provider: 1 },
      { kind: "deliver", task: 1 },
    ]);
    expect(amounts.map(toCoins)).to.deep.equal([1, 1, 0.85]);
    expect(venue.now).to.deep.equal({ price: toWei(1), openTasks: 0, capacity: 3 });
  });

  it("let providers see what was paid lately", async () => {
    const venue = createFirstComeVenue(toWei(9), SHARES);
    expect(venue.now.price).to.equal(toWei(9));
    for (const [task, reward] of [2, 4].entries()) {
      await venue.advance(task, [
        { kind: "submit", task, cap: toWei(reward), ...ORDER },
        { kind: "take", task, provider: 1 },
      ]);
    }
    expect(venue.now.price).to.equal(toWei(3));
  });
});

describe("market.simulation.controllerOf", () => {
  const parameters = { target: 8_000, speed: 1_000, clamp: 250 };
  /** Change of ln(price) in 100 s, tenths. */
  const move = (name: ErrorName, openTasks: bigint, capacity = 10n) => {
    const market = { price: toWei(1), openTasks, capacity, touchedAt: 0n, parameters };
    return Math.log(toCoins(controllerOf(name)(market, 1n, 100n))) * 10;
  };

  for (const [name, empty, half, full, queue] of [
    ["kinked", -1, -0.375, 1, 1],
    ["linear", -1, -0.375, 0.25, 0.25],
    ["queue", -1, -0.375, 0.25, 1],
    ["even", -1, -1, 1, 1],
  ] as const) {
    it(`${name}: moves as its error says`, () => {
      expectNear(move(name, 0n), empty, 1e-9);
      expectNear(move(name, 5n), half, 1e-9);
      expectNear(move(name, 8n), 0, 1e-9);
      expectNear(move(name, 10n), full, 1e-9);
      expectNear(move(name, 20n), queue, 1e-9);
    });
  }

  it("clamps rises and keeps the floor", () => {
    const market = { price: toWei(1), openTasks: 10n, capacity: 10n, touchedAt: 0n, parameters };
    expectNear(toCoins(controllerOf("linear")(market, 1n, 100_000n)), Math.exp(0.25), 1e-9);
    expect(controllerOf("linear")({ ...market, openTasks: 0n }, toWei(0.5), 100_000n)).to.equal(toWei(0.5));
  });
});
