import { assembleFrame, type FrameJob, readPpm, splitFrame, type Tile } from "../../client/frame.js";
import { countImages, readPredictions, splitImages } from "../../client/batches.js";
import { MIN_TRUST, seatsOf } from "../../protocol/consensus.js";
import { Verification } from "../../protocol/order.js";
import type { WorkPiece, WorkTerms } from "../../client/work.js";
import type { WorkloadName } from "../summary.js";
import { CAP_FACTOR, DIGITS_WITHIN, DRAWN_LIFETIME, FLOORS, RAMP } from "./plans.js";
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
  /**
   * How many tiles after these the clients compute again themselves, to dispute what is wrong, and what odds the agreement of
   * a panel must reach.
   */
  readonly checked?: { readonly tiles: number; readonly trust: number };
  /** Seconds from the submission of both to their deadline; {@link DRAWN_LIFETIME} if left out. */
  readonly lifetime?: number;
}

/** One task of the job. */
export interface JobPart {
  readonly workload: WorkloadName;
  /** Which tile or batch, from 0. */
  readonly part: number;
  readonly input: Uint8Array;
  /** Odds that agreement of several providers must reach, of a checked part in a dispute; missing: nobody is to agree. */
  readonly trust?: number;
  /** Whether one provider is enough unless its client, which computes the part again, disputes what it delivers. */
  readonly checked?: true;
  /** Seconds from submission to deadline, if seats are drawn for it. */
  readonly lifetime?: number;
  /** Whether an output has the right form and size. */
  readonly isWhole: (output: Uint8Array) => boolean;
}

/** Seconds from submission to deadline. */
const LIFETIME = 3_600;
/** Seconds to look at a disclosed result; the client of a run looks at once. */
const REVIEW = 600;

/**
 * All parts of the job: first those that are checked, because a dispute takes its time; then those of the workloads in turn,
 * of which those of digits end earlier.
 */
export function partsOf(job: Job): { parts: JobPart[]; tiles: Tile[]; batches: Uint8Array[] } {
  const { frame, images, critical, checked, lifetime = DRAWN_LIFETIME } = job;
  const firstChecked = critical?.tiles ?? 0;
  const lastChecked = firstChecked + (checked?.tiles ?? 0);
  const tiles = frame === undefined ? [] : splitFrame(frame);
  const batches = images === undefined ? [] : splitImages(images.pixels, images);
  const rendering = tiles.map((tile, part): JobPart => {
    const isWhole = holds((output) => {
      const { width, height } = readPpm(output);
      return width === tile.width && height === tile.height;
    });
    const plain: JobPart = { workload: "render", part, input: tile.input, isWhole };
    if (critical !== undefined && part < firstChecked) return { ...plain, trust: critical.trust, lifetime };
    if (checked === undefined || part >= lastChecked) return plain;
    return { ...plain, trust: checked.trust, lifetime, checked: true };
  });
  const reading = batches.map((input, part): JobPart => {
    const isWhole = holds((output) => readPredictions(output, countImages(input)).length > 0);
    return { workload: "digits", part, input, isWhole };
  });
  const first = rendering.filter((part) => part.checked === true);
  const rest = rendering.filter((part) => part.checked !== true);
  return { parts: [...first, ...interleave(rest, reading, DIGITS_WITHIN)], tiles, batches };
}

/** Wei that some parts may cost at most, disputes apart: a critical one an execution for each seat. */
export function capsOf(parts: readonly JobPart[]): bigint {
  const executions = ({ trust, checked }: JobPart) => (trust === undefined || checked ? 1n : BigInt(seatsOf(trust)));
  return parts.reduce((sum, part) => sum + FLOORS[part.workload] * CAP_FACTOR * executions(part), 0n);
}

/** Wei that panels may cost beside if every checked part is disputed once: as much as such an order asks for as a bond. */
export function panelFeesOf(parts: readonly JobPart[]): bigint {
  const checked = parts.filter((part) => part.checked === true);
  return checked.reduce((sum, { workload, trust }) => sum + bondOf(FLOORS[workload] * CAP_FACTOR, trust), 0n);
}

/** Bond of an order that can be disputed, wei: who is wrong pays the panel. */
export function bondOf(maxReward: bigint, trust = MIN_TRUST): bigint {
  return BigInt(seatsOf(trust)) * maxReward;
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
export function pieceOf(part: JobPart, { source, floorPrice }: StagedSource): WorkPiece {
  const { input, trust, checked, lifetime = DRAWN_LIFETIME } = part;
  const maxReward = floorPrice * CAP_FACTOR;
  if (trust !== undefined && checked !== true) {
    const terms: WorkTerms = {
      ...{ source, maxReward, trust, rampDuration: RAMP, lifetime, reviewPeriod: 0 },
      verification: Verification.Quorum,
      bond: maxReward,
    };
    return { input, terms };
  }
  const terms: WorkTerms = {
    ...{ source, maxReward, rampDuration: RAMP, reviewPeriod: REVIEW, verification: Verification.Review },
    ...(trust === undefined
      ? { lifetime: LIFETIME, bond: maxReward }
      : { lifetime, trust, bond: bondOf(maxReward, trust) }),
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
