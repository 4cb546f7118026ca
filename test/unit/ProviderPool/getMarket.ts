import { expect } from "chai";
import { loadFixture } from "../../helpers/network.js";
import { deployMember, PROVIDER, SOURCE } from "../../helpers/pool.js";

const EMPTY = [0n, 0n, 0n, 0n, 0n, 0n];

describe("ProviderPool.getMarket", () => {
  it("sums slots and members of a source", async () => {
    const { pool, stranger, owner } = await loadFixture(deployMember);
    expect([...(await pool.getMarket(SOURCE))]).to.deep.equal([0n, 0n, 2n, 1n, 0n, 0n]);
    await pool.connect(stranger).joinPool(1, SOURCE, 1, 7, 1, 0);
    expect([...(await pool.getMarket(SOURCE))]).to.deep.equal([0n, 0n, 9n, 2n, 0n, 0n]);
    await pool.connect(owner).leavePool(PROVIDER, SOURCE);
    expect([...(await pool.getMarket(SOURCE))]).to.deep.equal([0n, 0n, 7n, 1n, 0n, 0n]);
  });

  it("is empty for other sources, unknown ones included", async () => {
    const { pool } = await loadFixture(deployMember);
    for (const source of [0, 1, 2, 77]) expect([...(await pool.getMarket(source))]).to.deep.equal(EMPTY);
  });
});
