import { expect } from "chai";
import { parseEther } from "ethers";
import { loadFixture, time } from "../../helpers/network.js";
import { deployProvider, expected, itIsForTheOwner, PERIOD, PROVIDER, STAKE, standing } from "../../helpers/pool.js";

const PART = parseEther("4");

async function unbonding() {
  const fixture = await deployProvider();
  await fixture.pool.connect(fixture.owner).unbond(PROVIDER, PART);
  return fixture;
}

describe("ProviderPool.cancelUnbonding", () => {
  it("returns all that unbonds to the free stake and stops the clock", async () => {
    const fixture = await loadFixture(unbonding);
    const { pool, owner } = fixture;
    await pool.connect(owner).unbond(PROVIDER, 1n);
    await expect(pool.connect(owner).cancelUnbonding(PROVIDER))
      .to.emit(pool, "UnbondingCancelled")
      .withArgs(PROVIDER, PART + 1n);
    expect(await standing(fixture)).to.deep.equal(expected());
    expect(await standing(fixture, 1n)).to.deep.equal(expected());
  });

  it("works on matured stake too", async () => {
    const fixture = await loadFixture(unbonding);
    const { pool, owner } = fixture;
    await time.increase(PERIOD + 1);
    await pool.connect(owner).cancelUnbonding(PROVIDER);
    expect(await standing(fixture)).to.deep.equal(expected());
    await expect(pool.connect(owner).claim(PROVIDER))
      .to.be.revertedWithCustomError(pool, "NothingUnbonding")
      .withArgs(PROVIDER);
  });

  it("keeps what was free beside it", async () => {
    const fixture = await loadFixture(unbonding);
    const { pool, owner } = fixture;
    await pool.connect(owner).stake(PROVIDER, 7n, { value: 7n });
    await pool.connect(owner).cancelUnbonding(PROVIDER);
    expect(await standing(fixture)).to.deep.equal(expected({ stake: STAKE + 7n, free: STAKE + 7n }));
  });

  it("refuses when nothing unbonds", async () => {
    const { pool, owner } = await loadFixture(deployProvider);
    await expect(pool.connect(owner).cancelUnbonding(PROVIDER))
      .to.be.revertedWithCustomError(pool, "NothingUnbonding")
      .withArgs(PROVIDER);
  });

  describe("when the caller is not the owner", () => {
    itIsForTheOwner((pool) => pool.cancelUnbonding(PROVIDER));
  });
});
