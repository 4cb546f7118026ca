import { emitted, execute, type Executed } from "../execute.js";
import { address } from "../fields.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";
import { providerId } from "./shared.js";

export interface SetAgentParameters {
  /** Number of the provider. */
  provider: number;
  /** Account of the agent. */
  agent: string;
  /** Whether it is to be one. */
  allowed: boolean;
}

export interface SetAgentResult extends Executed {
  /** Number of the provider. */
  provider: number;
  agent: string;
  /** Whether it is one. */
  allowed: boolean;
}

/** Why the contracts refuse it. */
export type SetAgentRevert = RevertError<"AgentAlreadyInState" | "NotOwner" | "OwnerAsAgent" | "ZeroAddress">;

/**
 * Grants or revokes an agent of a provider of the sender, which may join, leave and take work.
 *
 * @throws {SetAgentRevert}
 * @throws {FieldRangeError | FieldFormatError} if a parameter does not fit.
 */
export async function setAgent(
  protocol: Protocol,
  { provider, agent, allowed }: SetAgentParameters,
  options?: SendOptions,
): Promise<SetAgentResult> {
  const done = await execute(
    protocol,
    "providerPool",
    "setAgent",
    [providerId(provider), address("agent", agent), allowed],
    options,
  );
  const event = emitted(done, "providerPool", "AgentSet");
  return { ...done, provider: Number(event.provider), agent: event.agent, allowed: event.allowed };
}
