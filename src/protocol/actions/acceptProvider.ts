import { emitted, execute, type Executed } from "../execute.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import { providerId } from "./shared.js";

export interface AcceptProviderParameters {
  /** Number of the provider. */
  provider: number;
}

export interface AcceptProviderResult extends Executed {
  /** Number of the provider. */
  provider: number;
  previousOwner: string;
  owner: string;
}

/** Why the contracts refuse it. */
export type AcceptProviderRevert = RevertError<"NotPendingOwner">;

/**
 * Takes an offered provider. The former owner loses its authority, agents keep theirs.
 *
 * @throws {AcceptProviderRevert}
 * @throws {FieldRangeError} if a parameter does not fit.
 */
export async function acceptProvider(
  protocol: Protocol,
  { provider }: AcceptProviderParameters,
  options?: SendOptions,
): Promise<AcceptProviderResult> {
  const done = await execute(protocol, "providerPool", "acceptOwnership", [providerId(provider)], options);
  const event = emitted(done, "providerPool", "OwnershipTransferred");
  return { ...done, provider: Number(event.provider), previousOwner: event.previousOwner, owner: event.owner };
}
