import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { loadFixture } from "../../helpers/network.js";
import { deployProvider, itIsForTheOwner, PROVIDER } from "../../helpers/pool.js";

describe("ProviderPool.transferOwnership", () => {
  it("offers the ownership and changes nothing else", async () => {
    const { pool, owner, newOwner } = await loadFixture(deployProvider);
    await expect(pool.connect(owner).transferOwnership(PROVIDER, newOwner))
      .to.emit(pool, "OwnershipTransferStarted")
      .withArgs(PROVIDER, owner, newOwner);
    const provider = await pool.getProvider(PROVIDER);
    expect([provider.owner, provider.pendingOwner]).to.deep.equal([owner.address, newOwner.address]);
    expect(await pool.isAuthorised(PROVIDER, owner)).to.equal(true);
    expect(await pool.isAuthorised(PROVIDER, newOwner)).to.equal(false);
    expect((await pool.getProvider(1)).pendingOwner).to.equal(ZeroAddress);
  });

  it("replaces an earlier offer", async () => {
    const { pool, owner, newOwner, stranger } = await loadFixture(deployProvider);
    await pool.connect(owner).transferOwnership(PROVIDER, stranger);
    await pool.connect(owner).transferOwnership(PROVIDER, newOwner);
    await expect(pool.connect(stranger).acceptOwnership(PROVIDER))
      .to.be.revertedWithCustomError(pool, "NotPendingOwner")
      .withArgs(PROVIDER, stranger);
    await pool.connect(newOwner).acceptOwnership(PROVIDER);
    expect((await pool.getProvider(PROVIDER)).owner).to.equal(newOwner.address);
  });

  it("withdraws an offer by one to zero", async () => {
    const { pool, owner, newOwner } = await loadFixture(deployProvider);
    await pool.connect(owner).transferOwnership(PROVIDER, newOwner);
    await expect(pool.connect(owner).transferOwnership(PROVIDER, ZeroAddress))
      .to.emit(pool, "OwnershipTransferStarted")
      .withArgs(PROVIDER, owner, ZeroAddress);
    expect((await pool.getProvider(PROVIDER)).pendingOwner).to.equal(ZeroAddress);
    await expect(pool.connect(newOwner).acceptOwnership(PROVIDER))
      .to.be.revertedWithCustomError(pool, "NotPendingOwner")
      .withArgs(PROVIDER, newOwner);
  });

  describe("when the caller is not the owner", () => {
    itIsForTheOwner((pool) => pool.transferOwnership(PROVIDER, pool));

    it("refuses the owner of another provider, and of one that does not exist", async () => {
      const { pool, owner } = await loadFixture(deployProvider);
      for (const provider of [0, 1, 3]) {
        await expect(pool.connect(owner).transferOwnership(provider, owner))
          .to.be.revertedWithCustomError(pool, "NotOwner")
          .withArgs(provider, owner);
      }
    });
  });
});
