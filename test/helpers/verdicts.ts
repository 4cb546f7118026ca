import { expect } from "chai";
import {
  AbiCoder,
  type BaseContract,
  type ContractTransactionResponse,
  type Result,
  type Signer,
  ZeroHash,
} from "ethers";
import { MIN_WEIGHT, SEAT_OUTCOMES, seatLock, type SeatOutcome, seatsOf } from "../../src/protocol/consensus.js";
import type { Order } from "../../src/protocol/order.js";
import { DEFAULT_PARAMETERS } from "../../src/protocol/parameters.js";
import { amountOf, share as shareOf } from "../../src/protocol/price.js";
import { Lens__factory } from "../../typechain-types/index.js";
import { shares, State } from "./manager.js";
import { ethers, loadFixture, time } from "./network.js";
import { decayed, seedStanding } from "./reputation.js";
import { everybodyEnters, fillPool, openSeat, type Panel, postRound, type RoundTask, type Sealed } from "./rounds.js";
import { mappingSlot, readSlot, slotOf } from "./storage.js";
import { deployMarket, random32, WINDOWS } from "./suite.js";

export const WEIGHT_UNIT = DEFAULT_PARAMETERS.weightUnit;
/** Score of all members of a panel, × 1e6: enough for weights up to 18. */
export const SCORE = 60_000_000n;
/** Share of a lock, in basis points, that an opener loses when there is no agreement. */
const DISCORD = 500n;
/** Share of the cap, in basis points, that a third party earns for a refund. */
const TIP = 50n;

/** A market whose pool has so many members, all with {@link SCORE}. */
export async function panelOf(count: number): Promise<Panel> {
  const panel = await fillPool(await deployMarket(), count);
  for (const provider of panel.members.keys()) await giveScoreTo(panel, provider, SCORE);
  return panel;
}

/** As small as the pool of a round of three seats may be. */
export const deployFive = (): Promise<Panel> => panelOf(5);

/** As small as the pool of a round of four seats may be. */
export const deploySix = (): Promise<Panel> => panelOf(6);

/** Writes the score of a provider, × 1e6, as of the latest block. */
export async function giveScoreTo({ reputation }: Panel, provider: bigint, score: bigint): Promise<void> {
  await seedStanding(reputation, Number(provider), { score, updatedAt: await time.latest() });
}

/** Mines the next block a second after the latest, in which the provider has just this score, × 1e6. */
export async function scoreNextSecond(panel: Panel, provider: bigint, score: bigint): Promise<void> {
  let before = score;
  while (decayed(before, 1) < score) before += 1n;
  await giveScoreTo(panel, provider, before);
  await time.setNextBlockTimestamp((await time.latest()) + 1);
}

/** A provider's score as it is stored, and since when. */
export interface StoredScore {
  score: bigint;
  at: bigint;
}

export async function storedScore({ reputation }: Panel, provider: bigint): Promise<StoredScore> {
  const word = await readSlot(reputation, mappingSlot(0n, provider, "uint32"));
  return { score: word & 0xffff_ffffn, at: (word >> 32n) & (2n ** 40n - 1n) };
}

// ------------------------------------------------------------------------------------------- books

/** Accounts of a panel in Escrow, by name. */
async function accountsOf(panel: Panel): Promise<Map<string, string>> {
  const { client, publisher, treasury, stranger, agent, taskManager, providerPool, members } = panel;
  const accounts = new Map<string, string>([
    ["client", client.address],
    ["publisher", publisher.address],
    ["treasury", treasury.address],
    ["stranger", stranger.address],
    ["agent", agent.address],
    ["manager", await taskManager.getAddress()],
    ["pool", await providerPool.getAddress()],
  ]);
  for (const [provider, owner] of members) accounts.set(`member ${provider}`, await owner.getAddress());
  return accounts;
}

/** Every balance, stake and counter that a round could move, by name. */
export async function roundBooks(panel: Panel): Promise<Map<string, bigint>> {
  const { escrow, providerPool, reputation, members } = panel;
  const calls: { contract: BaseContract; name: string; method: string; args: unknown[]; fields: string[] }[] = [];
  for (const [name, account] of await accountsOf(panel)) {
    const fields = ["free", "held", "fees"];
    calls.push({ contract: escrow, name, method: "accountOf", args: [account], fields });
  }
  for (const id of members.keys()) {
    const stakes = ["stake", "free", "locked", "unbonding", "jailedUntil"];
    calls.push({ contract: providerPool, name: `stake ${id}`, method: "getProvider", args: [id], fields: stakes });
    const counters = ["settled", "faults", "frauds", "earned"];
    calls.push({ contract: reputation, name: `record ${id}`, method: "getRecord", args: [id], fields: counters });
  }
  calls.push({ contract: providerPool, name: "market", method: "getMarket", args: [1], fields: ["openTasks"] });
  const { data } = await new Lens__factory().getDeployTransaction(
    calls.map(({ contract }) => contract),
    calls.map(({ contract, method, args }) => contract.interface.encodeFunctionData(method, args)),
  );
  const [answers] = AbiCoder.defaultAbiCoder().decode(["bytes[]"], await ethers.provider.call({ data })) as unknown as [
    string[],
  ];
  const books = new Map<string, bigint>();
  for (const [index, { contract, name, method, fields }] of calls.entries()) {
    const [view] = contract.interface.decodeFunctionResult(method, answers[index] ?? "0x") as unknown as [Result];
    for (const field of fields) books.set(`${name}.${field}`, view.getValue(field) as bigint);
  }
  return books.set("coin", await ethers.provider.getBalance(escrow));
}

/** Changes of {@link roundBooks}; what is not among them did not change. Adds up what Escrow owes. */
export async function changesIn(panel: Panel, act: () => Promise<unknown>): Promise<Record<string, bigint>> {
  const before = await roundBooks(panel);
  await act();
  const after = await roundBooks(panel);
  const changes = [...after].map(([name, value]) => [name, value - (before.get(name) ?? 0n)] as const);
  const owed = changes.filter(([name]) => /^[a-z]+( \d+)?\.(free|held|fees)$/.test(name) && !name.startsWith("stake"));
  const sum = owed.reduce((total, [, change]) => total + change, 0n);
  const coin = changes.find(([name]) => name === "coin")?.[1];
  expect(sum, "what Escrow owes, but for the coin that came in").to.equal(coin);
  return Object.fromEntries(changes.filter(([, change]) => change !== 0n));
}

/** Asserts that an action is refused with an error of `contract` and changes nothing. */
export async function expectRefusal(
  panel: Panel,
  act: () => Promise<unknown>,
  error: string,
  args: unknown[],
  contract: BaseContract = panel.taskManager,
): Promise<void> {
  const changes = await changesIn(panel, () =>
    expect(act())
      .to.be.revertedWithCustomError(contract, error)
      .withArgs(...args),
  );
  expect(changes).to.deep.equal({});
}

// ------------------------------------------------------------------------------------------- rounds

/** A round that everybody may enter, of a fixture's panel. */
export async function enteredRound(changes: Partial<Order> = {}, deploy: () => Promise<Panel> = deployFive) {
  const panel = await loadFixture(deploy);
  const task = await postRound(panel, changes);
  await everybodyEnters(task);
  return { panel, task, taskId: task.taskId, manager: panel.taskManager.connect(panel.agent) };
}

/** Takes a seat for a provider with any seal. */
export const takeSeat = (
  { taskManager }: Panel,
  { packed }: Pick<RoundTask, "packed">,
  caller: Signer,
  provider: bigint,
  { weight = MIN_WEIGHT, seal = random32() } = {},
): Promise<ContractTransactionResponse> => taskManager.connect(caller).takeSeat(packed, provider, weight, seal);

/** Opens seats, all of them or those that are named. */
export async function openSeats(panel: Panel, task: RoundTask, seats: readonly Sealed[]): Promise<void> {
  for (const sealed of seats) await openSeat(panel, task, sealed);
}

/** Second in which sealing ended, or will. */
export async function sealingEnd({ taskManager }: Panel, { taskId }: RoundTask): Promise<number> {
  const { opened, clearedAt, deadline } = await taskManager.getTask(taskId);
  return Number(opened ? clearedAt : deadline);
}

/** Last second for openings. */
export const openingEnd = async (panel: Panel, task: RoundTask): Promise<number> =>
  (await sealingEnd(panel, task)) + WINDOWS.open;

/** Last second for claims. */
export const claimingEnd = async (panel: Panel, task: RoundTask): Promise<number> =>
  (await openingEnd(panel, task)) + WINDOWS.claim;

/** Lets sealing end with the deadline. */
export async function passDeadline({ order }: RoundTask): Promise<void> {
  await time.increaseTo(order.deadline);
  await time.setNextBlockTimestamp(order.deadline + 1);
}

/** Slot of a seat in TaskManager's storage. */
async function seatSlot(taskId: string, seat: number): Promise<bigint> {
  ledgerSlot ??= slotOf("TaskManager", "_ledger");
  // Parameters, tasks and seals come first.
  return mappingSlot(mappingSlot((await ledgerSlot) + 3n, taskId, "bytes32"), BigInt(seat));
}

let ledgerSlot: Promise<bigint> | undefined;

/** What is stored of a seat; 0: nothing. */
export const storedSeat = async (
  { taskManager }: Panel,
  { taskId }: Pick<RoundTask, "taskId">,
  seat: number,
): Promise<bigint> => readSlot(taskManager, await seatSlot(taskId, seat));

/** How a round should end. */
export interface Ending {
  /** By seat. */
  outcomes: readonly SeatOutcome[];
  /** Price of an execution, wei; the cap unless told. */
  price?: bigint;
  /** Name of the caller among the accounts of the panel: a third party earns a tip for a refund. */
  caller?: "client" | "stranger";
  /** Fee that the client pays for a refund, wei. */
  fee?: bigint;
  /** Events of the action before those of the verdict. */
  first?: [name: string, args: unknown[]][];
}

/** A seat with what its provider loses, wei. */
interface Fate {
  provider: bigint;
  outcome: SeatOutcome;
  lock: bigint;
  loss: bigint;
}

function lossOf(outcome: SeatOutcome, lock: bigint): bigint {
  if (outcome === "Paid" || outcome === "Idle") return 0n;
  return outcome === "Disputed" ? shareOf(lock, DISCORD) : lock;
}

/** What the end of a round should change, and tell. */
function consequences(panel: Panel, { order, taskId }: RoundTask, fates: readonly Fate[], ending: Ending) {
  const { price = order.maxReward, caller = "client", fee: charged = 0n, first = [] } = ending;
  const client = panel.client.address;
  const sale = shares(price);
  const winners = fates.filter(({ outcome }) => outcome === "Paid").map(({ provider }) => provider);
  const count = BigInt(winners.length);
  const slashed = fates.reduce((sum, { loss }) => sum + loss, 0n);
  const held = order.maxReward * BigInt(seatsOf(order.trust));
  const tip = caller === "client" || count !== 0n ? 0n : shareOf(order.maxReward, TIP);

  const changes = new Map<string, bigint>();
  const add = (name: string, amount: bigint) => changes.set(name, (changes.get(name) ?? 0n) + amount);
  const events = [...first];
  for (const [seat, { provider, outcome, lock, loss }] of fates.entries()) {
    add(`stake ${provider}.stake`, -loss);
    add(`stake ${provider}.locked`, -lock);
    add(`stake ${provider}.free`, lock - loss);
    if (outcome === "Wrong" || outcome === "Unopened") add(`record ${provider}.frauds`, 1n);
    if (outcome === "Unclaimed") add(`record ${provider}.faults`, 1n);
    const number = BigInt(SEAT_OUTCOMES.indexOf(outcome));
    if (loss !== 0n) events.push(["SeatSlashed", [taskId, provider, client, BigInt(seat), number, loss]]);
  }
  events.push(["RoundEnded", [taskId, client, count, slashed]]);
  add("pool.free", -slashed);
  add("manager.free", slashed);
  add("client.held", -held);
  add("client.free", held - count * price - (count === 0n ? charged : 0n) - tip);
  add("client.fees", count === 0n ? charged : count * sale.fee);
  add("publisher.free", count * sale.royalty);
  add(`${caller}.free`, tip);
  for (const provider of winners) {
    add(`member ${provider}.free`, sale.payment);
    add(`record ${provider}.settled`, 1n);
    add(`record ${provider}.earned`, sale.payment / 10n ** 9n);
    events.push(["TaskSettled", [taskId, provider, client, panel.publisher.address, price, sale.fee, sale.royalty]]);
  }
  const refund = [taskId, client, panel[caller].address, held - charged - tip, charged, tip];
  if (count === 0n) events.push(["TaskRefunded", refund]);
  return { changes, events, paid: count !== 0n, fee: sale.fee };
}

/** The score that a seat's end leaves in second `now`, if to be paid adds `gain`. */
function scoreAfter({ score, at }: StoredScore, outcome: SeatOutcome, now: bigint, gain: bigint): StoredScore {
  const carried = decayed(score, Number(now - at));
  switch (outcome) {
    case "Paid":
      return { score: carried + gain, at: now };
    case "Unclaimed":
      return { score: (carried * 2n) / 3n, at: now };
    case "Wrong":
    case "Unopened":
      return { score: 0n, at: now };
    default:
      return { score, at };
  }
}

/**
 * Asserts everything that the end of a round does: money, stakes, scores, counters, demand, events, state, and that
 * nothing of it is left in storage. `act` is the transaction that ends it.
 */
export async function expectVerdict(
  panel: Panel,
  task: RoundTask,
  seats: readonly Sealed[],
  ending: Ending,
  act: () => Promise<ContractTransactionResponse>,
): Promise<void> {
  const { taskManager } = panel;
  const { order, taskId } = task;
  const { counted, opened } = await taskManager.getTask(taskId);
  const round = await taskManager.getRound(taskId);
  expect(round.seats.map(({ provider }) => provider)).to.deep.equal(seats.map(({ provider }) => provider));
  const fates = round.seats.map(({ provider, weight }, seat): Fate => {
    const outcome = ending.outcomes[seat] ?? "Idle";
    const lock = seatLock(order.bond, Number(weight), WEIGHT_UNIT);
    return { provider, outcome, lock, loss: lossOf(outcome, lock) };
  });
  const scores = await Promise.all(fates.map(({ provider }) => storedScore(panel, provider)));
  const { changes, events, paid, fee } = consequences(panel, task, fates, ending);
  if (counted && !opened) changes.set("market.openTasks", -BigInt(seatsOf(order.trust)));

  let transaction: ContractTransactionResponse | undefined;
  const found = await changesIn(panel, async () => {
    transaction = await act();
  });
  expect(found).to.deep.equal(Object.fromEntries([...changes].filter(([, change]) => change !== 0n)));
  const receipt = await transaction?.wait();
  const told = (receipt?.logs ?? [])
    .filter(({ address }) => address === taskManager.target)
    .map((log) => taskManager.interface.parseLog(log))
    .map((log) => [log?.name, log?.args.toArray()]);
  expect(told).to.deep.equal(events);

  const now = BigInt(await time.latest());
  const gain = (1_000_000n * fee) / (fee + DEFAULT_PARAMETERS.feeScale);
  for (const [seat, { provider, outcome }] of fates.entries()) {
    const expected = scoreAfter(scores[seat] ?? { score: 0n, at: 0n }, outcome, now, gain);
    expect(await storedScore(panel, provider), outcome).to.deep.equal(expected);
  }

  const view = await taskManager.getTask(taskId);
  expect(view.state).to.equal(paid ? State.Settled : State.Refunded);
  expect([view.provider, view.markedAt, view.seal]).to.deep.equal([0n, 0n, ZeroHash]);
  if (paid) expect(amountOf(view.priceFraction, order.maxReward)).to.equal(ending.price ?? order.maxReward);
  const { seedBlock, seed, capacity, closedAt, seats: left } = await taskManager.getRound(taskId);
  expect([seedBlock, seed, capacity, closedAt, left.length]).to.deep.equal([0n, 0n, 0n, 0n, 0]);
  for (let seat = 0; seat <= fates.length; seat++) expect(await storedSeat(panel, task, seat)).to.equal(0n);
}
