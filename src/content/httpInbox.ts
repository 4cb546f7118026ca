import { getBytes, isHexString } from "ethers";
import { z } from "zod";
import { MAX_ENVELOPE_SIZE } from "../protocol/envelope.js";
import { bytes, bytes32 } from "../protocol/fields.js";
import { EnvelopeRefusedError, InboxFullError, InboxUnreachableError } from "./errors.js";
import { ask, type HttpOptions, placeAt } from "./http.js";

/** How an inbox is asked. */
export interface InboxRequest extends HttpOptions {
  /** Ends the request, which is then rejected with the signal's reason. */
  signal?: AbortSignal;
}

/** Most bytes of a list of envelopes. */
const MAX_LIST = 2 ** 20;
const listSchema = z.strictObject({
  envelopes: z.array(z.string().refine((text) => isHexString(text, true) && text.length <= 2 + 2 * MAX_ENVELOPE_SIZE)),
});

/**
 * Sends an envelope to a client's inbox. To send it again changes nothing.
 *
 * @param url Address of the content server with the inbox.
 * @param taskId 32 bytes in hexadecimal.
 * @param envelope Bytes in hexadecimal.
 * @throws {InboxFullError | EnvelopeRefusedError | InboxUnreachableError}
 * @throws {FieldFormatError} if address, task or envelope is no such thing.
 */
export async function sendEnvelope(
  url: string,
  taskId: string,
  envelope: string,
  { signal, timeout }: InboxRequest = {},
): Promise<void> {
  const { name, at } = placeAt(url);
  const key = bytes32("taskId", taskId).toLowerCase();
  const body = getBytes(bytes("envelope", envelope));
  const question = { method: "POST", body, signal, ...(timeout !== undefined && { timeout }) } as const;
  await ask(at("inbox", key), question, unreachable(key, name), async (answer) => {
    if (answer.status === 429) throw new InboxFullError(key);
    if (answer.status === 403 || answer.status === 413) throw new EnvelopeRefusedError(key, await answer.reason());
    if (answer.status !== 202) throw new InboxUnreachableError(key, name, await answer.reason());
  });
}

/**
 * Envelopes of a task that an inbox has, in the sequence in which they came there, in hexadecimal.
 *
 * @throws {InboxUnreachableError | FieldFormatError}
 */
export async function fetchEnvelopes(
  url: string,
  taskId: string,
  { signal, timeout }: InboxRequest = {},
): Promise<string[]> {
  const { name, at } = placeAt(url);
  const key = bytes32("taskId", taskId).toLowerCase();
  const question = { method: "GET", signal, ...(timeout !== undefined && { timeout }) } as const;
  return ask(at("inbox", key), question, unreachable(key, name), async (answer) => {
    if (answer.status !== 200) throw new InboxUnreachableError(key, name, await answer.reason());
    const list = (await answer.bytes(MAX_LIST)) ?? new Uint8Array();
    const { data } = listSchema.safeParse(jsonIn(list));
    if (data === undefined) throw new InboxUnreachableError(key, name, "it answered with no list of envelopes");
    return data.envelopes;
  });
}

function unreachable(taskId: string, inbox: string) {
  return (problem: string, options: ErrorOptions) => new InboxUnreachableError(taskId, inbox, problem, options);
}

function jsonIn(content: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(content));
  } catch {
    return undefined;
  }
}
