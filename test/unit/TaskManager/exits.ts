import { expect } from "chai";
import type { Order, PackedOrder } from "../../../src/protocol/order.js";
import { ethers, loadFixture, time } from "../../helpers/network.js";
import { owed, partiesOf } from "../../helpers/observe.js";
import {
  type Kind,
  PANEL_STATES,
  type QUORUM_STATES,
  SEATS,
  START,
  STATES,
  subjectOf,
  TaskState,
} from "../../helpers/states.js";
import {
  CAP,
  deployMarket,
  FEE_BPS,
  joinProvider,
  type Market,
  openTask,
  random32,
  ROYALTY_BPS,
  STAKE_PER_SLOT,
  WINDOWS,
} from "../../helpers/suite.js";

interface Running {
  packed: PackedOrder;
  taskId: string;
  reviewPeriod: number;
  reservation: number;
}

type Posted = Running & { order: Order };

const FEE = (START * FEE_BPS) / 10_000n;
const TIP = (CAP * 50n) / 10_000n;

/** A task that six holders have failed and a seventh holds: delivered, or else reserved. */
async function sevenfold(market: Market, reservation: number): Promise<Running> {
  const { taskManager, stranger } = market;
  const deadline = (await time.latest()) + 12 * 3600;
  const { order, packed, taskId } = await openTask(market, { deadline, reservation });
  for (const [lapses, holder] of market.others.slice(0, 7).entries()) {
    if (lapses > 0) {
      await time.increase((reservation || WINDOWS.disclose) + 1);
      await taskManager.connect(stranger).reopen(packed);
    }
    const provider = await joinProvider(market, holder);
    if (reservation === 0) await taskManager.connect(holder).deliver(packed, provider, random32());
    else await taskManager.connect(holder).reserve(packed, provider);
  }
  return { packed, taskId, reviewPeriod: order.reviewPeriod, reservation };
}

async function plain(market: Market, kind: Kind, name: string): Promise<Posted> {
  const subject = await subjectOf(market, kind);
  await STATES[kind][name]?.(subject);
  const { packed, taskId, order } = subject;
  return { packed, taskId, order, reviewPeriod: order.reviewPeriod, reservation: order.reservation };
}

/** Waits for whatever clock runs and makes the call that it allows, until nothing is left to do. */
async function leave({ taskManager, stranger }: Market, running: Running): Promise<string[]> {
  const { packed, taskId, reviewPeriod, reservation } = running;
  const anyone = taskManager.connect(stranger);
  const calls: string[] = [];
  for (;;) {
    const { state, deadline, clearedAt, markedAt } = await taskManager.getTask(taskId);
    if (state >= TaskState.Settled) return calls;
    const clocks: Record<string, [end: bigint, call: "refund" | "reopen" | "settle"]> = {
      [`${TaskState.Open}`]: [deadline, "refund"],
      [`${TaskState.Reserved}`]: [clearedAt + BigInt(reservation), "reopen"],
      [`${TaskState.Delivered}`]: [(markedAt || clearedAt) + BigInt(WINDOWS.disclose), "reopen"],
      [`${TaskState.Disclosed}`]: [markedAt + BigInt(reviewPeriod), "settle"],
    };
    const [end, call] = clocks[`${state}`] ?? [0n, "refund"];
    const soonest = BigInt(await time.latest()) + 1n;
    await time.setNextBlockTimestamp(end + 1n > soonest ? end + 1n : soonest);
    await anyone[call](packed);
    calls.push(call);
  }
}

/** Everything that owner, publisher, client and provider can do to be in the way. */
async function obstruct(market: Market): Promise<void> {
  const { taskManager, sourceRegistry, providerPool, escrow, owner, publisher, client, providerOwner } = market;
  const governor = taskManager.connect(owner);
  await governor.setFee(1000);
  await governor.setTreasury(owner);
  await governor.setSubmissionsPaused(true);
  const registry = sourceRegistry.connect(publisher);
  await registry.setVersionActive(1, 1, false);
  await registry.setActive(1, false);
  await registry.setRoyalty(1, 2000);
  await registry.setFloorPrice(1, CAP * 2n);
  await escrow.connect(client).withdraw((await escrow.accountOf(client)).free);
  const pool = providerPool.connect(providerOwner);
  const { reserved } = await pool.getMembership(1, 1);
  if (reserved === 0n) await pool.leavePool(1, 1);
  else await expect(pool.leavePool(1, 1)).to.be.revertedWithCustomError(pool, "ReservationsHeld").withArgs(1, 1, 1);
  await pool.unbond(1, (await providerPool.getProvider(1)).free);
  await pool.setAgent(1, market.agent, false);
}

const REFUND = { end: TaskState.Refunded, client: -FEE - TIP, stranger: TIP };
const LAPSE = { ...REFUND, client: -TIP };
const SEVENTH = "held for the seventh time";
const SETTLED = { calls: ["settle"], end: TaskState.Settled, client: undefined, stranger: 0n };
const EXITS = {
  Review: {
    Open: { calls: ["refund"], ...REFUND },
    Expired: { calls: ["refund"], ...REFUND },
    Cancelled: { calls: ["refund"], ...REFUND },
    CancelledExpired: { calls: ["refund"], ...REFUND },
    // A client whose provider failed pays no fee.
    Lapsed: { calls: ["refund"], ...LAPSE },
    Delivered: { calls: ["reopen", "refund"], ...LAPSE },
    DeliveredOver: { calls: ["reopen", "refund"], ...LAPSE },
    [SEVENTH]: { calls: ["reopen"], ...LAPSE, client: 0n, stranger: 0n },
    Disclosed: SETTLED,
    DisclosedOver: SETTLED,
  },
  Proof: {
    Open: { calls: ["refund"], ...REFUND },
    Expired: { calls: ["refund"], ...REFUND },
    Cancelled: { calls: ["refund"], ...REFUND },
    CancelledExpired: { calls: ["refund"], ...REFUND },
  },
  Reserved: {
    Open: { calls: ["refund"], ...REFUND },
    Expired: { calls: ["refund"], ...REFUND },
    CancelledExpired: { calls: ["refund"], ...REFUND },
    Reserved: { calls: ["reopen", "refund"], ...LAPSE },
    ReservedOver: { calls: ["reopen", "refund"], ...LAPSE },
    ReservedCancelled: { calls: ["reopen", "refund"], ...LAPSE },
    ReservedCancelledOver: { calls: ["reopen", "refund"], ...LAPSE },
    Lapsed: { calls: ["refund"], ...LAPSE },
    LapsedCancelled: { calls: ["refund"], ...LAPSE },
    Delivered: { calls: ["reopen", "refund"], ...LAPSE },
    DeliveredOver: { calls: ["reopen", "refund"], ...LAPSE },
    DeliveredCancelled: { calls: ["reopen", "refund"], ...LAPSE },
    LapsedDelivered: { calls: ["refund"], ...LAPSE },
    [SEVENTH]: { calls: ["reopen"], ...LAPSE, client: 0n, stranger: 0n },
    Disclosed: SETTLED,
    DisclosedAtOnce: SETTLED,
    DisclosedAtOnceOver: SETTLED,
  },
} as const;

describe("TaskManager: the way out of every state that anyone may take", () => {
  for (const kind of ["Review", "Proof", "Reserved"] as const) {
    for (const [name, expected] of Object.entries(EXITS[kind])) {
      for (const obstructed of [false, true]) {
        const when = obstructed ? "and all others obstruct" : "and nobody else acts";
        it(`when a ${kind} task is ${name} ${when}: ${expected.calls.join(", ")}`, async () => {
          const market = await loadFixture(deployMarket);
          const { escrow, taskManager, providerPool, client, stranger, providerOwner, publisher } = market;
          const accounts = await partiesOf(market);
          const reservation = kind === "Reserved" ? 600 : 0;
          const task = name === SEVENTH ? await sevenfold(market, reservation) : await plain(market, kind, name);
          const holds = (await providerPool.getMembership(1, 1)).reserved !== 0n;
          if (obstructed) await obstruct(market);
          const total = await owed(market, accounts);
          const free = (await escrow.accountOf(client)).free;
          const feesBefore = (await escrow.accountOf(client)).fees;

          expect(await leave(market, task)).to.deep.equal(expected.calls);

          const { state, priceFraction } = await taskManager.getTask(task.taskId);
          expect(state).to.equal(expected.end);
          const price = (CAP * priceFraction) / 0xffffffffn;
          const settled = expected.client === undefined;
          const account = await escrow.accountOf(client);
          expect(account.held).to.equal(0n);
          expect(account.free).to.equal(free + CAP + (expected.client ?? -price));
          const fee = settled ? (price * FEE_BPS) / 10_000n : expected.client === -FEE - TIP ? FEE : 0n;
          expect(account.fees).to.equal(feesBefore + fee);
          expect((await escrow.accountOf(stranger)).free).to.equal(expected.stranger);
          const royalty = settled ? (price * ROYALTY_BPS) / 10_000n : 0n;
          expect((await escrow.accountOf(publisher)).free).to.equal(royalty);
          expect((await escrow.accountOf(providerOwner)).free).to.equal(settled ? price - fee - royalty : 0n);

          expect(await owed(market, accounts)).to.equal(total);
          expect(await ethers.provider.getBalance(escrow)).to.equal(total);
          for (const [i, { locked }] of (await providerPool.getProviders(1, 100)).entries()) {
            const slots = obstructed && !holds && i === 0 ? 0n : 2n;
            expect(locked, "no bond is left behind").to.equal(slots * STAKE_PER_SLOT);
            expect((await providerPool.getMembership(i + 1, 1)).reserved, "no slot is left behind").to.equal(0n);
          }
          expect((await providerPool.getMarket(1)).openTasks, "no demand is left behind").to.equal(0n);
        });
      }
    }
  }
});

/** States of a panel in which its delivery stands when all clocks have run out, or else some result was claimed. */
const SETTLED_PANELS: readonly string[] = ["Revealed", "RevealedOver", "Upheld", "Claimed", "ClaimedOver"];

describe("TaskManager: the way out of every state of a dispute that anyone may take", () => {
  for (const name of Object.keys(PANEL_STATES).slice(2, -2)) {
    for (const obstructed of [false, true]) {
      const when = obstructed ? "and all others obstruct" : "and nobody else acts";
      it(`when a Review task is ${name} ${when}: settle`, async () => {
        const market = await loadFixture(deployMarket);
        const { escrow, taskManager, providerPool, client, stranger } = market;
        const accounts = await partiesOf(market);
        const { packed, taskId } = await plain(market, "Panel", name);
        const price = await taskManager.priceOf(packed);
        if (obstructed) await obstruct(market);
        const total = await owed(market, accounts);
        const free = (await escrow.accountOf(client)).free;
        const { dispute } = await taskManager.getRound(taskId);
        const rest = WINDOWS.openProvider + WINDOWS.open + WINDOWS.claim;
        await time.increaseTo(Number(dispute.sealingUntil) + rest + 1);
        await taskManager.connect(stranger).settle(packed);

        const { state } = await taskManager.getTask(taskId);
        expect(state).to.equal(SETTLED_PANELS.includes(name) ? TaskState.Settled : TaskState.Refunded);
        const account = await escrow.accountOf(client);
        expect(account.held).to.equal(0n);
        // At most the price of the task and of every seat.
        expect(account.free).to.be.within(free + CAP - price, free + CAP + SEATS * price);
        expect(await owed(market, accounts)).to.equal(total);
        expect(await ethers.provider.getBalance(escrow)).to.equal(total);
        for (const [i, { locked }] of (await providerPool.getProviders(1, 100)).entries()) {
          expect(locked, "no lock is left behind").to.equal((obstructed && i === 0 ? 0n : 2n) * STAKE_PER_SLOT);
        }
        const { seats, dispute: left } = await taskManager.getRound(taskId);
        expect([seats.length, left.disputedAt], "nothing is left behind").to.deep.equal([0, 0n]);
      });
    }
  }
});

/** The call that ends a Quorum task whatever happened in it, once all its clocks have run out. */
const QUORUM_EXITS: Partial<Record<keyof typeof QUORUM_STATES, "refund" | "settle">> = {
  Unseeded: "refund",
  Open: "refund",
  Expired: "refund",
  Cancelled: "refund",
  CancelledExpired: "refund",
  Seeded: "settle",
  SeededOver: "settle",
  SeededCancelled: "settle",
  SeededCancelledOver: "settle",
  Sealing: "settle",
  Alone: "settle",
  LateSealed: "settle",
  LateSealedOver: "settle",
  Sealed: "settle",
  SealedOver: "settle",
  Won: "settle",
  WonOver: "settle",
  Claimed: "settle",
  ClaimedOver: "settle",
  Disputed: "settle",
};

describe("TaskManager: the way out of every state of a round that anyone may take", () => {
  for (const [name, call] of Object.entries(QUORUM_EXITS)) {
    for (const obstructed of [false, true]) {
      const when = obstructed ? "and all others obstruct" : "and nobody else acts";
      it(`when a Quorum task is ${name} ${when}: ${call}`, async () => {
        const market = await loadFixture(deployMarket);
        const { escrow, taskManager, providerPool, client, stranger } = market;
        const accounts = await partiesOf(market);
        const { packed, taskId, order } = await plain(market, "Quorum", name);
        if (obstructed) await obstruct(market);
        const total = await owed(market, accounts);
        const free = (await escrow.accountOf(client)).free;
        await time.increaseTo(order.deadline + WINDOWS.open + WINDOWS.claim);
        await taskManager.connect(stranger)[call](packed);

        const { state } = await taskManager.getTask(taskId);
        const settled = name.startsWith("Claimed");
        expect(state).to.equal(settled ? TaskState.Settled : TaskState.Refunded);
        const account = await escrow.accountOf(client);
        expect(account.held).to.equal(0n);
        // What one winner costs, or at most the fee of a demand that nobody met, and the tip.
        const kept = settled ? 2n * CAP : SEATS * CAP - SEATS * FEE - TIP;
        expect(account.free).to.be.within(free + kept, free + SEATS * CAP);
        expect((await escrow.accountOf(stranger)).free).to.equal(settled ? 0n : TIP);
        expect(await owed(market, accounts)).to.equal(total);
        expect(await ethers.provider.getBalance(escrow)).to.equal(total);
        for (const [i, { locked }] of (await providerPool.getProviders(1, 100)).entries()) {
          expect(locked, "no lock is left behind").to.equal((obstructed && i === 0 ? 0n : 2n) * STAKE_PER_SLOT);
        }
        expect((await providerPool.getMarket(1)).openTasks, "no demand is left behind").to.equal(0n);
        expect((await taskManager.getRound(taskId)).seats, "no seat is left behind").to.have.length(0);
      });
    }
  }
});
