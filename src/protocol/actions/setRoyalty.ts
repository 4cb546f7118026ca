import { emitted, execute, type Executed } from "../execute.js";
import { uint } from "../fields.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import { sourceId } from "./shared.js";

export interface SetRoyaltyParameters {
  /** Number of the source. */
  source: number;
  /** Publisher's part of each price, basis points, at most 2,000. */
  royaltyBps: number;
}

export interface SetRoyaltyResult extends Executed {
  /** Number of the source. */
  source: number;
  /** Basis points. */
  royaltyBps: number;
}

/** Why the contracts refuse it. */
export type SetRoyaltyRevert = RevertError<"NotPublisher" | "RoyaltyAboveMaximum" | "UnknownSource">;

/**
 * Changes the royalty of a source of the sender, for tasks submitted from now on.
 *
 * @throws {SetRoyaltyRevert}
 * @throws {FieldRangeError} if a parameter does not fit.
 */
export async function setRoyalty(
  protocol: Protocol,
  { source, royaltyBps }: SetRoyaltyParameters,
  options?: SendOptions,
): Promise<SetRoyaltyResult> {
  const done = await execute(
    protocol,
    "sourceRegistry",
    "setRoyalty",
    [sourceId(source), uint("royaltyBps", royaltyBps, 16)],
    options,
  );
  const event = emitted(done, "sourceRegistry", "RoyaltySet");
  return { ...done, source: Number(event.source), royaltyBps: Number(event.royaltyBps) };
}
