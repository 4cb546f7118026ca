// Reads what is to be trained.
import { fail, input, readAll } from "../../lib/stdio";
import { copyNetwork, drawNetwork, LABELS, NETWORK_BYTES, PIXELS } from "./network";
import { seed } from "./random";

const MOST_EPOCHS: u32 = 1_000;
const MOST_BATCH: u32 = 256;
/** A rate of 1. */
const MILLION: u32 = 1_000_000;
const MOST_SHIFT: u32 = 8;
const MOST_IMAGES: u32 = 60_000;
/** How often images may be shown in one job, all together. */
const MOST_SHOWN: u32 = 240_000;
/** Bytes of the settings, the seed and the epochs that are over. */
const HEAD_BYTES = 36;
/** Bytes of an image and its label. */
const IMAGE_BYTES: u32 = PIXELS + 1;

/** Epochs of the whole training, those that are over before this job, and those of this job. */
export let epochs: u32 = 0;
export let done: u32 = 0;
export let run: u32 = 0;
export let batch: u32 = 0;
export let rate: f64 = 0;
export let shift: u32 = 0;
export let images: u32 = 0;
/** Addresses of the labels, a byte each, and of the images. */
export let labels: usize = 0;
export let pixels: usize = 0;

function whole(at: usize, field: string, least: u32, most: u32): u32 {
  const value = load<u32>(input + at);
  if (value < least || value > most) fail(`${field} is ${value}; it must be from ${least} to ${most}.`);
  return value;
}

/** Reads the job; one that is not as it must be ends the program. */
export function readJob(): void {
  const length = readAll(<i32>(HEAD_BYTES + NETWORK_BYTES + MOST_IMAGES * IMAGE_BYTES));
  if (length < HEAD_BYTES) fail(`The input has ${length} bytes; its settings alone have ${HEAD_BYTES}.`);
  epochs = whole(0, "The number of epochs", 1, MOST_EPOCHS);
  batch = whole(8, "The batch", 1, MOST_BATCH);
  rate = <f64>whole(12, "The rate in millionths", 1, MILLION) / <f64>MILLION;
  shift = whole(16, "The shift", 0, MOST_SHIFT);
  images = whole(20, "The number of images", 1, MOST_IMAGES);
  const isKnown = whole(24, "Whether weights follow", 0, 1) == 1;
  done = whole(32, "The number of epochs that are over", 0, isKnown ? epochs - 1 : 0);
  run = whole(4, "The number of epochs to train", 1, epochs - done);
  if (run * images > MOST_SHOWN) {
    fail(`${run} epochs of ${images} images show ${run * images}; they may show ${MOST_SHOWN}.`);
  }
  const start = HEAD_BYTES + (isKnown ? NETWORK_BYTES : 0);
  const expected = start + images * IMAGE_BYTES;
  if (<u32>length != expected) fail(`The input should have ${expected} bytes, but has ${length}.`);
  labels = input + start;
  pixels = labels + images;
  for (let image: u32 = 0; image < images; image += 1) {
    const label = <i32>load<u8>(labels + image);
    if (label >= LABELS) fail(`The label of image ${image} is ${label}; it must be from 0 to ${LABELS - 1}.`);
  }
  seed(load<u32>(input + 28));
  if (!isKnown) {
    drawNetwork();
    return;
  }
  const wrong = copyNetwork(input + HEAD_BYTES);
  if (wrong >= 0) fail(`Weight ${wrong} of those to begin with is no finite number.`);
}
