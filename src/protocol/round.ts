import { read, readBatch } from "./batch.js";
import { judgeRound, SEED_DELAY, seedOf, type SeatOutcome } from "./consensus.js";
import { type Order, taskIdOf } from "./order.js";
import { amountOf } from "./price.js";
import type { Protocol } from "./protocol.js";
import { persist } from "./retry.js";
import { fromNext, HASHES } from "./seedBlock.js";
import type { Moment } from "./snapshot.js";
import { TASK_STATES, type TaskStateName } from "./states.js";

/** A seat of a round. */
export interface RoundSeat {
  /** Number of the provider. */
  readonly provider: number;
  readonly weight: number;
  /** First 16 bytes of the result digest, hexadecimal, once the seal is opened. */
  readonly result: string | undefined;
  /** Whether its envelope is disclosed on chain. */
  readonly claimed: boolean;
}

/** What seats are drawn by, of a round or of a panel. */
export interface Seeded extends Moment {
  readonly taskId: string;
  /** When it began, unix seconds: a Quorum task with its submission, a panel with the dispute. */
  readonly openedAt: number;
  /** Block whose hash is the seed, while nobody has captured it; it may lie ahead. */
  readonly seedBlock: number | undefined;
  /** The captured seed, while seals are taken. */
  readonly seed: bigint | undefined;
  /** Slots of the pool when it began, while seals are taken. */
  readonly capacity: number | undefined;
}

/** A Quorum task at a moment. Times in unix seconds, amounts in wei. */
export interface RoundSnapshot extends Seeded {
  readonly state: TaskStateName;
  readonly deadline: number;
  /** Price of one execution now, or the fixed one. */
  readonly price: bigint;
  /** Last second in which seals are taken, once it is over: it ended early, or with the deadline. */
  readonly sealedAt: number | undefined;
  /** Last second in which they may be opened, and in which winners may claim. */
  readonly opensUntil: number | undefined;
  readonly claimsUntil: number | undefined;
  readonly seats: readonly RoundSeat[];
  /** Whether nothing more can be opened: all seats are, or the time for it is over. */
  readonly decided: boolean;
  /** Result that wins if nothing more is opened, as seats have it. */
  readonly winner: string | undefined;
  /** How each seat ends if nothing more is opened and the client accepts. */
  readonly outcomes: readonly SeatOutcome[];
}

/**
 * Reads all of a round in a single request, from one block.
 *
 * @param order Its Quorum order.
 * @throws {NodeError} if the node does not answer or stays behind.
 */
export async function readRound(protocol: Protocol, order: Order): Promise<RoundSnapshot> {
  const taskId = taskIdOf(order, protocol.domain);
  const { values, ...moment } = await readBatch(protocol, [
    read("taskManager", "getTask", taskId),
    read("taskManager", "getRound", taskId),
    read("taskManager", "windows"),
  ]);
  const [task, round, windows] = values;
  const state = TASK_STATES[Number(task.state)] ?? "None";
  const [deadline, closedAt] = [Number(task.deadline), Number(round.closedAt)];
  const over = moment.timestamp > deadline ? deadline : undefined;
  const sealedAt = state !== "Round" ? undefined : closedAt !== 0 ? closedAt : over;
  const opensUntil = sealedAt === undefined ? undefined : sealedAt + Number(windows.open);
  const seats = round.seats.map(({ provider, weight, opened, claimed, digest }) => ({
    provider: Number(provider),
    weight: Number(weight),
    result: opened ? digest : undefined,
    claimed,
  }));
  const { winner, outcomes } = judgeRound(seats, order.trust);
  return {
    ...moment,
    taskId,
    state,
    openedAt: Number(task.openedAt),
    deadline,
    price: amountOf(task.priceFraction, order.maxReward),
    seedBlock: round.seedBlock === 0n ? undefined : fromNext(Number(round.seedBlock), moment.blockNumber),
    seed: state === "Round" && round.capacity !== 0n ? round.seed : undefined,
    capacity: round.capacity === 0n ? undefined : Number(round.capacity),
    sealedAt,
    opensUntil,
    claimsUntil: opensUntil === undefined ? undefined : opensUntil + Number(windows.claim),
    seats,
    decided:
      opensUntil !== undefined &&
      (moment.timestamp > opensUntil || (seats.length > 0 && seats.every(({ result }) => result !== undefined))),
    winner,
    outcomes,
  };
}

/**
 * The seed of a round as it would be captured now, or as it is captured; `undefined` as long as its block is not mined.
 *
 * @throws {NodeError} if the node does not answer, or does not know the block.
 */
export async function seedOfRound(protocol: Protocol, round: Seeded): Promise<bigint | undefined> {
  if (round.seedBlock === undefined) return round.seed;
  if (round.seedBlock > round.blockNumber) return undefined;
  const { provider, patience } = protocol;
  const find = async () => {
    const hash = (await provider.getBlock(round.seedBlock ?? 0))?.hash;
    // The snapshot is of a later block: whoever does not know this one is behind, and is asked again.
    if (hash == null) throw new Error("block not found");
    return hash;
  };
  return seedOf(await persist("eth_getBlockByNumber", find, patience.requests));
}

/**
 * Whether the chain will have forgotten the block of the seed before work of this length is done: then the seed must be
 * captured first, or another would take its place.
 *
 * @param duration Seconds.
 */
export function mustCapture({ seedBlock, blockNumber, timestamp, openedAt }: Seeded, duration: number): boolean {
  if (seedBlock === undefined) return false;
  const passed = Math.max(1, (blockNumber - seedBlock) % HASHES);
  const pace = Math.max(1, timestamp - openedAt) / (passed + SEED_DELAY);
  return (HASHES - passed) * pace < 2 * duration + MARGIN;
}

/** Seconds for a transaction to be mined in. */
const MARGIN = 30;
