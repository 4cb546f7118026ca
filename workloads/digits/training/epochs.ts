import { type Digits, countOf, imageAt } from "./data.js";
import { Lesson } from "./lesson.js";
import { type Network, newNetwork } from "./network.js";
import { draws, shuffled } from "./random.js";

/** How a network is trained. */
export interface Settings {
  /** How often each image is shown, from the first time to the last. */
  epochs: number;
  /** How many images are shown before the network changes; of a batch of several, each step is their mean. */
  batch: number;
  /** How far a step goes at first; it shrinks to nothing in the end. */
  rate: number;
  /** By how many pixels an image is moved at most before it is shown, in both directions. */
  shift: number;
}

export interface Training extends Settings {
  seed: number;
  /** Told after each epoch. */
  report?: (epoch: number, network: Network) => void;
}

/** How far a training is: all that it goes on from. */
export interface Checkpoint {
  /** Seed of the random numbers to come, 0 to 2^32 − 1. */
  seed: number;
  /** Epochs that are over. */
  done: number;
  network: Network;
}

/** A training of which nothing is done. */
export function begin(seed: number): Checkpoint {
  const draw = draws(seed);
  const network = newNetwork(draw);
  return { seed: draw.seed(), done: 0, network };
}

/**
 * Trains for one epoch more by stochastic gradient descent, and changes the checkpoint. The same checkpoint, images and
 * settings give the same weights on every machine.
 *
 * @param digits Images of the whole epoch, the same ones in each.
 */
export function trainEpoch(digits: Digits, checkpoint: Checkpoint, { epochs, batch, rate, shift }: Settings): void {
  const draw = draws(checkpoint.seed);
  const { network, done } = checkpoint;
  const count = countOf(digits);
  const lessons = Array.from({ length: Math.min(batch, count) }, () => new Lesson());
  const order = shuffled(count, draw);
  for (let first = 0; first < count; first += batch) {
    const current = lessons.slice(0, count - first);
    const pace = (rate * (1 - (done * count + first) / (epochs * count))) / current.length;
    for (const [place, lesson] of current.entries()) {
      const index = order[first + place] as number;
      const [right, down] = [draw(2 * shift + 1) - shift, draw(2 * shift + 1) - shift];
      lesson.study(network, imageAt(digits, index), { right, down }, digits.labels[index] as number, pace);
    }
    for (const lesson of current) lesson.apply(network);
  }
  checkpoint.seed = draw.seed();
  checkpoint.done = done + 1;
}

/** Trains a network from its beginning to its end; the same seed, images and settings give the same weights. */
export function train(digits: Digits, { seed, report, ...settings }: Training): Network {
  const checkpoint = begin(seed);
  while (checkpoint.done < settings.epochs) {
    trainEpoch(digits, checkpoint, settings);
    report?.(checkpoint.done, checkpoint.network);
  }
  return checkpoint.network;
}
