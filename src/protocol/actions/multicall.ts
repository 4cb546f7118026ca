import { type Arguments, execute, type Executed, INTERFACES, type Method } from "../execute.js";
import { bytes } from "../fields.js";
import type { Protocol, SuiteContracts } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";

export interface MulticallParameters {
  /** Calls of TaskManager, see {@link callOf}. */
  calls: readonly string[];
}

/** What all calls did together is in its events. */
export type MulticallResult = Executed;

/** Why the contracts refuse it: whatever one of the calls is refused for. */
export type MulticallRevert = RevertError;

/**
 * Prepares a call of TaskManager for {@link multicall}.
 *
 * @param method Name of the function, e.g. `deliver`.
 * @param args Its arguments as the contract takes them: orders packed, see {@link packOrder}.
 * @returns Calldata in hexadecimal.
 */
export function callOf<M extends Method<"taskManager">>(
  method: M,
  args: Arguments<SuiteContracts["taskManager"], M>,
): string {
  return INTERFACES.taskManager.encodeFunctionData(method, args);
}

/**
 * Makes several calls of TaskManager in one transaction, all or none. No coin can be sent along.
 *
 * @throws {MulticallRevert} of the first call that is refused.
 * @throws {FieldFormatError} if a call is not hexadecimal.
 * @example
 * const packed = packOrder(order);
 * const deliver = callOf("deliver", [packed, provider, seal]);
 * const disclose = callOf("disclose", [packed, commitment, envelope]);
 * await multicall(protocol, { calls: [deliver, disclose] });
 */
export async function multicall(
  protocol: Protocol,
  { calls }: MulticallParameters,
  options?: SendOptions,
): Promise<MulticallResult> {
  return execute(protocol, "taskManager", "multicall", [calls.map((call) => bytes("calls", call))], options);
}
