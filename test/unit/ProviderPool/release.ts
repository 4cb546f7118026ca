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
  STAKE,
  standing,
} from "../../helpers/pool.js";

const SLOTS = 2n * SLOT_STAKE;
const BOND = parseEther("3");
const OTHER_BOND = parseEther("1");

/** PROVIDER with two bonds. */
async function engaged() {
  const fixture = await deployMember();
  await engage(fixture, BOND);
  await engage(fixture, OTHER_BOND);
  return fixture;
}

describe("ProviderPool.release", () => {
  it("unlocks one bond, leaves other locks and tells the payout account", async () => {
    const fixture = await loadFixture(engaged);
    const { pool, manager, payout, escrow, poolAddress } = fixture;
    expect(await pool.connect(manager).release.staticCall(PROVIDER, BOND)).to.equal(payout.address);
    await pool.connect(manager).release(PROVIDER, BOND);
    const locked = SLOTS + OTHER_BOND;
    expect(await standing(fixture)).to.deep.equal(expected({ free: STAKE - locked, locked }));
    expect(await standing(fixture, 1n)).to.deep.equal(expected());
    expect((await escrow.accountOf(poolAddress)).free).to.equal(2n * STAKE);
  });

  it("unlocks for a provider that left, lost its agents or is in jail", async () => {
    const fixture = await loadFixture(engaged);
    const { pool, manager, owner, agent } = fixture;
    await pool.connect(owner).leavePool(PROVIDER, 3);
    await pool.connect(owner).setAgent(PROVIDER, agent, false);
    await pool.connect(manager).jail(PROVIDER, 10_000_000_000n);
    await pool.connect(manager).release(PROVIDER, BOND);
    await pool.connect(manager).release(PROVIDER, OTHER_BOND);
    expect(await standing(fixture)).to.deep.equal(expected());
  });

  it("never touches what unbonds", async () => {
    const fixture = await loadFixture(engaged);
    const { pool, manager, owner } = fixture;
    await pool.connect(owner).unbond(PROVIDER, 9n);
    const before = await standing(fixture);
    await pool.connect(manager).release(PROVIDER, BOND);
    const after = { ...before, free: before.free + BOND, locked: before.locked - BOND };
    expect(await standing(fixture)).to.deep.equal(after);
  });

  describe("when the caller is not TaskManager", () => {
    itIsForTheTaskManager((pool) => pool.release(PROVIDER, 0));
  });
});
