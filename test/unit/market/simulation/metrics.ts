import { expect } from "chai";
import {
  busyShare,
  medianError,
  medianOf,
  overshoot,
  returnTime,
  utilisationOf,
} from "../../../../src/market/simulation/metrics.js";
import { expectNear } from "../../../helpers/near.js";

const TICK = 100;
const at = (price: number) => ({ price, flow: 1, slots: 1 });
const series = (...prices: number[]) =>
  prices.map((price, index) => ({
    ...{ time: (index + 1) * TICK, price, open: 0, capacity: 10, busy: 0, members: 0, value: 0, cost: 0 },
  }));

describe("market.simulation.metrics", () => {
  it("takes the value in the middle, or the mean of the two", () => {
    expect(medianOf([9, 1, 10])).to.equal(9);
    expect(medianOf([4, 1, 3, 2])).to.equal(2.5);
    expect(medianOf([])).to.be.NaN;
  });

  it("measures the error by its size", () => {
    expectNear(medianError(series(0.8, 1, 1.1), at(1)), 0.1, 1e-12);
  });

  it("has returned when the price stays within a tenth for ten minutes", () => {
    const away = [1.5, 1.3];
    const calm = [1.05, 1, 0.95, 1, 1.05, 1, 1];
    expect(returnTime(series(...away, ...calm), at(1), TICK)).to.equal(200);
    // A visit is no return, and what begins too late counts to the end.
    expect(returnTime(series(1.5, 1, 1.2, 1, 1), at(1), TICK)).to.equal(300);
    expect(returnTime(series(1.5, 1, 1.2), at(1), TICK)).to.equal(null);
    // What comes after does not undo it.
    expect(returnTime(series(...calm, 2, 2), at(1), TICK)).to.equal(0);
  });

  it("measures how far a price goes beyond where it was to go, either way", () => {
    expectNear(overshoot(series(1, 1.5, 2.4, 2), at(1), at(2)), 0.2, 1e-12);
    expectNear(overshoot(series(2, 1.2, 0.7, 1), at(2), at(1)), 0.3, 1e-12);
    expect(overshoot(series(1, 1.5, 1.9), at(1), at(2))).to.equal(0);
  });

  it("counts a queue as full use", () => {
    expect(utilisationOf({ open: 4, capacity: 5 })).to.equal(0.8);
    expect(utilisationOf({ open: 40, capacity: 5 })).to.equal(1);
    expect(utilisationOf({ open: 1, capacity: 0 })).to.equal(1);
    expect(utilisationOf({ open: 0, capacity: 0 })).to.equal(0);
  });

  it("weighs the busy share by the slots", () => {
    const [one, two] = series(1, 1);
    if (one === undefined || two === undefined) throw new Error("no samples");
    expect(
      busyShare([
        { ...one, busy: 10 },
        { ...two, capacity: 30, busy: 10 },
      ]),
    ).to.equal(0.5);
    expect(busyShare([{ ...one, capacity: 0 }])).to.equal(0);
  });
});
