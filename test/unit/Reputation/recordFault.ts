import { expect } from "chai";
import { loadFixture, time } from "../../helpers/network.js";
import {
  BLANK,
  clientAt,
  decayed,
  deployReputation,
  HALF_LIFE,
  HALF_POINT,
  recordOf,
  seedStanding,
} from "../../helpers/reputation.js";

describe("Reputation.recordFault", () => {
  for (const [score, left] of [
    [0n, 0n],
    [1n, 0n],
    [2n, 1n],
    [3n, 2n],
    [4n, 2n],
    [500_000n, 333_333n],
    [3_000_000n, 2_000_000n],
    [2n ** 32n - 1n, 2_863_311_530n],
  ] as const) {
    it(`leaves two thirds of ${score}: ${left}`, async () => {
      const { reputation } = await loadFixture(deployReputation);
      const at = (await time.latest()) + 10;
      await seedStanding(reputation, 6, { score, updatedAt: at, settled: 4n, earned: 5n });
      await time.setNextBlockTimestamp(at);
      await expect(reputation.recordFault(6)).to.emit(reputation, "FaultRecorded").withArgs(6, left);
      expect(await recordOf(reputation, 6)).to.deep.equal({
        ...BLANK,
        score: left,
        settled: 4n,
        faults: 1n,
        earned: 5n,
        updatedAt: BigInt(at),
      });
    });
  }

  it("takes a third of what is left at that moment, at each fault", async () => {
    const { reputation } = await loadFixture(deployReputation);
    await reputation.recordSettlement(1, clientAt(1), HALF_POINT, 0);
    let at = await time.latest();
    let score = 500_000n;
    for (const faults of [1n, 2n, 3n]) {
      at += HALF_LIFE / 2;
      await time.setNextBlockTimestamp(at);
      score = (decayed(score, HALF_LIFE / 2) * 2n) / 3n;
      await expect(reputation.recordFault(1)).to.emit(reputation, "FaultRecorded").withArgs(1, score);
      const record = await recordOf(reputation, 1);
      expect([record.score, record.faults, record.frauds, record.jailedUntil]).to.deep.equal([score, faults, 0n, 0n]);
    }
    expect(await recordOf(reputation, 2)).to.deep.equal(BLANK);
  });

  it("does not let a client of this epoch count again", async () => {
    const { reputation } = await loadFixture(deployReputation);
    await reputation.recordSettlement(1, clientAt(1), HALF_POINT, 0);
    await reputation.recordFault(1);
    expect(await reputation.countsNow(1, clientAt(1))).to.equal(false);
  });

  it("is TaskManager's alone", async () => {
    const { reputation, stranger } = await loadFixture(deployReputation);
    await reputation.recordSettlement(1, clientAt(1), HALF_POINT, 0);
    await expect(reputation.connect(stranger).recordFault(1))
      .to.be.revertedWithCustomError(reputation, "NotAuthorised")
      .withArgs(stranger.address);
    expect(await reputation.scoreOf(1)).to.equal(500_000n);
  });
});
