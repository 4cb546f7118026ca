import { concat, keccak256, toBeHex } from "ethers";
import type { Offer } from "./decide.js";

/** Offers that opened within so many seconds are as old as each other. */
const GENERATION = 15n;

/**
 * Older offers first, so that none waits for ever. Among those of an age, an order that is each provider's own, so that
 * many providers spread over the open tasks instead of all doing the oldest, and race for the last ones when there are
 * fewer tasks than providers.
 *
 * @param provider Number of the provider.
 */
export function ownPreference(provider: number): (a: Offer, b: Offer) => number {
  const salt = toBeHex(provider, 32);
  const places = new WeakMap<Offer, string>();
  const placeOf = (offer: Offer): string => {
    const known = places.get(offer) ?? keccak256(concat([offer.taskId, salt]));
    places.set(offer, known);
    return known;
  };
  return (a, b) => {
    const older = a.openedAt / GENERATION - b.openedAt / GENERATION;
    if (older !== 0n) return older < 0n ? -1 : 1;
    const [first, second] = [placeOf(a), placeOf(b)];
    return first === second ? 0 : first < second ? -1 : 1;
  };
}
