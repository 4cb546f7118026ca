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

describe("Reputation.getRecord", () => {
  it("is blank for a provider that never worked", async () => {
    const { reputation } = await loadFixture(deployReputation);
    expect(await recordOf(reputation, 1)).to.deep.equal(BLANK);
  });

  it("tells the score of now and the time of the last change", async () => {
    const { reputation } = await loadFixture(deployReputation);
    await reputation.recordSettlement(1, clientAt(1), HALF_POINT, 3_000_000_000n);
    const at = await time.latest();
    await time.increaseTo(at + HALF_LIFE / 2);
    expect(await recordOf(reputation, 1)).to.deep.equal({
      ...BLANK,
      score: decayed(500_000n, HALF_LIFE / 2),
      settled: 1n,
      earned: 3n,
      updatedAt: BigInt(at),
    });
  });

  it("tells all that ever happened, each in its field", async () => {
    const { reputation } = await loadFixture(deployReputation);
    const [faults, frauds] = [2, 3];
    for (let i = 0; i < faults; i++) await reputation.recordFault(9);
    for (let i = 0; i < frauds; i++) await reputation.recordFraud(9);
    const jailedUntil = BigInt((await time.latest()) + HALF_LIFE);
    await reputation.recordSettlements(9, [{ client: clientAt(1), fee: HALF_POINT }], 5, 7_000_000_000n);
    expect(await recordOf(reputation, 9)).to.deep.equal({
      score: 500_000n,
      settled: 5n,
      faults: 2n,
      frauds: 3n,
      earned: 7n,
      updatedAt: BigInt(await time.latest()),
      jailedUntil,
    });
  });

  it("holds the largest values of every field at once", async () => {
    const { reputation } = await loadFixture(deployReputation);
    const updatedAt = await time.latest();
    const [score, settled, earned] = [2n ** 32n - 1n, 2n ** 32n - 1n, 2n ** 64n - 1n];
    await seedStanding(reputation, 1, { score, updatedAt, settled, earned, clients: 2n ** 88n - 1n });
    expect(await recordOf(reputation, 1)).to.deep.equal({
      ...BLANK,
      score,
      settled,
      earned,
      updatedAt: BigInt(updatedAt),
    });
  });
});
