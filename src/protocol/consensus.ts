import { AbiCoder, keccak256 } from "ethers";
import { FieldRangeError } from "./errors.js";
import { bytes32 } from "./fields.js";
import { type Order, Verification } from "./order.js";

/** Odds that a Quorum order may ask for. */
export const MIN_TRUST = 2;
export const MAX_TRUST = 16_384;
/** Weights with which a provider may sit. */
export const MIN_WEIGHT = 2;
export const MAX_WEIGHT = 32;
export const MAX_SEATS = 16;
/** Members that a pool must have beyond the seats of a round. */
export const SPARE_MEMBERS = 2;
/** Blocks between a submission and the block whose hash is the seed. */
export const SEED_DELAY = 4;

const HASHES = 256;
const SCORE_PER_WEIGHT = 3_000_000n;
const TICKET_BITS = 128n;
const TICKETS = 1n << TICKET_BITS;
const ONE = 1n << 16n;
/** Doublings of the reach, one each thirty-second of the window from its first quarter on. */
const DOUBLINGS = 16n;

/**
 * Most seats of a round: as many providers of the least weight as reach the trust, and two more. Equal to what the
 * contracts compute, like everything here.
 *
 * @param trust 2 to 16,384.
 * @throws {FieldRangeError}
 */
export function seatsOf(trust: number): number {
  if (!Number.isInteger(trust) || trust < MIN_TRUST || trust > MAX_TRUST) {
    throw new FieldRangeError("trust", trust, BigInt(MAX_TRUST));
  }
  return 2 + Math.ceil(Math.log2(trust));
}

/** What an order holds of its client's balance, wei: the cap, of a Quorum order for each seat. */
export function heldBy({
  verification,
  trust,
  maxReward,
}: Pick<Order, "verification" | "trust" | "maxReward">): bigint {
  return verification === Verification.Quorum ? BigInt(seatsOf(trust)) * maxReward : maxReward;
}

/** The largest weight with which a provider of a score (× 1e6) may sit: 2 up to 12 points, 32 from 99. */
export function weightLimit(score: bigint | number): number {
  const steps = BigInt(score) / SCORE_PER_WEIGHT;
  const weight = Number(steps > 3n ? steps : 3n) - 1;
  return Math.min(weight, MAX_WEIGHT);
}

/**
 * What a seat locks, wei.
 *
 * @param bond Bond of the order, wei.
 * @param weightUnit What a suite locks for each step of weight, wei.
 */
export function seatLock(bond: bigint, weight: number, weightUnit: bigint): bigint {
  return bond + BigInt(weight - MIN_WEIGHT) * weightUnit;
}

/**
 * The largest weight whose lock fits a free stake and whose score allows it; `undefined` if not even the least does.
 */
export function affordableWeight(
  score: bigint | number,
  free: bigint,
  bond: bigint,
  weightUnit: bigint,
): number | undefined {
  if (free < bond) return undefined;
  const most = MIN_WEIGHT + Number((free - bond) / weightUnit);
  return Math.min(weightLimit(score), most);
}

/** The block whose hash is the seed of a task of block `openBlock`, as seen in block `current`. It may lie ahead. */
export function seedBlockOf(openBlock: number, current: number): number {
  const first = openBlock + SEED_DELAY;
  if (current <= first + HASHES) return first;
  return first + Math.floor((current - first - 1) / HASHES) * HASHES;
}

/** Seed that the hash of a block gives: its last 66 bits. */
export function seedOf(blockHash: string): bigint {
  return BigInt(blockHash) & ((1n << 66n) - 1n);
}

/** The ticket of a provider in a round: a uniform number of 128 bits. */
export function ticketOf(seed: bigint, taskId: string, provider: bigint | number): bigint {
  const encoded = AbiCoder.defaultAbiCoder().encode(
    ["uint256", "bytes32", "uint32"],
    [seed, bytes32("taskId", taskId), provider],
  );
  return BigInt(keccak256(encoded)) & (TICKETS - 1n);
}

/**
 * How far the ranks have entered `elapsed` seconds into a window of `duration` seconds, as a multiple of the first reach,
 * × 2^16; `undefined`: everybody.
 */
export function reachAt(elapsed: number, duration: number): bigint | undefined {
  const [passed, whole] = [BigInt(elapsed), BigInt(duration)];
  if (4n * passed >= 3n * whole) return undefined;
  if (4n * passed <= whole) return ONE;
  const doublings = ((32n * passed - 8n * whole) << 16n) / whole;
  return (ONE + (doublings & (ONE - 1n))) << (doublings >> 16n);
}

/**
 * Tickets for each seat after which a provider's turn is late: it will hardly come to that, so that to compute ahead would
 * be in vain. With half as many, one round in sixteen of three seats still waits for such providers, and those that answer
 * without computing would take its last seats.
 */
export const LATE = 4;

/** What a draw knows of a provider in a pool. */
export interface Share {
  /** Slots of the provider. */
  slots: number;
  /** Slots of the pool at the submission. */
  capacity: number;
}

/** A provider may sit if its ticket is below this. */
export function ticketBound(reach: bigint | undefined, { slots, capacity }: Share): bigint {
  if (reach === undefined) return TICKETS;
  const chance = ((3n * reach) << TICKET_BITS) / (BigInt(capacity) * 4n * ONE);
  if (chance >= TICKETS) return TICKETS;
  // (1 − chance)^slots, rounded as the contracts round it.
  let [rest, base] = [TICKETS, TICKETS - chance];
  for (let exponent = BigInt(slots); exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) rest = (rest * base) >> TICKET_BITS;
    base = (base * base) >> TICKET_BITS;
  }
  return TICKETS - rest;
}

/** How many tickets of the pool have entered `elapsed` seconds into a window, in the mean. */
export function ticketsAt(elapsed: number, duration: number, capacity: number): number {
  const reach = reachAt(elapsed, duration);
  return reach === undefined ? capacity : Math.min(capacity, (0.75 * Number(reach)) / Number(ONE));
}

/**
 * First second of the window in which a provider with this ticket may sit, from its beginning; it may from then on.
 *
 * @param duration Seconds of the window.
 */
export function entryOf(ticket: bigint, share: Share, duration: number): number {
  let [early, late] = [0, duration];
  const enters = (elapsed: number) => ticket < ticketBound(reachAt(elapsed, duration), share);
  if (enters(early)) return early;
  // It does not at `early`, and does at `late`.
  while (late - early > 1) {
    const middle = Math.floor((early + late) / 2);
    if (enters(middle)) late = middle;
    else early = middle;
  }
  return late;
}

/** A seat as the verdict sees it. */
export interface Vote {
  weight: number;
  /** What it opened, anything that tells results apart; `undefined`: nothing. */
  result: string | undefined;
}

/** Whether sealing ends with these weights seated. */
export function closesRound(weights: readonly number[], trust: number): boolean {
  if (weights.length === 0) return false;
  const heaviest = BigInt(Math.max(...weights));
  const product = weights.reduce((all, weight) => all * BigInt(weight), 1n);
  return weights.length >= seatsOf(trust) || product >= BigInt(trust) * heaviest * heaviest;
}

/** How a seat ended; the numbers are those of the contracts. */
export const SEAT_OUTCOMES = ["Paid", "Unclaimed", "Wrong", "Unopened", "Disputed", "Idle"] as const;
export type SeatOutcome = (typeof SEAT_OUTCOMES)[number];

/**
 * The result that wins, and what becomes of each seat when the client accepts; `winner` is `undefined` if none does.
 */
export function judgeRound(
  votes: readonly Vote[],
  trust: number,
): { winner: string | undefined; outcomes: SeatOutcome[] } {
  const groups = new Map<string, bigint>();
  let openings = 0;
  for (const { weight, result } of votes) {
    if (result === undefined) continue;
    openings += 1;
    groups.set(result, (groups.get(result) ?? 1n) * BigInt(weight));
  }
  const excess = [...groups.values()].reduce((sum, product) => sum + product - 1n, 0n);
  const odds = BigInt(trust);
  const wins = ([, product]: [string, bigint]) => (product - 1n) * odds >= (odds - 1n) * (1n + excess);
  const winner = openings < 2 ? undefined : [...groups].find(wins)?.[0];
  const outcomes = votes.map(({ result }): SeatOutcome => {
    if (votes.length === 1) return "Idle";
    if (result === undefined) return "Unopened";
    if (winner === undefined) return groups.size > 1 ? "Disputed" : "Idle";
    return result === winner ? "Paid" : "Wrong";
  });
  return { winner, outcomes };
}

/** How often the reach doubles before everybody may sit. */
export const REACH_DOUBLINGS = Number(DOUBLINGS);
