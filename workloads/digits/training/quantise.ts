import { type Digits, PIXELS, countOf, imageAt } from "./data.js";
import { HIDDEN, LABELS, type Network } from "./network.js";

/** How many bits a hidden unit loses, so that no sum of the second layer leaves 32 bits. */
export const HIDDEN_SHIFT = 8;
const LARGEST = 127;

/** A network in whole numbers. */
export interface Weights {
  hiddenWeights: Int8Array;
  hiddenBiases: Int32Array;
  labelWeights: Int8Array;
  labelBiases: Int32Array;
}

function largest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/** Rounds a network to whole numbers, each layer by one scale. */
export function quantise({ hiddenWeights, hiddenBiases, labelWeights, labelBiases }: Network): Weights {
  const hiddenScale = LARGEST / largest(hiddenWeights);
  const labelScale = LARGEST / largest(labelWeights);
  // A pixel of 255 is an ink of 1.
  const hiddenUnit = 255 * hiddenScale;
  return {
    hiddenWeights: Int8Array.from(hiddenWeights, (weight) => Math.round(weight * hiddenScale)),
    hiddenBiases: Int32Array.from(hiddenBiases, (bias) => Math.round(bias * hiddenUnit)),
    labelWeights: Int8Array.from(labelWeights, (weight) => Math.round(weight * labelScale)),
    labelBiases: Int32Array.from(labelBiases, (bias) =>
      Math.round((bias * hiddenUnit * labelScale) / 2 ** HIDDEN_SHIFT),
    ),
  };
}

/** The bytes of `weights.bin`: biases as little-endian 32-bit, then weights as 8-bit signed integers. */
export function encodeWeights({ hiddenWeights, hiddenBiases, labelWeights, labelBiases }: Weights): Uint8Array {
  const bytes = new Uint8Array((HIDDEN + LABELS) * 4 + (PIXELS + LABELS) * HIDDEN);
  const view = new DataView(bytes.buffer);
  [...hiddenBiases, ...labelBiases].forEach((bias, index) => {
    view.setInt32(index * 4, bias, true);
  });
  const offset = (HIDDEN + LABELS) * 4;
  bytes.set(new Uint8Array(hiddenWeights.buffer), offset);
  bytes.set(new Uint8Array(labelWeights.buffer), offset + hiddenWeights.length);
  return bytes;
}

/** Reads the bytes of `weights.bin`. */
export function decodeWeights(bytes: Uint8Array): Weights {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const offset = (HIDDEN + LABELS) * 4;
  const words = (from: number, length: number) =>
    Int32Array.from({ length }, (_, index) => view.getInt32((from + index) * 4, true));
  return {
    hiddenBiases: words(0, HIDDEN),
    labelBiases: words(HIDDEN, LABELS),
    hiddenWeights: new Int8Array(bytes.slice(offset, offset + PIXELS * HIDDEN)),
    labelWeights: new Int8Array(bytes.slice(offset + PIXELS * HIDDEN)),
  };
}

/** The scores of the ten labels for an image, as the module computes them. */
export function scoresOf({ hiddenWeights, hiddenBiases, labelWeights, labelBiases }: Weights, image: Uint8Array) {
  const hidden = Int32Array.from(hiddenBiases);
  for (let place = 0; place < PIXELS; place += 1) {
    const ink = image[place] as number;
    if (ink === 0) continue;
    for (let unit = 0; unit < HIDDEN; unit += 1) {
      hidden[unit] = (hidden[unit] as number) + ink * (hiddenWeights[place * HIDDEN + unit] as number);
    }
  }
  const scores = Int32Array.from(labelBiases);
  for (let unit = 0; unit < HIDDEN; unit += 1) {
    const value = Math.max(0, hidden[unit] as number) >> HIDDEN_SHIFT;
    for (let label = 0; label < LABELS; label += 1) {
      scores[label] = (scores[label] as number) + value * (labelWeights[unit * LABELS + label] as number);
    }
  }
  return scores;
}

/** The label with the highest score, the lowest of several. */
export function labelOf(scores: ArrayLike<number>): number {
  let best = 0;
  for (let label = 1; label < scores.length; label += 1) {
    if ((scores[label] as number) > (scores[best] as number)) best = label;
  }
  return best;
}

/** Share of the images that are read right, 0 to 1. */
export function accuracy(weights: Weights, digits: Digits): number {
  let right = 0;
  for (let index = 0; index < countOf(digits); index += 1) {
    if (labelOf(scoresOf(weights, imageAt(digits, index))) === digits.labels[index]) right += 1;
  }
  return right / countOf(digits);
}
