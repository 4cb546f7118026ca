import { exp, type Market, marketPriceAt, stepOf } from "../../protocol/market.js";
import type { Controller } from "./mirrorVenue.js";

/** What a controller makes of the orders that wait and the slots that there are: −1 to 1. */
type ErrorOf = (open: number, capacity: number, target: number) => number;

const ONE = 1n << 96n;
const SCALE = 2 ** 40;

/** Ways to measure how far the utilisation is from the target. */
export const ERRORS = {
  /** Reaches 1 at full use and −1 at none, four times as steep above a target of 80 % as below: EIP-1559's. */
  kinked: (open, capacity, target) => {
    const used = Math.min(1, open / capacity);
    return (used - target) / (used > target ? 1 - target : target);
  },
  /** As steep above as below, so that it reaches a quarter at full use: the contracts' error. */
  linear: (open, capacity, target) => (Math.min(1, open / capacity) - target) / target,
  /** As steep above as below, and on beyond full use up to 1, where 1.6 orders wait for every slot. */
  queue: (open, capacity, target) => Math.min(1, (open / capacity - target) / target),
  /** As steep above as below and as far: reaches −1 as far below the target as full use is above it. */
  even: (open, capacity, target) => Math.max(-1, (Math.min(1, open / capacity) - target) / (1 - target)),
} satisfies Record<string, ErrorOf>;

export type ErrorName = keyof typeof ERRORS | "contracts";

/** A controller of the contracts' kind with another error. Rises are clamped, falls are not. */
export function controllerOf(name: ErrorName): Controller {
  if (name === "contracts") return marketPriceAt;
  return (market, floorPrice, time) => {
    const price = (market.price * exp(stepWith(ERRORS[name], market, time))) >> 96n;
    return price > floorPrice ? price : floorPrice;
  };
}

function stepWith(errorOf: ErrorOf, market: Market, time: bigint): bigint {
  const { openTasks, capacity, touchedAt, parameters } = market;
  if (capacity === 0n) return stepOf(market, time);
  const error = errorOf(Number(openTasks), Number(capacity), parameters.target / 10_000);
  const scaled = BigInt(Math.round(error * SCALE));
  const step = (BigInt(parameters.speed) * (time - touchedAt) * scaled * ONE) / (1_000_000n * BigInt(SCALE));
  const most = (BigInt(parameters.clamp) * ONE) / 1_000n;
  return step > most ? most : step;
}
