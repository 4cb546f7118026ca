import { expect } from "chai";
import { loadFixture, time } from "../helpers/network.js";
import { observe, partiesOf } from "../helpers/observe.js";
import { joinRival, TaskState } from "../helpers/states.js";
import {
  BOND,
  CAP,
  deliveredTask,
  deployMarket,
  type Market,
  openTask,
  random32,
  STAKE_PER_SLOT,
  WINDOWS,
} from "../helpers/suite.js";

const SLASHED = BOND / 2n;

/** What a provider may try once it owes a disclosure. */
const WAYS: Record<string, (market: Market) => Promise<void>> = {
  "does nothing": () => Promise.resolve(),
  "unbonds all that is free": async ({ providerPool, providerOwner }) => {
    const { free } = await providerPool.getProvider(1);
    await providerPool.connect(providerOwner).unbond(1, free);
  },
  "leaves the pool": async ({ providerPool, providerOwner }) => {
    await providerPool.connect(providerOwner).leavePool(1, 1);
  },
  "leaves the pool and unbonds everything": async ({ providerPool, providerOwner }) => {
    const pool = providerPool.connect(providerOwner);
    await pool.leavePool(1, 1);
    await pool.unbond(1, (await providerPool.getProvider(1)).free);
  },
  "leaves the pool, unbonds and claims everything": async ({ providerPool, providerOwner }) => {
    const pool = providerPool.connect(providerOwner);
    await pool.leavePool(1, 1);
    await pool.unbond(1, (await providerPool.getProvider(1)).free);
    await time.increase((await providerPool.UNBONDING_PERIOD()) + 1n);
    await pool.claim(1);
  },
  "sells itself, and changes its payout account and key": async (market) => {
    const { providerPool, providerOwner, stranger } = market;
    const pool = providerPool.connect(providerOwner);
    await pool.setPayout(1, stranger);
    await pool.rotateKey(1, random32());
    await pool.transferOwnership(1, stranger);
    await providerPool.connect(stranger).acceptOwnership(1);
  },
  "locks the rest in more slots": async ({ providerPool, providerOwner }) => {
    const pool = providerPool.connect(providerOwner);
    await pool.leavePool(1, 1);
    await pool.joinPool(1, 1, 1, 9, 1, 0);
  },
};

describe("adversary: providers that evade", () => {
  describe("when a provider that has delivered does not disclose and", () => {
    for (const [name, evade] of Object.entries(WAYS)) {
      it(`${name}, the lapse takes the whole slash all the same`, async () => {
        const market = await loadFixture(deployMarket);
        const { providerPool, taskManager, escrow, stranger, client, reputation } = market;
        const { packed, taskId } = await deliveredTask(market);
        await evade(market);
        await time.increase(WINDOWS.disclose + 1);
        const before = await providerPool.getProvider(1);
        const free = (await escrow.accountOf(client)).free;
        expect(before.locked).to.be.greaterThanOrEqual(BOND);

        await expect(taskManager.connect(stranger).reopen(packed))
          .to.emit(providerPool, "Slashed")
          .withArgs(1, SLASHED)
          .and.to.emit(taskManager, "TaskLapsed")
          .withArgs(taskId, 1, client, 1, SLASHED);

        const after = await providerPool.getProvider(1);
        expect(after.stake).to.equal(before.stake - SLASHED);
        expect(after.locked).to.equal(before.locked - BOND);
        expect(after.free).to.equal(before.free + BOND - SLASHED);
        expect(after.unbonding).to.equal(before.unbonding);
        expect((await escrow.accountOf(client)).free).to.equal(free);
        expect((await escrow.accountOf(taskManager)).free).to.equal(SLASHED);
        expect((await escrow.accountOf(providerPool)).free).to.equal(after.stake);
        expect((await reputation.getRecord(1)).faults).to.equal(1n);
      });
    }

    it("asks for its locked bond, it gets none of it", async () => {
      const market = await loadFixture(deployMarket);
      const { providerPool, providerOwner } = market;
      await deliveredTask(market);
      const pool = providerPool.connect(providerOwner);
      await pool.leavePool(1, 1);
      const { free, stake } = await providerPool.getProvider(1);
      expect(free).to.equal(stake - BOND);
      await expect(pool.unbond(1, free + 1n))
        .to.be.revertedWithCustomError(providerPool, "InsufficientStake")
        .withArgs(1, free, free + 1n);
      await pool.unbond(1, free);
      await expect(pool.unbond(1, 1n))
        .to.be.revertedWithCustomError(providerPool, "InsufficientStake")
        .withArgs(1, 0n, 1n);
    });

    it("the price could climb by more than half the bond, it loses the climb", async () => {
      const market = await loadFixture(deployMarket);
      const { taskManager, providerPool, stranger, client } = market;
      // From the floor, a tenth of the cap, to the cap; the bond just covers it.
      const cap = CAP * 5n;
      const { startFraction } = await (async () => {
        const { taskId } = await openTask(market, { maxReward: cap, bond: cap });
        return taskManager.getTask(taskId);
      })();
      const climb = cap - (cap * startFraction) / 0xffffffffn;
      const { packed, taskId } = await deliveredTask(market, { maxReward: cap, bond: climb });
      const { stake, free } = await providerPool.getProvider(1);
      await time.increase(WINDOWS.disclose + 1);
      await expect(taskManager.connect(stranger).reopen(packed))
        .to.emit(taskManager, "TaskLapsed")
        .withArgs(taskId, 1, client, 1, climb);
      const after = await providerPool.getProvider(1);
      expect([after.stake, after.free]).to.deep.equal([stake - climb, free]);
    });
  });

  describe("when a provider seals more tasks than its stake can back", () => {
    const surplus = [
      [0n, 3],
      [BOND - 1n, 3],
      [BOND, 4],
    ] as const;
    for (const [extra, fitting] of surplus) {
      it(`with ${fitting} bonds and ${extra % BOND} wei free, delivery ${fitting + 1} fails and takes nothing`, async () => {
        const market = await loadFixture(deployMarket);
        const { taskManager, providerPool, providerOwner, agent } = market;
        const pool = providerPool.connect(providerOwner);
        await pool.unbond(1, (await providerPool.getProvider(1)).free - 3n * BOND - extra);
        const taskIds: string[] = [];
        for (let i = 0; i < fitting; i++) taskIds.push((await deliveredTask(market, { rampDuration: 0 })).taskId);
        const { packed, taskId } = await openTask(market, { rampDuration: 0 });
        const scope = { taskIds: [taskId], accounts: await partiesOf(market), providers: [1n] };
        const before = await observe(market, scope);
        await expect(taskManager.connect(agent).deliver(packed, 1, random32(), { gasLimit: 500_000 }))
          .to.be.revertedWithCustomError(providerPool, "InsufficientStake")
          .withArgs(1, extra % BOND, BOND);
        expect(await observe(market, scope)).to.deep.equal(before);
        const { locked, free } = await providerPool.getProvider(1);
        expect([locked, free]).to.deep.equal([2n * STAKE_PER_SLOT + BigInt(fitting) * BOND, extra % BOND]);
        for (const id of taskIds) expect((await taskManager.getTask(id)).state).to.equal(TaskState.Delivered);
      });
    }

    it("all of them lapse, every one is slashed from its own bond", async () => {
      const market = await loadFixture(deployMarket);
      const { taskManager, providerPool, providerOwner, stranger } = market;
      const pool = providerPool.connect(providerOwner);
      const tasks = [await deliveredTask(market), await deliveredTask(market), await deliveredTask(market)];
      await pool.leavePool(1, 1);
      await pool.unbond(1, (await providerPool.getProvider(1)).free);
      await time.increase(WINDOWS.disclose + 1);
      const { unbonding, stake } = await providerPool.getProvider(1);
      for (const [i, { packed }] of tasks.entries()) {
        await taskManager.connect(stranger).reopen(packed);
        const after = await providerPool.getProvider(1);
        expect(after.stake).to.equal(stake - BigInt(i + 1) * SLASHED);
        expect(after.unbonding).to.equal(unbonding);
      }
      expect((await providerPool.getProvider(1)).locked).to.equal(0n);
    });
  });

  it("the stake of one provider never backs another, though all of it is one account", async () => {
    const market = await loadFixture(deployMarket);
    const { taskManager, providerPool, stranger } = market;
    await joinRival(market);
    const other = await providerPool.getProvider(2);
    const { packed } = await deliveredTask(market);
    await time.increase(WINDOWS.disclose + 1);
    await taskManager.connect(stranger).reopen(packed);
    expect(await providerPool.getProvider(2)).to.deep.equal(other);
  });
});
