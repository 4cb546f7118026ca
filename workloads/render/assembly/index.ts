// Renders one tile of a picture by path tracing. Uses + - * / and square roots of 64-bit floats alone, whose results
// WebAssembly fixes to the last bit, so that every engine gives the same bytes.
import { write } from "../../lib/stdio";
import { putNumber, putText } from "../../lib/text";
import { frameHeight, frameWidth, height, left, readJob, samples, scene, seed, top, width } from "./job";
import { discX, discY, random, startRandom, toDisc } from "./random";
import { buildScene } from "./scene";
import { direction, light, origin, trace } from "./trace";
import { Vector } from "./vector";

const LONGEST_HEADER = 32;
/** How wide the camera sees: half of the picture's height, one unit away. */
const HALF_HEIGHT: f64 = 0.38;
/** Radius of the lens, and how far off everything is sharp. */
const LENS: f64 = 0.035;
const FOCUS: f64 = 7.6;

const eye = new Vector(0.7, 1.85, 7.6);
const ahead = new Vector(-0.1, -0.13, -1);
const right = new Vector();
const up = new Vector();
const sum = new Vector();

function aim(): void {
  ahead.normalise();
  right.set(-ahead.z, 0, ahead.x);
  right.normalise();
  up.set(
    right.y * ahead.z - right.z * ahead.y,
    right.z * ahead.x - right.x * ahead.z,
    right.x * ahead.y - right.y * ahead.x,
  );
}

function fraction(value: f64): f64 {
  return value - floor(value);
}

/** Points of a sequence that fills the unit square evenly. */
const STEP_U: f64 = 0.7548776662466927;
const STEP_V: f64 = 0.5698402909980532;
/** The same for a line. */
const STEP_CHOICE: f64 = 0.6180339887498949;

/** Puts the light of a pixel into `sum`. */
function expose(x: i32, y: i32): void {
  startRandom(seed, x, y);
  sum.set(0, 0, 0);
  // Each pair of numbers of a path runs through the sequence from a start of the pixel's own.
  const pixelU = random();
  const pixelV = random();
  const lensU = random();
  const lensV = random();
  const sunU = random();
  const sunV = random();
  const skyU = random();
  const skyV = random();
  const choice = random();
  const size = (2 * HALF_HEIGHT) / frameHeight;
  for (let sample = 0; sample < samples; sample += 1) {
    const u = STEP_U * sample;
    const v = STEP_V * sample;
    const across = (x + fraction(pixelU + u) - 0.5 * frameWidth) * size;
    const above = (0.5 * frameHeight - y - fraction(pixelV + v)) * size;
    direction.copy(ahead);
    direction.add(right, across);
    direction.add(up, above);
    origin.copy(eye);
    toDisc(fraction(lensU + v), fraction(lensV + u));
    direction.scale(FOCUS);
    direction.add(right, -LENS * discX);
    direction.add(up, -LENS * discY);
    origin.add(right, LENS * discX);
    origin.add(up, LENS * discY);
    direction.normalise();
    trace(
      fraction(choice + STEP_CHOICE * sample),
      fraction(sunU + u),
      fraction(sunV + v),
      fraction(skyU + v),
      fraction(skyV + u),
    );
    // One very bright sample must not leave a speck.
    sum.x += min(light.x, 8);
    sum.y += min(light.y, 8);
    sum.z += min(light.z, 8);
  }
  sum.scale(1 / <f64>samples);
}

/** The byte of a channel: bright light is compressed, and the square root stands for the screen's gamma. */
function channel(value: f64): u8 {
  const bright = value * 0.72;
  const mapped = (bright * (2.51 * bright + 0.03)) / (bright * (2.43 * bright + 0.59) + 0.14);
  return <u8>(sqrt(min(max(mapped, 0), 1)) * 255 + 0.5);
}

function main(): void {
  readJob();
  buildScene(scene, seed);
  aim();
  const picture = heap.alloc(LONGEST_HEADER + width * height * 3);
  let at = putNumber(putText(picture, "P6\n"), width);
  at = putText(putNumber(putText(at, " "), height), "\n255\n");
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      expose(left + x, top + y);
      store<u8>(at, channel(sum.x));
      store<u8>(at, channel(sum.y), 1);
      store<u8>(at, channel(sum.z), 2);
      at += 3;
    }
  }
  write(picture, <i32>(at - picture));
}

main();
