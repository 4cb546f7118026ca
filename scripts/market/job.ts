/** What a run is to do, as a person chose. */
import { bondOf, type Job, type JobPart, partsOf } from "../../src/market/run/job.js";
import { CAP_FACTOR, FLOORS, type Prey, usualAdversaries } from "../../src/market/run/plans.js";
import { seatsOf, SPARE_MEMBERS } from "../../src/protocol/consensus.js";
import { splitDigits } from "../../workloads/digits/training/data.js";
import { UsageError } from "../deployment/command.js";
import type { RunChoices } from "./options.js";

/** Critical and checked tiles on a chain of its own, if nothing else is said; none on another. */
const CRITICAL = 9;
const CHECKED = 4;

const isLocal = ({ rpc }: RunChoices) => rpc === undefined;

/** How many tiles there are for adversaries, and what a checked one locks. */
export function preyOf(choices: RunChoices): Prey {
  const { frame, trust, critical, checked } = choices;
  const usually = (number: number) => (isLocal(choices) ? number : 0);
  const some = (number: number) => (frame === "none" ? 0 : number);
  const prey = { critical: some(critical ?? usually(CRITICAL)), checked: some(checked ?? usually(CHECKED)) };
  return { ...prey, panelBond: prey.checked === 0 ? 0n : bondOf(FLOORS.render * CAP_FACTOR, trust) };
}

/** How many adversaries there are. */
export const hostileOf = (choices: RunChoices) =>
  choices.hostile ?? (isLocal(choices) ? usualAdversaries(preyOf(choices)) : 0);

/**
 * What is to be done, as the choices say.
 *
 * @throws {UsageError} if there is nothing to do, or too few providers to do it.
 * @throws {SplitError} if the tiles are none that the workload takes.
 */
export function jobOf(choices: RunChoices): Job {
  const { frame, tile, scene, seed, samples, images, batch, trust, lifetime } = choices;
  if (frame === "none" && images === 0) throw new UsageError("There is nothing to do: give a --frame or --images.");
  const { critical, checked } = preyOf(choices);
  const { heldOut } = splitDigits();
  const labels = heldOut.labels.subarray(0, images);
  const pixels = heldOut.pixels.subarray(0, images * 784);
  const job: Job = {
    ...(frame !== "none" && { frame: { scene, seed, frame, tile, samples } }),
    ...(images > 0 && { images: { pixels, labels, batch } }),
    ...(frame !== "none" && { critical: { tiles: critical, trust }, checked: { tiles: checked, trust }, lifetime }),
  };
  requireMembers(partsOf(job).parts, choices);
  return job;
}

/**
 * Before anything is begun.
 *
 * @throws {UsageError} if there are fewer providers than parts that are drawn for need.
 */
function requireMembers(parts: readonly JobPart[], choices: RunChoices): void {
  const { providers, trust } = choices;
  const members = providers + hostileOf(choices);
  const needed = seatsOf(trust) + SPARE_MEMBERS;
  if (parts.some((part) => part.trust !== undefined) && members < needed) {
    throw new UsageError(
      `Rounds and panels with a trust of ${trust} need ${needed} providers, not ${members}: give more --providers.`,
    );
  }
  // Adversaries do not sit there, nor does the provider whose delivery is disputed.
  const honest = seatsOf(trust) + 1;
  if (parts.some((part) => part.checked === true) && providers < honest) {
    throw new UsageError(
      `Panels with a trust of ${trust} need ${honest} honest providers, not ${providers}: give more --providers.`,
    );
  }
}
