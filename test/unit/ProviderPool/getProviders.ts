import { expect } from "chai";
import { MaxUint256 } from "ethers";
import { loadFixture } from "../../helpers/network.js";
import { deployPool, X_KEY } from "../../helpers/pool.js";

/** Four providers with stakes of 1 to 4 wei. */
async function four() {
  const fixture = await deployPool();
  const { pool, owner, payout } = fixture;
  for (const provider of [1n, 2n, 3n, 4n]) {
    await pool.connect(owner).register(payout, X_KEY);
    await pool.connect(owner).stake(provider, provider, { value: provider });
  }
  return fixture;
}

describe("ProviderPool.getProviders", () => {
  const pages: [from: bigint, to: bigint, stakes: bigint[]][] = [
    [1n, 5n, [1n, 2n, 3n, 4n]],
    [1n, 4n, [1n, 2n, 3n]],
    [2n, 4n, [2n, 3n]],
    [4n, 5n, [4n]],
    [1n, 1n, []],
    [5n, 5n, []],
    [3n, 6n, [3n, 4n]],
    [4n, MaxUint256, [4n]],
    [5n, 6n, []],
    [6n, 6n, []],
    [6n, 9n, []],
    [MaxUint256, MaxUint256, []],
  ];
  for (const [from, to, stakes] of pages) {
    it(`gives ${stakes.length} from ${from} to ${to}`, async () => {
      const { pool } = await loadFixture(four);
      const page = await pool.getProviders(from, to);
      expect(page.map(({ stake }) => stake)).to.deep.equal(stakes);
    });
  }

  it("gives whole views", async () => {
    const { pool } = await loadFixture(four);
    const [page] = await pool.getProviders(3, 4);
    expect(page).to.deep.equal(await pool.getProvider(3));
  });

  it("gives nothing while nobody is registered", async () => {
    const { pool } = await loadFixture(deployPool);
    expect([...(await pool.getProviders(1, 10))]).to.deep.equal([]);
  });

  for (const [from, to] of [
    [0, 0],
    [0, 3],
    [3, 2],
    [9, 8],
  ] as const) {
    it(`refuses from ${from} to ${to}`, async () => {
      const { pool } = await loadFixture(four);
      await expect(pool.getProviders(from, to)).to.be.revertedWithCustomError(pool, "InvalidRange").withArgs(from, to);
    });
  }
});
