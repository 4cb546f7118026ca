import { expect } from "chai";
import { concat, getBytes } from "ethers";
import { OutputFormatError, SplitError } from "../../../src/client/errors.js";
import { countImages, IMAGE_BYTES, MOST_IMAGES, readPredictions, splitImages } from "../../../src/client/batches.js";
import { splitDigits } from "../../../workloads/digits/training/data.js";
import { Random, SEED } from "../../helpers/seeded.js";
import { thrown } from "../../helpers/thrown.js";
import { runCommand } from "../../helpers/wasi.js";
import { loadWorkload } from "../../helpers/workloads.js";

const SCORES = [5, -3, 0, 2 ** 31 - 1, -(2 ** 31), 1, 2, 3, 4, 9];
const bytesOf = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const answering = (...labels: number[]) => bytesOf({ predictions: labels.map((label) => ({ label, scores: SCORES })) });

/** So many bytes that follow from the seed. */
const randomBytes = (random: Random, length: number): Uint8Array =>
  getBytes(concat(Array.from({ length: Math.ceil(length / 32) }, () => random.word()))).slice(0, length);

describe("client batches", () => {
  it(`splits any images into inputs that have each once, in sequence (seed ${SEED})`, () => {
    const random = new Random(SEED);
    for (let round = 0; round < 30; round += 1) {
      const count = random.whole(1, 40);
      const batch = random.whole(1, 45);
      const pixels = randomBytes(random, count * IMAGE_BYTES);
      const inputs = splitImages(pixels, { batch });
      expect(inputs.map(countImages)).to.deep.equal(
        Array.from({ length: Math.ceil(count / batch) }, (_, index) => Math.min(batch, count - index * batch)),
      );
      for (const input of inputs) {
        expect(Buffer.from(input).readUInt32LE(0)).to.equal(countImages(input));
      }
      expect(new Uint8Array(Buffer.concat(inputs.map((input) => input.subarray(4))))).to.deep.equal(pixels);
    }
  });

  it("gives images in batches the labels that the real module gives them together", async () => {
    const { module } = await loadWorkload("digits");
    const pixels = splitDigits().heldOut.pixels.slice(0, 24 * IMAGE_BYTES);
    const labelsOf = (batch: number) =>
      splitImages(pixels, { batch }).flatMap((input) => {
        const { status, output, message } = runCommand(module, input);
        expect(status, message).to.equal(0);
        return readPredictions(output, countImages(input));
      });
    const together = labelsOf(MOST_IMAGES);
    expect(together).to.have.length(24);
    expect(new Set(together).size).to.be.greaterThan(3);
    expect(labelsOf(7)).to.deep.equal(together);
  });

  it("takes as many images as the workload does, and no more", () => {
    expect(splitImages(new Uint8Array(MOST_IMAGES * IMAGE_BYTES), { batch: MOST_IMAGES })).to.have.length(1);
    expect(splitImages(new Uint8Array((MOST_IMAGES + 1) * IMAGE_BYTES), { batch: MOST_IMAGES })).to.have.length(2);
  });

  for (const [title, length, batch, field, message] of [
    ["no image", 0, 1, "pixels.length", /pixels\.length is 0; it must be a multiple of 784/],
    ["a part of an image", 785, 1, "pixels.length", /pixels\.length is 785/],
    ["batches of none", 784, 0, "batch", /batch is 0; it must be a whole number from 1 to 10000\./],
    ["batches of less than none", 784, -1, "batch", /batch is -1/],
    ["batches of half an image", 784, 1.5, "batch", /batch is 1\.5/],
    ["batches of no number", 784, NaN, "batch", /batch is NaN/],
    ["batches of more than the workload takes", 784, 10_001, "batch", /batch is 10001/],
  ] as const) {
    it(`does not split ${title}`, () => {
      const error = thrown(() => splitImages(new Uint8Array(length), { batch }), SplitError);
      expect(error.field).to.equal(field);
      expect(error.message).to.match(message);
    });
  }

  it("reads labels, whatever the scores", () => {
    expect(readPredictions(answering(0, 9, 5), 3)).to.deep.equal([0, 9, 5]);
    expect(readPredictions(Buffer.from(` ${Buffer.from(answering(1)).toString()}\n`), 1)).to.deep.equal([1]);
  });

  const one = { label: 1, scores: SCORES };
  const scored = (...scores: unknown[]) => bytesOf({ predictions: [one, { label: 1, scores }] });
  const labelled = (label: unknown) => bytesOf({ predictions: [one, { label, scores: SCORES }] });
  const deep = Buffer.from(`{"predictions":[${JSON.stringify(one)},${"[".repeat(50_000)}${"]".repeat(50_000)}]}`);
  const wrong: [title: string, output: Uint8Array, field: string, value: string, expected: string][] = [
    ["nothing", new Uint8Array(), "its text", '""', "JSON in UTF-8"],
    ["no JSON", Buffer.from('{"predictions":['), "its text", '"{\\"predictions\\":["', "JSON in UTF-8"],
    ["no UTF-8", Buffer.of(0x22, 0xff, 0x22), "its text", '"bytes that are no text"', "JSON in UTF-8"],
    ["a byte order mark", Buffer.from(`\ufeff${Buffer.from(answering(1, 1)).toString()}`), "its text", '"\\ufeff{', ""],
    ["two outputs", Buffer.concat([answering(1), answering(1)]), "its text", '"{\\"predictions\\"', "JSON in UTF-8"],
    ["null", bytesOf(null), "it", "null", "an object"],
    ["a list", bytesOf([one, one]), "it", "a list of 2", "an object"],
    ["another object", bytesOf({}), "predictions", "missing", "a list"],
    ["a field too many", bytesOf({ predictions: [one, one], more: 1 }), "a field of it", '"more"', "one that the"],
    ["predictions that are a number", bytesOf({ predictions: 2 }), "predictions", "2", "a list"],
    ["too few predictions", answering(1), "predictions.length", "1", "2"],
    ["too many predictions", answering(1, 2, 3), "predictions.length", "3", "2"],
    ["a prediction that is a number", bytesOf({ predictions: [one, 7] }), "predictions.1", "7", "an object"],
    ["a prediction deep in lists", deep, "predictions.1", "a list of 1", "an object"],
    ["a label of 10", labelled(10), "predictions.1.label", "10", "a whole number from 0 to 9"],
    ["a negative label", labelled(-1), "predictions.1.label", "-1", "a whole number from 0 to 9"],
    ["half a label", labelled(0.5), "predictions.1.label", "0.5", "a whole number from 0 to 9"],
    ["a label that is text", labelled("1"), "predictions.1.label", '"1"', "a whole number from 0 to 9"],
    ["a label that is long text", labelled("a".repeat(9_999)), "predictions.1.label", '"aaaaaa', "a whole number"],
    ["a label for the terminal", labelled("\u001b[2J\u009b"), "predictions.1.label", '"\\u001b[2J\\u009b"', "a whole"],
    ["a label that is missing", labelled(undefined), "predictions.1.label", "missing", "a whole number from 0 to 9"],
    ["nine scores", scored(...SCORES.slice(1)), "predictions.1.scores", "a list of 9", "a list of 10 scores"],
    ["eleven scores", scored(...SCORES, 1), "predictions.1.scores", "a list of 11", "a list of 10 scores"],
    ["a score beyond 32 bits", scored(...SCORES.slice(1), 2 ** 31), "predictions.1.scores.9", "2147483648", "a whole"],
    ["half a score", scored(0.5, ...SCORES.slice(1)), "predictions.1.scores.0", "0.5", "a whole number of 32 bits"],
    ["a score that is null", scored(null, ...SCORES.slice(1)), "predictions.1.scores.0", "null", "a whole number"],
    [
      "scores in an object",
      bytesOf({ predictions: [one, { ...one, scores: {} }] }),
      "predictions.1.scores",
      "an obj",
      "",
    ],
    [
      "a prediction with a field too many",
      bytesOf({ predictions: [one, { ...one, sure: true }] }),
      "a field of predictions.1",
      '"sure"',
      "one that the workload writes",
    ],
  ];
  for (const [title, output, field, value, expected] of wrong) {
    it(`does not read ${title}`, () => {
      const error = thrown(() => readPredictions(output, 2), OutputFormatError);
      expect(error.field).to.equal(field);
      expect(error.value.slice(0, value.length)).to.equal(value);
      expect(error.message)
        .to.match(/^The output is not usable: [ -~…]{1,250}\.$/)
        .and.contain(`; it must be ${expected}`);
    });
  }

  it("gives up a long list of nonsense as soon as it is counted", () => {
    const nonsense = Buffer.from(`{"predictions":[{"label":1,"scores":[${"{},".repeat(500_000)}{}]}]}`);
    const begun = performance.now();
    expect(thrown(() => readPredictions(nonsense, 1), OutputFormatError).value).to.equal("a list of 500001");
    expect(performance.now() - begun).to.be.lessThan(5_000);
  });
});
