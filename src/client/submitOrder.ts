import { hexlify, randomBytes, toBigInt, ZeroHash } from "ethers";
import { submit, type SubmitResult } from "../protocol/actions/submit.js";
import { keyPair } from "../protocol/envelope.js";
import { draftOrder, type Order, packOrder, signOrder } from "../protocol/order.js";
import type { SigningProtocol } from "../protocol/protocol.js";
import type { SendOptions } from "../protocol/sender.js";
import { type JournalEntry, journalEntry, type OrderJournal } from "./journal.js";

/** What a client must say of a task; all else has a usual value, the sender's address and a fresh key included. */
export type OrderDraft = Pick<Order, "source" | "maxReward" | "deadline" | "inputDigest"> & Partial<Order>;

export interface PrepareOptions {
  /** Where the order is kept before it is sent. */
  journal: OrderJournal;
  /** X25519 secret key that opens the result; a fresh one if left out and the draft names no client key. */
  secretKey?: string;
  /** Whether to sign the order, so that anyone may post it. */
  sign?: boolean;
}

/**
 * A nonce that no other order of this key has: milliseconds of now, and 20 random bits behind them. Nonces therefore
 * rise with time, and `revokeOrdersBelow(freshNonce())` revokes all orders of the past.
 */
export function freshNonce(now: number = Date.now()): bigint {
  return (BigInt(now) << 20n) | (toBigInt(randomBytes(3)) & 0xfffffn);
}

/**
 * Completes an order and keeps it in the journal, with the key that opens its result, without sending it.
 *
 * @throws {FieldRangeError | FieldFormatError} if a field does not fit; nothing was kept.
 */
export async function prepareOrder(
  { sender, domain }: SigningProtocol,
  draft: OrderDraft,
  { journal, secretKey, sign = false }: PrepareOptions,
): Promise<JournalEntry> {
  const named = draft.clientKey !== undefined && draft.clientKey !== ZeroHash;
  const keys = secretKey === undefined && named ? undefined : keyPair(secretKey ?? hexlify(randomBytes(32)));
  const order = draftOrder({
    nonce: freshNonce(),
    client: sender.address,
    ...draft,
    ...(keys !== undefined && { clientKey: keys.publicKey }),
  });
  packOrder(order);
  const signature = sign ? { signature: await signOrder(sender.signer, order, domain) } : {};
  const entry = journalEntry(order, domain, { ...signature, ...(keys !== undefined && { secretKey: keys.secretKey }) });
  await journal.record(entry);
  return entry;
}

/**
 * Completes an order, keeps it in the journal, and only then posts it.
 *
 * @returns What {@link submit} tells, with the journal's entry.
 * @throws what {@link prepareOrder} and {@link submit} throw. An order that was kept but not posted does no harm: it may be
 * posted later with {@link submit}.
 * @example
 * const { taskId, startPrice } = await submitOrder(
 *   protocol,
 *   { source: 1, maxReward: parseEther("0.02"), deadline: now + 3600, inputDigest: sha256(input) },
 *   { journal },
 * );
 */
export async function submitOrder(
  protocol: SigningProtocol,
  draft: OrderDraft,
  { attach = false, ...options }: PrepareOptions & SendOptions & { attach?: boolean },
): Promise<SubmitResult & { entry: JournalEntry }> {
  const entry = await prepareOrder(protocol, draft, options);
  const result = await submit(protocol, { order: entry.order, attach }, options);
  return { ...result, entry };
}
