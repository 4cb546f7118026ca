import { expect } from "chai";
import { MAX_UINT64 } from "../../helpers/escrow.js";
import { loadFixture, time } from "../../helpers/network.js";
import {
  BLANK,
  BUCKETS,
  clientAt,
  decayed,
  deployReputation,
  EPOCH,
  FEE_SCALE,
  feeFor,
  gainOf,
  HALF_LIFE,
  HALF_POINT,
  recordOf,
  seedStanding,
} from "../../helpers/reputation.js";

const GWEI = 1_000_000_000n;
const MAX_UINT32 = 2n ** 32n - 1n;

describe("Reputation.recordSettlement", () => {
  it("adds to score, tasks and earnings of the provider, and of no other", async () => {
    const { reputation } = await loadFixture(deployReputation);
    await reputation.recordSettlement(7, clientAt(1), HALF_POINT, 5n * GWEI);
    expect(await recordOf(reputation, 7)).to.deep.equal({
      ...BLANK,
      score: 500_000n,
      settled: 1n,
      earned: 5n,
      updatedAt: BigInt(await time.latest()),
    });
    expect(await recordOf(reputation, 8)).to.deep.equal(BLANK);
  });

  for (const [fee, gain] of [
    [FEE_SCALE, 500_000n],
    [3n * FEE_SCALE, 750_000n],
    [FEE_SCALE / 1000n, 999n],
    [feeFor(1n), 1n],
    [FEE_SCALE * 10n ** 9n, 999_999n],
  ] as const) {
    it(`turns a fee of ${fee} wei into ${gain}`, async () => {
      const { reputation } = await loadFixture(deployReputation);
      await expect(reputation.recordSettlement(1, clientAt(1), fee, 0))
        .to.emit(reputation, "ReputationGained")
        .withArgs(1, gain, gain);
      expect(await reputation.scoreOf(1)).to.equal(gain);
      expect(gainOf(fee)).to.equal(gain);
    });
  }

  it("adds to what is left of the score at that moment, and tells both", async () => {
    const { reputation } = await loadFixture(deployReputation);
    await reputation.recordSettlement(3, clientAt(1), HALF_POINT, 0);
    const at = await time.latest();
    await time.setNextBlockTimestamp(at + HALF_LIFE + HALF_LIFE / 2);
    const left = decayed(500_000n, HALF_LIFE + HALF_LIFE / 2);
    expect(left).to.equal(187_500n);
    await expect(reputation.recordSettlement(3, clientAt(1), 3n * FEE_SCALE, 0))
      .to.emit(reputation, "ReputationGained")
      .withArgs(3, left + 750_000n, 750_000n);
  });

  for (const [title, fee] of [
    ["pays no fee", 0n],
    ["pays too little for a millionth of a point", feeFor(1n) - 1n],
  ] as const) {
    describe(`when the client ${title}`, () => {
      it("counts the task and leaves the client's bucket for another", async () => {
        const { reputation } = await loadFixture(deployReputation);
        await expect(reputation.recordSettlement(1, clientAt(1), fee, 3n * GWEI)).not.to.emit(
          reputation,
          "ReputationGained",
        );
        const { score, settled, earned } = await recordOf(reputation, 1);
        expect([score, settled, earned]).to.deep.equal([0n, 1n, 3n]);
        expect(await reputation.countsNow(1, clientAt(1))).to.equal(true);
        await reputation.recordSettlement(1, clientAt(1), HALF_POINT, 0);
        expect(await reputation.scoreOf(1)).to.equal(500_000n);
      });
    });
  }

  describe("when the client's bucket has counted in this epoch", () => {
    for (const [title, client] of [
      ["by the same client", 5n],
      ["by another client of the bucket", 5n + BUCKETS],
    ] as const) {
      it(`adds nothing to the score, ${title}, and still counts task and earnings`, async () => {
        const { reputation } = await loadFixture(deployReputation);
        await reputation.recordSettlement(1, clientAt(5), HALF_POINT, GWEI);
        await expect(reputation.recordSettlement(1, clientAt(client), HALF_POINT, GWEI)).not.to.emit(
          reputation,
          "ReputationGained",
        );
        const { score, settled, earned } = await recordOf(reputation, 1);
        expect([score, settled, earned]).to.deep.equal([500_000n, 2n, 2n]);
      });
    }

    it("counts it for another provider, and another bucket for this one", async () => {
      const { reputation } = await loadFixture(deployReputation);
      await reputation.recordSettlement(1, clientAt(5), HALF_POINT, 0);
      await reputation.recordSettlement(2, clientAt(5), HALF_POINT, 0);
      await reputation.recordSettlement(1, clientAt(6), HALF_POINT, 0);
      expect(await reputation.scoreOf(2)).to.equal(500_000n);
      expect(await reputation.scoreOf(1)).to.equal(1_000_000n);
    });

    it("does not count it in the epoch's last second and counts it in the first of the next", async () => {
      const { reputation } = await loadFixture(deployReputation);
      await reputation.recordSettlement(1, clientAt(5), HALF_POINT, 0);
      const at = await time.latest();
      const next = (Math.floor(at / EPOCH) + 1) * EPOCH;
      await time.setNextBlockTimestamp(next - 1);
      await reputation.recordSettlement(1, clientAt(5), HALF_POINT, 0);
      const before = decayed(500_000n, next - 1 - at);
      expect(await reputation.scoreOf(1)).to.equal(before);
      await time.setNextBlockTimestamp(next);
      await reputation.recordSettlement(1, clientAt(5), HALF_POINT, 0);
      expect(await reputation.scoreOf(1)).to.equal(decayed(before, 1) + 500_000n);
    });
  });

  describe("when the score reaches the end of its 32 bits", () => {
    for (const [gain, score] of [
      [99n, MAX_UINT32 - 1n],
      [100n, MAX_UINT32],
      [101n, MAX_UINT32],
      [999_999n, MAX_UINT32],
    ] as const) {
      it(`stands at ${score} after a gain of ${gain} with 100 to go`, async () => {
        const { reputation } = await loadFixture(deployReputation);
        const at = (await time.latest()) + 10;
        await seedStanding(reputation, 1, { score: MAX_UINT32 - 100n, updatedAt: at, settled: 8n, earned: 9n });
        await time.setNextBlockTimestamp(at);
        await expect(reputation.recordSettlement(1, clientAt(0), gain === 999_999n ? 10n ** 30n : feeFor(gain), 0))
          .to.emit(reputation, "ReputationGained")
          .withArgs(1, score, gain);
        expect(await recordOf(reputation, 1)).to.deep.equal({
          ...BLANK,
          score,
          settled: 9n,
          earned: 9n,
          updatedAt: BigInt(at),
        });
      });
    }
  });

  describe("when it counts earnings", () => {
    it("rounds each down to gwei", async () => {
      const { reputation } = await loadFixture(deployReputation);
      await reputation.recordSettlement(1, clientAt(1), 0, GWEI - 1n);
      await reputation.recordSettlement(1, clientAt(1), 0, 2n * GWEI - 1n);
      expect((await recordOf(reputation, 1)).earned).to.equal(1n);
    });

    for (const [earned, total] of [
      [9n, MAX_UINT64 - 1n],
      [10n, MAX_UINT64],
      [11n, MAX_UINT64],
      [MAX_UINT64, MAX_UINT64],
    ] as const) {
      it(`stands at ${total} gwei after earning ${earned} with 10 to go`, async () => {
        const { reputation } = await loadFixture(deployReputation);
        await seedStanding(reputation, 1, { updatedAt: await time.latest(), earned: MAX_UINT64 - 10n });
        await reputation.recordSettlement(1, clientAt(1), 0, earned * GWEI);
        const record = await recordOf(reputation, 1);
        expect([record.earned, record.settled]).to.deep.equal([total, 1n]);
      });
    }
  });

  it("is TaskManager's alone", async () => {
    const { reputation, stranger } = await loadFixture(deployReputation);
    await expect(reputation.connect(stranger).recordSettlement(1, clientAt(1), HALF_POINT, GWEI))
      .to.be.revertedWithCustomError(reputation, "NotAuthorised")
      .withArgs(stranger.address);
    expect(await recordOf(reputation, 1)).to.deep.equal(BLANK);
  });
});
