import { expect } from "chai";
import { parseEther } from "ethers";
import { loadFixture, time } from "../../helpers/network.js";
import {
  at,
  deployMember,
  deployProvider,
  engage,
  expected,
  itIsForTheOwner,
  PERIOD,
  PROVIDER,
  SLOT_STAKE,
  STAKE,
  standing,
} from "../../helpers/pool.js";

const PART = parseEther("4");

describe("ProviderPool.unbond", () => {
  it("moves free stake to unbonding and starts the clock", async () => {
    const fixture = await loadFixture(deployProvider);
    const { pool, escrow, owner, poolAddress } = fixture;
    const now = (await time.latest()) + 100;
    await expect(at(now, () => pool.connect(owner).unbond(PROVIDER, PART)))
      .to.emit(pool, "UnbondingStarted")
      .withArgs(PROVIDER, PART, PART, now + PERIOD);
    expect(await standing(fixture)).to.deep.equal(
      expected({ free: STAKE - PART, unbonding: PART, maturesAt: BigInt(now + PERIOD) }),
    );
    expect(await standing(fixture, 1n)).to.deep.equal(expected());
    expect((await escrow.accountOf(poolAddress)).free).to.equal(2n * STAKE);
  });

  it("adds to what unbonds already, all of which waits again", async () => {
    const fixture = await loadFixture(deployProvider);
    const { pool, owner } = fixture;
    await pool.connect(owner).unbond(PROVIDER, PART);
    const now = (await time.latest()) + PERIOD;
    await expect(at(now, () => pool.connect(owner).unbond(PROVIDER, 1n)))
      .to.emit(pool, "UnbondingStarted")
      .withArgs(PROVIDER, 1n, PART + 1n, now + PERIOD);
    expect(await standing(fixture)).to.deep.equal(
      expected({ free: STAKE - PART - 1n, unbonding: PART + 1n, maturesAt: BigInt(now + PERIOD) }),
    );
    await expect(at(now + PERIOD, () => pool.connect(owner).claim(PROVIDER)))
      .to.be.revertedWithCustomError(pool, "StillUnbonding")
      .withArgs(PROVIDER, now + PERIOD);
  });

  it("takes the last free wei", async () => {
    const fixture = await loadFixture(deployProvider);
    await fixture.pool.connect(fixture.owner).unbond(PROVIDER, STAKE);
    const { free, unbonding } = await standing(fixture);
    expect([free, unbonding]).to.deep.equal([0n, STAKE]);
  });

  describe("when less is free", () => {
    it("refuses one wei more than the stake", async () => {
      const fixture = await loadFixture(deployProvider);
      const { pool, owner } = fixture;
      await expect(pool.connect(owner).unbond(PROVIDER, STAKE + 1n))
        .to.be.revertedWithCustomError(pool, "InsufficientStake")
        .withArgs(PROVIDER, STAKE, STAKE + 1n);
      expect(await standing(fixture)).to.deep.equal(expected());
    });

    it("leaves slots, bonds and what unbonds alone", async () => {
      const fixture = await loadFixture(deployMember);
      const { pool, owner } = fixture;
      await engage(fixture, PART);
      await pool.connect(owner).unbond(PROVIDER, 1n);
      const free = STAKE - 2n * SLOT_STAKE - PART - 1n;
      await expect(pool.connect(owner).unbond(PROVIDER, free + 1n))
        .to.be.revertedWithCustomError(pool, "InsufficientStake")
        .withArgs(PROVIDER, free, free + 1n);
      await pool.connect(owner).unbond(PROVIDER, free);
      const { locked, unbonding } = await standing(fixture);
      expect([locked, unbonding]).to.deep.equal([2n * SLOT_STAKE + PART, free + 1n]);
    });
  });

  it("refuses an amount of zero, which would only restart the clock", async () => {
    const { pool, owner } = await loadFixture(deployProvider);
    await expect(pool.connect(owner).unbond(PROVIDER, 0)).to.be.revertedWithCustomError(pool, "ZeroAmount").withArgs();
  });

  describe("when the caller is not the owner", () => {
    itIsForTheOwner((pool) => pool.unbond(PROVIDER, 1n));
  });
});
