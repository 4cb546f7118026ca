import { expect } from "chai";
import { parseEther } from "ethers";
import { ethers, loadFixture, time } from "../../helpers/network.js";
import {
  at,
  deployMember,
  deployProvider,
  expected,
  itIsForTheOwner,
  PERIOD,
  PROVIDER,
  SLOT_STAKE,
  STAKE,
  standing,
} from "../../helpers/pool.js";

const PART = parseEther("4");

async function unbonding() {
  const fixture = await deployMember();
  await fixture.pool.connect(fixture.owner).unbond(PROVIDER, PART);
  return { ...fixture, maturesAt: (await time.latest()) + PERIOD };
}

describe("ProviderPool.claim", () => {
  it("credits what unbonded to the payout account in Escrow, from which it can be withdrawn", async () => {
    const fixture = await loadFixture(unbonding);
    const { pool, escrow, owner, payout, poolAddress, maturesAt } = fixture;
    const tx = at(maturesAt + 1, () => pool.connect(owner).claim(PROVIDER));
    await expect(tx).to.emit(pool, "StakeClaimed").withArgs(PROVIDER, payout, PART);
    await expect(tx).to.emit(escrow, "Transferred").withArgs(pool, payout, PART);
    await expect(tx).to.changeEtherBalances(ethers, [escrow, payout], [0n, 0n]);
    expect(await standing(fixture)).to.deep.equal(
      expected({ stake: STAKE - PART, free: STAKE - PART - 2n * SLOT_STAKE, locked: 2n * SLOT_STAKE }),
    );
    expect(await standing(fixture, 1n)).to.deep.equal(expected());
    expect((await escrow.accountOf(payout)).free).to.equal(PART);
    expect((await escrow.accountOf(owner)).free).to.equal(0);
    expect((await escrow.accountOf(poolAddress)).free).to.equal(2n * STAKE - PART);
    await expect(escrow.connect(payout).withdraw(PART)).to.changeEtherBalances(ethers, [payout], [PART]);
  });

  it("goes to the payout account of that moment", async () => {
    const { pool, escrow, owner, newOwner, payout, maturesAt } = await loadFixture(unbonding);
    await pool.connect(owner).setPayout(PROVIDER, newOwner);
    await at(maturesAt + 1, () => pool.connect(owner).claim(PROVIDER));
    expect((await escrow.accountOf(newOwner)).free).to.equal(PART);
    expect((await escrow.accountOf(payout)).free).to.equal(0);
  });

  it("pays once", async () => {
    const { pool, escrow, owner, payout, maturesAt } = await loadFixture(unbonding);
    await at(maturesAt + 1, () => pool.connect(owner).claim(PROVIDER));
    await expect(pool.connect(owner).claim(PROVIDER))
      .to.be.revertedWithCustomError(pool, "NothingUnbonding")
      .withArgs(PROVIDER);
    expect((await escrow.accountOf(payout)).free).to.equal(PART);
  });

  describe("when the clock still runs", () => {
    it("refuses in the second in which it matures", async () => {
      const fixture = await loadFixture(unbonding);
      const { pool, escrow, owner, payout, maturesAt } = fixture;
      const before = await standing(fixture);
      await expect(at(maturesAt, () => pool.connect(owner).claim(PROVIDER)))
        .to.be.revertedWithCustomError(pool, "StillUnbonding")
        .withArgs(PROVIDER, maturesAt);
      expect(await standing(fixture)).to.deep.equal(before);
      expect((await escrow.accountOf(payout)).free).to.equal(0);
    });
  });

  it("refuses when nothing unbonds", async () => {
    const { pool, owner } = await loadFixture(deployProvider);
    await expect(pool.connect(owner).claim(PROVIDER))
      .to.be.revertedWithCustomError(pool, "NothingUnbonding")
      .withArgs(PROVIDER);
  });

  describe("when the caller is not the owner", () => {
    itIsForTheOwner((pool) => pool.claim(PROVIDER));
  });
});
