import { expect } from "chai";
import { parseEther } from "ethers";
import { loadFixture, time } from "../../helpers/network.js";
import {
  deployMember,
  deployProvider,
  EMPTY_MARKET,
  engage,
  expected,
  marketOf,
  NO_MEMBERSHIP,
  PROVIDER,
  SLOT_STAKE,
  SOURCE,
  STAKE,
  standing,
  X_KEY,
} from "../../helpers/pool.js";

/** SOURCE with members 1 to 4, each with as many slots as its number; all belong to `owner` but for 1. */
async function crowd() {
  const fixture = await deployProvider();
  const { pool, owner, stranger } = fixture;
  await pool.connect(stranger).joinPool(1, SOURCE, 1, 1, 1, 0);
  for (const provider of [2, 3, 4]) {
    if (provider !== 2) {
      await pool.connect(owner).register(owner, X_KEY);
      await pool.connect(owner).stake(provider, STAKE, { value: STAKE });
    }
    await pool.connect(owner).joinPool(provider, SOURCE, 1, provider, 1, 0);
  }
  return fixture;
}

/** Asserts who is in the pool, in this sequence, and that list, places and sums agree. */
async function expectMembers({ pool }: Awaited<ReturnType<typeof crowd>>, members: bigint[]) {
  expect([...(await pool.getMembers(SOURCE, 0, 99))]).to.deep.equal(members);
  for (const [place, member] of members.entries()) {
    const { index, slots } = await pool.getMembership(member, SOURCE);
    expect([index, slots]).to.deep.equal([BigInt(place), member]);
  }
  const { capacity, members: count } = await pool.getMarket(SOURCE);
  expect([capacity, count]).to.deep.equal([members.reduce((sum, slots) => sum + slots, 0n), BigInt(members.length)]);
}

describe("ProviderPool.leavePool", () => {
  it("ends the membership and unlocks its slots", async () => {
    const fixture = await loadFixture(deployMember);
    const { pool, owner } = fixture;
    await expect(pool.connect(owner).leavePool(PROVIDER, SOURCE)).to.emit(pool, "Left").withArgs(PROVIDER, SOURCE, 2);
    expect([...(await pool.getMembership(PROVIDER, SOURCE))]).to.deep.equal(NO_MEMBERSHIP);
    expect(await marketOf(pool)).to.deep.equal({ ...EMPTY_MARKET, touchedAt: BigInt(await time.latest()) });
    expect([...(await pool.getMembers(SOURCE, 0, 9))]).to.deep.equal([]);
    expect(await standing(fixture)).to.deep.equal(expected());
  });

  describe("when others are members too", () => {
    const cases: [leaver: bigint, rest: bigint[]][] = [
      [1n, [4n, 2n, 3n]],
      [2n, [1n, 4n, 3n]],
      [3n, [1n, 2n, 4n]],
      [4n, [1n, 2n, 3n]],
    ];
    for (const [leaver, rest] of cases) {
      it(`fills the place of ${leaver} with the last member`, async () => {
        const fixture = await loadFixture(crowd);
        const { pool, owner, stranger } = fixture;
        await pool.connect(leaver === 1n ? stranger : owner).leavePool(leaver, SOURCE);
        await expectMembers(fixture, rest);
        expect([...(await pool.getMembership(leaver, SOURCE))]).to.deep.equal(NO_MEMBERSHIP);
        expect(await standing(fixture, leaver)).to.deep.equal(expected());
      });
    }

    it("can be followed by everyone, the moved one included, and by a return", async () => {
      const fixture = await loadFixture(crowd);
      const { pool, owner, stranger } = fixture;
      await pool.connect(stranger).leavePool(1, SOURCE);
      await pool.connect(owner).leavePool(4, SOURCE);
      await expectMembers(fixture, [3n, 2n]);
      await pool.connect(owner).leavePool(3, SOURCE);
      await expectMembers(fixture, [2n]);
      await pool.connect(owner).joinPool(4, SOURCE, 1, 4, 1, 0);
      await expectMembers(fixture, [2n, 4n]);
      await pool.connect(owner).leavePool(2, SOURCE);
      await pool.connect(owner).leavePool(4, SOURCE);
      await expectMembers(fixture, []);
    });

    it("leaves the pools of other sources alone", async () => {
      const fixture = await loadFixture(crowd);
      const { pool, owner } = fixture;
      await pool.connect(owner).joinPool(3, 2, 1, 7, 1, 0);
      await pool.connect(owner).joinPool(PROVIDER, 2, 1, 5, 1, 0);
      await pool.connect(owner).leavePool(PROVIDER, SOURCE);
      expect([...(await pool.getMembers(2, 0, 9))]).to.deep.equal([3n, PROVIDER]);
      expect((await pool.getMembership(PROVIDER, 2)).slots).to.equal(5);
      expect((await pool.getMarket(2)).capacity).to.equal(12);
      expect((await standing(fixture)).locked).to.equal(10);
    });
  });

  it("unlocks at the frozen stake a slot; who joins again locks today's", async () => {
    const fixture = await loadFixture(deployMember);
    const { pool, registry, publisher, owner } = fixture;
    await registry.connect(publisher).setStakePerSlot(SOURCE, 3n * SLOT_STAKE);
    await pool.connect(owner).leavePool(PROVIDER, SOURCE);
    expect(await standing(fixture)).to.deep.equal(expected());
    await pool.connect(owner).joinPool(PROVIDER, SOURCE, 1, 2, 1, 0);
    expect((await standing(fixture)).locked).to.equal(6n * SLOT_STAKE);
  });

  it("keeps the locks of obligations, which are released or slashed later", async () => {
    const fixture = await loadFixture(deployMember);
    const { pool, agent, manager } = fixture;
    const bond = parseEther("3");
    await engage(fixture, bond);
    await pool.connect(agent).leavePool(PROVIDER, SOURCE);
    expect(await standing(fixture)).to.deep.equal(expected({ free: STAKE - bond, locked: bond }));
    await pool.connect(manager).release(PROVIDER, bond);
    expect(await standing(fixture)).to.deep.equal(expected());
  });

  it("works while the source is inactive, and while in jail", async () => {
    const { pool, registry, publisher, manager, owner } = await loadFixture(deployMember);
    await registry.connect(publisher).setActive(SOURCE, false);
    await pool.connect(manager).jail(PROVIDER, 10_000_000_000n);
    await expect(pool.connect(owner).leavePool(PROVIDER, SOURCE)).to.emit(pool, "Left");
  });

  describe("when reservations are held", () => {
    /** PROVIDER holds two reservations in SOURCE, and is a member of source 1 too. */
    async function held() {
      const fixture = await deployMember();
      const { pool, manager, owner, agent } = fixture;
      const bound = pool.connect(manager);
      await pool.connect(owner).joinPool(PROVIDER, 1, 1, 1, 2, 16);
      for (let i = 0; i < 2; i++) await bound.reserve(PROVIDER, agent, SOURCE, 2, 16, 5n);
      return { ...fixture, bound };
    }

    it("refuses to leave before the last one has ended, by delivery or lapse", async () => {
      const fixture = await loadFixture(held);
      const { pool, bound, owner, agent } = fixture;
      const before = await standing(fixture);
      for (const key of [owner, agent]) {
        await expect(pool.connect(key).leavePool(PROVIDER, SOURCE))
          .to.be.revertedWithCustomError(pool, "ReservationsHeld")
          .withArgs(PROVIDER, SOURCE, 2);
      }
      await bound.fulfil(PROVIDER, agent, SOURCE, false);
      await expect(pool.connect(owner).leavePool(PROVIDER, SOURCE))
        .to.be.revertedWithCustomError(pool, "ReservationsHeld")
        .withArgs(PROVIDER, SOURCE, 1);
      expect(await standing(fixture)).to.deep.equal(before);
      expect(await marketOf(pool)).to.include({ capacity: 2n, members: 1n });
      await bound.vacate(PROVIDER, SOURCE);
      await expect(pool.connect(owner).leavePool(PROVIDER, SOURCE)).to.emit(pool, "Left").withArgs(PROVIDER, SOURCE, 2);
      expect([...(await pool.getMembership(PROVIDER, SOURCE))]).to.deep.equal(NO_MEMBERSHIP);
      const locked = before.locked - 2n * SLOT_STAKE;
      expect(await standing(fixture)).to.deep.equal({ ...before, free: STAKE - locked, locked });
    });

    it("lets the provider leave other pools, and others leave this one", async () => {
      const { pool, owner, stranger } = await loadFixture(held);
      await pool.connect(stranger).joinPool(1, SOURCE, 1, 1, 1, 0);
      await pool.connect(stranger).leavePool(1, SOURCE);
      await pool.connect(owner).leavePool(PROVIDER, 1);
      expect((await pool.getMembership(PROVIDER, SOURCE)).reserved).to.equal(2n);
    });

    it("starts without any after a return", async () => {
      const { pool, bound, owner, agent } = await loadFixture(held);
      await bound.vacate(PROVIDER, SOURCE);
      await bound.vacate(PROVIDER, SOURCE);
      await pool.connect(owner).leavePool(PROVIDER, SOURCE);
      await pool.connect(owner).joinPool(PROVIDER, SOURCE, 1, 1, 2, 16);
      await bound.reserve(PROVIDER, agent, SOURCE, 2, 16, 5n);
      await expect(bound.reserve(PROVIDER, agent, SOURCE, 2, 16, 5n))
        .to.be.revertedWithCustomError(pool, "NoFreeSlot")
        .withArgs(PROVIDER, SOURCE, 1);
    });
  });

  describe("when there is nothing to leave", () => {
    it("refuses a provider that is no member, though it is one elsewhere", async () => {
      const { pool, owner } = await loadFixture(deployMember);
      await expect(pool.connect(owner).leavePool(PROVIDER, 1))
        .to.be.revertedWithCustomError(pool, "NotMember")
        .withArgs(PROVIDER, 1);
    });

    it("refuses to leave twice", async () => {
      const { pool, owner } = await loadFixture(deployMember);
      await pool.connect(owner).leavePool(PROVIDER, SOURCE);
      await expect(pool.connect(owner).leavePool(PROVIDER, SOURCE))
        .to.be.revertedWithCustomError(pool, "NotMember")
        .withArgs(PROVIDER, SOURCE);
    });
  });

  for (const who of ["payout", "stranger", "manager"] as const) {
    it(`refuses the ${who}, who is neither owner nor agent`, async () => {
      const fixture = await loadFixture(deployMember);
      await expect(fixture.pool.connect(fixture[who]).leavePool(PROVIDER, SOURCE))
        .to.be.revertedWithCustomError(fixture.pool, "NotAgent")
        .withArgs(PROVIDER, fixture[who]);
      expect((await fixture.pool.getMembership(PROVIDER, SOURCE)).slots).to.equal(2);
    });
  }
});
