import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";
import { loadFixture } from "../../helpers/network.js";
import { deployPool, deployProvider, X_KEY } from "../../helpers/pool.js";

const OTHER_KEY = `0x${"5c".repeat(32)}`;

describe("ProviderPool.register", () => {
  it("numbers providers from 1 and tells the number, owner, payout account and key", async () => {
    const { pool, owner, payout, stranger } = await loadFixture(deployPool);
    expect(await pool.connect(owner).register.staticCall(payout, X_KEY)).to.equal(1);
    await expect(pool.connect(owner).register(payout, X_KEY))
      .to.emit(pool, "ProviderRegistered")
      .withArgs(1, owner, payout, X_KEY);
    await expect(pool.connect(stranger).register(stranger, OTHER_KEY))
      .to.emit(pool, "ProviderRegistered")
      .withArgs(2, stranger, stranger, OTHER_KEY);
    expect(await pool.providerCount()).to.equal(2);
    expect((await pool.getProvider(1)).key).to.equal(X_KEY);
    expect((await pool.getProvider(2)).key).to.equal(OTHER_KEY);
  });

  it("stores a provider without stake, offer or jail", async () => {
    const { pool, owner, payout } = await loadFixture(deployPool);
    await pool.connect(owner).register(payout, X_KEY);
    expect([...(await pool.getProvider(1))]).to.deep.equal([
      owner.address,
      ZeroAddress,
      payout.address,
      X_KEY,
      ...[0n, 0n, 0n, 0n, 0n, 0n],
    ]);
  });

  it("gives authority to the owner alone", async () => {
    const { pool, owner, payout, stranger } = await loadFixture(deployPool);
    await pool.connect(owner).register(payout, X_KEY);
    expect(await pool.isAuthorised(1, owner)).to.equal(true);
    expect(await pool.isAuthorised(1, payout)).to.equal(false);
    expect(await pool.isAuthorised(1, stranger)).to.equal(false);
  });

  it("lets one account own several providers with separate stakes", async () => {
    const { pool, owner, stranger } = await loadFixture(deployPool);
    await pool.connect(owner).register(owner, X_KEY);
    await pool.connect(owner).register(stranger, X_KEY);
    await pool.connect(owner).stake(2, 5n, { value: 5n });
    const [first, second] = await pool.getProviders(1, 3);
    expect([first?.owner, first?.payout, first?.stake]).to.deep.equal([owner.address, owner.address, 0n]);
    expect([second?.owner, second?.payout, second?.stake]).to.deep.equal([owner.address, stranger.address, 5n]);
  });

  describe("when an argument is missing", () => {
    it("refuses a payout account of zero", async () => {
      const { pool, owner } = await loadFixture(deployProvider);
      await expect(pool.connect(owner).register(ZeroAddress, X_KEY))
        .to.be.revertedWithCustomError(pool, "ZeroAddress")
        .withArgs();
      expect(await pool.providerCount()).to.equal(2);
    });

    it("refuses a key of zero", async () => {
      const { pool, owner, payout } = await loadFixture(deployProvider);
      await expect(pool.connect(owner).register(payout, ZeroHash))
        .to.be.revertedWithCustomError(pool, "ZeroKey")
        .withArgs();
      expect(await pool.providerCount()).to.equal(2);
    });
  });
});
