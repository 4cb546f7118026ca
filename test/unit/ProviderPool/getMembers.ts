import { expect } from "chai";
import { MaxUint256 } from "ethers";
import { loadFixture } from "../../helpers/network.js";
import { deployPool, X_KEY } from "../../helpers/pool.js";

/** Providers 1 to 4, of which 4, 2 and 3 are members of source 2, in this sequence. */
async function three() {
  const fixture = await deployPool();
  const { pool, owner } = fixture;
  for (const provider of [1, 2, 3, 4]) {
    await pool.connect(owner).register(owner, X_KEY);
    await pool.connect(owner).stake(provider, 10n, { value: 10n });
  }
  for (const provider of [4, 2, 3]) await pool.connect(owner).joinPool(provider, 2, 1, 1, 1, 0);
  return fixture;
}

describe("ProviderPool.getMembers", () => {
  const pages: [from: bigint, to: bigint, members: bigint[]][] = [
    [0n, 3n, [4n, 2n, 3n]],
    [0n, 2n, [4n, 2n]],
    [1n, 2n, [2n]],
    [1n, 3n, [2n, 3n]],
    [2n, 3n, [3n]],
    [0n, 0n, []],
    [3n, 3n, []],
    [1n, 4n, [2n, 3n]],
    [0n, MaxUint256, [4n, 2n, 3n]],
    [3n, 4n, []],
    [4n, 4n, []],
    [4n, 7n, []],
    [MaxUint256, MaxUint256, []],
  ];
  for (const [from, to, members] of pages) {
    it(`gives [${members.join(", ")}] from ${from} to ${to}`, async () => {
      const { pool } = await loadFixture(three);
      expect([...(await pool.getMembers(2, from, to))]).to.deep.equal(members);
    });
  }

  it("gives nothing of a source without members, or of one that does not exist", async () => {
    const { pool } = await loadFixture(three);
    expect([...(await pool.getMembers(3, 0, 9))]).to.deep.equal([]);
    expect([...(await pool.getMembers(77, 0, 9))]).to.deep.equal([]);
  });

  for (const [from, to] of [
    [1, 0],
    [3, 2],
    [9, 8],
  ] as const) {
    it(`refuses from ${from} to ${to}`, async () => {
      const { pool } = await loadFixture(three);
      await expect(pool.getMembers(2, from, to))
        .to.be.revertedWithCustomError(pool, "InvalidRange")
        .withArgs(from, to);
    });
  }
});
