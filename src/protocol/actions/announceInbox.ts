import { emitted, execute, type Executed } from "../execute.js";
import type { Protocol } from "../protocol.js";
import type { RevertError } from "../reverts.js";
import type { SendOptions } from "../sender.js";

export interface AnnounceInboxParameters {
  /** An address that providers understand, at most 256 bytes of UTF-8. */
  inbox: string;
}

export interface AnnounceInboxResult extends Executed {
  /** Whose inbox. */
  client: string;
  inbox: string;
}

/** Why the contracts refuse it. */
export type AnnounceInboxRevert = RevertError<"InboxTooLarge">;

/**
 * Tells providers where to send envelopes for the sender, off chain.
 *
 * @throws {AnnounceInboxRevert}
 */
export async function announceInbox(
  protocol: Protocol,
  { inbox }: AnnounceInboxParameters,
  options?: SendOptions,
): Promise<AnnounceInboxResult> {
  const done = await execute(protocol, "taskManager", "announceInbox", [inbox], options);
  const event = emitted(done, "taskManager", "InboxAnnounced");
  return { ...done, client: event.client, inbox: event.inbox };
}
