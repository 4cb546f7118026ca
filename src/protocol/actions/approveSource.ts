import { emitted, execute, type Executed } from "../execute.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import { providerId, sourceId } from "./shared.js";

export interface ApproveSourceParameters {
  /** Number of the provider. */
  provider: number;
  /** Number of the source. */
  source: number;
  /** Whether agents may join its pool. */
  approved: boolean;
}

export interface ApproveSourceResult extends Executed {
  /** Number of the provider. */
  provider: number;
  /** Number of the source. */
  source: number;
  /** Whether agents may join its pool. */
  approved: boolean;
}

/** Why the contracts refuse it. */
export type ApproveSourceRevert = RevertError<"ApprovalUnchanged" | "NotOwner">;

/**
 * Lets agents of a provider of the sender join the pool of a source, or no more. Whoever rules a pool can make its panels
 * take a member's bonds, so agents do not choose pools.
 *
 * @throws {ApproveSourceRevert}
 * @throws {FieldRangeError} if a parameter does not fit.
 */
export async function approveSource(
  protocol: Protocol,
  { provider, source, approved }: ApproveSourceParameters,
  options?: SendOptions,
): Promise<ApproveSourceResult> {
  const args = [providerId(provider), sourceId(source), approved] as const;
  const done = await execute(protocol, "providerPool", "approveSource", [...args], options);
  const event = emitted(done, "providerPool", "SourceApproved");
  return { ...done, provider: Number(event.provider), source: Number(event.source), approved: event.approved };
}
