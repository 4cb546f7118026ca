import { emitted, execute, type Executed } from "../execute.js";
import { bytes32 } from "../fields.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";

export interface CaptureSeedParameters {
  /** Id of the task, 32 bytes in hexadecimal. */
  taskId: string;
}

export interface CaptureSeedResult extends Executed {
  /** Id of the task, 32 bytes in hexadecimal. */
  taskId: string;
  /** Block whose hash the seed is. */
  seedBlock: number;
  /** 66 bits by which seats are drawn. */
  seed: bigint;
}

/** Why the contracts refuse it. */
export type CaptureSeedRevert = RevertError<
  "DeadlinePassed" | "NotQuorum" | "SeedKnown" | "SeedNotReady" | "WrongState"
>;

/**
 * Fixes the seed of a round before the chain forgets the block that it comes from. Anyone may; whoever takes the first
 * seat does it by the way.
 *
 * @throws {CaptureSeedRevert}
 * @throws {FieldFormatError} if the id is not 32 bytes.
 */
export async function captureSeed(
  protocol: Protocol,
  { taskId }: CaptureSeedParameters,
  options?: SendOptions,
): Promise<CaptureSeedResult> {
  const done = await execute(protocol, "taskManager", "captureSeed", [bytes32("taskId", taskId)], options);
  const event = emitted(done, "taskManager", "SeedCaptured");
  return { ...done, taskId: event.taskId, seedBlock: Number(event.seedBlock), seed: event.seed };
}
