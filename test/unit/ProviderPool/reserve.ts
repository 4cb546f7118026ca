import { expect } from "chai";
import { parseEther } from "ethers";
import { loadFixture, time } from "../../helpers/network.js";
import {
  at,
  deployMember,
  engage,
  expected,
  itIsForTheTaskManager,
  marketOf,
  PACKED_PRICES,
  PROVIDER,
  SLOT_STAKE,
  SOURCE,
  STAKE,
  standing,
} from "../../helpers/pool.js";

const SLOTS = 2n * SLOT_STAKE;
const FREE = STAKE - SLOTS;
const BOND = parseEther("3");

type Fixture = Awaited<ReturnType<typeof deployMember>>;

const reserve = ({ pool, manager, agent }: Fixture, bond = BOND) =>
  pool.connect(manager).reserve(PROVIDER, agent, SOURCE, 2, 16, bond);

describe("ProviderPool.reserve", () => {
  it("locks the bond, takes a slot and moves no coin", async () => {
    const fixture = await loadFixture(deployMember);
    const { pool, escrow, poolAddress } = fixture;
    const before = await pool.getMembership(PROVIDER, SOURCE);
    await reserve(fixture);
    expect(await standing(fixture)).to.deep.equal(expected({ free: FREE - BOND, locked: SLOTS + BOND }));
    expect(await standing(fixture, 1n)).to.deep.equal(expected());
    const membership = [2n, 1n, 2n, 16n, SLOT_STAKE, before.joinedAt, 0n];
    expect([...(await pool.getMembership(PROVIDER, SOURCE))]).to.deep.equal(membership);
    expect((await escrow.accountOf(poolAddress)).free).to.equal(2n * STAKE);
  });

  it("is open to the owner's key too", async () => {
    const fixture = await loadFixture(deployMember);
    const { pool, manager, owner } = fixture;
    await pool.connect(manager).reserve(PROVIDER, owner, SOURCE, 2, 16, BOND);
    expect((await pool.getMembership(PROVIDER, SOURCE)).reserved).to.equal(1n);
  });

  it("leaves the market as it was: the task still waits for a delivery", async () => {
    const fixture = await loadFixture(deployMember);
    const { pool, manager } = fixture;
    await pool.connect(manager).open(SOURCE, 10n, 1n, PACKED_PRICES);
    const before = await marketOf(pool);
    expect(before.openTasks).to.equal(1n);
    await time.increase(50);
    await reserve(fixture);
    expect(await marketOf(pool)).to.deep.equal(before);
  });

  describe("when slots run out", () => {
    it("takes as many reservations as there are slots", async () => {
      const fixture = await loadFixture(deployMember);
      const { pool } = fixture;
      await reserve(fixture, 1n);
      await reserve(fixture, 1n);
      const before = await standing(fixture);
      await expect(reserve(fixture, 1n))
        .to.be.revertedWithCustomError(pool, "NoFreeSlot")
        .withArgs(PROVIDER, SOURCE, 2);
      expect((await pool.getMembership(PROVIDER, SOURCE)).reserved).to.equal(2n);
      expect(await standing(fixture)).to.deep.equal(before);
    });

    it("counts them for each pool and provider", async () => {
      const fixture = await loadFixture(deployMember);
      const { pool, manager, owner, agent, stranger } = fixture;
      await pool.connect(owner).joinPool(PROVIDER, 1, 1, 1, 2, 16);
      await pool.connect(stranger).joinPool(1, SOURCE, 1, 1, 2, 16);
      const bound = pool.connect(manager);
      await reserve(fixture, 0n);
      await reserve(fixture, 0n);
      await bound.reserve(PROVIDER, agent, 1, 2, 16, 0n);
      await bound.reserve(1, stranger, SOURCE, 2, 16, 0n);
      await expect(bound.reserve(PROVIDER, agent, 1, 2, 16, 0n))
        .to.be.revertedWithCustomError(pool, "NoFreeSlot")
        .withArgs(PROVIDER, 1, 1);
      await expect(bound.reserve(1, stranger, SOURCE, 2, 16, 0n))
        .to.be.revertedWithCustomError(pool, "NoFreeSlot")
        .withArgs(1, SOURCE, 1);
    });

    it("leaves obligations without reservation out of the count", async () => {
      const fixture = await loadFixture(deployMember);
      const { pool } = fixture;
      for (let i = 0; i < 3; i++) await engage(fixture, 1n);
      await reserve(fixture, 1n);
      await reserve(fixture, 1n);
      await engage(fixture, 1n);
      expect((await pool.getMembership(PROVIDER, SOURCE)).reserved).to.equal(2n);
    });
  });

  it("locks every bond on its own, down to the last free wei", async () => {
    const fixture = await loadFixture(deployMember);
    const { pool } = fixture;
    await reserve(fixture);
    await expect(reserve(fixture, FREE - BOND + 1n))
      .to.be.revertedWithCustomError(pool, "InsufficientStake")
      .withArgs(PROVIDER, FREE - BOND, FREE - BOND + 1n);
    expect((await pool.getMembership(PROVIDER, SOURCE)).reserved).to.equal(1n);
    await reserve(fixture, FREE - BOND);
    expect(await standing(fixture)).to.deep.equal(expected({ free: 0n, locked: STAKE }));
  });

  it("refuses a bond beyond the width of stakes", async () => {
    const fixture = await loadFixture(deployMember);
    for (const bond of [2n ** 88n, 2n ** 96n - 1n]) {
      await expect(reserve(fixture, bond))
        .to.be.revertedWithCustomError(fixture.pool, "InsufficientStake")
        .withArgs(PROVIDER, FREE, bond);
    }
  });

  describe("when vetting fails", () => {
    it("refuses a key without authority", async () => {
      const { pool, manager, payout } = await loadFixture(deployMember);
      await expect(pool.connect(manager).reserve(PROVIDER, payout, SOURCE, 2, 16, BOND))
        .to.be.revertedWithCustomError(pool, "NotAgent")
        .withArgs(PROVIDER, payout);
    });

    it("refuses who is no member", async () => {
      const { pool, manager, agent } = await loadFixture(deployMember);
      await expect(pool.connect(manager).reserve(PROVIDER, agent, 1, 2, 16, BOND))
        .to.be.revertedWithCustomError(pool, "NotMember")
        .withArgs(PROVIDER, 1);
    });

    for (const [wanted, memory] of [
      [1, 0],
      [2, 17],
    ] as const) {
      it(`refuses hardware for mask ${wanted} with ${memory} GiB`, async () => {
        const fixture = await loadFixture(deployMember);
        const { pool, manager, agent } = fixture;
        await expect(pool.connect(manager).reserve(PROVIDER, agent, SOURCE, wanted, memory, BOND))
          .to.be.revertedWithCustomError(pool, "HardwareMismatch")
          .withArgs(2, 16, wanted, memory);
        expect((await standing(fixture)).free).to.equal(FREE);
      });
    }

    it("refuses a provider in jail through its last second", async () => {
      const fixture = await loadFixture(deployMember);
      const { pool, manager } = fixture;
      const until = (await time.latest()) + 1000;
      await pool.connect(manager).jail(PROVIDER, until);
      await expect(at(until, () => reserve(fixture)))
        .to.be.revertedWithCustomError(pool, "Jailed")
        .withArgs(PROVIDER, until);
      await at(until + 1, () => reserve(fixture));
      expect((await pool.getMembership(PROVIDER, SOURCE)).reserved).to.equal(1n);
    });
  });

  describe("when the caller is not TaskManager", () => {
    itIsForTheTaskManager((pool) => pool.reserve(PROVIDER, pool, SOURCE, 2, 16, 0));
  });
});
