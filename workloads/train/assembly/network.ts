// The network and how far its training is, in the bytes that are read and written.
import { draw, state } from "./random";

export const PIXELS = 784;
export const HIDDEN = 128;
export const LABELS = 10;
/** Bytes of a row of hidden units, and of one of labels. */
export const HIDDEN_ROW = HIDDEN * 8;
export const LABEL_ROW = LABELS * 8;

/** Bytes of all biases and weights, 64-bit floats. */
export const NETWORK_BYTES = (HIDDEN + LABELS + (PIXELS + LABELS) * HIDDEN) * 8;
/** Before them, the seed of the random numbers to come and the epochs that are over, 32 bits each. */
const HEAD_BYTES = 8;
export const CHECKPOINT_BYTES = HEAD_BYTES + NETWORK_BYTES;

export const checkpoint = heap.alloc(CHECKPOINT_BYTES);
export const hiddenBiases = checkpoint + HEAD_BYTES;
export const labelBiases = hiddenBiases + HIDDEN_ROW;
export const hiddenWeights = labelBiases + LABEL_ROW;
export const labelWeights = hiddenWeights + PIXELS * HIDDEN_ROW;

function isFinite(value: f64): bool {
  return abs(value) < f64.POSITIVE_INFINITY;
}

function drawWeights(at: usize, length: i32, inputs: i32): void {
  const bound = sqrt(<f64>6 / <f64>inputs);
  for (let place = 0; place < length; place += 1) {
    const drawn = (2 * <f64>draw(0x80000000)) / 2147483648.0 - 1;
    store<f64>(at + (place << 3), drawn * bound);
  }
}

/** Begins with a network that has learned nothing. */
export function drawNetwork(): void {
  memory.fill(hiddenBiases, 0, HIDDEN_ROW + LABEL_ROW);
  drawWeights(hiddenWeights, PIXELS * HIDDEN, PIXELS);
  drawWeights(labelWeights, HIDDEN * LABELS, HIDDEN);
}

/**
 * Begins with the biases and weights at an address.
 *
 * @returns The place of the first that is no finite number, or -1.
 */
export function copyNetwork(from: usize): i32 {
  memory.copy(hiddenBiases, from, NETWORK_BYTES);
  for (let place = 0; place < NETWORK_BYTES / 8; place += 1) {
    if (!isFinite(load<f64>(hiddenBiases + (place << 3)))) return place;
  }
  return -1;
}

/**
 * Completes the checkpoint. What is no finite number becomes +∞: the bits of a NaN differ between engines.
 *
 * @param done Epochs that are over.
 */
export function closeCheckpoint(done: u32): void {
  store<u32>(checkpoint, state);
  store<u32>(checkpoint, done, 4);
  for (let at = hiddenBiases; at < checkpoint + CHECKPOINT_BYTES; at += 8) {
    if (!isFinite(load<f64>(at))) store<f64>(at, f64.POSITIVE_INFINITY);
  }
}
