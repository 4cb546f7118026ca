import { expect } from "chai";
import { parseEther } from "ethers";
import { ethers, loadFixture, time } from "../../helpers/network.js";
import {
  deployMember,
  engage,
  expected,
  itIsForTheTaskManager,
  PERIOD,
  PROVIDER,
  SLOT_STAKE,
  STAKE,
  standing,
} from "../../helpers/pool.js";

const SLOTS = 2n * SLOT_STAKE;
const BOND = parseEther("1");
const OTHER_BOND = parseEther("2");
const UNBONDING = parseEther("3");
const FREE = STAKE - SLOTS - BOND - OTHER_BOND - UNBONDING;
const REACH = BOND + FREE + UNBONDING;

/** PROVIDER with two slots, two bonds, stake that unbonds and stake that is free. */
async function busy() {
  const fixture = await deployMember();
  await engage(fixture, BOND);
  await engage(fixture, OTHER_BOND);
  await fixture.pool.connect(fixture.owner).unbond(PROVIDER, UNBONDING);
  return { ...fixture, maturesAt: BigInt((await time.latest()) + PERIOD) };
}

describe("ProviderPool.slash", () => {
  const cases: [name: string, amount: bigint, free: bigint, unbonding: bigint][] = [
    ["nothing: the whole bond is free again", 0n, FREE + BOND, UNBONDING],
    ["one wei of the bond", 1n, FREE + BOND - 1n, UNBONDING],
    ["half the bond", BOND / 2n, FREE + BOND / 2n, UNBONDING],
    ["the whole bond", BOND, FREE, UNBONDING],
    ["the bond and one free wei", BOND + 1n, FREE - 1n, UNBONDING],
    ["the bond and all free stake", BOND + FREE, 0n, UNBONDING],
    ["one wei of what unbonds", BOND + FREE + 1n, 0n, UNBONDING - 1n],
    ["all but one wei of what unbonds", REACH - 1n, 0n, 1n],
    ["all within reach", REACH, 0n, 0n],
  ];
  for (const matured of [false, true]) {
    describe(`when unbonding stake has ${matured ? "" : "not "}matured`, () => {
      for (const [name, amount, free, unbonding] of cases) {
        it(`takes ${name}`, async () => {
          const fixture = await loadFixture(busy);
          const { pool, escrow, manager, poolAddress, maturesAt } = fixture;
          if (matured) await time.increase(PERIOD + 1);
          const tx = pool.connect(manager).slash(PROVIDER, BOND, amount);
          await expect(tx).to.emit(pool, "Slashed").withArgs(PROVIDER, amount);
          if (amount !== 0n) await expect(tx).to.emit(escrow, "Transferred").withArgs(pool, manager, amount);
          await expect(tx).to.changeEtherBalances(ethers, [escrow], [0n]);
          expect(await standing(fixture)).to.deep.equal({
            stake: STAKE - amount,
            free,
            locked: SLOTS + OTHER_BOND,
            unbonding,
            maturesAt: unbonding === 0n ? 0n : maturesAt,
          });
          expect(await standing(fixture, 1n)).to.deep.equal(expected());
          expect([...(await escrow.accountOf(manager))]).to.deep.equal([amount, 0n, 0n]);
          expect((await escrow.accountOf(poolAddress)).free).to.equal(2n * STAKE - amount);
        });
      }
    });
  }

  it("refuses one wei beyond reach: other locks are never touched", async () => {
    const fixture = await loadFixture(busy);
    const { pool, escrow, manager } = fixture;
    const before = await standing(fixture);
    await expect(pool.connect(manager).slash(PROVIDER, BOND, REACH + 1n))
      .to.be.revertedWithCustomError(pool, "SlashAboveStake")
      .withArgs(PROVIDER, REACH, REACH + 1n);
    expect(await standing(fixture)).to.deep.equal(before);
    expect((await escrow.accountOf(manager)).free).to.equal(0);
  });

  it("ends one obligation after the other", async () => {
    const fixture = await loadFixture(busy);
    const { pool, escrow, manager } = fixture;
    await pool.connect(manager).slash(PROVIDER, BOND, BOND);
    await pool.connect(manager).slash(PROVIDER, OTHER_BOND, OTHER_BOND + FREE);
    const { stake, free, locked, unbonding } = await standing(fixture);
    expect([stake, free, locked, unbonding]).to.deep.equal([SLOTS + UNBONDING, 0n, SLOTS, UNBONDING]);
    expect((await escrow.accountOf(manager)).free).to.equal(BOND + OTHER_BOND + FREE);
  });

  it("leaves what remains of unbonding to be claimed in its time", async () => {
    const { pool, escrow, manager, owner, payout } = await loadFixture(busy);
    await pool.connect(manager).slash(PROVIDER, BOND, REACH - 7n);
    await time.increase(PERIOD);
    await pool.connect(owner).claim(PROVIDER);
    expect((await escrow.accountOf(payout)).free).to.equal(7);
  });

  it("leaves nothing to claim or cancel once unbonding is used up", async () => {
    const { pool, manager, owner } = await loadFixture(busy);
    await pool.connect(manager).slash(PROVIDER, BOND, REACH);
    await expect(pool.connect(owner).cancelUnbonding(PROVIDER))
      .to.be.revertedWithCustomError(pool, "NothingUnbonding")
      .withArgs(PROVIDER);
  });

  it("reaches a provider that has left its pool", async () => {
    const fixture = await loadFixture(busy);
    const { pool, manager, owner } = fixture;
    await pool.connect(owner).leavePool(PROVIDER, 3);
    await pool.connect(manager).slash(PROVIDER, BOND, BOND);
    const { stake, free, locked } = await standing(fixture);
    expect([stake, free, locked]).to.deep.equal([STAKE - BOND, FREE + SLOTS, OTHER_BOND]);
  });

  describe("when the caller is not TaskManager", () => {
    itIsForTheTaskManager((pool) => pool.slash(PROVIDER, 0, 0));
  });
});
