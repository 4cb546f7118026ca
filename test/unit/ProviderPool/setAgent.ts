import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { loadFixture } from "../../helpers/network.js";
import { deployProvider, itIsForTheOwner, PROVIDER, SOURCE } from "../../helpers/pool.js";

describe("ProviderPool.setAgent", () => {
  it("grants authority over one provider", async () => {
    const { pool, owner, newOwner } = await loadFixture(deployProvider);
    await expect(pool.connect(owner).setAgent(PROVIDER, newOwner, true))
      .to.emit(pool, "AgentSet")
      .withArgs(PROVIDER, newOwner, true);
    expect(await pool.isAuthorised(PROVIDER, newOwner)).to.equal(true);
    expect(await pool.isAuthorised(1, newOwner)).to.equal(false);
    await pool.connect(newOwner).joinPool(PROVIDER, SOURCE, 1, 1, 1, 0);
  });

  it("revokes it again", async () => {
    const { pool, owner, agent } = await loadFixture(deployProvider);
    await expect(pool.connect(owner).setAgent(PROVIDER, agent, false))
      .to.emit(pool, "AgentSet")
      .withArgs(PROVIDER, agent, false);
    expect(await pool.isAuthorised(PROVIDER, agent)).to.equal(false);
    await expect(pool.connect(agent).joinPool(PROVIDER, SOURCE, 1, 1, 1, 0))
      .to.be.revertedWithCustomError(pool, "NotAgent")
      .withArgs(PROVIDER, agent);
  });

  describe("when nothing would change", () => {
    it("refuses to grant twice", async () => {
      const { pool, owner, agent } = await loadFixture(deployProvider);
      await expect(pool.connect(owner).setAgent(PROVIDER, agent, true))
        .to.be.revertedWithCustomError(pool, "AgentAlreadyInState")
        .withArgs(PROVIDER, agent, true);
    });

    it("refuses to revoke what was never granted", async () => {
      const { pool, owner, stranger } = await loadFixture(deployProvider);
      await expect(pool.connect(owner).setAgent(PROVIDER, stranger, false))
        .to.be.revertedWithCustomError(pool, "AgentAlreadyInState")
        .withArgs(PROVIDER, stranger, false);
    });
  });

  describe("when the agent cannot be one", () => {
    it("refuses zero", async () => {
      const { pool, owner } = await loadFixture(deployProvider);
      await expect(pool.connect(owner).setAgent(PROVIDER, ZeroAddress, true))
        .to.be.revertedWithCustomError(pool, "ZeroAddress")
        .withArgs();
    });

    for (const allowed of [true, false]) {
      it(`refuses the owner itself (${allowed})`, async () => {
        const { pool, owner } = await loadFixture(deployProvider);
        await expect(pool.connect(owner).setAgent(PROVIDER, owner, allowed))
          .to.be.revertedWithCustomError(pool, "OwnerAsAgent")
          .withArgs(PROVIDER, owner);
        expect(await pool.isAuthorised(PROVIDER, owner)).to.equal(true);
      });
    }
  });

  describe("when the caller is not the owner", () => {
    itIsForTheOwner((pool) => pool.setAgent(PROVIDER, pool, true));
  });
});
