import { emitted, execute, type Executed } from "../execute.js";
import { uint } from "../fields.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import { packVersion, type VersionRevert, type VersionTerms, wei } from "./shared.js";

export interface PublishSourceParameters extends VersionTerms {
  /** Least price of one execution, wei; more than 0. */
  floorPrice: bigint;
  /** Stake that a joining provider locks for each slot, wei. */
  stakePerSlot: bigint;
  /** Publisher's part of each price, basis points, at most 2,000. */
  royaltyBps: number;
}

export interface PublishSourceResult extends Executed {
  /** Number of the source. */
  source: number;
  /** Number of its first version. */
  version: number;
  /** Who owns it. */
  publisher: string;
}

/** Why the contracts refuse it. */
export type PublishSourceRevert = RevertError<
  "RoyaltyAboveMaximum" | "StakePerSlotBelowMinimum" | VersionRevert | "ZeroFloorPrice"
>;

/**
 * Publishes a source with its first version; the sender becomes its publisher.
 *
 * @throws {PublishSourceRevert}
 * @throws {FieldRangeError | FieldFormatError} if a parameter does not fit.
 */
export async function publishSource(
  protocol: Protocol,
  parameters: PublishSourceParameters,
  options?: SendOptions,
): Promise<PublishSourceResult> {
  const { floorPrice, stakePerSlot, royaltyBps } = parameters;
  const terms = {
    floorPrice: wei("floorPrice", floorPrice),
    stakePerSlot: wei("stakePerSlot", stakePerSlot),
    royaltyBps: uint("royaltyBps", royaltyBps, 16),
  };
  const done = await execute(protocol, "sourceRegistry", "publish", [terms, ...packVersion(parameters)], options);
  const event = emitted(done, "sourceRegistry", "SourcePublished");
  return { ...done, source: Number(event.source), version: 1, publisher: event.publisher };
}
