import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { writeBytes } from "../files/atomic.js";
import { FileAccessError } from "../files/errors.js";
import { ContentNotFoundError, ContentTooLargeError, StoreError } from "./errors.js";
import { type ContentStore, normalDigest, storedAs, verified } from "./store.js";

/** Bytes read at once. */
const BATCH = 2 ** 20;

/** How a folder store is made. */
export interface FolderOptions {
  /** Most bytes of one content; 1 GiB if left out. */
  maxSize?: number;
}

/**
 * Content in files of a folder, each named after its digest, in subfolders by the digest's first two digits. Several programs may
 * use one folder at once. What `put` has kept is on the disk; what is read is checked each time, and content that was
 * damaged is whole again when it is put again.
 *
 * @param folder Made when first needed.
 */
export function folderStore(folder: string, { maxSize: largest = 2 ** 30 }: FolderOptions = {}): ContentStore {
  const name = `The folder ${folder}`;
  // A digest is checked to be hexadecimal before it becomes a part of a path.
  const fileOf = (digest: string) => join(folder, digest.slice(2, 4), digest.slice(2));
  const failed = (digest: string, purpose: string, error: unknown) =>
    new StoreError(digest, name, `it cannot be ${purpose} (${codeOf(error)})`, { cause: error });

  /** Content of a file, checked; `undefined` if there is no file. */
  const read = async (digest: string, maxSize: number, signal?: AbortSignal): Promise<Uint8Array | undefined> => {
    let bytes: Uint8Array | undefined;
    try {
      bytes = await bytesOf(fileOf(digest), digest, maxSize, signal);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      if (error instanceof ContentTooLargeError || signal?.aborted === true) throw error;
      throw failed(digest, "read", error);
    }
    return verified(digest, bytes, name);
  };

  return {
    async put(content, { signal } = {}) {
      signal?.throwIfAborted();
      const stored = storedAs(content);
      const { digest, size } = stored;
      if (size > largest) throw new ContentTooLargeError(digest, largest, size);
      // What cannot be read, or is not what it should be, is written anew.
      const kept = await read(digest, size, signal).catch(() => undefined);
      signal?.throwIfAborted();
      if (kept !== undefined) return stored;
      try {
        await writeBytes(fileOf(digest), content);
      } catch (error) {
        throw failed(digest, "written", error);
      }
      return stored;
    },
    async get(digest, { maxSize = largest, signal } = {}) {
      signal?.throwIfAborted();
      const key = normalDigest(digest);
      const content = await read(key, maxSize, signal);
      if (content === undefined) throw new ContentNotFoundError(key, name);
      return content;
    },
    async has(digest) {
      const key = normalDigest(digest);
      try {
        return (await stat(fileOf(key))).isFile();
      } catch (error) {
        if (codeOf(error) === "ENOENT") return false;
        throw failed(key, "read", error);
      }
    },
  };
}

function codeOf(error: unknown): string {
  if (error instanceof FileAccessError) return codeOf(error.cause);
  return (error as { code?: string }).code ?? String(error);
}

/** Reads a file piece by piece: it may be larger than allowed, whatever it said at first. */
async function bytesOf(path: string, digest: string, maxSize: number, signal?: AbortSignal): Promise<Uint8Array> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    if (size > maxSize) throw new ContentTooLargeError(digest, maxSize, size);
    const bytes = new Uint8Array(size);
    let at = 0;
    while (at < size) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(bytes, at, Math.min(size - at, BATCH), at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return bytes.subarray(0, at);
  } finally {
    await file.close();
  }
}
