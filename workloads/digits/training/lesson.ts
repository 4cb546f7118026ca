import { PIXELS } from "./data.js";
import { expOfNegative } from "./exp.js";
import { HIDDEN, LABELS, type Network } from "./network.js";

const SIDE = 28;

/**
 * One image as a network sees it, and how far the network is from the truth. Only + − × ÷ of 64-bit floats are used, in
 * a fixed sequence, so the same lesson changes a network alike on every machine.
 */
export class Lesson {
  /** How many pixels are not paper. */
  #count = 0;
  /** Those pixels, and their ink from 0 to 1. */
  readonly #places = new Uint32Array(PIXELS);
  readonly #inks = new Float64Array(PIXELS);
  readonly #hidden = new Float64Array(HIDDEN);
  readonly #hiddenSteps = new Float64Array(HIDDEN);
  /** By label: scores at first, then how far each goes down. */
  readonly #scores = new Float64Array(LABELS);

  /**
   * Shows an image to a network, which stays as it is.
   *
   * @param image 784 bytes.
   * @param moved By how many pixels it is moved; what leaves the frame is lost.
   * @param label What it shows.
   * @param pace How far a step goes.
   */
  study(
    network: Network,
    image: Uint8Array,
    { right, down }: { right: number; down: number },
    label: number,
    pace: number,
  ): void {
    this.#look(image, right, down);
    this.#guess(network);
    this.#compare(label, pace);
    this.#trace(network);
  }

  /** Changes a network by what was studied last. */
  apply({ hiddenWeights, hiddenBiases, labelWeights, labelBiases }: Network): void {
    for (let unit = 0; unit < HIDDEN; unit += 1) {
      const value = this.#hidden[unit] as number;
      hiddenBiases[unit] = (hiddenBiases[unit] as number) - (this.#hiddenSteps[unit] as number);
      if (!(value > 0)) continue;
      for (let label = 0; label < LABELS; label += 1) {
        const place = unit * LABELS + label;
        labelWeights[place] = (labelWeights[place] as number) - (this.#scores[label] as number) * value;
      }
    }
    for (let label = 0; label < LABELS; label += 1) {
      labelBiases[label] = (labelBiases[label] as number) - (this.#scores[label] as number);
    }
    const steps = this.#hiddenSteps;
    for (let each = 0; each < this.#count; each += 1) {
      const ink = this.#inks[each] as number;
      const row = (this.#places[each] as number) * HIDDEN;
      for (let unit = 0; unit < HIDDEN; unit += 1) {
        hiddenWeights[row + unit] = (hiddenWeights[row + unit] as number) - ink * (steps[unit] as number);
      }
    }
  }

  /** Lists what is not paper in the moved image. */
  #look(image: Uint8Array, right: number, down: number): void {
    this.#count = 0;
    for (let place = 0; place < PIXELS; place += 1) {
      const ink = image[place] as number;
      if (ink === 0) continue;
      const column = (place % SIDE) + right;
      const row = Math.floor(place / SIDE) + down;
      if (column < 0 || column >= SIDE || row < 0 || row >= SIDE) continue;
      this.#places[this.#count] = row * SIDE + column;
      this.#inks[this.#count] = ink / 255;
      this.#count += 1;
    }
  }

  /** Computes the hidden units and the scores. */
  #guess({ hiddenWeights, hiddenBiases, labelWeights, labelBiases }: Network): void {
    const [hidden, scores] = [this.#hidden, this.#scores];
    hidden.set(hiddenBiases);
    for (let each = 0; each < this.#count; each += 1) {
      const ink = this.#inks[each] as number;
      const row = (this.#places[each] as number) * HIDDEN;
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
  }

  /** Scores become probabilities, and those their distance from the truth, times the pace. */
  #compare(truth: number, pace: number): void {
    const scores = this.#scores;
    let highest = scores[0] as number;
    for (const score of scores) if (score > highest) highest = score;
    let sum = 0;
    for (let label = 0; label < LABELS; label += 1) {
      const share = expOfNegative((scores[label] as number) - highest);
      scores[label] = share;
      sum += share;
    }
    for (let label = 0; label < LABELS; label += 1) {
      scores[label] = pace * ((scores[label] as number) / sum - (label === truth ? 1 : 0));
    }
  }

  /** Traces the distance back to the hidden units. */
  #trace({ labelWeights }: Network): void {
    for (let unit = 0; unit < HIDDEN; unit += 1) {
      let back = 0;
      if ((this.#hidden[unit] as number) > 0) {
        for (let label = 0; label < LABELS; label += 1) {
          back += (this.#scores[label] as number) * (labelWeights[unit * LABELS + label] as number);
        }
      }
      this.#hiddenSteps[unit] = back;
    }
  }
}
