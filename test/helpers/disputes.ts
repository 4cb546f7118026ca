import { expect } from "chai";
import { type ContractTransactionResponse, parseEther, ZeroHash } from "ethers";
import { MIN_WEIGHT, SEED_DELAY, seatLock, seatsOf } from "../../src/protocol/consensus.js";
import { DISPUTE_OUTCOMES, type DisputeOutcome } from "../../src/protocol/dispute.js";
import { type Order, packOrder, type PackedOrder, taskIdOf } from "../../src/protocol/order.js";
import { commitmentOf, sealOf } from "../../src/protocol/seal.js";
import { shares, State } from "./manager.js";
import { networkHelpers, time } from "./network.js";
import { fillPool, ownerOf, type Panel, type Sealed } from "./rounds.js";
import {
  CAP,
  deployMarket,
  FLOOR,
  random32,
  resultFor,
  reviewOrder,
  ROYALTY_BPS,
  STAKE_PER_SLOT,
  WINDOWS,
} from "./suite.js";
import { changesIn, giveScoreTo, SCORE, storedSeat, WEIGHT_UNIT } from "./verdicts.js";

/** Trust of the helpers' orders: three seats. */
export const TRUST = 2;
/** Seconds that the client may look at what was disclosed. */
export const REVIEW = 600;
/** Seconds from submission to deadline. */
export const LIFETIME = 3_200;

/** A Review task with a panel, whose delivery the market's provider has disclosed. */
export interface DisclosedTask {
  order: Order;
  packed: PackedOrder;
  taskId: string;
  /** What the provider sealed. */
  delivery: ReturnType<typeof resultFor>;
  /** Price of the delivery, wei. */
  price: bigint;
}

/** A pool of six, all with {@link SCORE}, and a second source without determinism that all have joined. */
export async function deployPanel(): Promise<Panel> {
  const panel = await fillPool(await deployMarket(), 6);
  const { sourceRegistry, providerPool, publisher, members } = panel;
  await sourceRegistry
    .connect(publisher)
    .publish(
      { floorPrice: FLOOR, stakePerSlot: STAKE_PER_SLOT, royaltyBps: ROYALTY_BPS },
      { manifestDigest: random32(), environments: 1, minGpuMemory: 0, deterministic: false },
      [],
    );
  for (const [provider, owner] of members) {
    await providerPool.connect(owner).stake(provider, parseEther("5"), { value: parseEther("5") });
    await providerPool.connect(owner).joinPool(provider, 2, 1, 1, 1, 0);
    await giveScoreTo(panel, provider, SCORE);
  }
  return panel;
}

/** A Review order with a panel, of the market's client. */
export async function panelOrder(panel: Panel, changes: Partial<Order> = {}): Promise<Order> {
  const { trust = TRUST, maxReward = CAP } = changes;
  return reviewOrder(panel, {
    trust,
    maxReward,
    bond: trust === 0 ? maxReward : BigInt(seatsOf(trust)) * maxReward,
    reviewPeriod: REVIEW,
    rampDuration: 0,
    deadline: (await time.latest()) + 1 + LIFETIME,
    ...changes,
  });
}

/** Posts an order and lets the market's provider deliver and disclose `output`, half a minute later. */
export async function disclosedTask(
  panel: Panel,
  changes: Partial<Order> = {},
  output = "truth",
): Promise<DisclosedTask> {
  const { taskManager, client, agent, provider, domain } = panel;
  const order = await panelOrder(panel, changes);
  const packed = packOrder(order);
  const taskId = taskIdOf(order, domain);
  const delivery = resultFor(taskId, provider, output);
  await time.setNextBlockTimestamp((await time.latest()) + 1);
  await taskManager.connect(client).submit(packed);
  await time.setNextBlockTimestamp((await time.latest()) + 30);
  if (order.reservation === 0) {
    await taskManager.connect(agent).deliver(packed, provider, delivery.seal);
    await time.setNextBlockTimestamp((await time.latest()) + 1);
    await taskManager.connect(agent).disclose(packed, delivery.commitment, delivery.envelope);
  } else {
    await taskManager.connect(agent).reserve(packed, provider);
    await time.setNextBlockTimestamp((await time.latest()) + 1);
    await taskManager.connect(agent).deliverAndDisclose(packed, provider, delivery.commitment, delivery.envelope);
  }
  return { order, packed, taskId, delivery, price: await taskManager.priceOf(packed) };
}

/** What the client has to hold for the panel, wei. */
export const panelFee = ({ order, price }: DisclosedTask): bigint => BigInt(seatsOf(order.trust)) * price;

/** A disputed task, whose seed can be captured. */
export async function disputedTask(panel: Panel, changes: Partial<Order> = {}, output?: string) {
  const task = await disclosedTask(panel, changes, output);
  await time.setNextBlockTimestamp((await time.latest()) + 1);
  await panel.taskManager.connect(panel.client).dispute(task.packed);
  await networkHelpers.mine(SEED_DELAY + 1, { interval: 1 });
  return task;
}

/** Goes to the second from which every member may sit in the panel. */
export async function everybodySits({ taskManager }: Panel, { taskId }: DisclosedTask): Promise<void> {
  const { dispute } = await taskManager.getRound(taskId);
  const [from, until] = [Number(dispute.sealingFrom), Number(dispute.sealingUntil)];
  const entry = from + Math.ceil(((until - from) * 3) / 4);
  if ((await time.latest()) < entry - 1) await time.increaseTo(entry - 1);
}

/** Takes the next seat of the panel for a member. */
export async function sitOn(
  panel: Panel,
  task: DisclosedTask,
  provider: bigint,
  { weight = MIN_WEIGHT, output = "truth", digest = undefined as string | undefined } = {},
): Promise<Sealed> {
  const owner = ownerOf(panel, provider);
  const result = digest === undefined ? resultFor(task.taskId, provider, output) : judgementFor(task, provider, digest);
  const { seats } = await panel.taskManager.getRound(task.taskId);
  await panel.taskManager.connect(owner).takeSeat(task.packed, provider, weight, result.seal);
  return { ...result, seat: BigInt(seats.length), provider, owner };
}

/** What a judge seals. */
function judgementFor({ taskId }: DisclosedTask, provider: bigint, resultDigest: string) {
  const result = resultFor(taskId, provider);
  const commitment = commitmentOf(resultDigest, result.salt);
  const seal = sealOf({ taskId, provider, commitment, envelopeHash: result.envelopeHash });
  return { ...result, resultDigest, commitment, seal };
}

/** Lets the disputed provider open its delivery. */
export async function reveal(
  { taskManager, agent }: Panel,
  { packed, delivery }: DisclosedTask,
  { caller = agent, secret = `0x${"5e".repeat(32)}` } = {},
): Promise<ContractTransactionResponse> {
  const { resultDigest, salt, envelopeHash } = delivery;
  return taskManager.connect(caller).openDelivery(packed, resultDigest, salt, envelopeHash, secret);
}

/** Opens a seat of the panel. */
export async function vote(
  { taskManager }: Panel,
  { taskId }: DisclosedTask,
  { seat, resultDigest, salt, envelopeHash, owner }: Sealed,
  { available = true, caller = owner } = {},
): Promise<ContractTransactionResponse> {
  return taskManager.connect(caller).openVote(taskId, seat, resultDigest, salt, envelopeHash, available);
}

/** Lets sealing end with its clock. */
export async function passSealing({ taskManager }: Panel, { taskId }: DisclosedTask): Promise<number> {
  const { closedAt, dispute } = await taskManager.getRound(taskId);
  const end = Number(closedAt === 0n ? dispute.sealingUntil : closedAt);
  if (closedAt === 0n && (await time.latest()) < end) await time.increaseTo(end);
  await time.setNextBlockTimestamp((await time.latest()) + 1);
  return end;
}

/** Last second for votes of a dispute whose sealing is over. */
export async function votesUntil({ taskManager }: Panel, { taskId }: DisclosedTask): Promise<number> {
  const { closedAt, dispute } = await taskManager.getRound(taskId);
  const sealed = Number(closedAt === 0n ? dispute.sealingUntil : closedAt);
  if (dispute.judged) return sealed + WINDOWS.open;
  return (dispute.revealedAt === 0n ? sealed + WINDOWS.openProvider : Number(dispute.revealedAt)) + WINDOWS.open;
}

/** Goes to second `end`, so that the next block is the one after it. */
export async function passSecond(end: number): Promise<void> {
  if ((await time.latest()) < end) await time.increaseTo(end);
  await time.setNextBlockTimestamp((await time.latest()) + 1);
}

/** How a dispute should end, by seat: what becomes of the seat. */
export interface DisputeEnding {
  outcome: DisputeOutcome;
  seats: readonly ("Paid" | "Unclaimed" | "Wrong" | "Unopened" | "Idle")[];
  /** Events of the action before those of the verdict. */
  first?: [name: string, args: unknown[]][];
}

/** What the end of a dispute should change, and tell: the outcome table, written down once more. */
async function consequences(panel: Panel, task: DisclosedTask, { outcome, seats, first = [] }: DisputeEnding) {
  const { taskManager, provider, client, publisher } = panel;
  const { order, taskId, price } = task;
  const { seats: sealed } = await taskManager.getRound(taskId);
  const sale = shares(price);
  const changes = new Map<string, bigint>();
  const add = (name: string, amount: bigint) => changes.set(name, (changes.get(name) ?? 0n) + amount);
  const paid = BigInt(seats.filter((seat) => seat === "Paid").length);
  const half = outcome === "Standing" || outcome === "Undecided";
  const each = half ? price / 2n : price;

  const events: [string, unknown[]][] = [...first];
  add(`stake ${provider}.locked`, -order.bond);
  let settled = false;
  let cost = 0n;
  let slashed = 0n;
  let fee = 0n;
  if (outcome === "Standing" || outcome === "Upheld") {
    settled = true;
    add(`stake ${provider}.free`, order.bond);
    add(`member ${provider}.free`, sale.payment);
    add(`record ${provider}.settled`, 1n);
    add(`record ${provider}.earned`, sale.payment / 10n ** 9n);
    add("publisher.free", sale.royalty);
    fee = sale.fee;
    cost = price + paid * each;
    const told = [taskId, provider, client.address, publisher.address, price, sale.fee, sale.royalty];
    events.push(["TaskSettled", told]);
  } else if (outcome === "Undecided") {
    add(`stake ${provider}.free`, order.bond);
    cost = paid * each;
  } else {
    slashed = order.bond;
    add(`stake ${provider}.stake`, -order.bond);
    add(`record ${provider}.frauds`, 1n);
    settled = outcome === "Overturned" && paid !== 0n;
    cost = settled ? price : 0n;
    add("manager.free", order.bond - (paid * each - cost));
  }
  add("client.held", -order.maxReward - BigInt(seatsOf(order.trust)) * price);
  add("client.free", order.maxReward + BigInt(seatsOf(order.trust)) * price - cost);
  add("client.fees", fee);

  for (const [index, seat] of seats.entries()) {
    const view = sealed[index];
    if (view === undefined) throw new Error(`seat ${index} is not taken`);
    const member = view.provider;
    const lock = seatLock(order.bond, Number(view.weight), WEIGHT_UNIT);
    add(`stake ${member}.locked`, -lock);
    if (seat === "Paid" || seat === "Idle") {
      add(`stake ${member}.free`, lock);
      if (seat === "Idle") continue;
      add(`member ${member}.free`, each);
      add(`record ${member}.settled`, 1n);
      add(`record ${member}.earned`, each / 10n ** 9n);
      events.push(["ValidatorPaid", [taskId, member, client.address, BigInt(index), each]]);
      continue;
    }
    add(`stake ${member}.stake`, -lock);
    add("manager.free", lock);
    add("pool.free", -lock);
    add(`record ${member}.${seat === "Unclaimed" ? "faults" : "frauds"}`, 1n);
    const number = BigInt(["Paid", "Unclaimed", "Wrong", "Unopened"].indexOf(seat));
    events.push(["SeatSlashed", [taskId, member, client.address, BigInt(index), number, lock]]);
  }
  add("pool.free", -slashed);
  const charged = settled ? price : 0n;
  const number = BigInt(DISPUTE_OUTCOMES.indexOf(outcome));
  events.push(["DisputeEnded", [taskId, provider, client.address, number, charged, slashed]]);
  return { changes, events, settled, taken: sealed.length };
}

/** Asserts everything that the end of a dispute does. `act` is the transaction that ends it. */
export async function expectEnding(
  panel: Panel,
  task: DisclosedTask,
  ending: DisputeEnding,
  act: () => Promise<ContractTransactionResponse>,
): Promise<void> {
  const { taskManager } = panel;
  const { changes, events, settled, taken } = await consequences(panel, task, ending);
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

  const { state, seal, disputed } = await taskManager.getTask(task.taskId);
  expect([Number(state), seal, disputed]).to.deep.equal([settled ? State.Settled : State.Refunded, ZeroHash, true]);
  const round = await taskManager.getRound(task.taskId);
  expect([round.seats.length, round.capacity, round.dispute.disputedAt]).to.deep.equal([0, 0n, 0n]);
  for (let seat = 0; seat <= taken; seat++) {
    expect(await storedSeat(panel, { taskId: task.taskId }, seat)).to.equal(0n);
  }
}
