import { expect } from "chai";
import { exp } from "../../../src/protocol/market.js";
import { ControllerHarness__factory } from "../../../typechain-types/index.js";
import { anAccount } from "../../helpers/accounts.js";
import { loadFixture } from "../../helpers/network.js";
import { Random, SEED } from "../../helpers/seeded.js";

const BITS = 96n;
const ONE = 1n << BITS;
/** Bits after the point of the reference. */
const PRECISE = 400n;

async function deploy() {
  return new ControllerHarness__factory(await anAccount()).deploy();
}

/** e^x × 2^PRECISE for x × 2^96, by another way than the contract's: e^(x / 2^20) by its series, squared twenty times. */
function reference(x: bigint): bigint {
  const HALVINGS = 20n;
  const unit = 1n << PRECISE;
  const small = (x << (PRECISE - BITS)) >> HALVINGS;
  let sum = unit;
  let term = unit;
  for (let n = 1n; term !== 0n && n < 200n; n++) {
    term = (term * small) / (n * unit);
    sum += term;
  }
  for (let i = 0n; i < HALVINGS; i++) sum = (sum * sum) / unit;
  return sum;
}

/** Throws if a result is farther from e^x than e^x · 2^-56 + 2^-96. */
function expectClose(x: bigint, result: bigint): void {
  const exact = reference(x);
  const found = result << (PRECISE - BITS);
  const error = found > exact ? found - exact : exact - found;
  // The reference itself is good for more than 300 bits.
  const bound = (exact >> 56n) + (1n << (PRECISE - BITS));
  expect(error <= bound, `exp(${x} / 2^96) is ${result}: off by ${(error * 1_000n) / bound} thousandths of the bound`)
    .to.be.true;
}

describe("Exponential", () => {
  it("knows a reference that is right itself", () => {
    // e to 60 decimals.
    const e = 2718281828459045235360287471352662497757247093699959574966967n;
    expect((reference(ONE) * 10n ** 60n) >> PRECISE).to.equal(e);
  });

  for (const [title, x, result] of [
    ["e^0 is exactly 1", 0n, ONE],
    ["e^-68 is nothing", -68n * ONE, 0n],
    ["the least number gives nothing", -(2n ** 255n), 0n],
    ["one unit above 0 is one unit above 1", 1n, ONE + 1n],
    ["one unit below 0 is one unit below 1", -1n, ONE - 1n],
  ] as const) {
    it(title, async () => {
      const harness = await loadFixture(deploy);
      expect(await harness.exp(x)).to.equal(result);
      expect(exp(x)).to.equal(result);
    });
  }

  it("refuses what is above 66", async () => {
    const harness = await loadFixture(deploy);
    const most = 66n * ONE;
    expectClose(most, await harness.exp(most));
    for (const x of [most + 1n, 2n ** 255n - 1n]) {
      await expect(harness.exp(x)).to.be.revertedWithCustomError(harness, "ExponentTooLarge").withArgs(x, most);
      expect(() => exp(x)).to.throw(RangeError, String(x));
    }
  });

  it("is within its bound at the seams, where the power of two changes, and the least above nothing", async () => {
    const harness = await loadFixture(deploy);
    const half = 54916777467707473351141471128n / 2n;
    for (let n = -195n; n <= 190n; n += 5n) {
      for (const x of [n * half - 1n, n * half, n * half + 1n]) {
        if (x > 66n * ONE) continue;
        const result = await harness.exp(x);
        expectClose(x, result);
        expect(exp(x)).to.equal(result);
      }
    }
    expectClose(-68n * ONE + 1n, await harness.exp(-68n * ONE + 1n));
  });

  it(`is within its bound over the whole range, and the mirror agrees to the unit (SEED=${SEED})`, async () => {
    const harness = await loadFixture(deploy);
    const random = new Random(SEED);
    for (let round = 0; round < 400; round++) {
      // The whole range evenly, then small numbers of every size.
      const x =
        round % 2 === 0
          ? random.between(-68n * ONE, 66n * ONE)
          : random.between(-(2n ** BigInt(round % 97)), 2n ** BigInt(round % 97));
      const result = await harness.exp(x);
      expectClose(x, result);
      expect(exp(x), String(x)).to.equal(result);
      if (x > 0n) expect(result >= ONE, String(x)).to.be.true;
      if (x < 0n) expect(result <= ONE, String(x)).to.be.true;
    }
  });
});
