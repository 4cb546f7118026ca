/** Some of the items, the same for the same seed, in their order. */
export function sampled<T>(items: readonly T[], count: number, seed: number): T[] {
  const next = mulberry32(seed);
  const places = items.map((_, place) => ({ place, weight: next() }));
  places.sort((a, b) => a.weight - b.weight);
  const chosen = new Set(places.slice(0, count).map(({ place }) => place));
  return items.filter((_, place) => chosen.has(place));
}

/** Uniform numbers from 0 to 1, by a generator of 32 bits of state. */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
