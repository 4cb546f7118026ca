import { read, readBatch } from "./batch.js";
import { type Order, packOrder, taskIdOf } from "./order.js";
import type { PriceParameters } from "./parameters.js";
import { amountOf } from "./price.js";
import type { Protocol } from "./protocol.js";
import { TASK_STATES, TaskState, type TaskStateName } from "./states.js";

/** When a snapshot was taken: everything in it is of this block. */
export interface Moment {
  readonly blockNumber: number;
  /** Unix time of the block, seconds. */
  readonly timestamp: number;
}

/** A task at a moment. Times in unix seconds, amounts in wei. */
export interface TaskSnapshot extends Moment {
  readonly taskId: string;
  readonly state: TaskStateName;
  /** Holder or winner. */
  readonly provider: number | undefined;
  readonly cancelled: boolean;
  /** Whether it is disputed now, or was when it ended. */
  readonly disputed: boolean;
  readonly openedAt: number;
  readonly deadline: number;
  /** When the price was fixed. */
  readonly clearedAt: number | undefined;
  /** When the seal came that waits for its envelope. */
  readonly deliveredAt: number | undefined;
  /** When the envelope was disclosed. Of a reserved task that was paid without that, when its seal came. */
  readonly disclosedAt: number | undefined;
  readonly rampDuration: number;
  readonly feeBps: number;
  readonly royaltyBps: number;
  /** How often a holder failed. */
  readonly lapses: number;
  readonly seal: string | undefined;
  /** Start price and price now, or the fixed one; only known with the order. */
  readonly startPrice: bigint | undefined;
  readonly price: bigint | undefined;
}

/** A provider at a moment. Amounts in wei, score × 1e6. */
export interface ProviderSnapshot extends Moment {
  readonly provider: number;
  readonly owner: string;
  readonly pendingOwner: string;
  readonly payout: string;
  readonly key: string;
  readonly stake: bigint;
  readonly free: bigint;
  readonly locked: bigint;
  readonly unbonding: bigint;
  readonly maturesAt: number | undefined;
  readonly jailedUntil: number | undefined;
  readonly score: number;
  readonly settled: number;
  readonly faults: number;
  readonly frauds: number;
  /** All earnings, wei, known to the gwei. */
  readonly earned: bigint;
}

/** A source with its pool and its newest version at a moment. Amounts in wei. */
export interface SourceSnapshot extends Moment {
  readonly source: number;
  readonly publisher: string;
  readonly active: boolean;
  readonly floorPrice: bigint;
  readonly stakePerSlot: bigint;
  readonly royaltyBps: number;
  readonly versions: number;
  /** Market price of one execution; if nothing happens in the market, it still changes with time. */
  readonly price: bigint;
  /** Share of the slots that open tasks take, 0 to 1. */
  readonly utilisation: number;
  readonly members: number;
  /** Sum of the members' slots. */
  readonly capacity: number;
  /** Orders that count as demand and wait for a delivery. */
  readonly openTasks: number;
}

/** What an account has in Escrow at a moment, wei. */
export interface AccountSnapshot extends Moment {
  readonly account: string;
  readonly free: bigint;
  readonly held: bigint;
  /** Fees paid that nobody has collected yet. */
  readonly fees: bigint;
  /** Orders with a lower nonce are revoked. */
  readonly nonceFloor: bigint;
}

/** The suite at a moment. */
export interface SuiteSnapshot extends Moment {
  readonly owner: string;
  readonly treasury: string;
  readonly feeBps: number;
  readonly priceParameters: PriceParameters;
  readonly submissionsPaused: boolean;
  readonly sources: number;
  readonly providers: number;
  /** Most wei that one task may hold. */
  readonly maxRound: bigint;
}

/**
 * Reads all of one thing in a single request, from one block.
 *
 * @param target What to read: `{ task: order }` (or its id, which leaves the prices unknown), `{ provider: 1 }`,
 * `{ source: 1 }`, `{ account: "0x…" }`, or `"suite"`.
 * @throws {RevertError} `UnknownProvider`, `UnknownSource`.
 * @throws {NodeError} if the node does not answer or stays behind.
 * @example
 * const { state, price } = await snapshot(protocol, { task: order });
 */
export function snapshot(protocol: Protocol, target: { task: Order | string }): Promise<TaskSnapshot>;
export function snapshot(protocol: Protocol, target: { provider: number }): Promise<ProviderSnapshot>;
export function snapshot(protocol: Protocol, target: { source: number }): Promise<SourceSnapshot>;
export function snapshot(protocol: Protocol, target: { account: string }): Promise<AccountSnapshot>;
export function snapshot(protocol: Protocol, target: "suite"): Promise<SuiteSnapshot>;
export function snapshot(
  protocol: Protocol,
  target: { task: Order | string } | { provider: number } | { source: number } | { account: string } | "suite",
): Promise<Moment> {
  if (target === "suite") return ofSuite(protocol);
  if ("task" in target) return ofTask(protocol, target.task);
  if ("provider" in target) return ofProvider(protocol, target.provider);
  if ("source" in target) return ofSource(protocol, target.source);
  return ofAccount(protocol, target.account);
}

async function ofTask(protocol: Protocol, task: Order | string): Promise<TaskSnapshot> {
  const order = typeof task === "string" ? undefined : task;
  if (order !== undefined) packOrder(order);
  const taskId = typeof task === "string" ? task : taskIdOf(task, protocol.domain);
  const { values, ...moment } = await readBatch(protocol, [read("taskManager", "getTask", taskId)]);
  const [view] = values;
  const posted = view.openedAt !== 0n;
  const delivered = Number(view.state) === TaskState.Delivered;
  const price = (fraction: bigint) =>
    order === undefined || !posted ? undefined : amountOf(fraction, order.maxReward);
  return {
    ...moment,
    taskId,
    state: TASK_STATES[Number(view.state)] ?? "None",
    provider: some(view.provider),
    cancelled: view.cancelled,
    disputed: view.disputed,
    openedAt: Number(view.openedAt),
    deadline: Number(view.deadline),
    clearedAt: some(view.clearedAt),
    // A reserved task is sealed later than its price is fixed, and the seal marks it first.
    deliveredAt: delivered ? (some(view.markedAt) ?? some(view.clearedAt)) : undefined,
    disclosedAt: delivered ? undefined : some(view.markedAt),
    rampDuration: Number(view.rampDuration),
    feeBps: Number(view.feeBps),
    royaltyBps: Number(view.royaltyBps),
    lapses: Number(view.lapses),
    seal: BigInt(view.seal) === 0n ? undefined : view.seal,
    startPrice: price(view.startFraction),
    price: price(view.priceFraction),
  };
}

async function ofProvider(protocol: Protocol, provider: number): Promise<ProviderSnapshot> {
  const { values, ...moment } = await readBatch(protocol, [
    read("providerPool", "getProvider", provider),
    read("reputation", "getRecord", provider),
  ]);
  const [view, record] = values;
  const { owner, pendingOwner, payout, key, stake, free, locked, unbonding } = view;
  return {
    ...moment,
    provider,
    owner,
    pendingOwner,
    payout,
    key,
    stake,
    free,
    locked,
    unbonding,
    maturesAt: some(view.maturesAt),
    jailedUntil: some(view.jailedUntil),
    score: Number(record.score),
    settled: Number(record.settled),
    faults: Number(record.faults),
    frauds: Number(record.frauds),
    earned: record.earned * 10n ** 9n,
  };
}

async function ofSource(protocol: Protocol, source: number): Promise<SourceSnapshot> {
  const { values, ...moment } = await readBatch(protocol, [
    read("sourceRegistry", "getSource", source),
    read("providerPool", "getMarket", source),
  ]);
  const [view, market] = values;
  const { publisher, active, floorPrice, stakePerSlot } = view;
  return {
    ...moment,
    source,
    publisher,
    active,
    floorPrice,
    stakePerSlot,
    royaltyBps: Number(view.royaltyBps),
    versions: Number(view.versions),
    price: market.price,
    utilisation: Number(market.utilisation) / 10_000,
    members: Number(market.members),
    capacity: Number(market.capacity),
    openTasks: Number(market.openTasks),
  };
}

async function ofAccount(protocol: Protocol, account: string): Promise<AccountSnapshot> {
  const { values, ...moment } = await readBatch(protocol, [
    read("escrow", "accountOf", account),
    read("taskManager", "nonceFloorOf", account),
  ]);
  const [{ free, held, fees }, nonceFloor] = values;
  return { ...moment, account, free, held, fees, nonceFloor };
}

async function ofSuite(protocol: Protocol): Promise<SuiteSnapshot> {
  const { values, ...moment } = await readBatch(protocol, [
    read("taskManager", "owner"),
    read("taskManager", "treasury"),
    read("taskManager", "feeBps"),
    read("taskManager", "submissionsPaused"),
    read("sourceRegistry", "sourceCount"),
    read("providerPool", "providerCount"),
    read("taskManager", "MAX_ROUND"),
    read("taskManager", "priceParameters"),
  ]);
  const [owner, treasury, feeBps, submissionsPaused, sources, providers, maxRound, prices] = values;
  return {
    ...moment,
    owner,
    treasury,
    feeBps: Number(feeBps),
    priceParameters: { target: Number(prices.target), speed: Number(prices.speed), clamp: Number(prices.clamp) },
    submissionsPaused,
    sources: Number(sources),
    providers: Number(providers),
    maxRound,
  };
}

/** A number for which the contracts write zero when there is none. */
function some(value: bigint): number | undefined {
  return value === 0n ? undefined : Number(value);
}
