import { expect } from "chai";
import { ZeroHash } from "ethers";
import { loadFixture } from "../../helpers/network.js";
import { deployProvider, itIsForTheOwner, PROVIDER, X_KEY } from "../../helpers/pool.js";

const OTHER_KEY = `0x${"5c".repeat(32)}`;

describe("ProviderPool.rotateKey", () => {
  it("replaces the key of one provider", async () => {
    const { pool, owner } = await loadFixture(deployProvider);
    await expect(pool.connect(owner).rotateKey(PROVIDER, OTHER_KEY))
      .to.emit(pool, "KeyRotated")
      .withArgs(PROVIDER, OTHER_KEY);
    expect((await pool.getProvider(PROVIDER)).key).to.equal(OTHER_KEY);
    expect((await pool.getProvider(1)).key).to.equal(X_KEY);
  });

  it("refuses zero", async () => {
    const { pool, owner } = await loadFixture(deployProvider);
    await expect(pool.connect(owner).rotateKey(PROVIDER, ZeroHash))
      .to.be.revertedWithCustomError(pool, "ZeroKey")
      .withArgs();
    expect((await pool.getProvider(PROVIDER)).key).to.equal(X_KEY);
  });

  describe("when the caller is not the owner", () => {
    itIsForTheOwner((pool) => pool.rotateKey(PROVIDER, OTHER_KEY));
  });
});
