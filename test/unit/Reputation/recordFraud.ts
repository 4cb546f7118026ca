import { expect } from "chai";
import { loadFixture, time } from "../../helpers/network.js";
import {
  BLANK,
  clientAt,
  deployReputation,
  HALF_LIFE,
  HALF_POINT,
  recordOf,
  seedStanding,
} from "../../helpers/reputation.js";

describe("Reputation.recordFraud", () => {
  /** Records frauds of provider 1 these seconds after the first; answers the end of the jail after each. */
  async function frauds(...after: number[]) {
    const { reputation } = await loadFixture(deployReputation);
    const first = (await time.latest()) + 100;
    const jails: bigint[] = [];
    for (const [count, seconds] of after.entries()) {
      await time.setNextBlockTimestamp(first + seconds);
      await expect(reputation.recordFraud(1)).to.emit(reputation, "FraudRecorded");
      const [event] = await reputation.queryFilter(reputation.filters.FraudRecorded(), "latest");
      const record = await recordOf(reputation, 1);
      expect(event?.args.provider).to.equal(1n);
      expect(event?.args.jailedUntil).to.equal(record.jailedUntil);
      expect(record.frauds).to.equal(BigInt(count + 1));
      expect(record.updatedAt).to.equal(BigInt(first + seconds));
      jails.push(record.jailedUntil === 0n ? 0n : record.jailedUntil - BigInt(first));
    }
    return { reputation, first, jails };
  }

  it("takes the whole score and leaves the rest of the record", async () => {
    const { reputation } = await loadFixture(deployReputation);
    const at = (await time.latest()) + 10;
    await seedStanding(reputation, 3, { score: 2n ** 32n - 1n, updatedAt: at, settled: 4n, earned: 5n });
    await time.setNextBlockTimestamp(at);
    await expect(reputation.recordFraud(3)).to.emit(reputation, "FraudRecorded").withArgs(3, 0);
    expect(await recordOf(reputation, 3)).to.deep.equal({
      ...BLANK,
      settled: 4n,
      frauds: 1n,
      earned: 5n,
      updatedAt: BigInt(at),
    });
  });

  it("does not let a client of this epoch count again, and counts faults apart", async () => {
    const { reputation } = await loadFixture(deployReputation);
    await reputation.recordSettlement(1, clientAt(1), HALF_POINT, 0);
    await reputation.recordFault(1);
    await reputation.recordFraud(1);
    expect(await reputation.countsNow(1, clientAt(1))).to.equal(false);
    await reputation.recordFault(1);
    const { faults, frauds: proven } = await recordOf(reputation, 1);
    expect([faults, proven]).to.deep.equal([2n, 1n]);
  });

  describe("when the third comes", () => {
    it("jails for a half-life if it comes in the last second of the first's half-life", async () => {
      const { jails } = await frauds(0, 1000, HALF_LIFE);
      expect(jails).to.deep.equal([0n, 0n, BigInt(2 * HALF_LIFE)]);
    });

    it("does not jail one second later", async () => {
      const { jails } = await frauds(0, 1000, HALF_LIFE + 1);
      expect(jails).to.deep.equal([0n, 0n, 0n]);
    });

    it("jails if all three come in successive seconds", async () => {
      const { jails } = await frauds(0, 1, 2);
      expect(jails).to.deep.equal([0n, 0n, BigInt(2 + HALF_LIFE)]);
    });

    it("answers the end of the jail", async () => {
      const { reputation, first } = await frauds(0, 5);
      await time.increaseTo(first + 100);
      const before = BigInt(await time.latest());
      const answer = await reputation.recordFraud.staticCall(1);
      // A call may be run at the latest block's time or at the next one's.
      expect(answer - before - BigInt(HALF_LIFE)).to.be.oneOf([0n, 1n]);
    });

    it("jails nobody else", async () => {
      const { reputation } = await frauds(0, 1, 2);
      expect(await recordOf(reputation, 2)).to.deep.equal(BLANK);
      await expect(reputation.recordFraud(2)).to.emit(reputation, "FraudRecorded").withArgs(2, 0);
    });
  });

  describe("when more follow", () => {
    it("jails anew from each that is the third within a half-life", async () => {
      const { jails } = await frauds(0, 10, 20, 30);
      expect(jails.slice(2)).to.deep.equal([BigInt(20 + HALF_LIFE), BigInt(30 + HALF_LIFE)]);
    });

    it("jails by the fourth if it comes within a half-life of the second", async () => {
      const { jails } = await frauds(0, 10, HALF_LIFE + 1, HALF_LIFE + 10);
      expect(jails).to.deep.equal([0n, 0n, 0n, BigInt(2 * HALF_LIFE + 10)]);
    });

    it("does not jail by the fourth one second after that", async () => {
      const { jails } = await frauds(0, 10, HALF_LIFE + 1, HALF_LIFE + 11);
      expect(jails).to.deep.equal([0n, 0n, 0n, 0n]);
    });

    it("keeps the end of an old jail when a late one does not jail again", async () => {
      const { jails, reputation } = await frauds(0, 10, 20, 20 + 2 * HALF_LIFE);
      expect(jails.slice(2)).to.deep.equal([BigInt(20 + HALF_LIFE), BigInt(20 + HALF_LIFE)]);
      expect((await recordOf(reputation, 1)).frauds).to.equal(4n);
    });
  });

  it("is TaskManager's alone", async () => {
    const { reputation, stranger } = await loadFixture(deployReputation);
    await reputation.recordSettlement(1, clientAt(1), HALF_POINT, 0);
    await expect(reputation.connect(stranger).recordFraud(1))
      .to.be.revertedWithCustomError(reputation, "NotAuthorised")
      .withArgs(stranger.address);
    expect((await recordOf(reputation, 1)).frauds).to.equal(0n);
    expect(await reputation.scoreOf(1)).to.equal(500_000n);
  });
});
