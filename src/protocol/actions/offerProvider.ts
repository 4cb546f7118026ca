import { emitted, execute, type Executed } from "../execute.js";
import { address } from "../fields.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import { providerId } from "./shared.js";

export interface OfferProviderParameters {
  /** Number of the provider. */
  provider: number;
  /** Who may accept it; the zero address withdraws the offer. */
  to: string;
}

export interface OfferProviderResult extends Executed {
  /** Number of the provider. */
  provider: number;
  /** Owner until it is accepted. */
  owner: string;
  /** Who may accept it. */
  pendingOwner: string;
}

/** Why the contracts refuse it. */
export type OfferProviderRevert = RevertError<"NotOwner">;

/**
 * Offers the ownership of a provider of the sender, which the new owner must accept.
 *
 * @throws {OfferProviderRevert}
 * @throws {FieldRangeError | FieldFormatError} if a parameter does not fit.
 */
export async function offerProvider(
  protocol: Protocol,
  { provider, to }: OfferProviderParameters,
  options?: SendOptions,
): Promise<OfferProviderResult> {
  const done = await execute(
    protocol,
    "providerPool",
    "transferOwnership",
    [providerId(provider), address("to", to)],
    options,
  );
  const event = emitted(done, "providerPool", "OwnershipTransferStarted");
  return { ...done, provider: Number(event.provider), owner: event.owner, pendingOwner: event.pendingOwner };
}
