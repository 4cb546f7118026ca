// Reads handwritten digits: a small neural network in whole numbers, so that every engine gives the same scores.
import { fail, input, readAll, write } from "../../lib/stdio";
import { putNumber, putText } from "../../lib/text";
import { HIDDEN_SHIFT, weights } from "./weights";

const PIXELS = 784;
const HIDDEN = 128;
const LABELS = 10;
const MOST_IMAGES: u32 = 10_000;
/** Longest text of one prediction: a label, ten scores of at most eleven characters, and what is between them. */
const PREDICTION = 160;

const hiddenBiases = weights;
const labelBiases = hiddenBiases + HIDDEN * 4;
const hiddenWeights = labelBiases + LABELS * 4;
const labelWeights = hiddenWeights + PIXELS * HIDDEN;

const hidden = memory.data(HIDDEN * 4, 16);
const scores = memory.data(LABELS * 4, 16);

/** Computes the scores of the image at an address. */
function infer(image: usize): void {
  memory.copy(hidden, hiddenBiases, HIDDEN * 4);
  for (let pixel = 0; pixel < PIXELS; pixel += 1) {
    const ink = <i32>load<u8>(image + pixel);
    if (ink == 0) continue;
    const row = hiddenWeights + pixel * HIDDEN;
    for (let unit = 0; unit < HIDDEN; unit += 1) {
      const at = hidden + (unit << 2);
      store<i32>(at, load<i32>(at) + ink * <i32>load<i8>(row + unit));
    }
  }
  memory.copy(scores, labelBiases, LABELS * 4);
  for (let unit = 0; unit < HIDDEN; unit += 1) {
    const value = load<i32>(hidden + (unit << 2));
    if (value <= 0) continue;
    const strength = value >> HIDDEN_SHIFT;
    const row = labelWeights + unit * LABELS;
    for (let label = 0; label < LABELS; label += 1) {
      const at = scores + (label << 2);
      store<i32>(at, load<i32>(at) + strength * <i32>load<i8>(row + label));
    }
  }
}

function score(label: i32): i32 {
  return load<i32>(scores + (label << 2));
}

/** Writes the prediction of the image that was inferred last, and returns the address behind it. */
function putPrediction(at: usize): usize {
  let best = 0;
  for (let label = 1; label < LABELS; label += 1) if (score(label) > score(best)) best = label;
  at = putNumber(putText(at, '{"label":'), best);
  at = putText(at, ',"scores":[');
  for (let label = 0; label < LABELS; label += 1) {
    if (label > 0) at = putText(at, ",");
    at = putNumber(at, score(label));
  }
  return putText(at, "]}");
}

function main(): void {
  const length = readAll(<i32>(4 + MOST_IMAGES * PIXELS));
  if (length < 4) fail("The input is shorter than its count of images.");
  const count = load<u32>(input);
  if (count == 0 || count > MOST_IMAGES) fail(`The input has ${count} images; it must have from 1 to ${MOST_IMAGES}.`);
  if (<u32>length != 4 + count * PIXELS) {
    fail(`The input says ${count} images, which are ${4 + count * PIXELS} bytes, but has ${length}.`);
  }
  const output = heap.alloc(<usize>count * PREDICTION + 64);
  let at = putText(output, '{"predictions":[');
  for (let image: u32 = 0; image < count; image += 1) {
    if (image > 0) at = putText(at, ",");
    infer(input + 4 + image * PIXELS);
    at = putPrediction(at);
  }
  at = putText(at, "]}\n");
  write(output, <i32>(at - output));
}

main();
