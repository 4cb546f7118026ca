import { emitted, execute, type Executed } from "../execute.js";
import { uint } from "../fields.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";

export interface RevokeOrdersBelowParameters {
  /** The first nonce that stays good; higher than any before. */
  nonce: bigint;
}

export interface RevokeOrdersBelowResult extends Executed {
  /** Whose orders. */
  client: string;
  /** The first nonce that is still good. */
  nonce: bigint;
}

/** Why the contracts refuse it. */
export type RevokeOrdersBelowRevert = RevertError<"NonceFloorNotRaised">;

/**
 * Makes all signed orders of the sender with a nonce below a floor worthless, for good.
 *
 * @throws {RevokeOrdersBelowRevert}
 * @throws {FieldRangeError} if a parameter does not fit.
 */
export async function revokeOrdersBelow(
  protocol: Protocol,
  { nonce }: RevokeOrdersBelowParameters,
  options?: SendOptions,
): Promise<RevokeOrdersBelowResult> {
  const done = await execute(protocol, "taskManager", "revokeBelow", [uint("nonce", nonce, 64)], options);
  const event = emitted(done, "taskManager", "OrdersRevokedBelow");
  return { ...done, client: event.client, nonce: event.nonce };
}
