import { emitted, execute, type Executed } from "../execute.js";
import { address } from "../fields.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";

export interface SetTreasuryParameters {
  /** Escrow account that fees are credited to. */
  treasury: string;
}

export interface SetTreasuryResult extends Executed {
  /** Account that fees are credited to. */
  treasury: string;
}

/** Why the contracts refuse it. */
export type SetTreasuryRevert = RevertError<"OwnableUnauthorizedAccount" | "ZeroAddress">;

/**
 * Changes the account that collected fees go to. Owner of the suite.
 *
 * @throws {SetTreasuryRevert}
 * @throws {FieldFormatError} if a parameter does not fit.
 */
export async function setTreasury(
  protocol: Protocol,
  { treasury }: SetTreasuryParameters,
  options?: SendOptions,
): Promise<SetTreasuryResult> {
  const done = await execute(protocol, "taskManager", "setTreasury", [address("treasury", treasury)], options);
  const event = emitted(done, "taskManager", "TreasurySet");
  return { ...done, treasury: event.treasury };
}
