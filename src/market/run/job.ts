import { assembleFrame, type FrameJob, readPpm, splitFrame, type Tile } from "../../client/frame.js";
import { countImages, readPredictions, splitImages } from "../../client/batches.js";
import { Verification } from "../../protocol/order.js";
import type { WorkPiece, WorkTerms } from "../../client/work.js";
import type { WorkloadName } from "../summary.js";
import { CAP_FACTOR, CRITICAL_LIFETIME, DIGITS_WITHIN, RAMP } from "./plans.js";
import type { StagedSource } from "./stage.js";

/** Images to be recognised, and what they show. */
export interface Images {
  /** 784 bytes an image. */
  readonly pixels: Uint8Array;
  /** 0 to 9, one byte an image. */
  readonly labels: Uint8Array;
  /** Images in one task. */
  readonly batch: number;
}

/** What is to be done in a run: a frame, images, or both. */
export interface Job {
  readonly frame?: FrameJob;
  readonly images?: Images;
  /** How many of the first tiles are decided by agreement of several providers, and what odds that must reach. */
  readonly critical?: { readonly tiles: number; readonly trust: number };
}

/** One task of the job. */
export interface JobPart {
  readonly workload: WorkloadName;
  /** Which tile or batch, from 0. */
  readonly part: number;
  readonly input: Uint8Array;
  /** Odds that agreement of several providers must reach; missing: one provider is enough. */
  readonly trust?: number;
  /** Whether an output has the right form and size. */
  readonly isWhole: (output: Uint8Array) => boolean;
}

/** Seconds from submission to deadline. */
const LIFETIME = 3_600;
/** Seconds to look at a disclosed result; the client of a run looks at once. */
const REVIEW = 600;

/** All parts of the job, those of the workloads in turn; those of digits end earlier. */
export function partsOf({ frame, images, critical }: Job): { parts: JobPart[]; tiles: Tile[]; batches: Uint8Array[] } {
  const tiles = frame === undefined ? [] : splitFrame(frame);
  const batches = images === undefined ? [] : splitImages(images.pixels, images);
  const rendering = tiles.map((tile, part): JobPart => {
    const isWhole = holds((output) => {
      const { width, height } = readPpm(output);
      return width === tile.width && height === tile.height;
    });
    const isCritical = critical !== undefined && part < critical.tiles;
    return { workload: "render", part, input: tile.input, isWhole, ...(isCritical && { trust: critical.trust }) };
  });
  const reading = batches.map((input, part): JobPart => {
    const isWhole = holds((output) => readPredictions(output, countImages(input)).length > 0);
    return { workload: "digits", part, input, isWhole };
  });
  return { parts: interleave(rendering, reading, DIGITS_WITHIN), tiles, batches };
}

/** Whether a check holds; one that throws does not. */
function holds(check: (output: Uint8Array) => boolean): (output: Uint8Array) => boolean {
  return (output) => {
    try {
      return check(output);
    } catch {
      return false;
    }
  };
}

/** A list in which both are spread evenly, the other one over the first part of it only; `within` is from 0 to 1. */
function interleave<T>(one: readonly T[], other: readonly T[], within: number): T[] {
  const place = (list: readonly T[], end: number) =>
    list.map((item, index) => ({ item, at: (end * (index + 0.5)) / list.length }));
  const placed = [...place(one, 1), ...place(other, within)];
  return placed.sort((a, b) => a.at - b.at).map(({ item }) => item);
}

/** What is ordered for a part: from the market price to so many times the floor, of whoever is first. */
export function pieceOf({ input, trust }: JobPart, { source, floorPrice }: StagedSource): WorkPiece {
  const maxReward = floorPrice * CAP_FACTOR;
  if (trust !== undefined) {
    const terms: WorkTerms = {
      ...{ source, maxReward, trust, rampDuration: RAMP, lifetime: CRITICAL_LIFETIME, reviewPeriod: 0 },
      verification: Verification.Quorum,
      bond: maxReward,
    };
    return { input, terms };
  }
  const terms: WorkTerms = {
    ...{ source, maxReward, rampDuration: RAMP, lifetime: LIFETIME, reviewPeriod: REVIEW },
    verification: Verification.Review,
    bond: maxReward,
  };
  return { input, terms };
}

/** The frame of the outputs; `undefined` if one is missing. */
export function pictureOf(
  { frame }: Job,
  tiles: readonly Tile[],
  outputs: ReadonlyMap<number, Uint8Array>,
): Uint8Array | undefined {
  if (frame === undefined || outputs.size < tiles.length) return undefined;
  return assembleFrame(
    frame.frame,
    tiles.map((tile, index) => ({ tile, output: outputs.get(index) ?? new Uint8Array() })),
  );
}

/** How many images were recognised; images of missing outputs were not. */
export function countCorrect(
  { images }: Job,
  batches: readonly Uint8Array[],
  outputs: ReadonlyMap<number, Uint8Array>,
): number {
  if (images === undefined) return 0;
  return batches.reduce((sum, input, index) => {
    const output = outputs.get(index);
    if (output === undefined) return sum;
    const found = readPredictions(output, countImages(input));
    return sum + found.filter((label, at) => label === images.labels[index * images.batch + at]).length;
  }, 0);
}
