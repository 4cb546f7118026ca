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

describe("ProviderPool.vacate", () => {
  it("frees one slot, and leaves bonds and demand alone", async () => {
    const fixture = await loadFixture(reserved);
    const { pool, bound, escrow, poolAddress } = fixture;
    const before = await pool.getMembership(PROVIDER, SOURCE);
    const market = await marketOf(pool);
    await time.increase(50);
    await bound.vacate(PROVIDER, SOURCE);
    const membership = [2n, 1n, 2n, 16n, SLOT_STAKE, before.joinedAt, 0n];
    expect([...(await pool.getMembership(PROVIDER, SOURCE))]).to.deep.equal(membership);
    const locked = SLOTS + 2n * BOND;
    expect(await standing(fixture)).to.deep.equal(expected({ free: STAKE - locked, locked }));
    expect(await marketOf(pool)).to.deep.equal(market);
    expect((await escrow.accountOf(poolAddress)).free).to.equal(2n * STAKE);
  });

  it("leaves other pools of the provider and other members alone", async () => {
    const { pool, bound, owner, agent, stranger } = await loadFixture(reserved);
    await pool.connect(owner).joinPool(PROVIDER, 1, 1, 1, 2, 16);
    await pool.connect(stranger).joinPool(1, SOURCE, 1, 1, 2, 16);
    await bound.reserve(PROVIDER, agent, 1, 2, 16, 0n);
    await bound.reserve(1, stranger, SOURCE, 2, 16, 0n);
    await bound.vacate(PROVIDER, SOURCE);
    expect((await pool.getMembership(PROVIDER, SOURCE)).reserved).to.equal(1n);
    expect((await pool.getMembership(PROVIDER, 1)).reserved).to.equal(1n);
    expect((await pool.getMembership(1, SOURCE)).reserved).to.equal(1n);
  });

  it("works for a provider in jail", async () => {
    const { pool, bound, manager } = await loadFixture(reserved);
    await pool.connect(manager).jail(PROVIDER, 10_000_000_000n);
    await bound.vacate(PROVIDER, SOURCE);
    expect((await pool.getMembership(PROVIDER, SOURCE)).reserved).to.equal(1n);
  });

  it("panics where nothing is reserved", async () => {
    const { pool, bound } = await loadFixture(reserved);
    await bound.vacate(PROVIDER, SOURCE);
    await bound.vacate(PROVIDER, SOURCE);
    await expect(bound.vacate(PROVIDER, SOURCE)).to.be.revertedWithPanic(0x11);
    await expect(bound.vacate(1, SOURCE)).to.be.revertedWithPanic(0x11);
    expect((await pool.getMembership(PROVIDER, SOURCE)).reserved).to.equal(0n);
  });

  describe("when the caller is not TaskManager", () => {
    itIsForTheTaskManager((pool) => pool.vacate(PROVIDER, SOURCE));
  });
});
