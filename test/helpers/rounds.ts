import { type Signer, Wallet } from "ethers";
import { MIN_WEIGHT, SEED_DELAY } from "../../src/protocol/consensus.js";
import { type Order, packOrder, type PackedOrder, taskIdOf, Verification } from "../../src/protocol/order.js";
import { ethers, networkHelpers, time } from "./network.js";
import { CAP, joinProvider, type Market, resultFor, reviewOrder } from "./suite.js";

/** Seconds from submission to deadline of the helpers' Quorum orders. */
export const WINDOW = 3_200;

/** A market whose pool has members enough for rounds; each is its own agent. */
export interface Panel extends Market {
  /** Owners by provider, the market's own provider among them. */
  members: Map<bigint, Signer>;
}

/** Fills the pool of a market up to `count` members of one slot each beside the market's own provider. */
export async function fillPool(market: Market, count: number): Promise<Panel> {
  const members = new Map<bigint, Signer>([[market.provider, market.providerOwner]]);
  for (let i = 1; i < count; i++) {
    const owner = market.others[i - 1] ?? (await fundedWallet());
    members.set(await joinProvider(market, owner, { slots: 1 }), owner);
  }
  return { ...market, members };
}

async function fundedWallet(): Promise<Signer> {
  const wallet = Wallet.createRandom(ethers.provider);
  await networkHelpers.setBalance(wallet.address, ethers.parseEther("100"));
  return wallet;
}

/** A Quorum order of the market's client, valid for {@link WINDOW} seconds. */
export async function quorumOrder(market: Market, changes: Partial<Order> = {}): Promise<Order> {
  return reviewOrder(market, {
    verification: Verification.Quorum,
    trust: 2,
    bond: CAP,
    reviewPeriod: 0,
    rampDuration: 0,
    deadline: (await time.latest()) + 1 + WINDOW,
    ...changes,
  });
}

/** A Quorum task whose seed can be captured. */
export interface RoundTask {
  order: Order;
  packed: PackedOrder;
  taskId: string;
  /** Second of its submission. */
  openedAt: number;
  /** Block of its submission. */
  openBlock: number;
}

/** Posts a Quorum order and waits until its seed is known. */
export async function postRound(market: Market, changes: Partial<Order> = {}): Promise<RoundTask> {
  const order = await quorumOrder(market, changes);
  const packed = packOrder(order);
  await time.setNextBlockTimestamp((await time.latest()) + 1);
  await market.taskManager.connect(market.client).submit(packed);
  const [openedAt, openBlock] = [await time.latest(), await time.latestBlock()];
  await networkHelpers.mine(SEED_DELAY + 1, { interval: 1 });
  return { order, packed, taskId: taskIdOf(order, market.domain), openedAt, openBlock };
}

/** Goes to the moment from which every member may sit. */
export async function everybodyEnters({ order, openedAt }: RoundTask): Promise<void> {
  const entry = openedAt + Math.ceil(((order.deadline - openedAt) * 3) / 4);
  if ((await time.latest()) < entry - 1) await time.increaseTo(entry - 1);
}

/** A seat with what opens it. */
export type Sealed = ReturnType<typeof resultFor> & { seat: bigint; provider: bigint; owner: Signer };

/** Takes the next seat for a member. */
export async function seatMember(
  panel: Panel,
  task: RoundTask,
  provider: bigint,
  { weight = MIN_WEIGHT, output = "output" } = {},
): Promise<Sealed> {
  const owner = ownerOf(panel, provider);
  const result = resultFor(task.taskId, provider, output);
  const { seats } = await panel.taskManager.getRound(task.taskId);
  await panel.taskManager.connect(owner).takeSeat(task.packed, provider, weight, result.seal);
  return { ...result, seat: BigInt(seats.length), provider, owner };
}

/** Opens a seat. */
export async function openSeat(panel: Panel, { taskId }: RoundTask, sealed: Sealed) {
  const { seat, resultDigest, salt, envelopeHash, owner } = sealed;
  return panel.taskManager.connect(owner).openSeat(taskId, seat, resultDigest, salt, envelopeHash);
}

/** Owner of a member. */
export function ownerOf({ members }: Panel, provider: bigint): Signer {
  const owner = members.get(provider);
  if (owner === undefined) throw new Error(`provider ${provider} is no member`);
  return owner;
}

/** A round in which members of the pool took seats in their order, one for each output. */
export async function sealedRound(
  panel: Panel,
  outputs: readonly string[],
  changes: Partial<Order> = {},
  weights: readonly number[] = [],
): Promise<{ task: RoundTask; seats: Sealed[] }> {
  const task = await postRound(panel, changes);
  await everybodyEnters(task);
  const seats: Sealed[] = [];
  const providers = [...panel.members.keys()];
  for (const [index, output] of outputs.entries()) {
    const weight = weights[index] ?? MIN_WEIGHT;
    seats.push(await seatMember(panel, task, providers[index] ?? 0n, { output, weight }));
  }
  return { task, seats };
}
