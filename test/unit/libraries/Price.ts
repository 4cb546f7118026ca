import { expect } from "chai";
import { PriceHarness__factory } from "../../../typechain-types/index.js";
import { anAccount } from "../../helpers/accounts.js";
import { loadFixture } from "../../helpers/network.js";
import { Random, SEED } from "../../helpers/seeded.js";

const WHOLE = 2n ** 32n - 1n;

async function deploy() {
  const deployer = await anAccount();
  return new PriceHarness__factory(deployer).deploy();
}

describe("Price", () => {
  it("counts the whole as all ones of 32 bits", async () => {
    const price = await loadFixture(deploy);
    expect(await price.WHOLE()).to.equal(WHOLE);
  });

  describe("fractionOf", () => {
    for (const [price, cap, fraction] of [
      [0n, 1n, 0n],
      [0n, 100n, 0n],
      [1n, 1n, WHOLE],
      [100n, 100n, WHOLE],
      [101n, 100n, WHOLE],
      [2n ** 96n, 100n, WHOLE],
      [1n, 2n, 2_147_483_648n],
      [1n, 3n, 1_431_655_765n],
      [2n, 3n, 2_863_311_530n],
      [1n, WHOLE, 1n],
      [1n, WHOLE * 10n, 1n],
      [WHOLE * 10n - 1n, WHOLE * 10n, WHOLE],
      [WHOLE * 10n - 10n, WHOLE * 10n, WHOLE - 1n],
    ] as const) {
      it(`of ${price} wei in ${cap} is ${fraction}`, async () => {
        const harness = await loadFixture(deploy);
        expect(await harness.fractionOf(price, cap)).to.equal(fraction);
      });
    }

    it(`is the least that gives no less than the price, or the whole (SEED=${SEED})`, async () => {
      const harness = await loadFixture(deploy);
      const random = new Random(SEED);
      for (let round = 0; round < 60; round++) {
        const cap = random.bits(96) + 1n;
        const price = round % 2 === 0 ? random.bits(96) : random.between(0n, cap);
        const least = price < cap ? price : cap;
        const fraction = await harness.fractionOf(price, cap);
        const amount = await harness.amountOf(fraction, cap);
        const title = `${price} of ${cap}`;
        expect(fraction <= WHOLE, title).to.equal(true);
        expect(amount >= least, title).to.equal(true);
        // Within one unit of the cap, and one unit less would be too little.
        expect((amount - least) * WHOLE <= cap, title).to.equal(true);
        if (fraction !== 0n) expect((fraction - 1n) * cap < least * WHOLE, title).to.equal(true);
      }
    });
  });

  describe("ramp", () => {
    for (const [start, duration, elapsed, fraction] of [
      [7n, 0n, 0n, WHOLE],
      [7n, 0n, 9n, WHOLE],
      [7n, 1n, 0n, 7n],
      [7n, 1n, 1n, WHOLE],
      [0n, 100n, 0n, 0n],
      [0n, 100n, 50n, 2_147_483_647n],
      [0n, 100n, 99n, 4_252_017_622n],
      [0n, 100n, 100n, WHOLE],
      [0n, 100n, 101n, WHOLE],
      [WHOLE - 100n, 100n, 1n, WHOLE - 99n],
      [WHOLE - 100n, 100n, 99n, WHOLE - 1n],
      [WHOLE - 100n, 200n, 1n, WHOLE - 100n],
      [WHOLE, 100n, 50n, WHOLE],
      [5n, 2n ** 24n - 1n, 2n ** 40n, WHOLE],
    ] as const) {
      it(`from ${start} over ${duration} seconds is ${fraction} after ${elapsed}`, async () => {
        const harness = await loadFixture(deploy);
        expect(await harness.ramp(start, duration, elapsed)).to.equal(fraction);
      });
    }

    it(`climbs from its start to the whole and never falls (SEED=${SEED})`, async () => {
      const harness = await loadFixture(deploy);
      const random = new Random(SEED);
      for (let round = 0; round < 20; round++) {
        const [start, duration] = [random.bits(32), random.bits(24) + 1n];
        expect(await harness.ramp(start, duration, 0)).to.equal(start);
        expect(await harness.ramp(start, duration, duration)).to.equal(WHOLE);
        const [one, two] = [random.between(0n, duration), random.between(0n, duration)];
        const [early, late] = one < two ? [one, two] : [two, one];
        const [low, high] = [await harness.ramp(start, duration, early), await harness.ramp(start, duration, late)];
        expect(low >= start && low <= high && high <= WHOLE).to.equal(true, `${start}, ${duration}, ${early}, ${late}`);
        // On the straight line, rounded down.
        const line = (WHOLE - start) * early;
        expect((low - start) * duration <= line && (low - start + 1n) * duration > line).to.equal(true);
      }
    });
  });

  describe("amountOf", () => {
    for (const [fraction, cap, amount] of [
      [0n, 100n, 0n],
      [WHOLE, 100n, 100n],
      [WHOLE, 2n ** 96n - 1n, 2n ** 96n - 1n],
      [WHOLE - 1n, 100n, 99n],
      [2_147_483_648n, 2n, 1n],
      [2_147_483_647n, 2n, 0n],
      [1n, WHOLE, 1n],
      [1n, WHOLE - 1n, 0n],
    ] as const) {
      it(`${fraction} of ${cap} is ${amount}`, async () => {
        const harness = await loadFixture(deploy);
        expect(await harness.amountOf(fraction, cap)).to.equal(amount);
      });
    }
  });

  describe("share", () => {
    for (const [amount, bps, part] of [
      [0n, 10_000n, 0n],
      [9_999n, 1n, 0n],
      [10_000n, 1n, 1n],
      [12_345n, 250n, 308n],
      [12_345n, 10_000n, 12_345n],
      [2n ** 96n - 1n, 2000n, (2n ** 96n - 1n) / 5n],
    ] as const) {
      it(`of ${bps} ten-thousandths of ${amount} is ${part}`, async () => {
        const harness = await loadFixture(deploy);
        expect(await harness.share(amount, bps)).to.equal(part);
      });
    }
  });
});
