import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { x25519 } from "@noble/curves/ed25519.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import {
  concat,
  dataSlice,
  getBytes,
  hexlify,
  isHexString,
  keccak256,
  randomBytes,
  toBeHex,
  toUtf8Bytes,
  toUtf8String,
} from "ethers";
import { FieldFormatError, OpenGpuError } from "./errors.js";
import { bytes32 } from "./fields.js";
import { commitmentOf, sealOf } from "./seal.js";

/** Most bytes of an envelope that the contracts take. */
export const MAX_ENVELOPE_SIZE = 512;

const VERSION = 1;
const HEADER = 33;
const TAG = 16;
/** Result digest and salt. */
const FIXED = 64;
/** Most bytes of a location in an envelope. */
export const MAX_LOCATION_SIZE = MAX_ENVELOPE_SIZE - HEADER - TAG - FIXED;
const PURPOSE = "OpenGPU envelope 1";

/** X25519 keys, 32 bytes each in hexadecimal. */
export interface KeyPair {
  secretKey: string;
  publicKey: string;
}

/** What an envelope holds: how to open a seal, and where the output is. */
export interface Opening {
  /** SHA-256 of the output. */
  resultDigest: string;
  /** 32 random bytes. */
  salt: string;
  /** Where the output can be fetched, e.g. a CID or a URL; at most {@link MAX_LOCATION_SIZE} bytes of UTF-8. */
  location: string;
}

/** What an envelope belongs to; it opens for nothing else. */
export interface EnvelopeContext {
  taskId: string;
  provider: bigint | number;
}

/** An envelope cannot be made, opened, or does not belong to the seal. */
export class EnvelopeError extends OpenGpuError {
  override readonly name = "EnvelopeError";
  readonly taskId: string;

  /**
   * @param taskId Task that it should belong to.
   * @param problem What is wrong.
   */
  constructor(taskId: string, problem: string, options?: ErrorOptions) {
    super(`The envelope for task ${taskId} is not usable: ${problem}. Do not accept the task.`, options);
    this.taskId = taskId;
  }
}

/** A fresh key pair, or the one of a secret key of 32 bytes in hexadecimal. */
export function keyPair(secretKey: string = hexlify(randomBytes(32))): KeyPair {
  return { secretKey, publicKey: hexlify(x25519.getPublicKey(secretBytes(secretKey))) };
}

/** An envelope with the seal that commits to it. */
export interface SealedEnvelope extends Opening {
  /** Bytes in hexadecimal: version 1, ephemeral public key, ciphertext with its tag. */
  envelope: string;
  /** keccak256 of the envelope's bytes. */
  envelopeHash: string;
  /** See {@link commitmentOf}. */
  commitment: string;
  /** See {@link sealOf}. */
  seal: string;
  /** Ephemeral secret key: whoever has it can show others what is inside. Keep it until the task is paid. */
  envelopeSecret: string;
}

/**
 * Encrypts an opening to a client, and seals it. X25519 with an ephemeral key; HKDF-SHA-256 over the shared secret, with
 * both public keys as salt and purpose, task and provider as info, gives key and nonce of XChaCha20-Poly1305; the
 * header is authenticated.
 *
 * @param context Task and provider.
 * @param clientKey X25519 public key of the order.
 * @param opening Result digest and location; the salt is drawn if left out and must never be used twice.
 * @param ephemeralSecret For test vectors only: it must never be used twice.
 * @throws {FieldFormatError} if a key, digest or salt is not 32 bytes, or the location too long.
 * @throws {EnvelopeError} if the client's key is one that gives no secrecy.
 */
export function sealEnvelope(
  context: EnvelopeContext,
  clientKey: string,
  opening: Omit<Opening, "salt"> & { salt?: string },
  ephemeralSecret?: string,
): SealedEnvelope {
  const { resultDigest, location, salt = hexlify(randomBytes(32)) } = opening;
  const place = toUtf8Bytes(location);
  if (place.length > MAX_LOCATION_SIZE) {
    throw new FieldFormatError("location", location, `at most ${MAX_LOCATION_SIZE} bytes of UTF-8`);
  }
  const payload = getBytes(concat([bytes32("resultDigest", resultDigest), bytes32("salt", salt), place]));
  const ephemeral = keyPair(ephemeralSecret);
  const header = concat([toBeHex(VERSION), ephemeral.publicKey]);
  const cipher = cipherOf(
    context,
    ephemeral.publicKey,
    clientKey,
    sharedSecret(context, ephemeral.secretKey, clientKey),
    header,
  );
  const envelope = concat([header, cipher.encrypt(payload)]);
  const envelopeHash = keccak256(envelope);
  const commitment = commitmentOf(resultDigest, salt);
  const seal = sealOf({ ...context, commitment, envelopeHash });
  return {
    resultDigest,
    salt,
    location,
    envelope,
    envelopeHash,
    commitment,
    seal,
    envelopeSecret: ephemeral.secretKey,
  };
}

/**
 * Decrypts an envelope with the client's secret key.
 *
 * @throws {EnvelopeError} if it is malformed, altered, or meant for another client, task or provider.
 */
export function openEnvelope(context: EnvelopeContext, envelope: string, secretKey: string): Opening {
  const { publicKey } = keyPair(secretKey);
  return decrypt(context, envelope, publicKey, (ephemeralKey) => sharedSecret(context, secretKey, ephemeralKey));
}

/**
 * Decrypts an envelope with the ephemeral secret key that it was made with, as a provider shows it in a dispute.
 *
 * @param clientKey X25519 public key of the order.
 * @throws {EnvelopeError} if it is malformed, altered, made with another key, or meant for another client, task or provider.
 */
export function openShownEnvelope(
  context: EnvelopeContext,
  envelope: string,
  clientKey: string,
  envelopeSecret: string,
): Opening {
  const { publicKey } = keyPair(envelopeSecret);
  return decrypt(context, envelope, clientKey, (ephemeralKey) => {
    if (ephemeralKey !== publicKey) throw new EnvelopeError(context.taskId, "it was made with another key");
    return sharedSecret(context, envelopeSecret, clientKey);
  });
}

/** Decrypts an envelope to a client's public key, given what secret its ephemeral key gives. */
function decrypt(
  context: EnvelopeContext,
  envelope: string,
  clientKey: string,
  secretOf: (ephemeralKey: string) => Uint8Array,
): Opening {
  const { taskId } = context;
  if (!isHexString(envelope)) throw new EnvelopeError(taskId, "it is not bytes in hexadecimal");
  const bytes = getBytes(envelope);
  if (bytes.length < HEADER + FIXED + TAG || bytes.length > MAX_ENVELOPE_SIZE) {
    throw new EnvelopeError(
      taskId,
      `it has ${bytes.length} bytes, not ${HEADER + FIXED + TAG} to ${MAX_ENVELOPE_SIZE}`,
    );
  }
  if (bytes[0] !== VERSION) throw new EnvelopeError(taskId, `its version is ${bytes[0] ?? 0}, not ${VERSION}`);
  const header = dataSlice(envelope, 0, HEADER);
  const ephemeralKey = dataSlice(envelope, 1, HEADER);
  const cipher = cipherOf(context, ephemeralKey, clientKey, secretOf(ephemeralKey), header);
  try {
    const payload = cipher.decrypt(bytes.slice(HEADER));
    return {
      resultDigest: hexlify(payload.slice(0, 32)),
      salt: hexlify(payload.slice(32, FIXED)),
      location: toUtf8String(payload.slice(FIXED)),
    };
  } catch (error) {
    throw new EnvelopeError(taskId, "it does not decrypt with this key for this task and provider", { cause: error });
  }
}

/**
 * Opens an envelope and checks that it, and what is in it, are what the provider sealed on chain. Only then may a client
 * accept.
 *
 * @param seal Seal of the task on chain.
 * @throws {EnvelopeError}
 */
export function openSealed(context: EnvelopeContext, seal: string, envelope: string, secretKey: string): Opening {
  const opening = openEnvelope(context, envelope, secretKey);
  const commitment = commitmentOf(opening.resultDigest, opening.salt);
  const found = sealOf({ ...context, commitment, envelopeHash: keccak256(envelope) });
  if (found !== seal) throw new EnvelopeError(context.taskId, `it gives the seal ${found}, but on chain is ${seal}`);
  return opening;
}

function sharedSecret({ taskId }: EnvelopeContext, secretKey: string, publicKey: string): Uint8Array {
  try {
    return x25519.getSharedSecret(secretBytes(secretKey), getBytes(bytes32("publicKey", publicKey)));
  } catch (error) {
    if (error instanceof OpenGpuError) throw error;
    throw new EnvelopeError(taskId, `${publicKey} is no key that keeps a secret`, { cause: error });
  }
}

function cipherOf(
  { taskId, provider }: EnvelopeContext,
  ephemeralKey: string,
  clientKey: string,
  secret: Uint8Array,
  header: string,
): ReturnType<typeof xchacha20poly1305> {
  const salt = getBytes(concat([ephemeralKey, clientKey]));
  const info = getBytes(concat([toUtf8Bytes(PURPOSE), bytes32("taskId", taskId), toBeHex(provider, 4)]));
  const derived = hkdf(sha256, secret, salt, info, 56);
  return xchacha20poly1305(derived.slice(0, 32), derived.slice(32), getBytes(header));
}

/** A secret key; it has no place in a message. */
function secretBytes(value: string): Uint8Array {
  if (isHexString(value, 32)) return getBytes(value);
  throw new FieldFormatError("secretKey", `${value.length} characters`, "32 bytes in hexadecimal");
}
