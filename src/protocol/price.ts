import { FieldRangeError } from "./errors.js";

/** The whole of a cap: prices are kept as fractions of it in 32 bits. */
export const WHOLE = 2n ** 32n - 1n;
const BASIS_POINTS = 10_000n;

/** The least fraction of `cap` that is at least `min(cap, price)`; both in wei, `cap` > 0. */
export function fractionOf(price: bigint, cap: bigint): bigint {
  if (cap <= 0n) throw new FieldRangeError("cap", cap, 2n ** 96n - 1n);
  return price >= cap ? WHOLE : (price * WHOLE + cap - 1n) / cap;
}

/** Fraction `elapsed` seconds into a ramp of `duration` seconds that began at `start`. */
export function ramp(start: bigint, duration: bigint, elapsed: bigint): bigint {
  return elapsed >= duration ? WHOLE : start + ((WHOLE - start) * elapsed) / duration;
}

/** Price in wei of `fraction` of `cap`, rounded down. */
export function amountOf(fraction: bigint, cap: bigint): bigint {
  return (cap * fraction) / WHOLE;
}

/** `bps` ten-thousandths of `amount`, rounded down. */
export function share(amount: bigint, bps: bigint): bigint {
  return (amount * bps) / BASIS_POINTS;
}

/** A task as far as its price goes: fields of `getTask`. Times in unix seconds. */
export interface PricedTask {
  startFraction: bigint;
  openedAt: bigint;
  /** When the price was fixed; 0 while it climbs. */
  clearedAt: bigint;
  deadline: bigint;
  rampDuration: bigint;
}

/**
 * Price of a task, wei: at `time` while it is open, the fixed one otherwise.
 *
 * @param cap Cap of its order, wei.
 * @param time Unix seconds; times before the ramp count as its beginning.
 */
export function priceAt(task: PricedTask, cap: bigint, time: bigint): bigint {
  // An open task past its deadline cannot clear any more: its price stands.
  const open = time < task.deadline ? time : task.deadline;
  const at = task.clearedAt === 0n ? open : task.clearedAt;
  const elapsed = at > task.openedAt ? at - task.openedAt : 0n;
  return amountOf(ramp(task.startFraction, task.rampDuration, elapsed), cap);
}

/**
 * The first second in which an open task pays at least `price`, unix seconds; `undefined` if it
 * does not before its deadline.
 *
 * @param price Wei.
 * @param cap Cap of its order, wei.
 */
export function timeOfPrice(task: PricedTask, cap: bigint, price: bigint): bigint | undefined {
  if (price > cap) return undefined;
  const wanted = fractionOf(price, cap);
  if (wanted <= task.startFraction) return task.openedAt;
  // The fraction reaches `wanted` at this quotient, rounded up; the wanted one is above the start, so there is a climb.
  const climb = WHOLE - task.startFraction;
  const elapsed = ((wanted - task.startFraction) * task.rampDuration + climb - 1n) / climb;
  const time = task.openedAt + elapsed;
  return time <= task.deadline ? time : undefined;
}

/** Who gets what of a price, wei. */
export interface PriceParts {
  fee: bigint;
  royalty: bigint;
  /** The provider's part. */
  payment: bigint;
}

/** Splits a price: the protocol's fee and the publisher's royalty, each rounded down, and the rest. */
export function splitPrice(price: bigint, feeBps: bigint, royaltyBps: bigint): PriceParts {
  const fee = share(price, feeBps);
  const royalty = share(price, royaltyBps);
  return { fee, royalty, payment: price - fee - royalty };
}
