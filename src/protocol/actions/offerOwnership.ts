import { emitted, execute, type Executed } from "../execute.js";
import { address } from "../fields.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";

export interface OfferOwnershipParameters {
  /** Who may accept it; the zero address withdraws the offer. */
  to: string;
}

export interface OfferOwnershipResult extends Executed {
  /** Owner until it is accepted. */
  owner: string;
  /** Who may accept it. */
  pendingOwner: string;
}

/** Why the contracts refuse it. */
export type OfferOwnershipRevert = RevertError<"OwnableUnauthorizedAccount">;

/**
 * Offers the ownership of the suite, which the new owner must accept. Owner of the suite.
 *
 * @throws {OfferOwnershipRevert}
 * @throws {FieldFormatError} if a parameter does not fit.
 */
export async function offerOwnership(
  protocol: Protocol,
  { to }: OfferOwnershipParameters,
  options?: SendOptions,
): Promise<OfferOwnershipResult> {
  const done = await execute(protocol, "taskManager", "transferOwnership", [address("to", to)], options);
  const event = emitted(done, "taskManager", "OwnershipTransferStarted");
  return { ...done, owner: event.previousOwner, pendingOwner: event.newOwner };
}
