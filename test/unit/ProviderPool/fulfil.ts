import { expect } from "chai";
import { parseEther } from "ethers";
import { loadFixture, time } from "../../helpers/network.js";
import {
  deployMember,
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
const BOND = parseEther("3");

/** PROVIDER holds two reservations; two tasks wait. */
async function reserved() {
  const fixture = await deployMember();
  const { pool, manager, agent } = fixture;
  const bound = pool.connect(manager);
  for (let i = 0; i < 2; i++) {
    await bound.open(SOURCE, 10n, 1n, PACKED_PRICES);
    await bound.reserve(PROVIDER, agent, SOURCE, 2, 16, BOND);
  }
  return { ...fixture, bound };
}

describe("ProviderPool.fulfil", () => {
  for (const counted of [true, false]) {
    it(`frees one slot, keeps the bond and ${counted ? "ends" : "leaves"} the demand`, async () => {
      const fixture = await loadFixture(reserved);
      const { pool, bound, agent, escrow, poolAddress } = fixture;
      const before = await pool.getMembership(PROVIDER, SOURCE);
      const market = await marketOf(pool);
      await time.increase(50);
      await bound.fulfil(PROVIDER, agent, SOURCE, counted);
      const membership = [2n, 1n, 2n, 16n, SLOT_STAKE, before.joinedAt, 0n];
      expect([...(await pool.getMembership(PROVIDER, SOURCE))]).to.deep.equal(membership);
      const locked = SLOTS + 2n * BOND;
      expect(await standing(fixture)).to.deep.equal(expected({ free: STAKE - locked, locked }));
      expect((await escrow.accountOf(poolAddress)).free).to.equal(2n * STAKE);
      const touchedAt = BigInt(await time.latest());
      expect(await marketOf(pool)).to.deep.equal(
        counted ? { ...market, openTasks: 1n, utilisation: 5000n, touchedAt } : market,
      );
    });
  }

  it("is open to the owner's key, also without its agent", async () => {
    const { pool, bound, owner, agent } = await loadFixture(reserved);
    await pool.connect(owner).setAgent(PROVIDER, agent, false);
    await expect(bound.fulfil(PROVIDER, agent, SOURCE, true))
      .to.be.revertedWithCustomError(pool, "NotAgent")
      .withArgs(PROVIDER, agent);
    await bound.fulfil(PROVIDER, owner, SOURCE, true);
    expect((await pool.getMembership(PROVIDER, SOURCE)).reserved).to.equal(1n);
  });

  it("refuses a key without authority, and frees nothing", async () => {
    const { pool, bound, payout, stranger } = await loadFixture(reserved);
    for (const key of [payout, stranger]) {
      await expect(bound.fulfil(PROVIDER, key, SOURCE, true))
        .to.be.revertedWithCustomError(pool, "NotAgent")
        .withArgs(PROVIDER, key);
    }
    expect((await pool.getMembership(PROVIDER, SOURCE)).reserved).to.equal(2n);
    expect((await marketOf(pool)).openTasks).to.equal(2n);
  });

  it("works in jail, while the source is inactive and with nothing free", async () => {
    const { pool, bound, agent, manager, owner, registry, publisher } = await loadFixture(reserved);
    await pool.connect(manager).jail(PROVIDER, 10_000_000_000n);
    await registry.connect(publisher).setActive(SOURCE, false);
    await pool.connect(owner).unbond(PROVIDER, STAKE - SLOTS - 2n * BOND);
    await bound.fulfil(PROVIDER, agent, SOURCE, true);
    expect((await pool.getMembership(PROVIDER, SOURCE)).reserved).to.equal(1n);
  });

  it("makes room for as many reservations", async () => {
    const { pool, bound, agent } = await loadFixture(reserved);
    await bound.fulfil(PROVIDER, agent, SOURCE, true);
    await bound.reserve(PROVIDER, agent, SOURCE, 2, 16, 1n);
    await expect(bound.reserve(PROVIDER, agent, SOURCE, 2, 16, 1n))
      .to.be.revertedWithCustomError(pool, "NoFreeSlot")
      .withArgs(PROVIDER, SOURCE, 2);
  });

  it("panics where nothing is reserved", async () => {
    const { pool, bound, agent } = await loadFixture(reserved);
    await bound.fulfil(PROVIDER, agent, SOURCE, false);
    await bound.fulfil(PROVIDER, agent, SOURCE, false);
    await expect(bound.fulfil(PROVIDER, agent, SOURCE, false)).to.be.revertedWithPanic(0x11);
    expect((await pool.getMembership(PROVIDER, SOURCE)).reserved).to.equal(0n);
  });

  describe("when the caller is not TaskManager", () => {
    itIsForTheTaskManager((pool) => pool.fulfil(PROVIDER, pool, SOURCE, false));
  });
});
