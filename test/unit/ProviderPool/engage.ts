import { expect } from "chai";
import { parseEther } from "ethers";
import { loadFixture } from "../../helpers/network.js";
import {
  deployMember,
  engage,
  expected,
  itIsForTheTaskManager,
  PROVIDER,
  SLOT_STAKE,
  SOURCE,
  STAKE,
  standing,
} from "../../helpers/pool.js";

const SLOTS = 2n * SLOT_STAKE;
const FREE = STAKE - SLOTS;
const BOND = parseEther("3");

describe("ProviderPool.engage", () => {
  it("locks the bond and moves no coin", async () => {
    const fixture = await loadFixture(deployMember);
    const { escrow, poolAddress } = fixture;
    await engage(fixture, BOND);
    expect(await standing(fixture)).to.deep.equal(expected({ free: FREE - BOND, locked: SLOTS + BOND }));
    expect(await standing(fixture, 1n)).to.deep.equal(expected());
    expect((await escrow.accountOf(poolAddress)).free).to.equal(2n * STAKE);
  });

  it("locks every obligation on its own, down to the last free wei", async () => {
    const fixture = await loadFixture(deployMember);
    const { pool } = fixture;
    await engage(fixture, BOND);
    await expect(engage(fixture, FREE - BOND + 1n))
      .to.be.revertedWithCustomError(pool, "InsufficientStake")
      .withArgs(PROVIDER, FREE - BOND, FREE - BOND + 1n);
    await engage(fixture, FREE - BOND);
    expect(await standing(fixture)).to.deep.equal(expected({ free: 0n, locked: STAKE }));
  });

  it("takes work without a bond from a provider with nothing free", async () => {
    const fixture = await loadFixture(deployMember);
    await engage(fixture, FREE);
    await engage(fixture, 0n);
    expect((await standing(fixture)).free).to.equal(0);
  });

  it("refuses a bond beyond the width of stakes", async () => {
    const fixture = await loadFixture(deployMember);
    for (const bond of [2n ** 88n, 2n ** 96n - 1n]) {
      await expect(engage(fixture, bond))
        .to.be.revertedWithCustomError(fixture.pool, "InsufficientStake")
        .withArgs(PROVIDER, FREE, bond);
    }
  });

  describe("when vetting fails", () => {
    it("refuses a key without authority", async () => {
      const { pool, manager, payout } = await loadFixture(deployMember);
      await expect(pool.connect(manager).engage(PROVIDER, payout, SOURCE, 2, 16, BOND, false))
        .to.be.revertedWithCustomError(pool, "NotAgent")
        .withArgs(PROVIDER, payout);
    });

    it("refuses who is no member", async () => {
      const { pool, manager, agent } = await loadFixture(deployMember);
      await expect(pool.connect(manager).engage(PROVIDER, agent, 1, 2, 16, BOND, false))
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
        await expect(pool.connect(manager).engage(PROVIDER, agent, SOURCE, wanted, memory, BOND, false))
          .to.be.revertedWithCustomError(pool, "HardwareMismatch")
          .withArgs(2, 16, wanted, memory);
        expect((await standing(fixture)).free).to.equal(FREE);
      });
    }
  });

  describe("when the caller is not TaskManager", () => {
    itIsForTheTaskManager((pool) => pool.engage(PROVIDER, pool, SOURCE, 2, 16, 0, false));
  });
});
