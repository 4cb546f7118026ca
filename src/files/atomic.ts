import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { FileAccessError } from "./errors.js";

/** What the system calls a failure, e.g. `EACCES`. */
export const codeOf = (error: unknown): string => (error as { code?: string }).code ?? String(error);

/**
 * The text of a file, or `undefined` if there is none.
 *
 * @throws {FileAccessError}
 */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw new FileAccessError(path, "read", codeOf(error), { cause: error });
  }
}

/**
 * Writes a file so that it has its old text or its new one whatever happens, and is on the disk when this resolves.
 * Folders are made as needed.
 *
 * @param mode Who may read and write it.
 * @throws {FileAccessError}
 */
export function writeText(path: string, text: string, mode?: number): Promise<void> {
  return writeWhole(path, text, mode);
}

/**
 * Writes a file of bytes as {@link writeText} does one of text.
 *
 * @throws {FileAccessError}
 */
export function writeBytes(path: string, bytes: Uint8Array): Promise<void> {
  return writeWhole(path, bytes);
}

async function writeWhole(path: string, content: string | Uint8Array, mode?: number): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  await changing(path, async () => {
    await mkdir(dirname(path), { recursive: true });
    try {
      const file = await open(temporary, "wx", mode);
      try {
        await file.writeFile(content);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, path);
      await syncFolder(dirname(path));
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  });
}

/** Makes the name of a new file as lasting as what is in it, where the system can. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r").catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

/**
 * Removes a file, if it is there.
 *
 * @throws {FileAccessError}
 */
export async function removeFile(path: string): Promise<void> {
  await changing(path, () => rm(path, { force: true }));
}

async function changing(path: string, change: () => Promise<void>): Promise<void> {
  try {
    await change();
  } catch (error) {
    throw new FileAccessError(path, "written", codeOf(error), { cause: error });
  }
}
