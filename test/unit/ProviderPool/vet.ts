import { expect } from "chai";
import { loadFixture } from "../../helpers/network.js";
import { deployMember, engage, expected, PROVIDER, SLOT_STAKE, SOURCE, STAKE, standing } from "../../helpers/pool.js";

const FREE = STAKE - 2n * SLOT_STAKE;

describe("ProviderPool.vet", () => {
  for (const who of ["owner", "agent"] as const) {
    it(`tells anyone the payout account of a member whose ${who} may take work`, async () => {
      const fixture = await loadFixture(deployMember);
      const { pool, stranger, payout } = fixture;
      expect(await pool.connect(stranger).vet(PROVIDER, fixture[who], SOURCE, 2, 16, 0)).to.equal(payout.address);
    });
  }

  for (const who of ["payout", "stranger", "manager"] as const) {
    it(`refuses the ${who} as key`, async () => {
      const fixture = await loadFixture(deployMember);
      // The caller's own authority does not matter.
      await expect(fixture.pool.connect(fixture.owner).vet(PROVIDER, fixture[who], SOURCE, 2, 16, 0))
        .to.be.revertedWithCustomError(fixture.pool, "NotAgent")
        .withArgs(PROVIDER, fixture[who]);
    });
  }

  it("refuses the key of another provider, and a revoked one", async () => {
    const { pool, owner, agent } = await loadFixture(deployMember);
    await expect(pool.vet(1, owner, SOURCE, 2, 16, 0))
      .to.be.revertedWithCustomError(pool, "NotAgent")
      .withArgs(1, owner);
    await pool.connect(owner).setAgent(PROVIDER, agent, false);
    await expect(pool.vet(PROVIDER, agent, SOURCE, 2, 16, 0))
      .to.be.revertedWithCustomError(pool, "NotAgent")
      .withArgs(PROVIDER, agent);
  });

  it("refuses who is no member, or no longer one", async () => {
    const { pool, owner, stranger } = await loadFixture(deployMember);
    await expect(pool.vet(1, stranger, SOURCE, 2, 16, 0))
      .to.be.revertedWithCustomError(pool, "NotMember")
      .withArgs(1, SOURCE);
    await expect(pool.vet(PROVIDER, owner, 1, 2, 16, 0))
      .to.be.revertedWithCustomError(pool, "NotMember")
      .withArgs(PROVIDER, 1);
    await pool.connect(owner).leavePool(PROVIDER, SOURCE);
    await expect(pool.vet(PROVIDER, owner, SOURCE, 2, 16, 0))
      .to.be.revertedWithCustomError(pool, "NotMember")
      .withArgs(PROVIDER, SOURCE);
  });

  describe("when work asks for hardware", () => {
    // The member offers NVIDIA (2) with 16 GiB.
    const table: [wanted: number, memory: number, ok: boolean][] = [
      [2, 0, true],
      [2, 16, true],
      [2, 17, false],
      [3, 16, true],
      [3, 17, false],
      [6, 16, true],
      [7, 15, true],
      [1, 0, false],
      [4, 0, false],
      [5, 16, false],
      [0, 0, false],
    ];
    for (const [wanted, memory, ok] of table) {
      it(`${ok ? "takes" : "refuses"} mask ${wanted} with ${memory} GiB`, async () => {
        const { pool, agent, payout } = await loadFixture(deployMember);
        const vetting = pool.vet(PROVIDER, agent, SOURCE, wanted, memory, 0);
        if (ok) expect(await vetting).to.equal(payout.address);
        else {
          await expect(vetting).to.be.revertedWithCustomError(pool, "HardwareMismatch").withArgs(2, 16, wanted, memory);
        }
      });
    }

    it("ignores GPU memory on a CPU", async () => {
      const { pool, owner, payout } = await loadFixture(deployMember);
      await pool.connect(owner).leavePool(PROVIDER, SOURCE);
      await pool.connect(owner).joinPool(PROVIDER, SOURCE, 1, 1, 1, 0);
      expect(await pool.vet(PROVIDER, owner, SOURCE, 3, 80, 0)).to.equal(payout.address);
    });
  });

  describe("when work needs a bond", () => {
    it("takes all that is free, and locks nothing", async () => {
      const fixture = await loadFixture(deployMember);
      const { pool, agent, payout } = fixture;
      expect(await pool.vet(PROVIDER, agent, SOURCE, 2, 16, FREE)).to.equal(payout.address);
      expect(await standing(fixture)).to.deep.equal(expected({ free: FREE, locked: 2n * SLOT_STAKE }));
    });

    it("refuses one wei more", async () => {
      const { pool, agent } = await loadFixture(deployMember);
      await expect(pool.vet(PROVIDER, agent, SOURCE, 2, 16, FREE + 1n))
        .to.be.revertedWithCustomError(pool, "InsufficientStake")
        .withArgs(PROVIDER, FREE, FREE + 1n);
    });

    it("does not count bonds and what unbonds", async () => {
      const fixture = await loadFixture(deployMember);
      const { pool, owner, agent } = fixture;
      await engage(fixture, 5n);
      await pool.connect(owner).unbond(PROVIDER, 6n);
      await expect(pool.vet(PROVIDER, agent, SOURCE, 2, 16, FREE - 10n))
        .to.be.revertedWithCustomError(pool, "InsufficientStake")
        .withArgs(PROVIDER, FREE - 11n, FREE - 10n);
      await pool.vet(PROVIDER, agent, SOURCE, 2, 16, FREE - 11n);
    });
  });
});
