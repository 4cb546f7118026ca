// The places of a tour, and how long a tour is.
import { fail } from "../../lib/stdio";

const LEAST = 4;
const MOST = 512;
/** Bytes of an input: a count, and two coordinates for each place. */
export const LONGEST_INPUT = 2 + 4 * MOST;
/** Bytes of an output: a number for each place. */
export const LONGEST_OUTPUT = 2 * MOST;

export let count: i32 = 0;
let places: usize = 0;

/** Reads the places from an input. */
export function readPoints(start: usize, length: i32): void {
  if (length < 2) fail("The input is empty.");
  count = load<u16>(start);
  if (count < LEAST || count > MOST) fail(`${count} places are too few or too many; there may be ${LEAST} to ${MOST}.`);
  if (length != 2 + 4 * count) fail(`An input of ${count} places has ${2 + 4 * count} bytes, not ${length}.`);
  places = start + 2;
}

/** How far two places are from each other. */
export function distance(a: i32, b: i32): f64 {
  const across = <f64>load<u16>(places + 4 * a) - <f64>load<u16>(places + 4 * b);
  const along = <f64>load<u16>(places + 4 * a, 2) - <f64>load<u16>(places + 4 * b, 2);
  return sqrt(across * across + along * along);
}

/** Where a tour is at one of its steps; behind the last one it is where it began. */
export function placeAt(tour: usize, step: i32): i32 {
  return load<u16>(tour + 2 * (step < count ? step : step - count));
}

/** How long a tour is that returns to where it began. */
export function lengthOf(tour: usize): f64 {
  let sum: f64 = 0;
  for (let step = 0; step < count; step += 1) sum += distance(placeAt(tour, step), placeAt(tour, step + 1));
  return sum;
}
