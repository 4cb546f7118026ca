import { emitted, execute, type Executed } from "../execute.js";
import { address, bytes32 } from "../fields.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import { senderOf } from "./shared.js";

export interface RegisterProviderParameters {
  /** X25519 public key, to which clients encrypt private inputs; 32 bytes in hexadecimal. */
  key: string;
  /** Escrow account that earnings are credited to; the sender's own if left out. */
  payout?: string;
}

export interface RegisterProviderResult extends Executed {
  /** Number of the provider. */
  provider: number;
  owner: string;
  /** Account that earnings are credited to. */
  payout: string;
}

/** Why the contracts refuse it. */
export type RegisterProviderRevert = RevertError<"ZeroAddress" | "ZeroKey">;

/**
 * Registers a provider, which the sender owns.
 *
 * @throws {RegisterProviderRevert}
 * @throws {FieldFormatError} if a parameter does not fit.
 */
export async function registerProvider(
  protocol: Protocol,
  { key, payout }: RegisterProviderParameters,
  options?: SendOptions,
): Promise<RegisterProviderResult> {
  const args: [string, string] = [address("payout", payout ?? senderOf(protocol)), bytes32("key", key)];
  const done = await execute(protocol, "providerPool", "register", args, options);
  const event = emitted(done, "providerPool", "ProviderRegistered");
  return { ...done, provider: Number(event.provider), owner: event.owner, payout: event.payout };
}
