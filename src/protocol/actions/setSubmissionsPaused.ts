import { emitted, execute, type Executed } from "../execute.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";

export interface SetSubmissionsPausedParameters {
  /** Whether to stop them. */
  paused: boolean;
}

export interface SetSubmissionsPausedResult extends Executed {
  /** Whether they are stopped. */
  paused: boolean;
}

/** Why the contracts refuse it. */
export type SetSubmissionsPausedRevert = RevertError<"OwnableUnauthorizedAccount" | "PauseUnchanged">;

/**
 * Stops or resumes new tasks; running ones go on. Owner of the suite.
 *
 * @throws {SetSubmissionsPausedRevert}
 */
export async function setSubmissionsPaused(
  protocol: Protocol,
  { paused }: SetSubmissionsPausedParameters,
  options?: SendOptions,
): Promise<SetSubmissionsPausedResult> {
  const done = await execute(protocol, "taskManager", "setSubmissionsPaused", [paused], options);
  const event = emitted(done, "taskManager", "SubmissionsPauseSet");
  return { ...done, paused: event.paused };
}
