/** Numbers that follow from a seed, the same on every machine. */
export interface Random {
  /** Uniform, from 0, included, to 1, excluded. */
  real(): number;
  /** Waiting time of a Poisson process of a rate, in the rate's unit of time. */
  wait(rate: number): number;
  /** Lognormal; `sigma` is the standard deviation of the logarithm. */
  around(median: number, sigma: number): number;
  /** The items in a random order. */
  shuffled<T>(items: readonly T[]): T[];
}

/** A stream of random numbers of its own for every name, so that what one agent draws never moves what another does. */
export function randomOf(seed: number, name: string): Random {
  const real = sfc32(seed, hashOf(name));
  const normal = () => Math.sqrt(-2 * Math.log(1 - real())) * Math.cos(2 * Math.PI * real());
  return {
    real,
    wait: (rate) => -Math.log(1 - real()) / rate,
    around: (median, sigma) => median * Math.exp(sigma * normal()),
    shuffled<T>(items: readonly T[]) {
      const keyed = items.map((item) => ({ item, key: real() }));
      return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
    },
  };
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return hash;
}

/** Doty-Humphrey's small fast counter: 128 bits of state, a period of at least 2^32. */
function sfc32(seed: number, stream: number): () => number {
  let [a, b, c, counter] = [seed | 0, stream | 0, 0x9e3779b9 | 0, 1];
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  // Until neighbouring seeds have nothing in common.
  for (let round = 0; round < 16; round++) next();
  return next;
}
