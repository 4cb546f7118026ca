// Random numbers that nobody can foresee, where a module may differ from run to run.
import { fail } from "./stdio";
import { random_get } from "./wasi_snapshot_preview1";

const seed = memory.data(8, 8);
let state: u64 = 0;
let isSeeded: bool = false;

/** A whole number from 0 to `count` − 1. */
export function chance(count: i32): i32 {
  if (!isSeeded) {
    if (random_get(seed, 8) != 0) fail("There are no random numbers.");
    state = load<u64>(seed);
    isSeeded = true;
  }
  state += 0x9e3779b97f4a7c15;
  let value = state;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  value ^= value >> 31;
  // The upper half, as a fraction of a whole.
  return <i32>(((value >> 32) * <u64>count) >> 32);
}
