import { expect } from "chai";
import { loadFixture, time } from "../../helpers/network.js";
import {
  at,
  deployMember,
  deployProvider,
  engage,
  expected,
  itIsForTheTaskManager,
  PROVIDER,
  SLOT_STAKE,
  SOURCE,
  STAKE,
  standing,
} from "../../helpers/pool.js";

/** PROVIDER, a member, in jail for a thousand seconds. */
async function jailed() {
  const fixture = await deployMember();
  const until = (await time.latest()) + 1000;
  await fixture.pool.connect(fixture.manager).jail(PROVIDER, until);
  return { ...fixture, until };
}

describe("ProviderPool.jail", () => {
  it("notes until when, and takes nothing", async () => {
    const fixture = await loadFixture(deployProvider);
    const { pool, manager } = fixture;
    await expect(pool.connect(manager).jail(PROVIDER, 9_876_543_210n))
      .to.emit(pool, "JailSet")
      .withArgs(PROVIDER, 9_876_543_210n);
    expect((await pool.getProvider(PROVIDER)).jailedUntil).to.equal(9_876_543_210n);
    expect((await pool.getProvider(1)).jailedUntil).to.equal(0);
    expect(await standing(fixture)).to.deep.equal(expected());
  });

  it("counts from the latest call", async () => {
    const { pool, manager, until } = await loadFixture(jailed);
    await pool.connect(manager).jail(PROVIDER, until + 5);
    expect((await pool.getProvider(PROVIDER)).jailedUntil).to.equal(until + 5);
  });

  describe("when new work is sought in the last second and in the one after", () => {
    it("keeps from engaging", async () => {
      const fixture = await loadFixture(jailed);
      const { pool, until } = fixture;
      await expect(at(until, () => engage(fixture, 1n)))
        .to.be.revertedWithCustomError(pool, "Jailed")
        .withArgs(PROVIDER, until);
      await at(until + 1, () => engage(fixture, 1n));
      expect((await standing(fixture)).locked).to.equal(2n * SLOT_STAKE + 1n);
    });

    it("keeps from joining", async () => {
      const fixture = await loadFixture(jailed);
      const { pool, owner, until } = fixture;
      const join = () => pool.connect(owner).joinPool(PROVIDER, 1, 1, 1, 1, 0);
      await expect(at(until, join)).to.be.revertedWithCustomError(pool, "Jailed").withArgs(PROVIDER, until);
      await at(until + 1, join);
      expect((await pool.getMembership(PROVIDER, 1)).slots).to.equal(1);
    });

    it("fails and passes vetting", async () => {
      const { pool, agent, payout, until } = await loadFixture(jailed);
      // A view sees the clock of the latest block.
      const vet = () => pool.vet(PROVIDER, agent, SOURCE, 2, 16, 0);
      await time.increaseTo(until);
      await expect(vet()).to.be.revertedWithCustomError(pool, "Jailed").withArgs(PROVIDER, until);
      await time.increaseTo(until + 1);
      expect(await vet()).to.equal(payout.address);
    });
  });

  it("lets the provider finish what it owes, leave and take its stake", async () => {
    const fixture = await loadFixture(deployMember);
    const { pool, manager, owner } = fixture;
    await engage(fixture, 5n);
    await pool.connect(manager).jail(PROVIDER, 9_876_543_210n);
    await pool.connect(manager).release(PROVIDER, 5n);
    await pool.connect(owner).leavePool(PROVIDER, SOURCE);
    await pool.connect(owner).unbond(PROVIDER, STAKE);
    expect((await standing(fixture)).unbonding).to.equal(STAKE);
  });

  it("leaves other providers alone, and their work", async () => {
    const { pool, stranger } = await loadFixture(jailed);
    await pool.connect(stranger).joinPool(1, SOURCE, 1, 1, 1, 0);
    expect(await pool.vet(1, stranger, SOURCE, 1, 0, 0)).to.equal(stranger.address);
  });

  it("keeps its payout account and stake", async () => {
    const fixture = await loadFixture(jailed);
    const { pool, payout } = fixture;
    expect((await pool.getProvider(PROVIDER)).payout).to.equal(payout.address);
    const locked = 2n * SLOT_STAKE;
    expect(await standing(fixture)).to.deep.equal(expected({ free: STAKE - locked, locked }));
  });

  describe("when the caller is not TaskManager", () => {
    itIsForTheTaskManager((pool) => pool.jail(PROVIDER, 1));
  });
});
