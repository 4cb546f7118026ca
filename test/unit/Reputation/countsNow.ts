import { expect } from "chai";
import { loadFixture, time } from "../../helpers/network.js";
import { BUCKETS, clientAt, deployReputation, HALF_POINT, nextEpoch, seedStanding } from "../../helpers/reputation.js";

describe("Reputation.countsNow", () => {
  it("says yes for every client of a provider that never worked", async () => {
    const { reputation } = await loadFixture(deployReputation);
    expect(await reputation.countsNow(1, clientAt(0))).to.equal(true);
    expect(await reputation.countsNow(1, `0x${"ff".repeat(20)}`)).to.equal(true);
  });

  it("says no for the client that has counted and all of its bucket, for this provider alone", async () => {
    const { reputation } = await loadFixture(deployReputation);
    await reputation.recordSettlement(1, clientAt(87), HALF_POINT, 0);
    for (const [client, counts] of [
      [87n, false],
      [87n + BUCKETS, false],
      [87n + BUCKETS * 10n ** 40n, false],
      [86n, true],
      [88n, true],
      [0n, true],
    ] as const) {
      expect(await reputation.countsNow(1, clientAt(client))).to.equal(counts, client.toString());
    }
    expect(await reputation.countsNow(2, clientAt(87))).to.equal(true);
  });

  it("says yes again from the first second of the next epoch", async () => {
    const { reputation } = await loadFixture(deployReputation);
    await reputation.recordSettlement(1, clientAt(1), HALF_POINT, 0);
    const next = await nextEpoch();
    await time.increaseTo(next - 1);
    expect(await reputation.countsNow(1, clientAt(1))).to.equal(false);
    await time.increaseTo(next);
    expect(await reputation.countsNow(1, clientAt(1))).to.equal(true);
  });

  it("gives each of the 88 buckets a bit of its own", async () => {
    const { reputation } = await loadFixture(deployReputation);
    for (const bucket of [0n, 1n, 43n, 86n, 87n]) {
      await seedStanding(reputation, 1, { updatedAt: await time.latest(), clients: 1n << bucket });
      const free = [];
      for (let client = 0n; client < BUCKETS; client++) {
        if (await reputation.countsNow(1, clientAt(client))) free.push(client);
      }
      expect(free).to.have.length(87).and.not.include(bucket);
    }
  });
});
