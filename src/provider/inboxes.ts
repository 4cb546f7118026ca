import { FieldFormatError } from "../protocol/errors.js";
import { watch } from "../protocol/events.js";
import type { Protocol } from "../protocol/protocol.js";
import { InboxUnknownError } from "./errors.js";

/** Where clients want their envelopes. */
export interface Inboxes {
  /**
   * Address of a client's inbox.
   *
   * @throws {InboxUnknownError} if it announced none, or one that is not sent to.
   */
  of(client: string): string;
  /** Whether {@link of} tells one, as far as announcements were heard. */
  reaches(client: string): boolean;
  /** Follows what clients announce until the signal ends it. */
  follow(signal: AbortSignal): Promise<void>;
}

/**
 * Follows the inboxes that clients announce on chain. Anyone can announce any address, so a provider sends over `https`
 * only, and over `http` to the origins that its owner allows: what an announcement names may be a machine of the
 * provider's own network.
 *
 * @param from First block that is looked at.
 * @param allowed Origins that may be `http`, e.g. `http://127.0.0.1:8080`.
 * @throws {FieldFormatError} if one of them is no such address.
 */
export function followInboxes(protocol: Protocol, from: number, allowed: readonly string[]): Inboxes {
  const origins = new Set(allowed.map(originOf));
  const known = new Map<string, string>();
  const takes = (inbox: string): boolean => {
    const url = URL.canParse(inbox) ? new URL(inbox) : undefined;
    return url !== undefined && (url.protocol === "https:" || origins.has(url.origin));
  };
  const inboxOf = (client: string) => known.get(client.toLowerCase());
  return {
    of(client) {
      const inbox = inboxOf(client);
      if (inbox === undefined || !takes(inbox)) throw new InboxUnknownError(client, inbox);
      return inbox;
    },
    reaches(client) {
      const inbox = inboxOf(client);
      return inbox !== undefined && takes(inbox);
    },
    async follow(signal) {
      const announced = watch(protocol, { events: ["taskManager.InboxAnnounced"], from, signal });
      for await (const { args, removed } of announced) {
        // What a reorganisation takes back comes again, or the client announces it anew.
        if (removed) continue;
        const client = args.client.toLowerCase();
        if (args.inbox === "") known.delete(client);
        else known.set(client, args.inbox);
      }
    },
  };
}

/** Other schemes have no origin, or the same one for all addresses. */
function originOf(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new FieldFormatError("allowed", address, "an address like http://127.0.0.1:8080");
  }
  return url.origin;
}
