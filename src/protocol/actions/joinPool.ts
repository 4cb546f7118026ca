import { emitted, execute, type Executed } from "../execute.js";
import { uint } from "../fields.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import { providerId, sourceId, versionId } from "./shared.js";

export interface JoinPoolParameters {
  /** Number of the provider. */
  provider: number;
  /** Number of the source. */
  source: number;
  /** Number of the version whose terms the hardware meets. */
  version: number;
  /** How many tasks the provider can work on at a time. */
  slots: number;
  /** What the hardware offers, a mask of {@link Environment}. */
  environments: number;
  /** GPU memory, GiB; 0, the default, without a GPU. */
  gpuMemory?: number;
}

export interface JoinPoolResult extends Executed {
  /** Number of the provider. */
  provider: number;
  /** Number of the source. */
  source: number;
  slots: number;
  /** A mask of {@link Environment}. */
  environments: number;
  /** GiB. */
  gpuMemory: number;
  /** Stake that each slot locks, wei. */
  stakePerSlot: bigint;
}

/** Why the contracts refuse it. */
export type JoinPoolRevert = RevertError<
  | "AlreadyMember"
  | "HardwareMismatch"
  | "InsufficientStake"
  | "InvalidEnvironments"
  | "NotAgent"
  | "NotApproved"
  | "SourceNotActive"
  | "UnknownSource"
  | "UnknownVersion"
  | "VersionNotActive"
  | "ZeroSlots"
>;

/**
 * Joins the pool of a source, which locks the source's stake for each slot. Owner and agents of the provider.
 *
 * @throws {JoinPoolRevert}
 * @throws {FieldRangeError} if a parameter does not fit.
 */
export async function joinPool(
  protocol: Protocol,
  { provider, source, version, slots, environments, gpuMemory = 0 }: JoinPoolParameters,
  options?: SendOptions,
): Promise<JoinPoolResult> {
  const done = await execute(
    protocol,
    "providerPool",
    "joinPool",
    [
      providerId(provider),
      sourceId(source),
      versionId(version),
      uint("slots", slots, 32),
      uint("environments", environments, 8),
      uint("gpuMemory", gpuMemory, 16),
    ],
    options,
  );
  const event = emitted(done, "providerPool", "Joined");
  return {
    ...done,
    provider: Number(event.provider),
    source: Number(event.source),
    slots: Number(event.slots),
    environments: Number(event.environments),
    gpuMemory: Number(event.gpuMemory),
    stakePerSlot: event.stakePerSlot,
  };
}
