/** Random numbers that follow from a seed, the same on every engine. */
export interface Draw {
  /** The next whole number from 0 to `below`, excluded, `below` at most 2^31. */
  (below: number): number;
  /** Seed of a source that goes on from here, 0 to 2^32 − 1. */
  seed: () => number;
}

/**
 * A source of random whole numbers.
 *
 * @param seed Any whole number, of which the lowest 32 bits count.
 */
export function draws(seed: number): Draw {
  let state = seed | 0;
  const draw = (below: number) => {
    // splitmix32
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return Math.floor((((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32) * below);
  };
  return Object.assign(draw, { seed: () => state >>> 0 });
}

/** The whole numbers from 0 to `count`, excluded, shuffled. */
export function shuffled(count: number, draw: Draw): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last -= 1) {
    const other = draw(last + 1);
    const kept = order[last] as number;
    order[last] = order[other] as number;
    order[other] = kept;
  }
  return order;
}
