import { emitted, execute, type Executed } from "../execute.js";
import { address } from "../fields.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";

export interface SetClientAgentParameters {
  /** Account of the agent. */
  agent: string;
  /** Whether it is to be one. */
  allowed: boolean;
}

export interface SetClientAgentResult extends Executed {
  /** Whose agent. */
  client: string;
  agent: string;
  /** Whether it is one. */
  allowed: boolean;
}

/** Why the contracts refuse it. */
export type SetClientAgentRevert = RevertError<"AgentAlreadyInState" | "ZeroAddress">;

/**
 * Grants or revokes an agent of the sender, which may accept and cancel its tasks.
 *
 * @throws {SetClientAgentRevert}
 * @throws {FieldFormatError} if a parameter does not fit.
 */
export async function setClientAgent(
  protocol: Protocol,
  { agent, allowed }: SetClientAgentParameters,
  options?: SendOptions,
): Promise<SetClientAgentResult> {
  const done = await execute(protocol, "taskManager", "setClientAgent", [address("agent", agent), allowed], options);
  const event = emitted(done, "taskManager", "ClientAgentSet");
  return { ...done, client: event.client, agent: event.agent, allowed: event.allowed };
}
