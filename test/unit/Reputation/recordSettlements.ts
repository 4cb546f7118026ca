import { expect } from "chai";
import { loadFixture, time } from "../../helpers/network.js";
import {
  BLANK,
  BUCKETS,
  clientAt,
  decayed,
  deployReputation,
  FEE_SCALE,
  gainOf,
  HALF_LIFE,
  HALF_POINT,
  recordOf,
  seedStanding,
} from "../../helpers/reputation.js";

const GWEI = 1_000_000_000n;
const MAX_UINT32 = 2n ** 32n - 1n;

describe("Reputation.recordSettlements", () => {
  const fees = [
    { client: clientAt(1), fee: HALF_POINT },
    { client: clientAt(2), fee: 3n * FEE_SCALE },
    { client: clientAt(1), fee: 9n * FEE_SCALE }, // has counted
    { client: clientAt(3), fee: 0n },
    { client: clientAt(3), fee: FEE_SCALE / 10n },
    { client: clientAt(2n + BUCKETS), fee: FEE_SCALE }, // its bucket has counted
  ];

  it("adds as much to the score as the same settlements one after another", async () => {
    const { reputation } = await loadFixture(deployReputation);
    await reputation.recordSettlements(1, fees, fees.length, 6n * GWEI);
    const batch = await recordOf(reputation, 1);
    // One second apart and below 5 points, a score does not yet decay.
    for (const { client, fee } of fees) await reputation.recordSettlement(2, client, fee, GWEI);
    const single = await recordOf(reputation, 2);
    expect(batch.score).to.equal(gainOf(HALF_POINT) + gainOf(3n * FEE_SCALE) + gainOf(FEE_SCALE / 10n));
    expect({ ...batch, updatedAt: 0n }).to.deep.equal({ ...single, updatedAt: 0n });
    for (const client of [1, 2, 3, 4]) {
      expect(await reputation.countsNow(1, clientAt(client))).to.equal(client === 4);
      expect(await reputation.countsNow(2, clientAt(client))).to.equal(client === 4);
    }
  });

  it("tells of each gain with the score that it leads to", async () => {
    const { reputation } = await loadFixture(deployReputation);
    const batch = reputation.recordSettlements(4, fees, 6, 0);
    const gains = [gainOf(HALF_POINT), gainOf(3n * FEE_SCALE), gainOf(FEE_SCALE / 10n)];
    const receipt = await (await batch).wait();
    const events = await reputation.queryFilter(reputation.filters.ReputationGained(), receipt?.blockNumber);
    let score = 0n;
    expect(events.map(({ args }) => [args.provider, args.score, args.gain])).to.deep.equal(
      gains.map((gain) => [4n, (score += gain), gain]),
    );
  });

  it("counts the tasks it is told of, whatever the number of clients", async () => {
    const { reputation } = await loadFixture(deployReputation);
    await reputation.recordSettlements(1, fees.slice(0, 1), 32, 7n * GWEI + 999_999_999n);
    await reputation.recordSettlements(1, [], 5, 2n * GWEI);
    expect(await recordOf(reputation, 1)).to.deep.equal({
      ...BLANK,
      score: 500_000n,
      settled: 37n,
      earned: 9n,
      updatedAt: BigInt(await time.latest()),
    });
    expect(await recordOf(reputation, 2)).to.deep.equal(BLANK);
  });

  it("counts each of 88 buckets once", async () => {
    const { reputation } = await loadFixture(deployReputation);
    const all = Array.from({ length: Number(BUCKETS) }, (_, place) => ({ client: clientAt(place), fee: HALF_POINT }));
    const again = all.map(({ fee }, place) => ({ client: clientAt(BigInt(place) + BUCKETS * 1000n), fee }));
    await reputation.recordSettlements(1, [...all, ...again], 176, 0);
    expect(await reputation.scoreOf(1)).to.equal(BUCKETS * 500_000n);
  });

  it("lets the old score decay first", async () => {
    const { reputation } = await loadFixture(deployReputation);
    await reputation.recordSettlements(1, fees, 1, 0);
    const score = await reputation.scoreOf(1);
    await time.setNextBlockTimestamp((await time.latest()) + HALF_LIFE / 2);
    await reputation.recordSettlements(1, [{ client: clientAt(1), fee: HALF_POINT }], 1, 0);
    expect(await reputation.scoreOf(1)).to.equal(decayed(score, HALF_LIFE / 2) + 500_000n);
  });

  it("stands still where the 32 bits of the score end", async () => {
    const { reputation } = await loadFixture(deployReputation);
    const at = (await time.latest()) + 10;
    await seedStanding(reputation, 1, { score: MAX_UINT32 - 600_000n, updatedAt: at });
    await time.setNextBlockTimestamp(at);
    const pair = [1, 2].map((client) => ({ client: clientAt(client), fee: HALF_POINT }));
    await reputation.recordSettlements(1, pair, 2, 0);
    expect(await reputation.scoreOf(1)).to.equal(MAX_UINT32);
  });

  it("is TaskManager's alone", async () => {
    const { reputation, stranger } = await loadFixture(deployReputation);
    await expect(reputation.connect(stranger).recordSettlements(1, fees, 6, GWEI))
      .to.be.revertedWithCustomError(reputation, "NotAuthorised")
      .withArgs(stranger.address);
    expect(await recordOf(reputation, 1)).to.deep.equal(BLANK);
  });
});
