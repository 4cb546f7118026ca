import { expect } from "chai";
import { parseEther } from "ethers";
import { loadFixture, time } from "../../helpers/network.js";
import {
  deployMember,
  deployProvider,
  engage,
  PERIOD,
  PROVIDER,
  SLOT_STAKE,
  STAKE,
  standing,
  X_KEY,
} from "../../helpers/pool.js";

describe("ProviderPool.getProvider", () => {
  it("tells all of a provider", async () => {
    const fixture = await loadFixture(deployMember);
    const { pool, owner, newOwner, payout, manager } = fixture;
    const bond = parseEther("1");
    const part = parseEther("3");
    await engage(fixture, bond);
    await pool.connect(owner).transferOwnership(PROVIDER, newOwner);
    await pool.connect(manager).jail(PROVIDER, 9_000_000_000n);
    await pool.connect(owner).unbond(PROVIDER, part);
    const maturesAt = BigInt((await time.latest()) + PERIOD);
    const locked = 2n * SLOT_STAKE + bond;
    expect([...(await pool.getProvider(PROVIDER))]).to.deep.equal([
      owner.address,
      newOwner.address,
      payout.address,
      X_KEY,
      STAKE,
      STAKE - locked - part,
      locked,
      part,
      maturesAt,
      9_000_000_000n,
    ]);
  });

  it("splits the stake into free, locked and unbonding without rest", async () => {
    const fixture = await loadFixture(deployMember);
    await engage(fixture, 11n);
    await fixture.pool.connect(fixture.owner).unbond(PROVIDER, 13n);
    const { stake, free, locked, unbonding } = await standing(fixture);
    expect(free + locked + unbonding).to.equal(stake);
  });

  for (const provider of [0, 3, 4_294_967_295]) {
    it(`refuses ${provider}, which was never registered`, async () => {
      const { pool } = await loadFixture(deployProvider);
      await expect(pool.getProvider(provider))
        .to.be.revertedWithCustomError(pool, "UnknownProvider")
        .withArgs(provider);
    });
  }
});
