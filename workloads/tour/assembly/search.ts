// Ways to find short tours.
import { chance } from "../../lib/chance";
import { count, distance, lengthOf, placeAt } from "./points";

/** How often a tour is broken up and mended again. */
const ROUNDS = 40;
/** Less is no improvement: sums of distances are rounded. */
const LEAST_GAIN: f64 = 1e-7;

function put(tour: usize, step: i32, place: i32): void {
  store<u16>(tour + 2 * step, <u16>place);
}

/** Goes to whatever is nearest and was not visited, from the first place on. */
function nearestFirst(tour: usize): void {
  for (let step = 0; step < count; step += 1) put(tour, step, step);
  for (let step = 1; step < count; step += 1) {
    const from = placeAt(tour, step - 1);
    let best = step;
    for (let other = step + 1; other < count; other += 1) {
      if (distance(from, placeAt(tour, other)) < distance(from, placeAt(tour, best))) best = other;
    }
    const chosen = placeAt(tour, best);
    put(tour, best, placeAt(tour, step));
    put(tour, step, chosen);
  }
}

function reverse(tour: usize, from: i32, to: i32): void {
  while (from < to) {
    const place = placeAt(tour, from);
    put(tour, from, placeAt(tour, to));
    put(tour, to, place);
    from += 1;
    to -= 1;
  }
}

/** Turns parts of a tour around as long as that makes it shorter (2-opt). */
function mend(tour: usize): void {
  let isShorter = true;
  while (isShorter) {
    isShorter = false;
    for (let one = 0; one < count - 2; one += 1) {
      for (let other = one + 2; other < count; other += 1) {
        if (one == 0 && other == count - 1) continue;
        const a = placeAt(tour, one);
        const b = placeAt(tour, one + 1);
        const c = placeAt(tour, other);
        const d = placeAt(tour, other + 1);
        if (distance(a, c) + distance(b, d) + LEAST_GAIN >= distance(a, b) + distance(c, d)) continue;
        reverse(tour, one + 1, other);
        isShorter = true;
      }
    }
  }
}

/** A tour that always is the same: what every other one is measured by. */
export function yardstick(tour: usize): void {
  nearestFirst(tour);
  mend(tour);
}

/** Copies a tour with two of its inner parts swapped, at random places (double bridge). */
function breakUp(tour: usize, into: usize): void {
  let first = 1 + chance(count - 3);
  let second = 1 + chance(count - 3);
  if (first > second) {
    const swapped = first;
    first = second;
    second = swapped;
  }
  const third = second + 1 + chance(count - second - 1);
  let at = 0;
  for (let step = 0; step < first; step += 1) put(into, at++, placeAt(tour, step));
  for (let step = second; step < third; step += 1) put(into, at++, placeAt(tour, step));
  for (let step = first; step < second; step += 1) put(into, at++, placeAt(tour, step));
  for (let step = third; step < count; step += 1) put(into, at++, placeAt(tour, step));
}

/** Finds a tour no longer than the yardstick, another one at every run. */
export function search(best: usize): void {
  yardstick(best);
  const trial = heap.alloc(2 * count);
  let shortest = lengthOf(best);
  for (let round = 0; round < ROUNDS; round += 1) {
    breakUp(best, trial);
    mend(trial);
    const length = lengthOf(trial);
    if (length >= shortest) continue;
    shortest = length;
    memory.copy(best, trial, 2 * count);
  }
}
