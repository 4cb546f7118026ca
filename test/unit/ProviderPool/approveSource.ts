import { expect } from "chai";
import { loadFixture } from "../../helpers/network.js";
import { deployProvider, itIsForTheOwner, PROVIDER, SOURCE } from "../../helpers/pool.js";

const OTHER = 2n;

describe("ProviderPool.approveSource", () => {
  it("lets agents join one source, and no other", async () => {
    const { pool, owner, agent } = await loadFixture(deployProvider);
    expect(await pool.isApproved(PROVIDER, OTHER)).to.equal(false);
    await expect(pool.connect(agent).joinPool(PROVIDER, OTHER, 1, 1, 1, 0))
      .to.be.revertedWithCustomError(pool, "NotApproved")
      .withArgs(PROVIDER, OTHER);
    await expect(pool.connect(owner).approveSource(PROVIDER, OTHER, true))
      .to.emit(pool, "SourceApproved")
      .withArgs(PROVIDER, OTHER, true);
    expect(await pool.isApproved(PROVIDER, OTHER)).to.equal(true);
    expect(await pool.isApproved(1, OTHER)).to.equal(false);
    await pool.connect(agent).joinPool(PROVIDER, OTHER, 1, 1, 1, 0);
  });

  it("is taken back again, while who has joined stays", async () => {
    const { pool, owner, agent } = await loadFixture(deployProvider);
    await pool.connect(agent).joinPool(PROVIDER, SOURCE, 1, 1, 1, 0);
    await pool.connect(owner).approveSource(PROVIDER, SOURCE, false);
    expect((await pool.getMembership(PROVIDER, SOURCE)).slots).to.equal(1n);
    await pool.connect(agent).leavePool(PROVIDER, SOURCE);
    await expect(pool.connect(agent).joinPool(PROVIDER, SOURCE, 1, 1, 1, 0))
      .to.be.revertedWithCustomError(pool, "NotApproved")
      .withArgs(PROVIDER, SOURCE);
    await pool.connect(owner).joinPool(PROVIDER, SOURCE, 1, 1, 1, 0);
  });

  for (const approved of [true, false]) {
    it(`is refused where nothing would change (${approved})`, async () => {
      const { pool, owner } = await loadFixture(deployProvider);
      const source = approved ? SOURCE : OTHER;
      await expect(pool.connect(owner).approveSource(PROVIDER, source, approved))
        .to.be.revertedWithCustomError(pool, "ApprovalUnchanged")
        .withArgs(PROVIDER, source, approved);
    });
  }

  itIsForTheOwner((pool) => pool.approveSource(PROVIDER, OTHER, true));
});
