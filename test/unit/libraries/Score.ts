import { expect } from "chai";
import { parseEther } from "ethers";
import { ScoreHarness__factory } from "../../../typechain-types/index.js";
import { anAccount } from "../../helpers/accounts.js";
import { loadFixture } from "../../helpers/network.js";
import { Random, SEED } from "../../helpers/seeded.js";

const HALF_LIFE = 2_592_000n;
const MAX_SCORE = 2n ** 32n - 1n;

async function deploy() {
  const deployer = await anAccount();
  return new ScoreHarness__factory(deployer).deploy();
}

describe("Score", () => {
  it("halves in 30 days and counts in millionths", async () => {
    const score = await loadFixture(deploy);
    expect([await score.HALF_LIFE(), await score.POINT()]).to.deep.equal([HALF_LIFE, 1_000_000n]);
  });

  describe("decayed", () => {
    for (const [score, elapsed, left] of [
      [0n, HALF_LIFE, 0n],
      [5_184_000n, 0n, 5_184_000n],
      [5_184_000n, 1n, 5_183_999n],
      [5_183_999n, 1n, 5_183_999n],
      [5_184_000n, HALF_LIFE - 1n, 2_592_001n],
      [5_184_000n, HALF_LIFE, 2_592_000n],
      [5_184_000n, HALF_LIFE + 2n, 2_591_999n],
      [5_184_000n, HALF_LIFE * 2n - 2n, 1_296_001n],
      [7n, HALF_LIFE * 2n, 1n],
      [7n, HALF_LIFE * 3n, 0n],
      [MAX_SCORE, HALF_LIFE * 31n + HALF_LIFE - 1n, 1n],
      [MAX_SCORE, HALF_LIFE * 32n, 0n],
      [MAX_SCORE, 2n ** 40n - 1n, 0n],
    ] as const) {
      it(`leaves ${left} of ${score} after ${elapsed} seconds`, async () => {
        const harness = await loadFixture(deploy);
        expect(await harness.decayed(score, elapsed)).to.equal(left);
      });
    }

    it(`stays within 6.2 % above the exponential, never below, and never rises (SEED=${SEED})`, async () => {
      const harness = await loadFixture(deploy);
      const random = new Random(SEED);
      for (let round = 0; round < 60; round++) {
        const score = random.between(2n ** 31n, MAX_SCORE);
        const elapsed = random.between(0n, HALF_LIFE * 8n);
        const left = await harness.decayed(score, elapsed);
        const exact = Number(score) * 2 ** (-Number(elapsed) / Number(HALF_LIFE));
        // Whole halvings round down by less than one.
        expect(Number(left), `${score} after ${elapsed}`).to.be.within(exact - 1, exact * 1.062);
        expect(await harness.decayed(score, elapsed + random.between(1n, 100_000n))).to.be.at.most(left);
      }
    });
  });

  describe("gainOf", () => {
    const scale = parseEther("1.02");
    for (const [fee, gain] of [
      [0n, 0n],
      [1n, 0n],
      [scale, 500_000n],
      [scale * 3n, 750_000n],
      [scale * 999_999n, 999_999n],
      [scale * 10n ** 12n, 999_999n],
      [2n ** 96n, 999_999n],
    ] as const) {
      it(`turns a fee of ${fee} wei into ${gain}`, async () => {
        const harness = await loadFixture(deploy);
        expect(await harness.gainOf(fee, scale)).to.equal(gain);
      });
    }

    it(`costs at least its part of the scale (SEED=${SEED})`, async () => {
      const harness = await loadFixture(deploy);
      const random = new Random(SEED);
      for (let round = 0; round < 40; round++) {
        const [fee, unit] = [random.bits(96), random.bits(80) + 1n];
        const gain = await harness.gainOf(fee, unit);
        expect(gain).to.equal((fee * 1_000_000n) / (fee + unit));
        expect(gain * unit <= fee * 1_000_000n).to.equal(true, `${fee} of ${unit}`);
        expect(gain < 1_000_000n).to.equal(true);
      }
    });
  });
});
