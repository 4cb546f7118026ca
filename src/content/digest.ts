import { sha256 } from "@noble/hashes/sha2.js";
import { getBytes, hexlify } from "ethers";
import { CID } from "multiformats/cid";
import { create } from "multiformats/hashes/digest";
import { FieldFormatError } from "../protocol/errors.js";
import { bytes32 } from "../protocol/fields.js";

/** Multicodec of bytes that have no further meaning. */
const RAW = 0x55;
const SHA2_256 = 0x12;
const SCHEME = "ipfs://";

/** SHA-256 of bytes, 32 bytes in hexadecimal. */
export function digestOf(content: Uint8Array): string {
  return hexlify(sha256(content));
}

/**
 * Content identifier of a digest: CIDv1, raw bytes, SHA-256, in base32, as the contracts make it.
 *
 * @param digest 32 bytes in hexadecimal.
 * @throws {FieldFormatError}
 */
export function cidOf(digest: string): string {
  return CID.createV1(RAW, create(SHA2_256, getBytes(bytes32("digest", digest)))).toString();
}

/**
 * Digest of a content identifier, which may also be the path of an `ipfs://` address.
 *
 * @returns 32 bytes in hexadecimal.
 * @throws {FieldFormatError} if it is none, or one of another kind than {@link cidOf} makes.
 */
export function digestOfCid(cid: string): string {
  const text = cid.startsWith(SCHEME) ? cid.slice(SCHEME.length) : cid;
  const refuse = () => new FieldFormatError("cid", cid.slice(0, 200), "a CIDv1 of raw bytes by SHA-256, in base32");
  let parsed: CID;
  try {
    parsed = CID.parse(text);
  } catch {
    throw refuse();
  }
  const { version, code, multihash } = parsed;
  // One digest has one identifier here, or caches and comparisons would miss.
  if (version !== 1 || code !== RAW || multihash.code !== SHA2_256 || multihash.size !== 32) throw refuse();
  if (parsed.toString() !== text) throw refuse();
  return hexlify(multihash.digest);
}
