import { emitted, execute, type Executed } from "../execute.js";
import { uint } from "../fields.js";
import type { PriceParameters } from "../parameters.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";

export interface SetPriceParametersResult extends Executed, PriceParameters {}

/** Why the contracts refuse it. */
export type SetPriceParametersRevert = RevertError<"OwnableUnauthorizedAccount" | "PriceParameterOutOfBounds">;

/**
 * Changes how prices follow utilisation; the market of a source goes by it from its next order on. Owner of the suite.
 *
 * @throws {SetPriceParametersRevert}
 * @throws {FieldRangeError} if a parameter does not fit.
 */
export async function setPriceParameters(
  protocol: Protocol,
  { target, speed, clamp }: PriceParameters,
  options?: SendOptions,
): Promise<SetPriceParametersResult> {
  const parameters = {
    target: uint("target", target, 16),
    speed: uint("speed", speed, 16),
    clamp: uint("clamp", clamp, 16),
  };
  const done = await execute(protocol, "taskManager", "setPriceParameters", [parameters], options);
  const event = emitted(done, "taskManager", "PriceParametersSet");
  return { ...done, target: Number(event.target), speed: Number(event.speed), clamp: Number(event.clamp) };
}
