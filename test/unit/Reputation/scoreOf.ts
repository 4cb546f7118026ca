import { expect } from "chai";
import { loadFixture, time } from "../../helpers/network.js";
import { decayed, deployReputation, HALF_LIFE, seedStanding } from "../../helpers/reputation.js";

const MAX_UINT32 = 2n ** 32n - 1n;

describe("Reputation.scoreOf", () => {
  it("is zero for a provider that never worked", async () => {
    const { reputation } = await loadFixture(deployReputation);
    expect(await reputation.scoreOf(1)).to.equal(0n);
  });

  for (const [title, elapsed, score, left] of [
    ["in the same second", 0, 1_000_000n, 1_000_000n],
    ["six seconds later", 6, 1_000_000n, 999_999n],
    ["a quarter of a half-life later", HALF_LIFE / 4, 1_000_000n, 875_000n],
    ["half a half-life later", HALF_LIFE / 2, 1_000_000n, 750_000n],
    ["a second before a half-life is over", HALF_LIFE - 1, 2_592_000n, 1_296_001n],
    ["a half-life later", HALF_LIFE, 1_000_000n, 500_000n],
    ["a second after that", HALF_LIFE + 1, 10_368_000n, 5_183_999n],
    ["one and a half half-lives later", HALF_LIFE * 1.5, 1_000_000n, 375_000n],
    ["two half-lives later", HALF_LIFE * 2, 1_000_001n, 250_000n],
    ["ten half-lives later", HALF_LIFE * 10, 1_024_000n, 1000n],
    ["31 half-lives later", HALF_LIFE * 31, MAX_UINT32, 1n],
    ["32 half-lives later", HALF_LIFE * 32, MAX_UINT32, 0n],
    ["a century later", 100 * 365 * 24 * 3600, MAX_UINT32, 0n],
  ] as const) {
    it(`is ${left} of ${score} ${title}`, async () => {
      const { reputation } = await loadFixture(deployReputation);
      const at = await time.latest();
      await seedStanding(reputation, 1, { score, updatedAt: at });
      if (elapsed !== 0) await time.increaseTo(at + elapsed);
      expect(await reputation.scoreOf(1)).to.equal(left);
      expect(decayed(score, elapsed)).to.equal(left);
      expect((await reputation.getRecord(1)).score).to.equal(left);
    });
  }
});
