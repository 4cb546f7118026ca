import { expect } from "chai";
import { sha256 } from "ethers";
import { OutputFormatError, SplitError } from "../../../src/client/errors.js";
import { type Digits, PIXELS, readDigits, take } from "../../../workloads/digits/training/data.js";
import { begin, type Checkpoint, trainEpoch } from "../../../workloads/digits/training/epochs.js";
import { accuracy, quantise } from "../../../workloads/digits/training/quantise.js";
import { SETTINGS } from "../../../workloads/digits/training/settings.js";
import {
  CHECKPOINT_BYTES,
  decodeCheckpoint,
  encodeCheckpoint,
  encodeJob,
  type TrainingJob,
} from "../../../workloads/train/format.js";
import { Random, SEED } from "../../helpers/seeded.js";
import { thrown } from "../../helpers/thrown.js";
import { runCommand } from "../../helpers/wasi.js";
import { loadWorkload, type Workload } from "../../helpers/workloads.js";

/** What the reference gives for a job. */
function expected({ from, run, digits, ...settings }: TrainingJob): Uint8Array {
  const checkpoint = typeof from === "number" ? begin(from) : decodeCheckpoint(encodeCheckpoint(from));
  for (let epoch = 0; epoch < run; epoch += 1) trainEpoch(digits, checkpoint, settings);
  return encodeCheckpoint(checkpoint);
}

/** An input with one of its 32-bit numbers changed. */
function changed(input: Uint8Array, at: number, value: number): Uint8Array {
  const bytes = input.slice();
  new DataView(bytes.buffer).setUint32(at, value, true);
  return bytes;
}

describe("train", () => {
  let workload: Workload;
  let learned: Digits;
  let heldOut: Digits;
  before(async () => {
    workload = await loadWorkload("train");
    [learned, heldOut] = [readDigits("train"), readDigits("t10k")];
  });

  const first = (digits: Digits, count: number): Digits => ({
    pixels: digits.pixels.slice(0, count * PIXELS),
    labels: digits.labels.slice(0, count),
  });
  const job = (change: Partial<TrainingJob> = {}): TrainingJob => ({
    ...SETTINGS,
    epochs: 1,
    run: 1,
    from: 1,
    digits: first(learned, 2),
    ...change,
  });
  const start = (input: Uint8Array) => runCommand(workload.module, input);
  function trained(input: Uint8Array): Uint8Array {
    const { status, output, message } = start(input);
    expect([status, message]).to.deep.equal([0, ""]);
    expect(output.length).to.equal(CHECKPOINT_BYTES);
    return output;
  }

  const cases: [images: number, change: Partial<TrainingJob>][] = [
    [1, { from: 0 }],
    [1, { from: 2 ** 32 - 1, epochs: 5, run: 5, rate: 1 }],
    [40, { batch: 256, shift: 8 }],
    [61, { from: 77, batch: 7, epochs: 3, run: 2, shift: 0 }],
    [64, { from: 2 ** 31, batch: 16, epochs: 1000, run: 2, rate: 0.1, shift: 2 }],
    [400, { from: 5, epochs: 2 }],
  ];
  for (const [images, change] of cases) {
    it(`gives the weights of the reference for ${images} images and ${JSON.stringify(change)}`, () => {
      const some = job({ ...change, digits: first(learned, images) });
      expect(sha256(trained(encodeJob(some)))).to.equal(sha256(expected(some)));
    });
  }

  it(`gives the weights of the reference for noise, empty and full images (SEED=${SEED})`, () => {
    const random = new Random(SEED);
    const noise = Uint8Array.from({ length: 4 * PIXELS }, () => random.whole(0, 255));
    const pixels = Uint8Array.from([...noise, ...new Uint8Array(PIXELS), ...new Uint8Array(PIXELS).fill(255)]);
    const digits = { pixels, labels: Uint8Array.from({ length: 6 }, () => random.whole(0, 9)) };
    const some = job({ digits, from: random.number(32), batch: random.whole(1, 6), shift: random.whole(0, 8) });
    expect(sha256(trained(encodeJob(some)))).to.equal(sha256(expected(some)));
  });

  it("goes on from an output as if it had never stopped", () => {
    const digits = first(learned, 50);
    const plan = { epochs: 4, batch: 3, digits };
    const whole = trained(encodeJob(job({ ...plan, run: 4 })));
    const half = trained(encodeJob(job({ ...plan, run: 1 })));
    const { done, seed } = decodeCheckpoint(half);
    expect(done).to.equal(1);
    expect(seed).to.not.equal(1);
    const input = encodeJob(job({ ...plan, run: 3, from: decodeCheckpoint(half) }));
    // The output is a part of the next input as it is.
    expect(sha256(input.subarray(28, 28 + CHECKPOINT_BYTES))).to.equal(sha256(half));
    expect(sha256(trained(input))).to.equal(sha256(whole));
    expect(decodeCheckpoint(whole).done).to.equal(4);
  });

  it("reads held-out digits better with every epoch, in the whole numbers of `digits`", () => {
    const digits = first(learned, 1_500);
    const unseen = first(heldOut, 500);
    const shares = [accuracy(quantise(begin(1).network), unseen)];
    let from: number | Checkpoint = 1;
    for (let epoch = 1; epoch <= 2; epoch += 1) {
      from = decodeCheckpoint(trained(encodeJob(job({ digits, from, epochs: 2 }))));
      shares.push(accuracy(quantise(from.network), unseen));
    }
    const [before = 1, once = 0, twice = 0] = shares;
    expect(before).to.be.lessThan(0.3);
    expect(once).to.be.greaterThan(0.7);
    expect(twice).to.be.greaterThan(once);
  });

  it("begins anew from given weights with a plan of its own", () => {
    const from = { ...begin(3), seed: 9 };
    const some = job({ from, digits: take(learned, [5, 6, 7]) });
    expect(sha256(trained(encodeJob(some)))).to.equal(sha256(expected(some)));
  });

  it("shows +∞ for each number that is lost where steps are too large, and takes it no further", () => {
    const from = begin(1);
    from.network.labelWeights.fill(1e300);
    from.network.hiddenWeights.fill(1e10);
    const some = job({ from, rate: 1, digits: first(learned, 3) });
    const output = trained(encodeJob(some));
    expect(sha256(output)).to.equal(sha256(expected(some)));
    const values = new Float64Array(output.slice(8).buffer);
    expect(values.some((value) => value === Infinity)).to.equal(true);
    expect(values.every((value) => Number.isFinite(value) || value === Infinity)).to.equal(true);
    const { field } = thrown(() => decodeCheckpoint(output), OutputFormatError);
    expect(field).to.match(/^weight \d+$/);

    const input = encodeJob(job({ from: begin(1) }));
    const last = (CHECKPOINT_BYTES - 8) / 8 - 1;
    for (const [place, value] of [
      [0, Infinity],
      [138, NaN],
      [last, -Infinity],
    ] as const) {
      new DataView(input.buffer).setFloat64(36 + 8 * place, value, true);
      const message = `Weight ${place} of those to begin with is no finite number.\n`;
      expect(start(input)).to.deep.equal({ status: 1, output: new Uint8Array(), message });
      new DataView(input.buffer).setFloat64(36 + 8 * place, 0.5, true);
    }
  });

  it("refuses numbers out of bounds, each by its name", () => {
    const fresh = encodeJob(job({ epochs: 10 }));
    const begun = encodeJob(job({ epochs: 10, from: begin(1) }));
    const refused: [input: Uint8Array, message: string][] = [
      [changed(fresh, 0, 0), "The number of epochs is 0; it must be from 1 to 1000."],
      [changed(fresh, 0, 1001), "The number of epochs is 1001; it must be from 1 to 1000."],
      [changed(fresh, 4, 0), "The number of epochs to train is 0; it must be from 1 to 10."],
      [changed(fresh, 4, 11), "The number of epochs to train is 11; it must be from 1 to 10."],
      [changed(fresh, 8, 0), "The batch is 0; it must be from 1 to 256."],
      [changed(fresh, 8, 257), "The batch is 257; it must be from 1 to 256."],
      [changed(fresh, 12, 0), "The rate in millionths is 0; it must be from 1 to 1000000."],
      [changed(fresh, 12, 1_000_001), "The rate in millionths is 1000001; it must be from 1 to 1000000."],
      [changed(fresh, 16, 9), "The shift is 9; it must be from 0 to 8."],
      [changed(fresh, 20, 0), "The number of images is 0; it must be from 1 to 60000."],
      [changed(fresh, 20, 2 ** 32 - 1), "The number of images is 4294967295; it must be from 1 to 60000."],
      [changed(fresh, 24, 2), "Whether weights follow is 2; it must be from 0 to 1."],
      [changed(fresh, 32, 1), "The number of epochs that are over is 1; it must be from 0 to 0."],
      [changed(begun, 32, 10), "The number of epochs that are over is 10; it must be from 0 to 9."],
      [changed(changed(begun, 32, 9), 4, 2), "The number of epochs to train is 2; it must be from 1 to 1."],
      [changed(changed(fresh, 4, 10), 20, 24_001), "10 epochs of 24001 images show 240010; they may show 240000."],
      [changed(fresh, 36, 10), "The label of image 0 is 10; it must be from 0 to 9."],
    ];
    for (const [input, sentence] of refused) {
      expect(start(input)).to.deep.equal({ status: 1, output: new Uint8Array(), message: `${sentence}\n` });
    }
  });

  it("refuses an input that is cut off, or has something behind it", () => {
    const fresh = encodeJob(job());
    const begun = encodeJob(job({ from: begin(1) }));
    const refused: [input: Uint8Array, message: string][] = [
      [new Uint8Array(), "The input has 0 bytes; its settings alone have 36."],
      [fresh.subarray(0, 35), "The input has 35 bytes; its settings alone have 36."],
      [fresh.subarray(0, 36), "The input should have 1606 bytes, but has 36."],
      [fresh.subarray(0, -1), "The input should have 1606 bytes, but has 1605."],
      [Uint8Array.of(...fresh, 0), "The input should have 1606 bytes, but has 1607."],
      [begun.subarray(0, -1), "The input should have 815766 bytes, but has 815765."],
      [changed(begun, 24, 0), "The input should have 1606 bytes, but has 815766."],
      [changed(fresh, 24, 1), "The input should have 815766 bytes, but has 1606."],
    ];
    for (const [input, sentence] of refused) {
      expect(start(input)).to.deep.equal({ status: 1, output: new Uint8Array(), message: `${sentence}\n` });
    }
  });

  it("has limits that the largest job needs", () => {
    const { input: longest, output } = workload.manifest.limits;
    const begun = encodeJob(job({ from: begin(1) }));
    const labels = begun.length - 2 * (PIXELS + 1);
    expect(labels + 60_000 * (PIXELS + 1)).to.equal(longest);
    expect(output).to.equal(CHECKPOINT_BYTES);
    const bytes = new Uint8Array(longest);
    bytes.set(changed(begun.subarray(0, labels), 20, 60_000));
    bytes[labels + 59_999] = 255;
    // All of it is read before the last label is found to be none.
    expect(start(bytes).message).to.equal("The label of image 59999 is 255; it must be from 0 to 9.\n");
  });

  it("has a form that keeps every bit, and refuses what it cannot", () => {
    const checkpoint = { ...begin(4), done: 12 };
    expect(decodeCheckpoint(encodeCheckpoint(checkpoint))).to.deep.equal(checkpoint);
    const short = new Uint8Array(CHECKPOINT_BYTES - 1);
    expect(thrown(() => decodeCheckpoint(short), OutputFormatError).field).to.equal("its length");
    expect(thrown(() => encodeJob(job({ rate: 1e-7 })), SplitError).value).to.equal(1e-7);
  });
});
