import { readFileSync } from "node:fs";
import { expect } from "chai";
import {
  contentOf,
  countOf,
  type Digits,
  imageAt,
  PIXELS,
  splitDigits,
} from "../../../workloads/digits/training/data.js";
import { HIDDEN, LABELS } from "../../../workloads/digits/training/network.js";
import { decodeWeights, HIDDEN_SHIFT, labelOf, scoresOf } from "../../../workloads/digits/training/quantise.js";
import { ROOT } from "../../../workloads/tools/places.js";
import { Random, SEED } from "../../helpers/seeded.js";
import { type Module, runCommand } from "../../helpers/wasi.js";
import { loadWorkload } from "../../helpers/workloads.js";

interface Prediction {
  label: number;
  scores: number[];
}

/** What the module reads: how many images, then the images. */
function batch(images: Uint8Array, count = images.length / PIXELS): Uint8Array {
  const bytes = new Uint8Array(4 + images.length);
  new DataView(bytes.buffer).setUint32(0, count, true);
  bytes.set(images, 4);
  return bytes;
}

describe("digits", () => {
  let module: Module;
  let outputLimit: number;
  let heldOut: Digits;
  before(async () => {
    const workload = await loadWorkload("digits");
    module = workload.module;
    outputLimit = workload.manifest.limits.output;
    ({ heldOut } = splitDigits());
  });

  function predict(images: Uint8Array): Prediction[] {
    const { status, output, message } = runCommand(module, batch(images));
    expect(status, message).to.equal(0);
    expect(output.length).to.be.at.most(outputLimit);
    return (JSON.parse(Buffer.from(output).toString("utf8")) as { predictions: Prediction[] }).predictions;
  }

  it("reads at least 95 % of the held-out digits right", () => {
    const predictions = predict(heldOut.pixels);
    expect(predictions).to.have.length(countOf(heldOut));
    expect(predictions.length).to.be.at.least(1000);
    const right = predictions.filter(({ label }, index) => label === heldOut.labels[index]).length;
    expect(right / predictions.length).to.be.at.least(0.95);
  });

  it("reads each of the ten digits right nine times out of ten", () => {
    const predictions = predict(heldOut.pixels);
    for (let digit = 0; digit < LABELS; digit += 1) {
      const shown = predictions.filter((_, index) => heldOut.labels[index] === digit);
      const right = shown.filter(({ label }) => label === digit).length;
      expect(right / shown.length, `digit ${digit}`).to.be.at.least(0.9);
    }
  });

  it("gives an image the same scores alone and among others", () => {
    const together = predict(heldOut.pixels.subarray(0, 50 * PIXELS));
    for (const [index, prediction] of together.entries()) {
      expect(predict(imageAt(heldOut, index))).to.deep.equal([prediction]);
    }
  });

  it(`gives the scores that its weights say, for digits and for noise (seed ${SEED})`, () => {
    const weights = decodeWeights(readFileSync(`${ROOT}workloads/digits/weights.bin`));
    const random = new Random(SEED);
    const noise = Uint8Array.from({ length: 20 * PIXELS }, () => random.whole(0, 255));
    const extremes = new Uint8Array(2 * PIXELS).fill(255, PIXELS);
    const images = Uint8Array.from([...heldOut.pixels.subarray(0, 100 * PIXELS), ...noise, ...extremes]);
    for (const [index, { label, scores }] of predict(images).entries()) {
      const expected = [...scoresOf(weights, images.subarray(index * PIXELS, (index + 1) * PIXELS))];
      expect(scores).to.deep.equal(expected);
      expect(label).to.equal(labelOf(expected));
    }
  });

  it("has weights whose sums stay within 32 bits for any image", () => {
    const { hiddenWeights, hiddenBiases, labelWeights, labelBiases } = decodeWeights(
      readFileSync(`${ROOT}workloads/digits/weights.bin`),
    );
    const most = Array.from({ length: HIDDEN }, (_, unit) => {
      let [up, down] = [hiddenBiases[unit] ?? 0, hiddenBiases[unit] ?? 0];
      for (let pixel = 0; pixel < PIXELS; pixel += 1) {
        const weight = hiddenWeights[pixel * HIDDEN + unit] ?? 0;
        if (weight > 0) up += 255 * weight;
        else down += 255 * weight;
      }
      expect(up).to.be.lessThan(2 ** 31);
      expect(down).to.be.greaterThan(-(2 ** 31));
      return Math.max(0, up) >> HIDDEN_SHIFT;
    });
    for (let label = 0; label < LABELS; label += 1) {
      const sum = most.reduce(
        (total, value, unit) => total + value * Math.abs(labelWeights[unit * LABELS + label] ?? 0),
        Math.abs(labelBiases[label] ?? 0),
      );
      expect(sum).to.be.lessThan(2 ** 31);
    }
  });

  const blank = new Uint8Array(PIXELS);
  const refused: [title: string, input: Uint8Array, message: string][] = [
    ["nothing", new Uint8Array(), "The input is shorter than its count of images.\n"],
    ["half a count", Uint8Array.of(1, 0), "The input is shorter than its count of images.\n"],
    ["no image", batch(new Uint8Array()), "The input has 0 images; it must have from 1 to 10000.\n"],
    ["too many images", batch(blank, 10_001), "The input has 10001 images; it must have from 1 to 10000.\n"],
    [
      "the largest count",
      batch(blank, 2 ** 32 - 1),
      "The input has 4294967295 images; it must have from 1 to 10000.\n",
    ],
    ["fewer images than said", batch(blank, 2), "The input says 2 images, which are 1572 bytes, but has 788.\n"],
    [
      "a byte too many",
      Uint8Array.from([...batch(blank), 0]),
      "The input says 1 images, which are 788 bytes, but has 789.\n",
    ],
    ["too long an input", new Uint8Array(7_840_005), "The input has more than 7840004 bytes.\n"],
  ];
  for (const [title, input, message] of refused) {
    it(`refuses ${title}`, () => {
      expect(runCommand(module, input)).to.deep.equal({ status: 1, output: new Uint8Array(), message });
    });
  }

  it("has a text that is plain JSON on one line", () => {
    const { output } = runCommand(module, batch(blank));
    expect(Buffer.from(output).toString("utf8")).to.match(
      /^\{"predictions":\[\{"label":\d,"scores":\[(-?\d+,){9}-?\d+\]\}\]\}\n$/,
    );
  });

  it("shares no image between what it learned from, what settings were chosen by, and what is held out", () => {
    const { training, validation, heldOut: held } = splitDigits();
    const contents = [training, validation, held].flatMap((digits) =>
      Array.from({ length: countOf(digits) }, (_, index) => contentOf(digits, index)),
    );
    expect(countOf(held)).to.be.at.least(1000);
    expect(new Set(contents).size).to.equal(contents.length);
  });
});
