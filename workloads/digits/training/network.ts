import { PIXELS } from "./data.js";
import type { Draw } from "./random.js";

export const HIDDEN = 128;
export const LABELS = 10;

/** Two layers: each pixel to each hidden unit, of which what is positive goes to each label. */
export interface Network {
  /** By pixel, then by hidden unit. */
  hiddenWeights: Float64Array;
  hiddenBiases: Float64Array;
  /** By hidden unit, then by label. */
  labelWeights: Float64Array;
  labelBiases: Float64Array;
}

function uniform(length: number, inputs: number, draw: Draw): Float64Array {
  const bound = Math.sqrt(6 / inputs);
  return Float64Array.from({ length }, () => ((2 * draw(2 ** 31)) / 2 ** 31 - 1) * bound);
}

/** A network that has learned nothing. */
export function newNetwork(draw: Draw): Network {
  return {
    hiddenWeights: uniform(PIXELS * HIDDEN, PIXELS, draw),
    hiddenBiases: new Float64Array(HIDDEN),
    labelWeights: uniform(HIDDEN * LABELS, HIDDEN, draw),
    labelBiases: new Float64Array(LABELS),
  };
}
