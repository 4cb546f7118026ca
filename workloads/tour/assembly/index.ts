// Searches a short round trip through places of a plane, at random; called with `judge`, says whether one is short enough.
import { isCalled } from "../../lib/args";
import { fail, input, readAll, write } from "../../lib/stdio";
import { putText } from "../../lib/text";
import { count, lengthOf, LONGEST_INPUT, LONGEST_OUTPUT, placeAt, readPoints } from "./points";
import { search, yardstick } from "./search";

/** Bytes that tell a judge how long the input is. */
const PREFIX = 8;
/** How much longer than the yardstick a tour may be: sums of distances are rounded. */
const TOLERANCE: f64 = 1e-6;

function solve(): void {
  const length = readAll(LONGEST_INPUT);
  readPoints(input, length);
  const tour = heap.alloc(2 * count);
  search(tour);
  write(tour, 2 * count);
}

/** Whether a tour visits every place once. */
function isRound(tour: usize): bool {
  const visited = heap.alloc(count);
  memory.fill(visited, 0, count);
  for (let step = 0; step < count; step += 1) {
    const place = placeAt(tour, step);
    if (place >= count || load<u8>(visited + place) != 0) return false;
    store<u8>(visited + place, 1);
  }
  return true;
}

function judge(): void {
  const length = readAll(PREFIX + LONGEST_INPUT + LONGEST_OUTPUT);
  if (length < PREFIX) fail("There is nothing to judge.");
  const given = load<u64>(input);
  if (given > <u64>(length - PREFIX)) fail("The input is cut off.");
  readPoints(input + PREFIX, <i32>given);
  const tour = input + PREFIX + <usize>given;
  let isValid = length - PREFIX - <i32>given == 2 * count && isRound(tour);
  if (isValid) {
    const measure = heap.alloc(2 * count);
    yardstick(measure);
    isValid = lengthOf(tour) <= lengthOf(measure) + TOLERANCE;
  }
  const word = heap.alloc(8);
  write(word, <i32>(putText(word, isValid ? "valid" : "invalid") - word));
}

if (isCalled("judge")) judge();
else solve();
