import { OutputFormatError, SplitError } from "../../src/client/errors.js";
import { type Digits, PIXELS } from "../digits/training/data.js";
import type { Checkpoint, Settings } from "../digits/training/epochs.js";
import { HIDDEN, LABELS, type Network } from "../digits/training/network.js";

const SETTINGS_BYTES = 28;
const HEAD_BYTES = 8;
const NETWORK_LENGTH = HIDDEN + LABELS + (PIXELS + LABELS) * HIDDEN;
/** Bytes of an output, and of what a job goes on from. */
export const CHECKPOINT_BYTES = HEAD_BYTES + 8 * NETWORK_LENGTH;
const MILLION = 1_000_000;

/** Some epochs of a training, as the workload `train` takes them. */
export interface TrainingJob extends Settings {
  /** A seed, 0 to 2^32 − 1, to begin anew, or how far the training is. */
  from: number | Checkpoint;
  /** How many epochs to train. */
  run: number;
  digits: Digits;
}

const partsOf = ({ hiddenBiases, labelBiases, hiddenWeights, labelWeights }: Network) =>
  [hiddenBiases, labelBiases, hiddenWeights, labelWeights] as const;

/**
 * The bytes of a checkpoint, as the workload `train` writes them.
 *
 * @returns {@link CHECKPOINT_BYTES} bytes, in which +∞ stands for all that is no finite number.
 */
export function encodeCheckpoint({ seed, done, network }: Checkpoint): Uint8Array {
  const bytes = new Uint8Array(CHECKPOINT_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, seed, true);
  view.setUint32(4, done, true);
  let at = HEAD_BYTES;
  for (const part of partsOf(network)) {
    for (const value of part) {
      view.setFloat64(at, Number.isFinite(value) ? value : Infinity, true);
      at += 8;
    }
  }
  return bytes;
}

/**
 * Reads an output of the workload `train`.
 *
 * @throws {OutputFormatError} if it has another length, or a weight is no finite number: steps were too large then.
 */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  if (bytes.length !== CHECKPOINT_BYTES) {
    throw new OutputFormatError("The output", "its length", bytes.length, `${CHECKPOINT_BYTES}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let place = 0;
  const floats = (length: number) =>
    Float64Array.from({ length }, () => {
      const value = view.getFloat64(HEAD_BYTES + 8 * place, true);
      if (!Number.isFinite(value)) {
        throw new OutputFormatError("The output", `weight ${place}`, `${value}`, "a finite number; lower the rate");
      }
      place += 1;
      return value;
    });
  const [hiddenBiases, labelBiases] = [floats(HIDDEN), floats(LABELS)];
  const [hiddenWeights, labelWeights] = [floats(PIXELS * HIDDEN), floats(HIDDEN * LABELS)];
  const network = { hiddenBiases, labelBiases, hiddenWeights, labelWeights };
  return { seed: view.getUint32(0, true), done: view.getUint32(4, true), network };
}

/**
 * The bytes of a job of the workload `train`. Whether its numbers are within bounds is for the workload to say.
 *
 * @throws {SplitError} if the rate is no whole number of millionths.
 */
export function encodeJob({ from, run, digits, epochs, batch, rate, shift }: TrainingJob): Uint8Array {
  const millionths = Math.round(rate * MILLION);
  if (millionths / MILLION !== rate) throw new SplitError("rate", rate, "a whole number of millionths");
  const isNew = typeof from === "number";
  const start = isNew ? new Uint8Array(Uint32Array.of(from, 0).buffer) : encodeCheckpoint(from);
  const settings = Uint32Array.of(epochs, run, batch, millionths, shift, digits.labels.length, isNew ? 0 : 1);
  const bytes = new Uint8Array(SETTINGS_BYTES + start.length + digits.labels.length + digits.pixels.length);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of settings.entries()) view.setUint32(4 * index, value, true);
  bytes.set(start, SETTINGS_BYTES);
  bytes.set(digits.labels, SETTINGS_BYTES + start.length);
  bytes.set(digits.pixels, SETTINGS_BYTES + start.length + digits.labels.length);
  return bytes;
}
