import { type Digits, PIXELS, countOf, imageAt } from "./data.js";
import { expOfNegative } from "./exp.js";
import { type Draw, draws, shuffled } from "./random.js";

export const HIDDEN = 128;
export const LABELS = 10;
const SIDE = 28;

/** Two layers: each pixel to each hidden unit, of which what is positive goes to each label. */
export interface Network {
  /** By pixel, then by hidden unit. */
  hiddenWeights: Float64Array;
  hiddenBiases: Float64Array;
  /** By hidden unit, then by label. */
  labelWeights: Float64Array;
  labelBiases: Float64Array;
}

export interface Training {
  seed: number;
  /** How often each image is shown. */
  epochs: number;
  /** How far a step goes at first; it shrinks to nothing in the end. */
  rate: number;
  /** By how many pixels an image is moved at most before it is shown, in both directions. */
  shift: number;
  /** Told after each epoch. */
  report?: (epoch: number, network: Network) => void;
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

/** Lists what is not paper in a moved image: the pixels in `places`, their ink from 0 to 1 in `inks`. */
function inked(image: Uint8Array, right: number, down: number, places: Uint32Array, inks: Float64Array): number {
  let count = 0;
  for (let place = 0; place < PIXELS; place += 1) {
    const ink = image[place] as number;
    if (ink === 0) continue;
    const column = (place % SIDE) + right;
    const row = Math.floor(place / SIDE) + down;
    if (column < 0 || column >= SIDE || row < 0 || row >= SIDE) continue;
    places[count] = row * SIDE + column;
    inks[count] = ink / 255;
    count += 1;
  }
  return count;
}

/**
 * Trains a network by stochastic gradient descent, image by image. Only + − × ÷ and √ of 64-bit floats are used, in a
 * fixed sequence, so the same seed gives the same weights on every machine.
 */
export function train(digits: Digits, { seed, epochs, rate, shift, report }: Training): Network {
  const draw = draws(seed);
  const network = newNetwork(draw);
  const { hiddenWeights, hiddenBiases, labelWeights, labelBiases } = network;
  const places = new Uint32Array(PIXELS);
  const inks = new Float64Array(PIXELS);
  const hidden = new Float64Array(HIDDEN);
  const hiddenSteps = new Float64Array(HIDDEN);
  const scores = new Float64Array(LABELS);
  const steps = epochs * countOf(digits);
  let step = 0;
  for (let epoch = 1; epoch <= epochs; epoch += 1) {
    for (const index of shuffled(countOf(digits), draw)) {
      const pace = rate * (1 - step / steps);
      step += 1;
      const [right, down] = [draw(2 * shift + 1) - shift, draw(2 * shift + 1) - shift];
      const count = inked(imageAt(digits, index), right, down, places, inks);

      hidden.set(hiddenBiases);
      for (let each = 0; each < count; each += 1) {
        const ink = inks[each] as number;
        const row = (places[each] as number) * HIDDEN;
        for (let unit = 0; unit < HIDDEN; unit += 1) {
          hidden[unit] = (hidden[unit] as number) + ink * (hiddenWeights[row + unit] as number);
        }
      }
      scores.set(labelBiases);
      for (let unit = 0; unit < HIDDEN; unit += 1) {
        const value = hidden[unit] as number;
        if (value <= 0) continue;
        for (let label = 0; label < LABELS; label += 1) {
          scores[label] = (scores[label] as number) + value * (labelWeights[unit * LABELS + label] as number);
        }
      }

      // Scores become probabilities, and those their distance from the truth, times the pace.
      let highest = scores[0] as number;
      for (const score of scores) if (score > highest) highest = score;
      let sum = 0;
      for (let label = 0; label < LABELS; label += 1) {
        const share = expOfNegative((scores[label] as number) - highest);
        scores[label] = share;
        sum += share;
      }
      for (let label = 0; label < LABELS; label += 1) {
        const truth = digits.labels[index] === label ? 1 : 0;
        scores[label] = pace * ((scores[label] as number) / sum - truth);
      }

      for (let unit = 0; unit < HIDDEN; unit += 1) {
        const value = hidden[unit] as number;
        let back = 0;
        if (value > 0) {
          for (let label = 0; label < LABELS; label += 1) {
            const place = unit * LABELS + label;
            const error = scores[label] as number;
            const weight = labelWeights[place] as number;
            back += error * weight;
            labelWeights[place] = weight - error * value;
          }
        }
        hiddenSteps[unit] = back;
        hiddenBiases[unit] = (hiddenBiases[unit] as number) - back;
      }
      for (let label = 0; label < LABELS; label += 1) {
        labelBiases[label] = (labelBiases[label] as number) - (scores[label] as number);
      }
      for (let each = 0; each < count; each += 1) {
        const ink = inks[each] as number;
        const row = (places[each] as number) * HIDDEN;
        for (let unit = 0; unit < HIDDEN; unit += 1) {
          hiddenWeights[row + unit] = (hiddenWeights[row + unit] as number) - ink * (hiddenSteps[unit] as number);
        }
      }
    }
    report?.(epoch, network);
  }
  return network;
}
