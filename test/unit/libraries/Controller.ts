import { expect } from "chai";
import { type Market, marketPriceAt, stepOf } from "../../../src/protocol/market.js";
import { ControllerHarness__factory } from "../../../typechain-types/index.js";
import { anAccount } from "../../helpers/accounts.js";
import { loadFixture } from "../../helpers/network.js";
import { Random, SEED } from "../../helpers/seeded.js";

const ONE = 2n ** 96n;
const MOST = 2n ** 96n - 1n;
const PARAMETERS = { target: 8_000, speed: 1_000, clamp: 250 };
/** Clamp from the highest bit, speed, target. */
const packed = ({ target, speed, clamp } = PARAMETERS): bigint =>
  (BigInt(clamp) << 32n) | (BigInt(speed) << 16n) | BigInt(target);

async function deploy() {
  return new ControllerHarness__factory(await anAccount()).deploy();
}

const market = (changes: Partial<Market> = {}): Market => ({
  price: 10n ** 18n,
  openTasks: 0n,
  capacity: 0n,
  touchedAt: 0n,
  parameters: PARAMETERS,
  ...changes,
});

describe("Controller", () => {
  describe("parameters", () => {
    for (const parameters of [
      PARAMETERS,
      { target: 5_000, speed: 10, clamp: 10 },
      { target: 9_500, speed: 40_000, clamp: 1_000 },
    ]) {
      it(`pack and unpack ${Object.values(parameters).join(", ")}`, async () => {
        const harness = await loadFixture(deploy);
        expect(await harness.pack(parameters)).to.equal(packed(parameters));
        const { target, speed, clamp } = await harness.unpack(packed(parameters));
        expect([target, speed, clamp]).to.deep.equal(Object.values(parameters).map(BigInt));
      });
    }

    for (const [name, bounds] of Object.entries({ target: [5_000, 9_500], speed: [10, 40_000], clamp: [10, 1_000] })) {
      const [least = 0, most = 0] = bounds;
      for (const value of [0, least - 1, most + 1, 65_535]) {
        it(`refuse a ${name} of ${value}`, async () => {
          const harness = await loadFixture(deploy);
          await expect(harness.pack({ ...PARAMETERS, [name]: value }))
            .to.be.revertedWithCustomError(harness, "PriceParameterOutOfBounds")
            .withArgs(value, least, most);
        });
      }
    }
  });

  describe("stepOf", () => {
    // Change of the logarithm in millionths, by hand: speed 1,000 ppm a second, target 80 %.
    const cases: [what: string, open: bigint, capacity: bigint, elapsed: bigint, millionths: bigint][] = [
      ["rises at a quarter of the speed with every slot taken", 10n, 10n, 8n, 2_000n],
      ["rises no faster with a queue", 1_000_000n, 10n, 8n, 2_000n],
      ["stands at the target", 8n, 10n, 1_000_000n, 0n],
      ["rises at an eighth of the speed half way above the target", 9n, 10n, 80n, 10_000n],
      ["falls at half speed half way below the target", 4n, 10n, 100n, -50_000n],
      ["falls at full speed with nothing open", 0n, 10n, 100n, -100_000n],
      ["falls without a clamp", 0n, 1n, 1_000_000n, -1_000_000_000n],
      ["rises by as much as the clamp", 1n, 1n, 1_000n, 250_000n],
      ["rises by no more than the clamp", 1n, 1n, 1_004n, 250_000n],
      ["rises by no more than the clamp, however long it takes", 1n, 1n, 2n ** 40n - 1n, 250_000n],
      ["rises with tasks and no capacity as with every slot taken", 1n, 0n, 4n, 1_000n],
      ["stands with neither tasks nor capacity", 0n, 0n, 1_000_000n, 0n],
      ["stands within one second", 10n, 10n, 0n, 0n],
    ];
    it("stands before there are parameters", async () => {
      const harness = await loadFixture(deploy);
      for (const [open, capacity] of [
        [0, 3],
        [3, 3],
        [3, 0],
      ] as const) {
        expect(await harness.stepOf(open, capacity, 100, 0)).to.equal(0);
      }
    });

    for (const [what, open, capacity, elapsed, millionths] of cases) {
      it(what, async () => {
        const harness = await loadFixture(deploy);
        const step = await harness.stepOf(open, capacity, elapsed, packed());
        const exact = (millionths * ONE) / 1_000_000n;
        // Divisions round towards zero.
        expect(step === exact || step === exact + (exact < 0n ? 1n : -1n), `${step}, not ${exact}`).to.be.true;
      });
    }
  });

  it(`agrees with its mirror to the wei, never moves faster than its speed and never the wrong way (SEED=${SEED})`, async () => {
    const harness = await loadFixture(deploy);
    const random = new Random(SEED);
    for (let round = 0; round < 300; round++) {
      const parameters = {
        target: random.whole(5_000, 9_500),
        speed: random.whole(10, 40_000),
        clamp: random.whole(10, 1_000),
      };
      const capacity = random.bits(round % 2 === 0 ? 32 : 6);
      const openTasks = round % 3 === 0 ? random.bits(32) : random.between(0n, capacity);
      const elapsed = random.bits(round % 5 === 0 ? 40 : 12);
      const price = random.bits(96) || 1n;
      const found = await harness.move(price, openTasks, capacity, elapsed, packed(parameters));
      const state = market({ price, openTasks, capacity, parameters });
      expect(found, JSON.stringify({ ...parameters, round })).to.equal(marketPriceAt(state, 0n, elapsed));
      expect(await harness.stepOf(openTasks, capacity, elapsed, packed(parameters))).to.equal(stepOf(state, elapsed));

      const utilisation = openTasks >= capacity ? (openTasks === 0n ? -1 : 1) : Number(openTasks) / Number(capacity);
      const target = parameters.target / 10_000;
      const idle = openTasks === 0n && capacity === 0n;
      const error = idle ? 0 : (utilisation - target) / target;
      const reach = (parameters.speed / 1e6) * Number(elapsed) * error;
      const expected = Number(price) * Math.exp(Math.min(reach, parameters.clamp / 1_000));
      const close = Math.abs(Number(found) - Math.min(expected, 2 ** 96)) <= 1 + expected * 1e-9;
      expect(close, `${found}, not ${expected}`).to.be.true;
      if (error > 0) expect(found >= price).to.be.true;
      if (error < 0) expect(found <= price).to.be.true;
    }
  });

  it("does not lose or gain by being asked often", async () => {
    const harness = await loadFixture(deploy);
    let price = 10n ** 18n;
    for (let second = 0; second < 200; second++) price = await harness.move(price, 1, 1, 1, packed());
    const once = await harness.move(10n ** 18n, 1, 1, 200, packed());
    const difference = once > price ? once - price : price - once;
    expect(difference < 1_000n, `${price} and ${once}`).to.be.true;
  });

  it("rounds to the side of the old price, so that touches without end cannot carry it off", async () => {
    const harness = await loadFixture(deploy);
    for (const price of [1n, 2n, 999n]) {
      expect(await harness.move(price, 1, 1, 1, packed())).to.equal(price);
      expect(await harness.move(price, 0, 1, 1, packed())).to.equal(price);
    }
    expect(await harness.move(4_001n, 1, 1, 1, packed())).to.equal(4_002n);
    expect(await harness.move(1_001n, 0, 1, 1, packed())).to.equal(1_000n);
  });

  it("ends at the largest price and at nothing less than a wei", async () => {
    const harness = await loadFixture(deploy);
    expect(await harness.move(MOST, 1, 1, 2n ** 40n - 1n, packed())).to.equal(MOST);
    expect(await harness.move(MOST - 5n, 1, 0, 1_000, packed())).to.equal(MOST);
    for (const elapsed of [66_000n, 68_000n, 2n ** 40n - 1n]) {
      expect(await harness.move(MOST, 0, 1, elapsed, packed())).to.be.within(1n, 3n);
    }
  });
});
