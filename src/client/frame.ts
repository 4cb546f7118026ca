import { AssemblyError, OutputFormatError, SplitError } from "./errors.js";

/** Scenes that the workload `render` knows. */
export const SCENES = ["gallery", "marbles"] as const;
export type Scene = (typeof SCENES)[number];

// What the workload takes in one job.
const LARGEST_SIDE = 8_192;
const LARGEST_SEED = 2 ** 32 - 1;
const MOST_PIXELS = 262_144;
const MOST_SAMPLES = 1_024;
/** Samples of all pixels of a tile together. */
const MOST_WORK = 33_554_432;
/** Samples of a pixel where a job names none. */
const USUAL_SAMPLES = 128;

/** Bytes in which a header must end. */
const LONGEST_HEADER = 32;

/** Pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A rectangle of a frame, in pixels from its upper left corner. */
export interface Area extends Size {
  readonly x: number;
  readonly y: number;
}

/** A part of a frame, with the input of the job that renders it. */
export interface Tile extends Area {
  readonly input: Uint8Array;
}

/** A picture to be rendered in parts. */
export interface FrameJob {
  scene: Scene;
  /** From 0 to 2^32 - 1. */
  seed: number;
  frame: Size;
  /** Size of the parts; those at the right and lower edge may be smaller. */
  tile: Size;
  /** Samples of a pixel; the workload takes 128 if left out. */
  samples?: number;
}

/** A picture, three bytes a pixel: red, green, blue, row by row from the upper left. */
export interface Picture extends Size {
  readonly pixels: Uint8Array;
}

/**
 * Splits a frame into tiles, row by row, each a job of the workload `render`. Together they are the frame, each pixel once.
 *
 * @throws {SplitError} if the workload does not take such a frame or such tiles.
 */
export function splitFrame({ scene, seed, frame, tile, samples }: FrameJob): Tile[] {
  if (!SCENES.includes(scene)) throw new SplitError("scene", scene, SCENES.join(" or "));
  checkWhole("seed", seed, 0, LARGEST_SEED);
  checkSize("frame", frame);
  checkSize("tile", tile);
  if (samples !== undefined) checkWhole("samples", samples, 1, MOST_SAMPLES);
  // A tile larger than the frame is as large as the frame.
  const across = Math.min(tile.width, frame.width);
  const down = Math.min(tile.height, frame.height);
  const each = samples ?? USUAL_SAMPLES;
  const most = Math.min(MOST_PIXELS, Math.floor(MOST_WORK / each));
  if (across * down > most) {
    throw new SplitError("tile", `${across} by ${down}`, `of at most ${most} pixels at ${each} samples a pixel`);
  }
  const encoder = new TextEncoder();
  const { width: frameWidth, height: frameHeight } = frame;
  const tiles: Tile[] = [];
  for (let y = 0; y < frameHeight; y += down) {
    for (let x = 0; x < frameWidth; x += across) {
      const area = { x, y, width: Math.min(across, frameWidth - x), height: Math.min(down, frameHeight - y) };
      const job = { scene, seed, frame: { width: frameWidth, height: frameHeight }, tile: area };
      const input = JSON.stringify(samples === undefined ? job : { ...job, samples });
      tiles.push({ ...area, input: encoder.encode(input) });
    }
  }
  return tiles;
}

/**
 * Reads a picture as the workload writes it: binary PPM of 255 shades, without comments, and nothing behind the pixels.
 *
 * @param name What it is called in errors.
 * @throws {OutputFormatError}
 */
export function readPpm(bytes: Uint8Array, name = "The picture"): Picture {
  const start = String.fromCharCode(...bytes.subarray(0, LONGEST_HEADER));
  const header = /^([^ \n]+)\n([^ \n]+) ([^ \n]+)\n([^ \n]+)\n/.exec(start);
  if (header === null) throw new OutputFormatError(name, "its header", start, "P6, width, height and 255");
  const [all, magic, width, height, shades] = header;
  if (magic !== "P6") throw new OutputFormatError(name, "its kind", magic, "P6");
  const size = { width: sideOf(name, "width", width), height: sideOf(name, "height", height) };
  if (shades !== "255") throw new OutputFormatError(name, "its largest value", shades, "255");
  const length = all.length + 3 * size.width * size.height;
  if (bytes.length !== length) throw new OutputFormatError(name, "its length", bytes.length, `${length} bytes`);
  return { ...size, pixels: new Uint8Array(bytes.subarray(all.length)) };
}

/**
 * Puts a frame together from what its tiles' jobs gave, in any sequence.
 *
 * @returns Three bytes a pixel, as in {@link Picture}.
 * @throws {OutputFormatError} if an output is not a picture of its tile's size.
 * @throws {AssemblyError} if a tile is missing, overlaps another one or lies outside.
 * @throws {SplitError} if there is no such frame.
 */
export function assembleFrame(frame: Size, parts: readonly { tile: Area; output: Uint8Array }[]): Uint8Array {
  checkSize("frame", frame);
  const pixels = new Uint8Array(3 * frame.width * frame.height);
  const covered = new Uint8Array(frame.width * frame.height);
  for (const { tile, output } of parts) {
    const { x, y, width, height } = tile;
    const place = `${width} by ${height} at ${x}, ${y}`;
    if (!isWithin(tile, frame)) {
      throw new AssemblyError(`a tile of ${place} is not within ${frame.width} by ${frame.height}`);
    }
    const name = `The output of the tile at ${x}, ${y}`;
    const picture = readPpm(output, name);
    if (picture.width !== width) throw new OutputFormatError(name, "width", picture.width, `${width}`);
    if (picture.height !== height) throw new OutputFormatError(name, "height", picture.height, `${height}`);
    for (let row = 0; row < height; row += 1) {
      const at = frame.width * (y + row) + x;
      const under = covered.subarray(at, at + width);
      if (under.includes(1)) throw new AssemblyError(`a tile of ${place} overlaps another one`);
      under.fill(1);
      pixels.set(picture.pixels.subarray(3 * width * row, 3 * width * (row + 1)), 3 * at);
    }
  }
  const missing = covered.indexOf(0);
  if (missing >= 0) {
    throw new AssemblyError(`none has the pixel at ${missing % frame.width}, ${Math.floor(missing / frame.width)}`);
  }
  return pixels;
}

function checkWhole(field: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new SplitError(field, value, `a whole number from ${least} to ${most}`);
}

function checkSize(field: string, { width, height }: Size): void {
  checkWhole(`${field}.width`, width, 1, LARGEST_SIDE);
  checkWhole(`${field}.height`, height, 1, LARGEST_SIDE);
}

function isWithin({ x, y, width, height }: Area, frame: Size): boolean {
  if (![x, y, width, height].every(Number.isInteger)) return false;
  return x >= 0 && y >= 0 && width > 0 && height > 0 && x + width <= frame.width && y + height <= frame.height;
}

/** The width or height that a header says. */
function sideOf(name: string, field: string, text: string | undefined): number {
  if (text === undefined || !/^[1-9]\d{0,4}$/.test(text)) {
    throw new OutputFormatError(name, field, text, "a whole number from 1 to 99999");
  }
  return Number(text);
}
