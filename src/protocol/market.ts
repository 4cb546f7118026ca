import type { PriceParameters } from "./parameters.js";

/** The market of a source as the chain keeps it. */
export interface Market {
  /** Price of one execution at the last touch, wei; 0 before the first order. */
  price: bigint;
  /** Orders that count as demand and wait for a delivery. */
  openTasks: bigint;
  /** Sum of the members' slots. */
  capacity: bigint;
  /** Last touch, unix seconds. */
  touchedAt: bigint;
  /** What moves the price; all zero before the first order. */
  parameters: PriceParameters;
}

const FRACTION_BITS = 96n;
const ONE = 1n << FRACTION_BITS;
/** ln 2 × 2^96, to the nearest integer. */
const LN2 = 54916777467707473351141471128n;
const LEAST_EXPONENT = -68n * ONE;
const MOST_EXPONENT = 66n * ONE;
const TERMS = 13n;
const BASIS_POINTS = 10_000n;
const MOST_PRICE = 2n ** 96n - 1n;

/**
 * e^x, argument and result × 2^96, to within e^x · 2^-56 + 2^-96; equal to what the contracts compute.
 *
 * @param x At most 66 × 2^96; from −68 × 2^96 down the result is 0.
 */
export function exp(x: bigint): bigint {
  if (x > MOST_EXPONENT) throw new RangeError(`${x} is above the largest exponent, ${MOST_EXPONENT}.`);
  if (x <= LEAST_EXPONENT) return 0n;
  const half = LN2 / 2n;
  const power = (x + (x < 0n ? -half : half)) / LN2;
  const rest = x - power * LN2;
  let sum = ONE + rest / TERMS;
  for (let term = TERMS - 1n; term > 0n; term--) sum = ONE + (sum * rest) / (term * ONE);
  return power < 0n ? sum >> -power : sum << power;
}

/** Change of the natural logarithm of a market's price since its last touch, × 2^96, if nothing touches it until `time`. */
export function stepOf({ openTasks, capacity, touchedAt, parameters }: Market, time: bigint): bigint {
  const [target, speed, clamp] = [BigInt(parameters.target), BigInt(parameters.speed), BigInt(parameters.clamp)];
  if (target === 0n || (openTasks === 0n && capacity === 0n)) return 0n;
  const reach = speed * (time - touchedAt) * ONE;
  const most = (clamp * ONE) / 1_000n;
  const [open, slots] = openTasks >= capacity ? [1n, 1n] : [openTasks, capacity];
  const aim = target * slots;
  const step = (reach * (open * BASIS_POINTS - aim)) / (aim * 1_000_000n);
  return step > most ? most : step;
}

/**
 * Price of one execution at a time if nothing touches the market until then, wei: what the contracts would ask.
 *
 * @param floorPrice Floor of the source, wei.
 * @param time Unix seconds, not before the last touch.
 */
export function marketPriceAt(market: Market, floorPrice: bigint, time: bigint): bigint {
  const step = stepOf(market, time);
  let price = market.price;
  if (price !== 0n && step !== 0n) {
    const product = price * exp(step);
    price = (step < 0n ? product + ONE - 1n : product) >> FRACTION_BITS;
    if (price === 0n) price = 1n;
  }
  if (price > MOST_PRICE) price = MOST_PRICE;
  return price > floorPrice ? price : floorPrice;
}

/** min(1, open tasks / capacity), 0 to 1. */
export function utilisationOf({ openTasks, capacity }: Pick<Market, "openTasks" | "capacity">): number {
  if (openTasks >= capacity) return openTasks === 0n ? 0 : 1;
  return Number(openTasks) / Number(capacity);
}
