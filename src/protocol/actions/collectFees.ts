import { emitted, execute, type Executed } from "../execute.js";
import { address } from "../fields.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";

export interface CollectFeesParameters {
  /** Clients that have paid fees. */
  payers: readonly string[];
}

export interface CollectFeesResult extends Executed {
  /** Who got them. */
  treasury: string;
  /** Wei. */
  amount: bigint;
}

/** Why the contracts refuse it. */
export type CollectFeesRevert = RevertError<"NothingCollected">;

/**
 * Passes the fees that rest with payers, and slashed stake, on to the treasury's account in Escrow. Anyone may.
 *
 * @throws {CollectFeesRevert}
 * @throws {FieldFormatError} if a parameter does not fit.
 */
export async function collectFees(
  protocol: Protocol,
  { payers }: CollectFeesParameters,
  options?: SendOptions,
): Promise<CollectFeesResult> {
  const done = await execute(
    protocol,
    "taskManager",
    "collectFees",
    [payers.map((payer) => address("payers", payer))],
    options,
  );
  const { treasury, amount } = emitted(done, "taskManager", "FeesCollected");
  return { ...done, treasury, amount };
}
