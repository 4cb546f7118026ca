import { expect } from "chai";
import type { PackedOrder } from "../../../src/protocol/order.js";
import { ethers, loadFixture, time } from "../../helpers/network.js";
import { owed, partiesOf } from "../../helpers/observe.js";
import { PROOF_STATES, REVIEW_STATES, START, subjectOf, TaskState } from "../../helpers/states.js";
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
}

const FEE = (START * FEE_BPS) / 10_000n;
const TIP = (CAP * 50n) / 10_000n;

/** A task that six holders have failed and a seventh holds. */
async function sevenfold(market: Market): Promise<Running> {
  const { taskManager, stranger } = market;
  const { order, packed, taskId } = await openTask(market, { deadline: (await time.latest()) + 12 * 3600 });
  for (const [lapses, holder] of market.others.slice(0, 7).entries()) {
    if (lapses > 0) {
      await time.increase(WINDOWS.disclose + 1);
      await taskManager.connect(stranger).reopen(packed);
    }
    await taskManager.connect(holder).deliver(packed, await joinProvider(market, holder), random32());
  }
  return { packed, taskId, reviewPeriod: order.reviewPeriod };
}

async function plain(market: Market, kind: "Review" | "Proof", name: string): Promise<Running> {
  const subject = await subjectOf(market, kind);
  const route = new Map(Object.entries(kind === "Review" ? REVIEW_STATES : PROOF_STATES)).get(name);
  await route?.(subject);
  return { packed: subject.packed, taskId: subject.taskId, reviewPeriod: subject.order.reviewPeriod };
}

/** Waits for whatever clock runs and makes the call that it allows, until nothing is left to do. */
async function leave({ taskManager, stranger }: Market, { packed, taskId, reviewPeriod }: Running): Promise<string[]> {
  const anyone = taskManager.connect(stranger);
  const calls: string[] = [];
  for (;;) {
    const { state, deadline, clearedAt, markedAt } = await taskManager.getTask(taskId);
    if (state >= TaskState.Settled) return calls;
    const clocks: Record<string, [end: bigint, call: "refund" | "reopen" | "settle"]> = {
      [`${TaskState.Open}`]: [deadline, "refund"],
      [`${TaskState.Delivered}`]: [clearedAt + BigInt(WINDOWS.disclose), "reopen"],
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
  await pool.leavePool(1, 1);
  await pool.unbond(1, (await providerPool.getProvider(1)).free);
  await pool.setAgent(1, market.agent, false);
}

const REFUND = { end: TaskState.Refunded, client: -FEE - TIP, stranger: TIP };
const LAPSE = { ...REFUND, client: -TIP };
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
    "delivered for the seventh time": { calls: ["reopen"], ...LAPSE, client: 0n, stranger: 0n },
    Disclosed: { calls: ["settle"], end: TaskState.Settled, client: undefined, stranger: 0n },
    DisclosedOver: { calls: ["settle"], end: TaskState.Settled, client: undefined, stranger: 0n },
  },
  Proof: {
    Open: { calls: ["refund"], ...REFUND },
    Expired: { calls: ["refund"], ...REFUND },
    Cancelled: { calls: ["refund"], ...REFUND },
    CancelledExpired: { calls: ["refund"], ...REFUND },
  },
} as const;

describe("TaskManager: the way out of every state that anyone may take", () => {
  for (const kind of ["Review", "Proof"] as const) {
    for (const [name, expected] of Object.entries(EXITS[kind])) {
      for (const obstructed of [false, true]) {
        const when = obstructed ? "and all others obstruct" : "and nobody else acts";
        it(`when a ${kind} task is ${name} ${when}: ${expected.calls.join(", ")}`, async () => {
          const market = await loadFixture(deployMarket);
          const { escrow, taskManager, providerPool, client, stranger, providerOwner, publisher } = market;
          const accounts = await partiesOf(market);
          const seventh = name === "delivered for the seventh time";
          const task = seventh ? await sevenfold(market) : await plain(market, kind, name);
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
            const slots = obstructed && i === 0 ? 0n : 2n;
            expect(locked, "no bond is left behind").to.equal(slots * STAKE_PER_SLOT);
          }
        });
      }
    }
  }
});
