import { cidOf, digestOf } from "./digest.js";
import { ContentMismatchError, ContentNotFoundError, ContentTooLargeError } from "./errors.js";
import { bytes32 } from "../protocol/fields.js";

/** What was put. */
export interface Stored {
  /** SHA-256, 32 bytes in hexadecimal. */
  digest: string;
  /** The same as a content identifier. */
  cid: string;
  /** Bytes. */
  size: number;
}

/** What may be said of a request for content. */
export interface GetOptions {
  /** Most bytes that are wanted. */
  maxSize?: number;
  /** Ends the request, which is then rejected with the signal's reason. */
  signal?: AbortSignal;
}

/**
 * Content by its SHA-256. Whatever a store gives was checked to have that digest. All digests are 32 bytes in
 * hexadecimal; a {@link FieldFormatError} is thrown for what is none, and a {@link StoreError} if the store fails.
 */
export interface ContentStore {
  /**
   * Keeps content; to keep it again changes nothing.
   *
   * @throws {ContentTooLargeError} if the store takes none so large.
   */
  put(content: Uint8Array, options?: { signal?: AbortSignal }): Promise<Stored>;
  /**
   * @throws {ContentNotFoundError}
   * @throws {ContentMismatchError} if what is there has another digest.
   * @throws {ContentTooLargeError} if it has more bytes than wanted.
   */
  get(digest: string, options?: GetOptions): Promise<Uint8Array>;
  /** Whether there is something for the digest; only {@link get} looks whether it is whole. */
  has(digest: string, options?: { signal?: AbortSignal }): Promise<boolean>;
}

/** What is said of content that was put. */
export function storedAs(content: Uint8Array): Stored {
  const digest = digestOf(content);
  return { digest, cid: cidOf(digest), size: content.length };
}

/** A digest as stores write it. */
export function normalDigest(digest: string): string {
  return bytes32("digest", digest).toLowerCase();
}

/**
 * Content that has the digest it was got for.
 *
 * @param store Where it comes from, for the error.
 * @throws {ContentMismatchError}
 */
export function verified(digest: string, content: Uint8Array, store: string): Uint8Array {
  const found = digestOf(content);
  if (found !== digest) throw new ContentMismatchError(digest, store, { digest: found });
  return content;
}

/** A store that forgets everything with its process. */
export function memoryStore(): ContentStore {
  const contents = new Map<string, Uint8Array>();
  return {
    put: async (content) => {
      const stored = storedAs(content);
      if (!contents.has(stored.digest)) contents.set(stored.digest, content.slice());
      return Promise.resolve(stored);
    },
    get: async (digest, { maxSize = Infinity, signal } = {}) => {
      signal?.throwIfAborted();
      const key = normalDigest(digest);
      const content = contents.get(key);
      if (content === undefined) throw new ContentNotFoundError(key, "The memory");
      if (content.length > maxSize) throw new ContentTooLargeError(key, maxSize, content.length);
      return Promise.resolve(content.slice());
    },
    has: async (digest) => Promise.resolve(contents.has(normalDigest(digest))),
  };
}
