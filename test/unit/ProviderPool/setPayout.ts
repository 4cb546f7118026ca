import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { loadFixture } from "../../helpers/network.js";
import { deployMember, deployProvider, expected, itIsForTheOwner, PROVIDER, standing } from "../../helpers/pool.js";

describe("ProviderPool.setPayout", () => {
  it("changes the account that earnings and claims go to, and nothing beside it", async () => {
    const fixture = await loadFixture(deployProvider);
    const { pool, owner, newOwner, stranger } = fixture;
    await expect(pool.connect(owner).setPayout(PROVIDER, newOwner))
      .to.emit(pool, "PayoutSet")
      .withArgs(PROVIDER, newOwner);
    expect((await pool.getProvider(PROVIDER)).payout).to.equal(newOwner.address);
    expect((await pool.getProvider(1)).payout).to.equal(stranger.address);
    expect(await standing(fixture)).to.deep.equal(expected());
  });

  it("is what work is told from then on", async () => {
    const { pool, owner, manager, newOwner } = await loadFixture(deployMember);
    await pool.connect(owner).setPayout(PROVIDER, newOwner);
    expect(await pool.connect(manager).release.staticCall(PROVIDER, 0)).to.equal(newOwner.address);
  });

  it("refuses zero", async () => {
    const { pool, owner, payout } = await loadFixture(deployProvider);
    await expect(pool.connect(owner).setPayout(PROVIDER, ZeroAddress))
      .to.be.revertedWithCustomError(pool, "ZeroAddress")
      .withArgs();
    expect((await pool.getProvider(PROVIDER)).payout).to.equal(payout.address);
  });

  describe("when the caller is not the owner", () => {
    itIsForTheOwner((pool) => pool.setPayout(PROVIDER, pool));
  });
});
