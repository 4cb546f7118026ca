/** What a benchmark runs: reading handwritten digits, and training the network that reads them. */
import { readFileSync } from "node:fs";
import { splitImages } from "../../src/client/batches.js";
import type { Work } from "../../src/market/benchmark/run.js";
import { type Digits, PIXELS, splitDigits, take } from "../../workloads/digits/training/data.js";
import { SETTINGS } from "../../workloads/digits/training/settings.js";
import { manifestFile, moduleFile } from "../../workloads/tools/places.js";
import { encodeJob } from "../../workloads/train/format.js";

export const WORK_NAMES = ["digits", "train"] as const;
export type WorkName = (typeof WORK_NAMES)[number];

/** Inputs begin so many images after each other, a prime, so that no two of a run are equal. */
const STRIDE = 7;

const filesOf = (name: WorkName) => ({
  manifest: readFileSync(manifestFile(name)),
  module: readFileSync(moduleFile(name)),
});

/** The workloads of some names, each with the sizes of its tasks. */
export function worksOf(sizes: Readonly<Record<WorkName, readonly number[]>>, names: readonly WorkName[]): Work[] {
  const { heldOut, training } = splitDigits();
  const all: Record<WorkName, () => Work> = {
    digits: () => ({
      ...{ workload: "digits", unit: "image", files: filesOf("digits"), sizes: sizes.digits },
      inputs: inputsFrom(heldOut, ({ pixels }, units) => splitImages(pixels, { batch: units })[0] ?? new Uint8Array()),
    }),
    train: () => ({
      ...{ workload: "train", unit: "trained image", files: filesOf("train"), sizes: sizes.train },
      inputs: inputsFrom(training, (digits, _units, seed) =>
        encodeJob({ ...SETTINGS, from: seed, epochs: 1, run: 1, digits }),
      ),
    }),
  };
  return names.map((name) => all[name]());
}

/** Takes other images for every input; where they run out, it begins again from the front. */
function inputsFrom(digits: Digits, encode: (part: Digits, units: number, seed: number) => Uint8Array) {
  const total = digits.pixels.length / PIXELS;
  let made = 0;
  return (units: number, count: number): Uint8Array[] =>
    Array.from({ length: count }, () => {
      const from = (STRIDE * made) % total;
      made += 1;
      const indices = Array.from({ length: units }, (_, index) => (from + index) % total);
      return encode(take(digits, indices), units, made);
    });
}
