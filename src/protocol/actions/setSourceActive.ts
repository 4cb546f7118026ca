import { emitted, execute, type Executed } from "../execute.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import { sourceId } from "./shared.js";

export interface SetSourceActiveParameters {
  /** Number of the source. */
  source: number;
  /** Whether it is to take new tasks and members. */
  active: boolean;
}

export interface SetSourceActiveResult extends Executed {
  /** Number of the source. */
  source: number;
  /** Whether it takes new tasks and members. */
  active: boolean;
}

/** Why the contracts refuse it. */
export type SetSourceActiveRevert = RevertError<"NotPublisher" | "SourceAlreadyInState" | "UnknownSource">;

/**
 * Stops or resumes new tasks and members of a source of the sender. Running tasks go on.
 *
 * @throws {SetSourceActiveRevert}
 * @throws {FieldRangeError} if a parameter does not fit.
 */
export async function setSourceActive(
  protocol: Protocol,
  { source, active }: SetSourceActiveParameters,
  options?: SendOptions,
): Promise<SetSourceActiveResult> {
  const done = await execute(protocol, "sourceRegistry", "setActive", [sourceId(source), active], options);
  const event = emitted(done, "sourceRegistry", "SourceActivitySet");
  return { ...done, source: Number(event.source), active: event.active };
}
