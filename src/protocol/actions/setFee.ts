import { emitted, execute, type Executed } from "../execute.js";
import { uint } from "../fields.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";

export interface SetFeeParameters {
  /** Basis points, 10 to 1,000. */
  feeBps: number;
}

export interface SetFeeResult extends Executed {
  /** Basis points. */
  feeBps: number;
}

/** Why the contracts refuse it. */
export type SetFeeRevert = RevertError<"FeeOutOfBounds" | "OwnableUnauthorizedAccount">;

/**
 * Changes the protocol fee, for tasks submitted from now on. Owner of the suite.
 *
 * @throws {SetFeeRevert}
 * @throws {FieldRangeError} if a parameter does not fit.
 */
export async function setFee(
  protocol: Protocol,
  { feeBps }: SetFeeParameters,
  options?: SendOptions,
): Promise<SetFeeResult> {
  const done = await execute(protocol, "taskManager", "setFee", [uint("feeBps", feeBps, 16)], options);
  const event = emitted(done, "taskManager", "FeeSet");
  return { ...done, feeBps: Number(event.feeBps) };
}
