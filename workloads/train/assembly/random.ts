// Random numbers that follow from a seed: splitmix32, as `digits/training/random.ts` has it.

/** What the numbers to come follow from. */
export let state: u32 = 0;

export function seed(value: u32): void {
  state = value;
}

/** The next whole number from 0 to `below`, excluded, `below` at most 2^31. */
export function draw(below: u32): u32 {
  state += 0x9e3779b9;
  let mixed = (state ^ (state >>> 16)) * 0x21f0aaad;
  mixed = (mixed ^ (mixed >>> 15)) * 0x735a2d97;
  return <u32>((<f64>(mixed ^ (mixed >>> 15)) / 4294967296.0) * <f64>below);
}

/** Writes the whole numbers from 0 to `count`, excluded, shuffled, 32 bits each. */
export function shuffle(at: usize, count: u32): void {
  for (let place: u32 = 0; place < count; place += 1) store<u32>(at + (place << 2), place);
  for (let last = count - 1; last > 0; last -= 1) {
    const other = at + (draw(last + 1) << 2);
    const kept = load<u32>(at + (last << 2));
    store<u32>(at + (last << 2), load<u32>(other));
    store<u32>(other, kept);
  }
}
