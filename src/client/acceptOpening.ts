import { type EnvelopeContext, EnvelopeError, type Opening, openSealed } from "../protocol/envelope.js";
import { accept, type AcceptResult } from "../protocol/actions/accept.js";
import type { Order } from "../protocol/order.js";
import type { Protocol, SigningProtocol } from "../protocol/protocol.js";
import type { SendOptions } from "../protocol/sender.js";
import { snapshot } from "../protocol/snapshot.js";

export interface OpeningParameters {
  /** Order of the task. */
  order: Order;
  /** Envelope as its provider sent it, bytes in hexadecimal. */
  envelope: string;
  /** X25519 secret key that belongs to the order's client key, as the journal keeps it. */
  secretKey?: string | undefined;
}

/**
 * Opens an envelope and checks it against the seal that is on chain now.
 *
 * @returns Digest of the output, and where it is: fetch it and check the digest before accepting.
 * @throws {EnvelopeError} if nobody holds the task, or the envelope is not the one that its holder sealed.
 * @throws {NodeError} if the node does not answer.
 */
export async function openDelivered(
  protocol: Protocol,
  { order, envelope, secretKey }: OpeningParameters,
): Promise<Opening & EnvelopeContext & { provider: number }> {
  const { provider, seal, taskId, state } = await snapshot(protocol, { task: order });
  if (secretKey === undefined) throw new EnvelopeError(taskId, "the secret key that opens it is not known");
  if (provider === undefined || seal === undefined) {
    throw new EnvelopeError(taskId, `the task is ${state}, nobody has sealed a result`);
  }
  return { ...openSealed({ taskId, provider }, seal, envelope, secretKey), taskId, provider };
}

/**
 * Opens an envelope, checks it against the seal, lets the caller judge the output, and only then pays.
 *
 * @param judge Told the opening; fetches the output, compares its SHA-256 with the digest, and says whether to pay.
 * @returns `undefined` if the judge said no; nothing was sent.
 * @throws {EnvelopeError} if the envelope is not the sealed one; nothing was sent.
 * @throws {AcceptRevert}
 */
export async function acceptOpening(
  protocol: SigningProtocol,
  parameters: OpeningParameters,
  judge: (opening: Opening) => boolean | Promise<boolean>,
  options?: SendOptions,
): Promise<(AcceptResult & { opening: Opening }) | undefined> {
  const opening = await openDelivered(protocol, parameters);
  if (!(await judge(opening))) return undefined;
  return { ...(await accept(protocol, { order: parameters.order }, options)), opening };
}
