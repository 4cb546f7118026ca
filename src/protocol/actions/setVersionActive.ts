import { emitted, execute, type Executed } from "../execute.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import { sourceId, versionId } from "./shared.js";

export interface SetVersionActiveParameters {
  /** Number of the source. */
  source: number;
  /** Number of the version; versions count from 1. */
  version: number;
  /** Whether it is to take new tasks. */
  active: boolean;
}

export interface SetVersionActiveResult extends Executed {
  /** Number of the source. */
  source: number;
  /** Number of the version. */
  version: number;
  /** Whether it takes new tasks. */
  active: boolean;
}

/** Why the contracts refuse it. */
export type SetVersionActiveRevert = RevertError<
  "NotPublisher" | "UnknownSource" | "UnknownVersion" | "VersionAlreadyInState"
>;

/**
 * Stops or resumes new tasks of one version of a source of the sender. Running tasks go on.
 *
 * @throws {SetVersionActiveRevert}
 * @throws {FieldRangeError} if a parameter does not fit.
 */
export async function setVersionActive(
  protocol: Protocol,
  { source, version, active }: SetVersionActiveParameters,
  options?: SendOptions,
): Promise<SetVersionActiveResult> {
  const done = await execute(
    protocol,
    "sourceRegistry",
    "setVersionActive",
    [sourceId(source), versionId(version), active],
    options,
  );
  const event = emitted(done, "sourceRegistry", "VersionActivitySet");
  return { ...done, source: Number(event.source), version: Number(event.version), active: event.active };
}
