import { emitted, execute, type Executed } from "../execute.js";
import { bytes32 } from "../fields.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import { providerId } from "./shared.js";

export interface RotateKeyParameters {
  /** Number of the provider. */
  provider: number;
  /** X25519 public key, 32 bytes in hexadecimal. */
  key: string;
}

export interface RotateKeyResult extends Executed {
  /** Number of the provider. */
  provider: number;
  /** X25519 public key, 32 bytes in hexadecimal. */
  key: string;
}

/** Why the contracts refuse it. */
export type RotateKeyRevert = RevertError<"NotOwner" | "ZeroKey">;

/**
 * Replaces the X25519 key of a provider of the sender.
 *
 * @throws {RotateKeyRevert}
 * @throws {FieldRangeError | FieldFormatError} if a parameter does not fit.
 */
export async function rotateKey(
  protocol: Protocol,
  { provider, key }: RotateKeyParameters,
  options?: SendOptions,
): Promise<RotateKeyResult> {
  const done = await execute(
    protocol,
    "providerPool",
    "rotateKey",
    [providerId(provider), bytes32("key", key)],
    options,
  );
  const event = emitted(done, "providerPool", "KeyRotated");
  return { ...done, provider: Number(event.provider), key: event.key };
}
