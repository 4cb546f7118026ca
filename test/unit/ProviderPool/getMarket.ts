import { expect } from "chai";
import { loadFixture, time } from "../../helpers/network.js";
import { deployMember, EMPTY_MARKET, marketOf, PROVIDER, SOURCE } from "../../helpers/pool.js";

describe("ProviderPool.getMarket", () => {
  it("sums slots and members of a source", async () => {
    const { pool, stranger, owner } = await loadFixture(deployMember);
    expect(await marketOf(pool)).to.include({ capacity: 2n, members: 1n });
    await pool.connect(stranger).joinPool(1, SOURCE, 1, 7, 1, 0);
    expect(await marketOf(pool)).to.include({ capacity: 9n, members: 2n });
    await pool.connect(owner).leavePool(PROVIDER, SOURCE);
    expect(await marketOf(pool)).to.include({ capacity: 7n, members: 1n, touchedAt: BigInt(await time.latest()) });
  });

  it("is empty for other sources, at their floor", async () => {
    const { pool, registry, publisher } = await loadFixture(deployMember);
    for (const source of [1n, 2n]) expect(await marketOf(pool, source)).to.deep.equal(EMPTY_MARKET);
    await registry.connect(publisher).setFloorPrice(2, 77n);
    expect(await marketOf(pool, 2n)).to.deep.equal({ ...EMPTY_MARKET, price: 77n });
  });

  it("refuses a source that there is not", async () => {
    const { pool, registry } = await loadFixture(deployMember);
    for (const source of [0, 4]) {
      await expect(pool.getMarket(source)).to.be.revertedWithCustomError(registry, "UnknownSource").withArgs(source);
    }
  });
});
