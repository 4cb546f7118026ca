import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { loadFixture } from "../../helpers/network.js";
import { deployProvider, expected, PROVIDER, standing, X_KEY } from "../../helpers/pool.js";

/** PROVIDER with its ownership offered to `newOwner`. */
async function offered() {
  const fixture = await deployProvider();
  await fixture.pool.connect(fixture.owner).transferOwnership(PROVIDER, fixture.newOwner);
  return fixture;
}

describe("ProviderPool.acceptOwnership", () => {
  it("hands over ownership and authority; agents, key, payout account and stake stay", async () => {
    const fixture = await loadFixture(offered);
    const { pool, owner, newOwner, agent, payout } = fixture;
    await expect(pool.connect(newOwner).acceptOwnership(PROVIDER))
      .to.emit(pool, "OwnershipTransferred")
      .withArgs(PROVIDER, owner, newOwner);
    const provider = await pool.getProvider(PROVIDER);
    expect([provider.owner, provider.pendingOwner]).to.deep.equal([newOwner.address, ZeroAddress]);
    expect([provider.payout, provider.key]).to.deep.equal([payout.address, X_KEY]);
    expect(await standing(fixture)).to.deep.equal(expected());
    expect(await pool.isAuthorised(PROVIDER, owner)).to.equal(false);
    expect(await pool.isAuthorised(PROVIDER, newOwner)).to.equal(true);
    expect(await pool.isAuthorised(PROVIDER, agent)).to.equal(true);
  });

  it("leaves the former owner with no say", async () => {
    const { pool, owner, newOwner } = await loadFixture(offered);
    await pool.connect(newOwner).acceptOwnership(PROVIDER);
    await expect(pool.connect(owner).unbond(PROVIDER, 1n))
      .to.be.revertedWithCustomError(pool, "NotOwner")
      .withArgs(PROVIDER, owner);
    await pool.connect(newOwner).unbond(PROVIDER, 1n);
  });

  it("works once for each offer", async () => {
    const { pool, newOwner } = await loadFixture(offered);
    await pool.connect(newOwner).acceptOwnership(PROVIDER);
    await expect(pool.connect(newOwner).acceptOwnership(PROVIDER))
      .to.be.revertedWithCustomError(pool, "NotPendingOwner")
      .withArgs(PROVIDER, newOwner);
  });

  describe("when the new owner was an agent", () => {
    it("keeps its authority as owner, and loses it when it hands on", async () => {
      const { pool, owner, agent } = await loadFixture(deployProvider);
      await pool.connect(owner).transferOwnership(PROVIDER, agent);
      await pool.connect(agent).acceptOwnership(PROVIDER);
      expect(await pool.isAuthorised(PROVIDER, agent)).to.equal(true);
      await pool.connect(agent).transferOwnership(PROVIDER, owner);
      await pool.connect(owner).acceptOwnership(PROVIDER);
      expect(await pool.isAuthorised(PROVIDER, agent)).to.equal(false);
      expect(await pool.isAuthorised(PROVIDER, owner)).to.equal(true);
    });

    it("can keep the former owner as its agent", async () => {
      const { pool, owner, newOwner } = await loadFixture(offered);
      await pool.connect(newOwner).acceptOwnership(PROVIDER);
      await pool.connect(newOwner).setAgent(PROVIDER, owner, true);
      expect(await pool.isAuthorised(PROVIDER, owner)).to.equal(true);
    });
  });

  describe("when the owner transfers to itself", () => {
    it("keeps ownership and authority and clears the offer", async () => {
      const { pool, owner } = await loadFixture(deployProvider);
      await pool.connect(owner).transferOwnership(PROVIDER, owner);
      await expect(pool.connect(owner).acceptOwnership(PROVIDER))
        .to.emit(pool, "OwnershipTransferred")
        .withArgs(PROVIDER, owner, owner);
      const provider = await pool.getProvider(PROVIDER);
      expect([provider.owner, provider.pendingOwner]).to.deep.equal([owner.address, ZeroAddress]);
      expect(await pool.isAuthorised(PROVIDER, owner)).to.equal(true);
    });
  });

  describe("when the caller has no offer", () => {
    for (const who of ["owner", "agent", "stranger"] as const) {
      it(`refuses the ${who}`, async () => {
        const fixture = await loadFixture(offered);
        const { pool, newOwner } = fixture;
        await expect(pool.connect(fixture[who]).acceptOwnership(PROVIDER))
          .to.be.revertedWithCustomError(pool, "NotPendingOwner")
          .withArgs(PROVIDER, fixture[who]);
        expect((await pool.getProvider(PROVIDER)).pendingOwner).to.equal(newOwner.address);
      });
    }

    it("refuses the same offer on another provider, or on one that does not exist", async () => {
      const { pool, newOwner } = await loadFixture(offered);
      for (const provider of [0, 1, 3]) {
        await expect(pool.connect(newOwner).acceptOwnership(provider))
          .to.be.revertedWithCustomError(pool, "NotPendingOwner")
          .withArgs(provider, newOwner);
      }
    });
  });
});
