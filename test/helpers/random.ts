/** A stream of numbers that one seed determines. */
export interface Random {
  readonly seed: number;
  /** A number from `low`, inclusive, to `high`, exclusive. */
  between(low: number, high: number): number;
  /** A whole number from `low` to `high`, both inclusive. */
  whole(low: number, high: number): number;
}

/** The environment's SEED, or one of its own. */
export function seedOfRun(): number {
  const given = process.env["SEED"];
  if (given === undefined) return Math.floor(Math.random() * 2 ** 32);
  const seed = Number(given);
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) throw new Error(`SEED=${given} is no 32-bit number`);
  return seed;
}

/** Mulberry32: 32 bits of state, good enough for delays and prices. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let word = state;
    word = Math.imul(word ^ (word >>> 15), word | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (low: number, high: number) => low + next() * (high - low);
  return { seed, between, whole: (low, high) => Math.floor(between(low, high + 1)) };
}
