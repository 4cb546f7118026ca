// What is to be rendered, as the input says it.
import { closeJson, enterObject, nextName, openJson, readText, readWhole } from "../../lib/json";
import { fail, input, readAll } from "../../lib/stdio";

const LONGEST_INPUT = 4096;
const LARGEST_SIDE = 8192;
const MOST_PIXELS: i64 = 262_144;
const MOST_SAMPLES = 1024;
/** Samples of all pixels together, which bounds the time. */
const MOST_WORK: i64 = 33_554_432;

export const SCENE_GALLERY = 0;
export const SCENE_MARBLES = 1;

export let scene: i32 = -1;
export let seed: u32 = 1;
export let frameWidth: i32 = 0;
export let frameHeight: i32 = 0;
export let left: i32 = -1;
export let top: i32 = -1;
export let width: i32 = 0;
export let height: i32 = 0;
export let samples: i32 = 128;

/** Fields that were read: a bit each. */
let known: i32 = 0;

function once(bit: i32, field: string): void {
  if (known & bit) fail(`${field} is there twice.`);
  known |= bit;
}

function whole(bit: i32, field: string, least: i32, most: i64): i32 {
  once(bit, field);
  return <i32>readWhole(field, least, most);
}

function need(bit: i32, field: string): void {
  if (!(known & bit)) fail(`${field} is missing.`);
}

function readFrame(): void {
  enterObject();
  for (let name = nextName(true); name.length > 0; name = nextName(false)) {
    if (name == "width") frameWidth = whole(8, "frame.width", 1, LARGEST_SIDE);
    else if (name == "height") frameHeight = whole(16, "frame.height", 1, LARGEST_SIDE);
    else fail(`frame.${name} is no field of the input.`);
  }
}

function readTile(): void {
  enterObject();
  for (let name = nextName(true); name.length > 0; name = nextName(false)) {
    if (name == "x") left = whole(32, "tile.x", 0, LARGEST_SIDE - 1);
    else if (name == "y") top = whole(64, "tile.y", 0, LARGEST_SIDE - 1);
    else if (name == "width") width = whole(128, "tile.width", 1, LARGEST_SIDE);
    else if (name == "height") height = whole(256, "tile.height", 1, LARGEST_SIDE);
    else fail(`tile.${name} is no field of the input.`);
  }
}

function readScene(): void {
  once(1, "scene");
  const name = readText();
  if (name == "gallery") scene = SCENE_GALLERY;
  else if (name == "marbles") scene = SCENE_MARBLES;
  else fail(`scene is ${name}; it must be gallery or marbles.`);
}

/** Reads the job from standard input; ends the program if it is not one that can be done. */
export function readJob(): void {
  const length = readAll(LONGEST_INPUT);
  openJson(input, length);
  enterObject();
  for (let name = nextName(true); name.length > 0; name = nextName(false)) {
    if (name == "scene") readScene();
    else if (name == "seed") {
      once(2, "seed");
      seed = <u32>readWhole("seed", 0, <i64>u32.MAX_VALUE);
    } else if (name == "samples") samples = whole(4, "samples", 1, MOST_SAMPLES);
    else if (name == "frame") {
      once(512, "frame");
      readFrame();
    } else if (name == "tile") {
      once(1024, "tile");
      readTile();
    } else fail(`${name} is no field of the input.`);
  }
  closeJson();

  need(1, "scene");
  need(8, "frame.width");
  need(16, "frame.height");
  need(32, "tile.x");
  need(64, "tile.y");
  need(128, "tile.width");
  need(256, "tile.height");
  if (left + width > frameWidth || top + height > frameHeight) {
    fail(`The tile ends at ${left + width}, ${top + height}, outside of the frame of ${frameWidth} by ${frameHeight}.`);
  }
  const pixels = <i64>width * height;
  if (pixels > MOST_PIXELS) fail(`The tile has ${pixels} pixels; it must have at most ${MOST_PIXELS}.`);
  const work = pixels * samples;
  if (work > MOST_WORK) {
    fail(`The tile takes ${work} samples in all; it must take at most ${MOST_WORK}.`);
  }
}
