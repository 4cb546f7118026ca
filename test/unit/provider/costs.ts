import { expect } from "chai";
import { parseEther, parseUnits } from "ethers";
import { type Asking, createCosts } from "../../../src/provider/costs.js";

const SOURCE = 1;
const book = (asking: Partial<Asking> = {}) =>
  createCosts(new Map([[SOURCE, { minimum: 0n, perSecond: 1_000n, ...asking }]]));
/** A book that has learnt these durations, milliseconds. */
const learnt = (durations: number[], asking?: Partial<Asking>) => {
  const costs = book(asking);
  for (const duration of durations) costs.learn(SOURCE, duration);
  return costs;
};

describe("provider.costs", () => {
  it("asks nothing for a source that it does not work for, whatever it learns", () => {
    const costs = book();
    costs.learn(2, 1_000);
    expect(costs.costs(2)).to.equal(undefined);
  });

  it("asks nothing before it knows how long a source takes", () => {
    const costs = book();
    costs.gasPrice(1n);
    expect(costs.costs(SOURCE)).to.equal(undefined);
    costs.learn(SOURCE, 1);
    expect(costs.costs(SOURCE)).to.not.equal(undefined);
  });

  it("asks for the time that it takes, in seconds", () => {
    expect(learnt([2_500]).costs(SOURCE)).to.deep.equal({ payment: 2_500n, duration: 2.5 });
    const real = { perSecond: parseEther("0.0001") };
    expect(learnt([90_000], real).costs(SOURCE)).to.deep.equal({ payment: parseEther("0.009"), duration: 90 });
  });

  it("asks for no less than the minimum", () => {
    for (const [minimum, payment] of [
      [2_499n, 2_500n],
      [2_500n, 2_500n],
      [2_501n, 2_501n],
      [9_000n, 9_000n],
    ] as const) {
      expect(learnt([2_500], { minimum }).costs(SOURCE)?.payment).to.equal(payment);
    }
    expect(learnt([2_500], { minimum: 3n, perSecond: 0n }).costs(SOURCE)?.payment).to.equal(3n);
  });

  it("asks for the gas of a reservation where there is one", () => {
    const costs = learnt([2_500]);
    costs.gasPrice(1n);
    const [race, reserved] = [costs.costs(SOURCE), costs.costs(SOURCE, true)];
    expect(reserved?.duration).to.equal(race?.duration);
    expect((reserved?.payment ?? 0n) - (race?.payment ?? 0n)).to.equal(57_000n);
    expect(costs.costs(SOURCE, false)).to.deep.equal(race);
  });

  it("asks for the gas of a delivery on top of either, at its newest price", () => {
    const [working, least] = [learnt([2_500]), learnt([2_500], { minimum: 7_000n })];
    for (const costs of [working, least]) costs.gasPrice(parseUnits("30", "gwei"));
    // 80,000 units at 30 gwei are 0.0024 coins.
    expect(working.costs(SOURCE)?.payment).to.equal(parseEther("0.0024") + 2_500n);
    expect(least.costs(SOURCE)?.payment).to.equal(parseEther("0.0024") + 7_000n);
    working.gasPrice(1n);
    expect(working.costs(SOURCE)?.payment).to.equal(82_500n);
    working.gasPrice(0n);
    expect(working.costs(SOURCE)?.payment).to.equal(2_500n);
  });

  it("rounds time to milliseconds, and wei down", () => {
    expect(learnt([1_999], { perSecond: 1n }).costs(SOURCE)).to.deep.equal({ payment: 1n, duration: 1.999 });
    expect(learnt([999], { perSecond: 1n }).costs(SOURCE)?.payment).to.equal(0n);
    expect(learnt([10.4]).costs(SOURCE)).to.deep.equal({ payment: 10n, duration: 0.0104 });
    expect(learnt([10.5]).costs(SOURCE)?.payment).to.equal(11n);
  });

  it("expects a fifth of what is new, and four of what it expected", () => {
    const costs = book();
    for (const [duration, payment] of [
      [1_000, 1_000n],
      // 1000 + 0.2 · 1000
      [2_000, 1_200n],
      // 1200 + 0.2 · 800
      [2_000, 1_360n],
      // 1360 - 0.2 · 1360
      [0, 1_088n],
      // 1088 + 0.2 · 8912 = 2870.4
      [10_000, 2_870n],
    ] as const) {
      costs.learn(SOURCE, duration);
      expect(costs.costs(SOURCE)?.payment, `after ${duration} ms`).to.equal(payment);
    }
    expect(Math.round(1e6 * (costs.costs(SOURCE)?.duration ?? 0))).to.equal(2_870_400);
  });

  it("follows a machine that gets slower for good within some twenty tasks", () => {
    const costs = learnt([1_000, ...Array<number>(20).fill(4_000)]);
    // 4000 - 3000 · 0.8^20 = 3965.41
    expect(costs.costs(SOURCE)?.payment).to.equal(3_965n);
  });

  it("learns of each source for itself", () => {
    const asking = { minimum: 0n, perSecond: 1_000n };
    const costs = createCosts(
      new Map([
        [1, asking],
        [2, { ...asking, perSecond: 10_000n }],
      ]),
    );
    costs.learn(1, 1_000);
    expect(costs.costs(2)).to.equal(undefined);
    costs.learn(2, 3_000);
    expect(costs.costs(1)).to.deep.equal({ payment: 1_000n, duration: 1 });
    expect(costs.costs(2)).to.deep.equal({ payment: 30_000n, duration: 3 });
  });
});
