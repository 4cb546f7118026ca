import { expect } from "chai";
import { MaxUint256, parseEther } from "ethers";
import { ethers, loadFixture } from "../../helpers/network.js";
import { deployProvider, enrich, expected, PROVIDER, STAKE, STAKE_LIMIT, standing } from "../../helpers/pool.js";

const MORE = parseEther("3");

describe("ProviderPool.stake", () => {
  describe("when coin is attached", () => {
    it("adds it to the free stake, and to the pool's account in Escrow", async () => {
      const fixture = await loadFixture(deployProvider);
      const { pool, escrow, owner, poolAddress } = fixture;
      const tx = pool.connect(owner).stake(PROVIDER, MORE, { value: MORE });
      await expect(tx).to.emit(pool, "Staked").withArgs(PROVIDER, owner, MORE);
      await expect(tx).to.emit(escrow, "Deposited").withArgs(pool, pool, MORE);
      await expect(tx).to.changeEtherBalances(ethers, [owner, escrow, pool], [-MORE, MORE, 0n]);
      expect(await standing(fixture)).to.deep.equal(expected({ stake: STAKE + MORE, free: STAKE + MORE }));
      expect(await standing(fixture, 1n)).to.deep.equal(expected());
      expect([...(await escrow.accountOf(poolAddress))]).to.deep.equal([2n * STAKE + MORE, 0n, 0n]);
    });

    it("leaves the caller's balance in Escrow alone", async () => {
      const { pool, escrow, owner } = await loadFixture(deployProvider);
      await escrow.connect(owner).deposit({ value: MORE });
      await pool.connect(owner).stake(PROVIDER, MORE, { value: MORE });
      expect((await escrow.accountOf(owner)).free).to.equal(MORE);
    });

    for (const [name, off] of [
      ["one wei less", -1n],
      ["one wei more", 1n],
    ] as const) {
      it(`refuses ${name} than the amount`, async () => {
        const fixture = await loadFixture(deployProvider);
        const { pool, owner } = fixture;
        await expect(pool.connect(owner).stake(PROVIDER, MORE, { value: MORE + off }))
          .to.be.revertedWithCustomError(pool, "WrongValue")
          .withArgs(MORE + off, MORE);
        expect(await standing(fixture)).to.deep.equal(expected());
      });
    }
  });

  describe("when no coin is attached", () => {
    it("collects the amount from the caller's free balance", async () => {
      const fixture = await loadFixture(deployProvider);
      const { pool, escrow, owner, poolAddress } = fixture;
      await escrow.connect(owner).deposit({ value: MORE });
      const tx = pool.connect(owner).stake(PROVIDER, MORE - 1n);
      await expect(tx)
        .to.emit(pool, "Staked")
        .withArgs(PROVIDER, owner, MORE - 1n);
      await expect(tx).to.changeEtherBalances(ethers, [owner, escrow], [0n, 0n]);
      expect((await escrow.accountOf(owner)).free).to.equal(1n);
      expect((await escrow.accountOf(poolAddress)).free).to.equal(2n * STAKE + MORE - 1n);
      expect(await standing(fixture)).to.deep.equal(expected({ stake: STAKE + MORE - 1n, free: STAKE + MORE - 1n }));
    });

    it("refuses more than the balance", async () => {
      const fixture = await loadFixture(deployProvider);
      const { pool, escrow, owner } = fixture;
      await escrow.connect(owner).deposit({ value: MORE });
      await expect(pool.connect(owner).stake(PROVIDER, MORE + 1n))
        .to.be.revertedWithCustomError(escrow, "InsufficientBalance")
        .withArgs(owner, MORE, MORE + 1n);
      expect(await standing(fixture)).to.deep.equal(expected());
    });
  });

  describe("when a stranger stakes", () => {
    it("pays for the provider and gains nothing", async () => {
      const fixture = await loadFixture(deployProvider);
      const { pool, stranger } = fixture;
      await expect(pool.connect(stranger).stake(PROVIDER, MORE, { value: MORE }))
        .to.emit(pool, "Staked")
        .withArgs(PROVIDER, stranger, MORE);
      expect(await standing(fixture)).to.deep.equal(expected({ stake: STAKE + MORE, free: STAKE + MORE }));
      expect(await pool.isAuthorised(PROVIDER, stranger)).to.equal(false);
    });
  });

  describe("when the stake would outgrow its field", () => {
    const rest = STAKE_LIMIT - 1n - STAKE;

    it("takes the last wei that fits", async () => {
      const fixture = await loadFixture(deployProvider);
      const { pool, owner } = fixture;
      await enrich(owner.address);
      await pool.connect(owner).stake(PROVIDER, rest, { value: rest });
      expect(await standing(fixture)).to.deep.equal(expected({ stake: STAKE_LIMIT - 1n, free: STAKE_LIMIT - 1n }));
    });

    it("refuses one more", async () => {
      const fixture = await loadFixture(deployProvider);
      const { pool, owner } = fixture;
      await enrich(owner.address);
      await expect(pool.connect(owner).stake(PROVIDER, rest + 1n, { value: rest + 1n }))
        .to.be.revertedWithCustomError(pool, "AmountTooLarge")
        .withArgs(STAKE_LIMIT, STAKE_LIMIT - 1n);
      expect(await standing(fixture)).to.deep.equal(expected());
    });

    it("counts what is not free too", async () => {
      const { pool, owner } = await loadFixture(deployProvider);
      await enrich(owner.address);
      await pool.connect(owner).unbond(PROVIDER, STAKE);
      await expect(pool.connect(owner).stake(PROVIDER, rest + 1n, { value: rest + 1n }))
        .to.be.revertedWithCustomError(pool, "AmountTooLarge")
        .withArgs(STAKE_LIMIT, STAKE_LIMIT - 1n);
    });

    it("refuses an amount that nobody has", async () => {
      const { pool, owner } = await loadFixture(deployProvider);
      await expect(pool.connect(owner).stake(PROVIDER, MaxUint256))
        .to.be.revertedWithCustomError(pool, "AmountTooLarge")
        .withArgs(MaxUint256, STAKE_LIMIT - 1n);
    });
  });

  it("refuses an amount of zero", async () => {
    const { pool, owner } = await loadFixture(deployProvider);
    await expect(pool.connect(owner).stake(PROVIDER, 0)).to.be.revertedWithCustomError(pool, "ZeroAmount").withArgs();
    await expect(pool.connect(owner).stake(PROVIDER, 0, { value: 1 }))
      .to.be.revertedWithCustomError(pool, "ZeroAmount")
      .withArgs();
  });

  it("refuses providers that do not exist", async () => {
    const { pool, owner } = await loadFixture(deployProvider);
    for (const provider of [0, 3]) {
      await expect(pool.connect(owner).stake(provider, 1, { value: 1 }))
        .to.be.revertedWithCustomError(pool, "UnknownProvider")
        .withArgs(provider);
    }
  });
});
