import { emitted, execute, type Executed } from "../execute.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import { packVersion, sourceId, type VersionRevert, type VersionTerms } from "./shared.js";

export interface PublishVersionParameters extends VersionTerms {
  /** Number of the source. */
  source: number;
}

export interface PublishVersionResult extends Executed {
  /** Number of the source. */
  source: number;
  /** Number of the new version. */
  version: number;
}

/** Why the contracts refuse it. */
export type PublishVersionRevert = RevertError<"NotPublisher" | "UnknownSource" | VersionRevert>;

/**
 * Adds a version to a source of the sender.
 *
 * @throws {PublishVersionRevert}
 * @throws {FieldRangeError | FieldFormatError} if a parameter does not fit.
 */
export async function publishVersion(
  protocol: Protocol,
  parameters: PublishVersionParameters,
  options?: SendOptions,
): Promise<PublishVersionResult> {
  const source = sourceId(parameters.source);
  const done = await execute(
    protocol,
    "sourceRegistry",
    "publishVersion",
    [source, ...packVersion(parameters)],
    options,
  );
  const event = emitted(done, "sourceRegistry", "VersionPublished");
  return { ...done, source: Number(event.source), version: Number(event.version) };
}
