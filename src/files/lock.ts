import { mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { OpenGpuError } from "../protocol/errors.js";
import { codeOf } from "./atomic.js";
import { FileAccessError } from "./errors.js";

/** Another program works in a folder that only one may work in. */
export class FolderInUseError extends OpenGpuError {
  override readonly name = "FolderInUseError";
  readonly folder: string;
  /** Id of the process. */
  readonly pid: number;

  /**
   * @param folder The folder.
   * @param pid Id of the process that has it.
   */
  constructor(folder: string, pid: number) {
    super(`${folder} is in use by process ${pid}. End that program first, or give this one a folder of its own.`);
    this.folder = folder;
    this.pid = pid;
  }
}

/**
 * Takes a folder for this process alone, until the function that is returned is called. A lock of a process that is gone
 * does not count.
 *
 * @throws {FolderInUseError}
 * @throws {FileAccessError} if the folder cannot be written to.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, "lock");
  try {
    await mkdir(folder, { recursive: true });
    for (;;) {
      const file = await open(path, "wx").catch((error: unknown) => {
        if (codeOf(error) === "EEXIST") return undefined;
        throw error;
      });
      if (file !== undefined) {
        await file.writeFile(String(process.pid));
        await file.close();
        return () => rm(path, { force: true });
      }
      const pid = Number(await readFile(path, "utf8").catch(() => ""));
      if (isAlive(pid)) throw new FolderInUseError(folder, pid);
      await rm(path, { force: true });
    }
  } catch (error) {
    if (error instanceof OpenGpuError) throw error;
    throw new FileAccessError(path, "written", codeOf(error), { cause: error });
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is another user's.
    return codeOf(error) === "EPERM";
  }
}
