import { expect } from "chai";
import { parseEther } from "ethers";
import { loadFixture, time } from "../../helpers/network.js";
import {
  at,
  deployMember,
  expected,
  itIsForTheTaskManager,
  marketOf,
  open,
  PROVIDER,
  SLOT_STAKE,
  SOURCE,
  STAKE,
  standing,
} from "../../helpers/pool.js";

const SLOTS = 2n * SLOT_STAKE;
const FREE = STAKE - SLOTS;
const BOND = parseEther("3");
const FAR = 2n ** 40n;

type Fixture = Awaited<ReturnType<typeof deployMember>>;

const enlist = ({ pool, manager, agent }: Fixture, bond = BOND, before = FAR) =>
  pool.connect(manager).enlist(PROVIDER, agent, SOURCE, 2, 16, bond, before);

describe("ProviderPool.enlist", () => {
  it("locks the bond, tells the slots and moves no coin", async () => {
    const fixture = await loadFixture(deployMember);
    const { pool, manager, agent, escrow, poolAddress } = fixture;
    expect(await pool.connect(manager).enlist.staticCall(PROVIDER, agent, SOURCE, 2, 16, BOND, FAR)).to.equal(2n);
    await enlist(fixture);
    expect(await standing(fixture)).to.deep.equal(expected({ free: FREE - BOND, locked: SLOTS + BOND }));
    expect(await standing(fixture, 1n)).to.deep.equal(expected());
    expect((await escrow.accountOf(poolAddress)).free).to.equal(2n * STAKE);
  });

  it("is open to the owner's key too", async () => {
    const fixture = await loadFixture(deployMember);
    const { pool, manager, owner } = fixture;
    await pool.connect(manager).enlist(PROVIDER, owner, SOURCE, 2, 16, BOND, FAR);
    expect((await standing(fixture)).free).to.equal(FREE - BOND);
  });

  it("takes no slot and leaves the market as it was", async () => {
    const fixture = await loadFixture(deployMember);
    const { pool } = fixture;
    await open(fixture, 10n);
    const [market, membership] = [await marketOf(pool), await pool.getMembership(PROVIDER, SOURCE)];
    await time.increase(50);
    // More rounds than slots: a seat is not a reservation.
    for (let round = 0; round < 3; round++) await enlist(fixture, 1n);
    expect(await marketOf(pool)).to.deep.equal(market);
    expect(await pool.getMembership(PROVIDER, SOURCE)).to.deep.equal(membership);
    expect((await standing(fixture)).locked).to.equal(SLOTS + 3n);
  });

  describe("when the provider joined late", () => {
    it("needs a membership that is older than the second, and no younger", async () => {
      const fixture = await loadFixture(deployMember);
      const { pool } = fixture;
      const { joinedAt } = await pool.getMembership(PROVIDER, SOURCE);
      for (const before of [0n, joinedAt - 1n, joinedAt]) {
        await expect(enlist(fixture, BOND, before))
          .to.be.revertedWithCustomError(pool, "JoinedTooLate")
          .withArgs(PROVIDER, SOURCE, joinedAt, before);
      }
      expect((await standing(fixture)).free).to.equal(FREE);
      await enlist(fixture, BOND, joinedAt + 1n);
      expect((await standing(fixture)).free).to.equal(FREE - BOND);
    });

    it("counts from the last time it joined", async () => {
      const fixture = await loadFixture(deployMember);
      const { pool, owner } = fixture;
      const { joinedAt: first } = await pool.getMembership(PROVIDER, SOURCE);
      await pool.connect(owner).leavePool(PROVIDER, SOURCE);
      await time.increase(10);
      await pool.connect(owner).joinPool(PROVIDER, SOURCE, 1, 5, 2, 16);
      const { joinedAt } = await pool.getMembership(PROVIDER, SOURCE);
      await expect(enlist(fixture, BOND, first + 1n))
        .to.be.revertedWithCustomError(pool, "JoinedTooLate")
        .withArgs(PROVIDER, SOURCE, joinedAt, first + 1n);
    });
  });

  describe("when the stake does not suffice", () => {
    it("locks every seat on its own, down to the last free wei", async () => {
      const fixture = await loadFixture(deployMember);
      const { pool } = fixture;
      await enlist(fixture);
      await expect(enlist(fixture, FREE - BOND + 1n))
        .to.be.revertedWithCustomError(pool, "InsufficientStake")
        .withArgs(PROVIDER, FREE - BOND, FREE - BOND + 1n);
      await enlist(fixture, FREE - BOND);
      expect(await standing(fixture)).to.deep.equal(expected({ free: 0n, locked: STAKE }));
    });

    it("refuses a bond beyond the width of stakes", async () => {
      const fixture = await loadFixture(deployMember);
      for (const bond of [2n ** 88n, 2n ** 96n]) {
        await expect(enlist(fixture, bond))
          .to.be.revertedWithCustomError(fixture.pool, "InsufficientStake")
          .withArgs(PROVIDER, FREE, bond);
      }
    });
  });

  describe("when vetting fails", () => {
    it("refuses a key without authority", async () => {
      const { pool, manager, payout } = await loadFixture(deployMember);
      await expect(pool.connect(manager).enlist(PROVIDER, payout, SOURCE, 2, 16, BOND, FAR))
        .to.be.revertedWithCustomError(pool, "NotAgent")
        .withArgs(PROVIDER, payout);
    });

    it("refuses who is no member", async () => {
      const { pool, manager, agent } = await loadFixture(deployMember);
      await expect(pool.connect(manager).enlist(PROVIDER, agent, 1, 2, 16, BOND, FAR))
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
        await expect(pool.connect(manager).enlist(PROVIDER, agent, SOURCE, wanted, memory, BOND, FAR))
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
      await expect(at(until, () => enlist(fixture)))
        .to.be.revertedWithCustomError(pool, "Jailed")
        .withArgs(PROVIDER, until);
      await at(until + 1, () => enlist(fixture));
      expect((await standing(fixture)).free).to.equal(FREE - BOND);
    });
  });

  describe("when the caller is not TaskManager", () => {
    itIsForTheTaskManager((pool) => pool.enlist(PROVIDER, pool, SOURCE, 2, 16, 0, FAR));
  });
});
