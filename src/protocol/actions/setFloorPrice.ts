import { emitted, execute, type Executed } from "../execute.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import { sourceId, wei } from "./shared.js";

export interface SetFloorPriceParameters {
  /** Number of the source. */
  source: number;
  /** Least price of one execution, wei; more than 0. */
  floorPrice: bigint;
}

export interface SetFloorPriceResult extends Executed {
  /** Number of the source. */
  source: number;
  /** Wei. */
  floorPrice: bigint;
}

/** Why the contracts refuse it. */
export type SetFloorPriceRevert = RevertError<"NotPublisher" | "UnknownSource" | "ZeroFloorPrice">;

/**
 * Changes the floor price of a source of the sender, for tasks submitted from now on.
 *
 * @throws {SetFloorPriceRevert}
 * @throws {FieldRangeError} if a parameter does not fit.
 */
export async function setFloorPrice(
  protocol: Protocol,
  { source, floorPrice }: SetFloorPriceParameters,
  options?: SendOptions,
): Promise<SetFloorPriceResult> {
  const done = await execute(
    protocol,
    "sourceRegistry",
    "setFloorPrice",
    [sourceId(source), wei("floorPrice", floorPrice)],
    options,
  );
  const event = emitted(done, "sourceRegistry", "FloorPriceSet");
  return { ...done, source: Number(event.source), floorPrice: event.floorPrice };
}
