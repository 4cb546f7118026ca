// One image as the network sees it, and how far the network is from the truth, kept until the network changes. Sums are
// made in the sequence of `digits/training/lesson.ts`, so that they come out the same to the last bit.
import { expOfNegative } from "./exp";
import {
  HIDDEN,
  HIDDEN_ROW,
  hiddenBiases,
  hiddenWeights,
  LABEL_ROW,
  labelBiases,
  LABELS,
  labelWeights,
  PIXELS,
} from "./network";

const SIDE = 28;

// Where the parts of a lesson are in its memory. The first has, for each pixel that is not paper, its ink and the
// address of its weights, 8 bytes each; scores become how far each goes down.
const HIDDEN_AT = PIXELS * 16;
const STEPS_AT = HIDDEN_AT + HIDDEN_ROW;
const SCORES_AT = STEPS_AT + HIDDEN_ROW;
const END_AT = SCORES_AT + LABEL_ROW;

/** Bytes of a lesson. */
export const LESSON_BYTES = END_AT + 16;

/** Shows an image to the network, which stays as it is. */
export function study(lesson: usize, image: usize, right: i32, down: i32, label: i32, pace: f64): void {
  look(lesson, image, right, down);
  guess(lesson);
  compare(lesson + SCORES_AT, label, pace);
  trace(lesson);
}

/** Lists what is not paper in the moved image. */
function look(lesson: usize, image: usize, right: i32, down: i32): void {
  let end = lesson;
  for (let row = 0; row < SIDE; row += 1) {
    for (let column = 0; column < SIDE; column += 1) {
      const ink = load<u8>(image);
      image += 1;
      if (ink == 0) continue;
      const x = column + right;
      const y = row + down;
      if (x < 0 || x >= SIDE || y < 0 || y >= SIDE) continue;
      store<f64>(end, <f64>ink / 255);
      store<usize>(end, hiddenWeights + (y * SIDE + x) * HIDDEN_ROW, 8);
      end += 16;
    }
  }
  store<usize>(lesson + END_AT, end);
}

/** Computes the hidden units, eight at a time, and the scores. */
function guess(lesson: usize): void {
  const end = load<usize>(lesson + END_AT);
  const hidden = lesson + HIDDEN_AT;
  const scores = lesson + SCORES_AT;
  for (let unit = 0; unit < HIDDEN_ROW; unit += 64) {
    const bias = hiddenBiases + unit;
    let a = load<f64>(bias);
    let b = load<f64>(bias, 8);
    let c = load<f64>(bias, 16);
    let d = load<f64>(bias, 24);
    let e = load<f64>(bias, 32);
    let f = load<f64>(bias, 40);
    let g = load<f64>(bias, 48);
    let h = load<f64>(bias, 56);
    for (let pixel = lesson; pixel < end; pixel += 16) {
      const ink = load<f64>(pixel);
      const row = load<usize>(pixel, 8) + unit;
      a += ink * load<f64>(row);
      b += ink * load<f64>(row, 8);
      c += ink * load<f64>(row, 16);
      d += ink * load<f64>(row, 24);
      e += ink * load<f64>(row, 32);
      f += ink * load<f64>(row, 40);
      g += ink * load<f64>(row, 48);
      h += ink * load<f64>(row, 56);
    }
    const at = hidden + unit;
    store<f64>(at, a);
    store<f64>(at, b, 8);
    store<f64>(at, c, 16);
    store<f64>(at, d, 24);
    store<f64>(at, e, 32);
    store<f64>(at, f, 40);
    store<f64>(at, g, 48);
    store<f64>(at, h, 56);
  }
  memory.copy(scores, labelBiases, LABEL_ROW);
  for (let unit = 0; unit < HIDDEN; unit += 1) {
    const value = load<f64>(hidden + (unit << 3));
    if (value <= 0) continue;
    const row = labelWeights + unit * LABEL_ROW;
    for (let label = 0; label < LABEL_ROW; label += 8) {
      store<f64>(scores + label, load<f64>(scores + label) + value * load<f64>(row + label));
    }
  }
}

/** Scores become probabilities, and those their distance from the truth, times the pace. */
function compare(scores: usize, truth: i32, pace: f64): void {
  let highest = load<f64>(scores);
  for (let label = 0; label < LABELS; label += 1) {
    const score = load<f64>(scores + (label << 3));
    if (score > highest) highest = score;
  }
  let sum: f64 = 0;
  for (let label = 0; label < LABELS; label += 1) {
    const at = scores + (label << 3);
    const share = expOfNegative(load<f64>(at) - highest);
    store<f64>(at, share);
    sum += share;
  }
  for (let label = 0; label < LABELS; label += 1) {
    const at = scores + (label << 3);
    store<f64>(at, pace * (load<f64>(at) / sum - (label == truth ? 1 : 0)));
  }
}

/** Traces the distance back to the hidden units. */
function trace(lesson: usize): void {
  const scores = lesson + SCORES_AT;
  for (let unit = 0; unit < HIDDEN; unit += 1) {
    let back: f64 = 0;
    if (load<f64>(lesson + HIDDEN_AT + (unit << 3)) > 0) {
      const row = labelWeights + unit * LABEL_ROW;
      for (let label = 0; label < LABEL_ROW; label += 8) {
        back += load<f64>(scores + label) * load<f64>(row + label);
      }
    }
    store<f64>(lesson + STEPS_AT + (unit << 3), back);
  }
}

/** Changes the network by a lesson. */
export function apply(lesson: usize): void {
  const scores = lesson + SCORES_AT;
  const steps = lesson + STEPS_AT;
  for (let unit = 0; unit < HIDDEN; unit += 1) {
    const value = load<f64>(lesson + HIDDEN_AT + (unit << 3));
    if (!(value > 0)) continue;
    const row = labelWeights + unit * LABEL_ROW;
    for (let label = 0; label < LABEL_ROW; label += 8) {
      store<f64>(row + label, load<f64>(row + label) - load<f64>(scores + label) * value);
    }
  }
  lower(hiddenBiases, steps, HIDDEN_ROW);
  lower(labelBiases, scores, LABEL_ROW);
  const end = load<usize>(lesson + END_AT);
  for (let pixel = lesson; pixel < end; pixel += 16) {
    const ink = load<f64>(pixel);
    const row = load<usize>(pixel, 8);
    for (let unit = 0; unit < HIDDEN_ROW; unit += 32) {
      const at = row + unit;
      const step = steps + unit;
      store<f64>(at, load<f64>(at) - ink * load<f64>(step));
      store<f64>(at, load<f64>(at, 8) - ink * load<f64>(step, 8), 8);
      store<f64>(at, load<f64>(at, 16) - ink * load<f64>(step, 16), 16);
      store<f64>(at, load<f64>(at, 24) - ink * load<f64>(step, 24), 24);
    }
  }
}

function lower(biases: usize, steps: usize, length: i32): void {
  for (let at = 0; at < length; at += 8) store<f64>(biases + at, load<f64>(biases + at) - load<f64>(steps + at));
}
