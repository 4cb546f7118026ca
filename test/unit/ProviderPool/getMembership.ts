import { expect } from "chai";
import { loadFixture, time } from "../../helpers/network.js";
import { deployMember, NO_MEMBERSHIP, PROVIDER, SLOT_STAKE, SOURCE } from "../../helpers/pool.js";

describe("ProviderPool.getMembership", () => {
  it("tells slots, reservations, hardware, stake a slot, time and place", async () => {
    const { pool } = await loadFixture(deployMember);
    const joinedAt = BigInt(await time.latest());
    const membership = [2n, 0n, 2n, 16n, SLOT_STAKE, joinedAt, 0n];
    expect([...(await pool.getMembership(PROVIDER, SOURCE))]).to.deep.equal(membership);
  });

  it("is empty for another provider or source", async () => {
    const { pool } = await loadFixture(deployMember);
    for (const [provider, source] of [
      [1n, SOURCE],
      [PROVIDER, 1n],
      [SOURCE, PROVIDER],
      [0n, 0n],
    ] as const) {
      expect([...(await pool.getMembership(provider, source))]).to.deep.equal(NO_MEMBERSHIP);
    }
  });
});
