import type { ContractTransactionResponse, TransactionReceipt } from "ethers";
import { type Order, packOrder, type PackedOrder, taskIdOf } from "../../src/protocol/order.js";
import { ethers, time } from "./network.js";
import type { Random } from "./seeded.js";
import { BOND, joinProvider, type Market, resultFor, reviewOrder, STAKE_PER_SLOT } from "./suite.js";

const BLOCK_SECONDS = 2;
/** Given, since a node cannot estimate the gas of a transaction that will fail. */
const GAS = { gasLimit: 500_000n };
const OPEN = 1n;
const WHOLE = 2n ** 32n - 1n;

type Account = Market["client"];
export type Result = ReturnType<typeof resultFor>;

/** How a provider competes. */
export interface Profile {
  name: string;
  /** Lowest price it starts to work at, wei. */
  ask: bigint;
  /** Seconds that it works on a task, give or take a quarter. */
  seconds: number;
  /** How many tasks it works on or holds at once; it stakes for exactly so many. */
  slots: number;
}

export interface Racer extends Profile {
  account: Account;
  provider: bigint;
  /** Attempts at work, or delivered and not yet accepted. */
  busy: number;
  /** Delivered and not yet accepted: its bonds. */
  holding: number;
  /** Gas paid since the start, wei. */
  gasPaid: bigint;
}

export interface Attempt {
  racer: Racer;
  startedAt: number;
  result: Result;
  receipt?: TransactionReceipt;
}

export interface RaceTask {
  order: Order;
  packed: PackedOrder;
  taskId: string;
  client: Account;
  attempts: Attempt[];
  /** Time of the block that took each step, unix seconds. */
  openedAt?: number;
  deliveredAt?: number;
  settledAt?: number;
  winner?: Attempt;
}

/** What a block brought. */
export interface Block {
  at: number;
  lost: { task: RaceTask; attempt: Attempt }[];
}

interface Step {
  at: number;
  send: () => Promise<ContractTransactionResponse>;
  mined: (receipt: TransactionReceipt) => void;
}

/** Registers a racer with stake for its slots and one bond each. */
export async function enter(market: Market, profile: Profile, account: Account): Promise<Racer> {
  const stake = BigInt(profile.slots) * (STAKE_PER_SLOT + BOND);
  const provider = await joinProvider(market, account, { stake, slots: profile.slots });
  return { ...profile, account, provider, busy: 0, holding: 0, gasPaid: 0n };
}

/** An order of a client with a cap and a patience of its own. */
export async function draw(market: Market, random: Random, client: Account, capFrom: bigint, capTo: bigint) {
  const share = BigInt(random.whole(0, 1_000_000));
  const maxReward = capFrom + ((capTo - capFrom) * share) / 1_000_000n;
  const rampDuration = random.whole(40, 80);
  const order = await reviewOrder(market, { client: client.address, maxReward, rampDuration });
  const task: RaceTask = {
    order,
    packed: packOrder(order),
    taskId: taskIdOf(order, market.domain),
    client,
    attempts: [],
  };
  return task;
}

/**
 * Lets providers race for a stream of tasks, block by block, until all are settled. A provider sees the price of the
 * latest block, starts when it reaches what it asks, and sends its seal when it is done without a look at what others
 * did; the sequence of transactions in the chain alone decides who wins.
 */
export async function race(
  market: Market,
  random: Random,
  racers: Racer[],
  tasks: RaceTask[],
  onBlock: (block: Block) => Promise<void>,
): Promise<void> {
  const { taskManager } = market;
  const start = await time.latest();
  let agenda: Step[] = [];
  let block: Block = { at: start, lost: [] };

  const deliver = (task: RaceTask, attempt: Attempt, at: number) => {
    const { racer, result } = attempt;
    agenda.push({
      at,
      send: () => taskManager.connect(racer.account).deliver(task.packed, racer.provider, result.seal, GAS),
      mined: (receipt) => {
        attempt.receipt = receipt;
        racer.gasPaid += receipt.fee;
        if (receipt.status === 0) {
          racer.busy--;
          block.lost.push({ task, attempt });
          return;
        }
        racer.holding++;
        task.winner = attempt;
        task.deliveredAt = block.at;
        accept(task, attempt, block.at + random.real(2, 16));
      },
    });
  };
  const accept = (task: RaceTask, { racer }: Attempt, at: number) => {
    agenda.push({
      at,
      send: () => taskManager.connect(task.client).accept(task.packed, GAS),
      mined: (receipt) => {
        requireSuccess(receipt);
        racer.busy--;
        racer.holding--;
        task.settledAt = block.at;
      },
    });
  };
  const consider = async (task: RaceTask) => {
    const { state, priceFraction } = await taskManager.getTask(task.taskId);
    if (state !== OPEN) return;
    const price = (task.order.maxReward * priceFraction) / WHOLE;
    for (const racer of racers) {
      if (racer.busy === racer.slots || price < racer.ask) continue;
      if (task.attempts.some((attempt) => attempt.racer === racer)) continue;
      const attempt: Attempt = { racer, startedAt: block.at, result: resultFor(task.taskId, racer.provider) };
      racer.busy++;
      task.attempts.push(attempt);
      deliver(task, attempt, block.at + racer.seconds * random.real(0.75, 1.25));
    }
  };

  let due = start;
  for (const [place, task] of tasks.entries()) {
    due += random.real(2, 10);
    // Every other client pays with the transaction, the rest from their balance.
    const value = place % 2 === 0 ? task.order.maxReward : 0n;
    agenda.push({
      at: due,
      send: () => taskManager.connect(task.client).submit(task.packed, { ...GAS, value }),
      mined: (receipt) => {
        requireSuccess(receipt);
        task.openedAt = block.at;
      },
    });
  }

  await ethers.provider.send("evm_setAutomine", [false]);
  try {
    // The last losers are still at work when the last task is settled.
    while (agenda.length > 0 || tasks.some(({ settledAt }) => settledAt === undefined)) {
      const now = block.at + BLOCK_SECONDS;
      if (now > start + 3600) throw new Error("the race does not end");
      block = { at: now, lost: [] };
      const steps = agenda.filter(({ at }) => at <= now).sort((a, b) => a.at - b.at);
      agenda = agenda.filter(({ at }) => at > now);
      const sent: { step: Step; hash: string }[] = [];
      for (const step of steps) sent.push({ step, hash: (await step.send()).hash });
      await time.increaseTo(now);
      for (const { step, hash } of sent) {
        const receipt = await ethers.provider.getTransactionReceipt(hash);
        if (receipt === null) throw new Error(`${hash} was not mined`);
        step.mined(receipt);
      }
      await onBlock(block);
      for (const task of tasks) {
        if (task.openedAt !== undefined && task.winner === undefined) await consider(task);
      }
    }
  } finally {
    await ethers.provider.send("evm_setAutomine", [true]);
  }
}

function requireSuccess({ status, hash }: TransactionReceipt): void {
  if (status !== 1) throw new Error(`${hash} failed`);
}
