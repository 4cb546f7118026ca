import { expect } from "chai";
import type { ContractTransactionResponse } from "ethers";
import { sealOf } from "../../src/protocol/seal.js";
import { movements, priceAfter, shares } from "../helpers/manager.js";
import { loadFixture, networkHelpers, passTo, time } from "../helpers/network.js";
import { observe, partiesOf } from "../helpers/observe.js";
import { joinRival, RIVAL, START, TaskState } from "../helpers/states.js";
import {
  BOND,
  CAP,
  deliveredTask,
  deployMarket,
  type Market,
  openTask,
  random32,
  reservedTask,
  resultFor,
  WINDOWS,
} from "../helpers/suite.js";

const RESERVATION = 600;
const SLASHED = BOND / 2n;
// Enough for every call. Without an estimate, a refused transaction is mined like any other.
const options = { gasLimit: 2_000_000 };

/** A task that an honest provider has reserved and works on, with a rival in the pool. */
async function deployHold() {
  const market = await deployMarket();
  const rival = await joinRival(market);
  const task = await reservedTask(market, { deadline: (await time.latest()) + 4 * 3600 });
  const { clearedAt, openedAt } = await market.taskManager.getTask(task.taskId);
  const end = Number(clearedAt) + RESERVATION;
  const scope = { taskIds: [task.taskId], accounts: await partiesOf(market), providers: [1n, RIVAL] };
  return { ...market, ...task, rival, end, elapsed: Number(clearedAt - openedAt), scope };
}

type Hold = Awaited<ReturnType<typeof deployHold>>;

const reservedBy = async ({ providerPool }: Market, provider: bigint): Promise<bigint> =>
  (await providerPool.getMembership(provider, 1)).reserved;

/** The holder answers with its envelope and the client takes it. */
async function finish({ taskManager, agent, client, packed, commitment, envelope }: Hold): Promise<void> {
  await taskManager.connect(agent).deliverAndDisclose(packed, 1, commitment, envelope);
  await taskManager.connect(client).accept(packed);
}

describe("adversary: reservations", () => {
  describe("when a rival wants a task that another holds", () => {
    type Attempt = (hold: Hold) => Promise<ContractTransactionResponse>;
    const asRival = ({ taskManager, rival }: Hold) => taskManager.connect(rival);
    const own = ({ taskId }: Hold) => resultFor(taskId, RIVAL);

    const attempts: Record<string, [error: string, args: (hold: Hold) => unknown[], attempt: Attempt]> = {
      "reserve it for itself": [
        "WrongState",
        ({ taskId }) => [taskId, TaskState.Reserved],
        (hold) => asRival(hold).reserve(hold.packed, RIVAL, options),
      ],
      "reserve it in the holder's name": [
        "WrongState",
        ({ taskId }) => [taskId, TaskState.Reserved],
        (hold) => asRival(hold).reserve(hold.packed, 1, options),
      ],
      "deliver it": [
        "NotHolder",
        ({ taskId }) => [taskId, RIVAL],
        (hold) => asRival(hold).deliver(hold.packed, RIVAL, own(hold).seal, options),
      ],
      "deliver it in the holder's name": [
        "NotAgent",
        ({ rival }) => [1, rival.address],
        (hold) => asRival(hold).deliver(hold.packed, 1, own(hold).seal, options),
      ],
      "deliver and disclose it": [
        "NotHolder",
        ({ taskId }) => [taskId, RIVAL],
        (hold) => {
          const { commitment, envelope } = own(hold);
          return asRival(hold).deliverAndDisclose(hold.packed, RIVAL, commitment, envelope, options);
        },
      ],
      "deliver and disclose junk in the holder's name": [
        "NotAgent",
        ({ rival }) => [1, rival.address],
        (hold) => asRival(hold).deliverAndDisclose(hold.packed, 1, random32(), "0x", options),
      ],
      "disclose before there is a seal": [
        "WrongState",
        ({ taskId }) => [taskId, TaskState.Reserved],
        (hold) => asRival(hold).disclose(hold.packed, hold.commitment, hold.envelope, options),
      ],
      "end the hold before its time": [
        "TooEarly",
        ({ taskId, end }) => [taskId, end, end],
        (hold) => asRival(hold).reopen(hold.packed, options),
      ],
      "have it refunded": [
        "WrongState",
        ({ taskId }) => [taskId, TaskState.Reserved],
        (hold) => asRival(hold).refund(hold.packed, options),
      ],
      "cancel it": [
        "NotClientOrAgent",
        ({ taskId, rival }) => [taskId, rival.address],
        (hold) => asRival(hold).cancel(hold.packed, options),
      ],
      "reopen, reserve and deliver it in one transaction": [
        "TooEarly",
        ({ taskId, end }) => [taskId, end, end],
        (hold) => {
          const encode = hold.taskManager.interface;
          return asRival(hold).multicall(
            [
              encode.encodeFunctionData("reopen", [hold.packed]),
              encode.encodeFunctionData("reserve", [hold.packed, RIVAL]),
              encode.encodeFunctionData("deliver", [hold.packed, RIVAL, random32()]),
            ],
            options,
          );
        },
      ],
    };
    for (const [name, [error, args, attempt]] of Object.entries(attempts)) {
      it(`cannot ${name}, and the holder is paid`, async () => {
        const hold = await loadFixture(deployHold);
        const { taskManager, providerPool, escrow, order, elapsed, providerOwner, end } = hold;
        const snapshot = await networkHelpers.takeSnapshot();
        await passTo(end);
        const before = await observe(hold, hold.scope);
        const contract = error === "NotAgent" ? providerPool : taskManager;
        await expect(attempt(hold))
          .to.be.revertedWithCustomError(contract, error)
          .withArgs(...args(hold));
        expect(await time.latest()).to.equal(end);
        expect(await observe(hold, hold.scope)).to.deep.equal(before);

        await snapshot.restore();
        await time.setNextBlockTimestamp(end - 1);
        await expect(attempt(hold)).to.be.revertedWithCustomError(contract, error);
        await time.setNextBlockTimestamp(end);
        await finish(hold);
        const { payment } = shares(priceAfter(order, elapsed));
        expect((await escrow.accountOf(providerOwner)).free).to.equal(payment);
      });
    }

    it("the client cannot take it back either, nor pay before there is a seal", async () => {
      const hold = await loadFixture(deployHold);
      const { taskManager, client, packed, taskId } = hold;
      const before = await observe(hold, hold.scope);
      for (const call of ["accept", "refund", "settle", "revoke", "submit"] as const) {
        await expect(taskManager.connect(client)[call](packed, options))
          .to.be.revertedWithCustomError(taskManager, "WrongState")
          .withArgs(taskId, TaskState.Reserved);
      }
      expect(await observe(hold, hold.scope)).to.deep.equal(before);
      await finish(hold);
    });
  });

  describe("when everyone reads a pending delivery of the holder", () => {
    for (const name of ["deliver", "deliverAndDisclose"] as const) {
      it(`a copy of ${name} is worthless, as it is and in another name`, async () => {
        const hold = await loadFixture(deployHold);
        const { taskManager, providerPool, rival, agent, packed, taskId, seal, commitment, envelope } = hold;
        const dataFor = (provider: bigint): string =>
          name === "deliver"
            ? taskManager.interface.encodeFunctionData("deliver", [packed, provider, seal])
            : taskManager.interface.encodeFunctionData("deliverAndDisclose", [packed, provider, commitment, envelope]);
        const to = await taskManager.getAddress();
        const before = await observe(hold, hold.scope, "pending");
        await expect(rival.sendTransaction({ to, data: dataFor(1n), ...options }))
          .to.be.revertedWithCustomError(providerPool, "NotAgent")
          .withArgs(1, rival.address);
        await expect(rival.sendTransaction({ to, data: dataFor(RIVAL), ...options }))
          .to.be.revertedWithCustomError(taskManager, "NotHolder")
          .withArgs(taskId, RIVAL);
        expect(await observe(hold, hold.scope)).to.deep.equal(before);
        await agent.sendTransaction({ to, data: dataFor(1n) });
        const { state, provider } = await taskManager.getTask(taskId);
        expect([state, provider]).to.deep.equal([name === "deliver" ? TaskState.Delivered : TaskState.Disclosed, 1n]);
      });
    }

    it("a copied seal opens for nobody else, even after the task has come to the rival", async () => {
      const { taskManager, rival, packed, taskId, end, ...result } = await loadFixture(deployHold);
      const { seal, commitment, envelope, envelopeHash } = result;
      await time.setNextBlockTimestamp(end + 1);
      const manager = taskManager.connect(rival);
      await manager.reopen(packed);
      await manager.reserve(packed, RIVAL);
      await manager.deliver(packed, RIVAL, seal);
      await expect(manager.disclose(packed, commitment, envelope))
        .to.be.revertedWithCustomError(taskManager, "SealMismatch")
        .withArgs(taskId, seal, sealOf({ taskId, provider: RIVAL, commitment, envelopeHash }));
    });
  });

  describe("when a provider wants to hold more tasks than it has slots", () => {
    /** The provider holds one task for each of its two slots; three more wait. */
    async function deployHoarder() {
      const market = await deployMarket();
      const held = [await reservedTask(market), await reservedTask(market)];
      const waiting = [];
      for (let i = 0; i < 3; i++) waiting.push(await openTask(market, { reservation: RESERVATION }));
      const manager = market.taskManager.connect(market.agent);
      return { ...market, held, waiting, manager, pool: market.providerPool.connect(market.agent) };
    }

    it("cannot by leaving and joining again", async () => {
      const hoarder = await loadFixture(deployHoarder);
      const { pool, manager, held, waiting } = hoarder;
      await expect(pool.leavePool(1, 1)).to.be.revertedWithCustomError(pool, "ReservationsHeld").withArgs(1, 1, 2);
      await expect(pool.joinPool(1, 1, 1, 5, 1, 0))
        .to.be.revertedWithCustomError(pool, "AlreadyMember")
        .withArgs(1, 1);
      for (const [i, { packed, seal }] of held.entries()) {
        await manager.deliver(packed, 1, seal);
        if (i === 0) {
          await expect(pool.leavePool(1, 1)).to.be.revertedWithCustomError(pool, "ReservationsHeld").withArgs(1, 1, 1);
        }
      }
      await pool.leavePool(1, 1);
      await pool.joinPool(1, 1, 1, 2, 1, 0);
      expect(await reservedBy(hoarder, 1n)).to.equal(0n);
      const [first, second, third] = waiting;
      if (first === undefined || second === undefined || third === undefined) throw new Error("three tasks");
      await manager.reserve(first.packed, 1);
      await manager.reserve(second.packed, 1);
      await expect(manager.reserve(third.packed, 1))
        .to.be.revertedWithCustomError(pool, "NoFreeSlot")
        .withArgs(1, 1, 2);
      expect(await reservedBy(hoarder, 1n)).to.equal(2n);
    });

    it("cannot in one transaction, which then reserves nothing at all", async () => {
      const hoarder = await loadFixture(deployHoarder);
      const { taskManager, manager, pool, held, waiting } = hoarder;
      for (const { packed, seal } of held) await manager.deliver(packed, 1, seal);
      const calls = waiting.map(({ packed }) => taskManager.interface.encodeFunctionData("reserve", [packed, 1]));
      await expect(manager.multicall(calls)).to.be.revertedWithCustomError(pool, "NoFreeSlot").withArgs(1, 1, 2);
      expect(await reservedBy(hoarder, 1n)).to.equal(0n);
      for (const { taskId } of waiting) expect((await taskManager.getTask(taskId)).state).to.equal(TaskState.Open);
      await manager.multicall(calls.slice(0, 2));
      expect(await reservedBy(hoarder, 1n)).to.equal(2n);
    });

    it("cannot by waiting: a hold that is over keeps its slot until somebody reopens the task", async () => {
      const hoarder = await loadFixture(deployHoarder);
      const { manager, pool, held, waiting } = hoarder;
      await time.increase(RESERVATION + 1);
      const [next] = waiting;
      const [first] = held;
      if (next === undefined || first === undefined) throw new Error("tasks");
      await expect(manager.reserve(next.packed, 1)).to.be.revertedWithCustomError(pool, "NoFreeSlot").withArgs(1, 1, 2);
      await expect(pool.leavePool(1, 1)).to.be.revertedWithCustomError(pool, "ReservationsHeld").withArgs(1, 1, 2);
      await manager.reopen(first.packed);
      await manager.reserve(next.packed, 1);
      expect(await reservedBy(hoarder, 1n)).to.equal(2n);
    });

    it("pays for every slot with a stake of its own, and for every hold with a bond", async () => {
      const hoarder = await loadFixture(deployHoarder);
      const { providerPool, sourceRegistry } = hoarder;
      const { stakePerSlot } = await providerPool.getMembership(1, 1);
      expect(stakePerSlot).to.equal((await sourceRegistry.getSource(1)).stakePerSlot);
      expect((await providerPool.getProvider(1)).locked).to.equal(2n * stakePerSlot + 2n * BOND);
    });
  });

  describe("when a client cancels while the task is held", () => {
    const moments: Record<string, (end: number) => number> = {
      "in the second after": (end) => end - RESERVATION + 1,
      "half-way": (end) => end - RESERVATION / 2,
      "in the second before the last": (end) => end - 1,
    };
    for (const [name, moment] of Object.entries(moments)) {
      for (const way of ["deliver", "deliverAndDisclose"] as const) {
        it(`${name}, a holder that answers by ${way} in its last second gets all the same`, async () => {
          const hold = await loadFixture(deployHold);
          const { taskManager, agent, client, stranger, packed, seal, commitment, envelope, end } = hold;
          const outcome = () =>
            movements(hold, async () => {
              await time.setNextBlockTimestamp(end);
              const manager = taskManager.connect(agent);
              if (way === "deliver") await manager.deliver(packed, 1, seal);
              else await manager.deliverAndDisclose(packed, 1, commitment, envelope);
              if (way === "deliver") await manager.disclose(packed, commitment, envelope);
              await time.increase(hold.order.reviewPeriod + 1);
              await taskManager.connect(stranger).settle(packed);
            });
          const snapshot = await networkHelpers.takeSnapshot();
          const undisturbed = await outcome();
          await snapshot.restore();
          await time.setNextBlockTimestamp(moment(end));
          await taskManager.connect(client).cancel(packed);
          expect(await outcome()).to.deep.equal(undisturbed);
          expect(undisturbed["stake.free"]).to.equal(BOND);
          expect(undisturbed["provider.free"]).to.equal(shares(priceAfter(hold.order, hold.elapsed)).payment);
          expect((await hold.reputation.getRecord(1)).faults).to.equal(0n);
        });
      }
    }

    it("gains nothing on a holder that fails: the slash is the same, and none of it is the client's", async () => {
      const hold = await loadFixture(deployHold);
      const { taskManager, client, packed, end } = hold;
      const outcome = () =>
        movements(hold, async () => {
          await time.setNextBlockTimestamp(end + 1);
          await taskManager.connect(client).reopen(packed);
        });
      const snapshot = await networkHelpers.takeSnapshot();
      const undisturbed = await outcome();
      await snapshot.restore();
      await taskManager.connect(client).cancel(packed);
      expect(await outcome()).to.deep.equal(undisturbed);
      expect(undisturbed["client.free"]).to.equal(undefined);
      expect(undisturbed["manager.free"]).to.equal(SLASHED);
    });
  });

  describe("when a holder lets its hold lapse", () => {
    for (const bond of [BOND, BOND * 3n, BOND / 2n + 1n]) {
      it(`loses as much of a bond of ${bond} wei as if it withheld an envelope`, async () => {
        const market = await loadFixture(deployMarket);
        const { taskManager, stranger, reputation } = market;
        const lapseOf = async ({ packed, taskId }: { packed: Hold["packed"]; taskId: string }, wait: number) => {
          await time.increase(wait);
          const moved = await movements(market, () => taskManager.connect(stranger).reopen(packed));
          const { lapses, state } = await taskManager.getTask(taskId);
          const { faults } = await reputation.getRecord(1);
          return { moved, lapses, state, faults, barred: await taskManager.isBarred(taskId, 1) };
        };
        const snapshot = await networkHelpers.takeSnapshot();
        const withheld = await lapseOf(await deliveredTask(market, { bond }), WINDOWS.disclose + 1);
        await snapshot.restore();
        const lapsed = await lapseOf(await reservedTask(market, { bond }), RESERVATION + 1);
        expect(lapsed).to.deep.equal(withheld);
        const climb = CAP - START;
        expect(lapsed.moved["manager.free"]).to.equal(bond / 2n > climb ? bond / 2n : climb);
        expect(lapsed.barred).to.equal(true);
      });
    }

    it("does not buy a higher price: it stands still while the task is held", async () => {
      const hold = await loadFixture(deployHold);
      const { taskManager, stranger, packed, order, elapsed, end } = hold;
      const price = priceAfter(order, elapsed);
      await time.increaseTo(end);
      expect(await taskManager.priceOf(packed)).to.equal(price);
      await time.increase(3600);
      expect(await taskManager.priceOf(packed)).to.equal(price);
      await taskManager.connect(stranger).reopen(packed);
      expect(await taskManager.priceOf(packed)).to.equal(price);
    });

    it("cannot evade it by jail, ownership, payout or unbonding", async () => {
      const hold = await loadFixture(deployHold);
      const { taskManager, providerPool, providerOwner, stranger, agent, packed, end } = hold;
      const pool = providerPool.connect(providerOwner);
      await pool.unbond(1, (await pool.getProvider(1)).free);
      await pool.setPayout(1, stranger);
      await pool.setAgent(1, agent, false);
      await pool.transferOwnership(1, stranger);
      await providerPool.connect(stranger).acceptOwnership(1);
      await expect(providerPool.connect(stranger).leavePool(1, 1)).to.be.revertedWithCustomError(
        pool,
        "ReservationsHeld",
      );
      await time.increase((await pool.UNBONDING_PERIOD()) + 1n);
      await providerPool.connect(stranger).claim(1);
      expect(await time.latest()).to.be.greaterThan(end);
      const before = await pool.getProvider(1);
      await taskManager.reopen(packed);
      const after = await pool.getProvider(1);
      expect(after.stake).to.equal(before.stake - SLASHED);
      expect(after.locked).to.equal(before.locked - BOND);
      await providerPool.connect(stranger).leavePool(1, 1);
    });
  });

  describe("when the key of a provider's agent is stolen", () => {
    it("can waste the bonds of its slots, of which it gets nothing, until the owner removes it", async () => {
      const market = await loadFixture(deployMarket);
      const { taskManager, providerPool, escrow, providerOwner, agent, stranger } = market;
      const { stake } = await providerPool.getProvider(1);
      const tasks = [await reservedTask(market), await reservedTask(market)];
      const third = await openTask(market, { reservation: RESERVATION });
      await expect(taskManager.connect(agent).reserve(third.packed, 1))
        .to.be.revertedWithCustomError(providerPool, "NoFreeSlot")
        .withArgs(1, 1, 2);
      for (const attempt of [
        () => providerPool.connect(agent).unbond(1, 1n),
        () => providerPool.connect(agent).claim(1),
        () => providerPool.connect(agent).setPayout(1, agent),
      ]) {
        await expect(attempt()).to.be.revertedWithCustomError(providerPool, "NotOwner").withArgs(1, agent.address);
      }
      const [kept, wasted] = tasks;
      if (kept === undefined || wasted === undefined) throw new Error("two tasks");

      await providerPool.connect(providerOwner).setAgent(1, agent, false);
      for (const attempt of [
        () => taskManager.connect(agent).reserve(third.packed, 1),
        () => taskManager.connect(agent).deliver(kept.packed, 1, random32()),
        () => taskManager.connect(agent).deliverAndDisclose(kept.packed, 1, random32(), "0x"),
      ]) {
        await expect(attempt()).to.be.revertedWithCustomError(providerPool, "NotAgent").withArgs(1, agent.address);
      }
      // What the thief reserved is the owner's to finish.
      await taskManager.connect(providerOwner).deliverAndDisclose(kept.packed, 1, kept.commitment, kept.envelope);
      await time.increase(RESERVATION + 1);
      await taskManager.connect(stranger).reopen(wasted.packed);
      expect((await providerPool.getProvider(1)).stake).to.equal(stake - SLASHED);
      expect((await escrow.accountOf(agent)).free).to.equal(0n);
      expect((await escrow.accountOf(taskManager)).free).to.equal(SLASHED);
      expect((await escrow.accountOf(providerPool)).free).to.equal(stake - SLASHED);
    });

    it("gains nothing by reserving orders of its own with bonds as large as the stake", async () => {
      const market = await loadFixture(deployMarket);
      const { taskManager, providerPool, escrow, agent } = market;
      await escrow.connect(agent).deposit({ value: CAP * 10n });
      const before = await escrow.accountOf(agent);
      for (let round = 0; round < 3; round++) {
        const { free, stake } = await providerPool.getProvider(1);
        const { packed } = await openTask({ ...market, client: agent }, { bond: free, reservation: RESERVATION });
        await taskManager.connect(agent).reserve(packed, 1);
        await taskManager.connect(agent).cancel(packed);
        await time.increase(RESERVATION + WINDOWS.cancelNotice + 2);
        await taskManager.connect(agent).reopen(packed);
        await taskManager.connect(agent).refund(packed);
        expect((await providerPool.getProvider(1)).stake).to.equal(stake - free / 2n);
      }
      expect(await escrow.accountOf(agent)).to.deep.equal(before);
    });
  });

  describe("when a provider has its result before it reserves", () => {
    it("reserves and answers in one transaction, which nobody can come between", async () => {
      const market = await loadFixture(deployMarket);
      const { taskManager, agent, client, providerPool, provider } = market;
      const { order, packed, taskId } = await openTask(market, { reservation: 1 });
      const openedAt = await time.latest();
      const { commitment, envelope, seal } = resultFor(taskId, provider);
      const encode = taskManager.interface;
      await time.setNextBlockTimestamp(openedAt + 7);
      const transaction = taskManager
        .connect(agent)
        .multicall([
          encode.encodeFunctionData("reserve", [packed, provider]),
          encode.encodeFunctionData("deliverAndDisclose", [packed, provider, commitment, envelope]),
        ]);
      const price = priceAfter(order, 7);
      await expect(transaction)
        .to.emit(taskManager, "TaskReserved")
        .withArgs(taskId, provider, client.address, price, openedAt + 8);
      await expect(transaction)
        .to.emit(taskManager, "TaskDelivered")
        .withArgs(taskId, provider, client.address, seal, price);
      expect((await taskManager.getTask(taskId)).state).to.equal(TaskState.Disclosed);
      expect(await reservedBy(market, 1n)).to.equal(0n);
      expect((await providerPool.getProvider(1)).locked).to.equal(
        BOND + 2n * (await providerPool.getMembership(1, 1)).stakePerSlot,
      );
    });

    it("takes no more tasks at once than its stake has bonds for, though each holds its slot for a moment", async () => {
      const market = await loadFixture(deployMarket);
      const { taskManager, providerPool, agent } = market;
      const bond = (await providerPool.getProvider(1)).free / 3n;
      const calls: string[] = [];
      for (let i = 0; i < 4; i++) {
        const { packed } = await openTask(market, { reservation: RESERVATION, bond });
        calls.push(
          taskManager.interface.encodeFunctionData("reserve", [packed, 1]),
          taskManager.interface.encodeFunctionData("deliver", [packed, 1, random32()]),
        );
      }
      const { free } = await providerPool.getProvider(1);
      await expect(taskManager.connect(agent).multicall(calls))
        .to.be.revertedWithCustomError(providerPool, "InsufficientStake")
        .withArgs(1, free - 3n * bond, bond);
      await taskManager.connect(agent).multicall(calls.slice(0, 6));
      expect(await reservedBy(market, 1n)).to.equal(0n);
      expect((await providerPool.getProvider(1)).free).to.equal(free - 3n * bond);
    });
  });
});
