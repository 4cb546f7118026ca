import { chmod, mkdir, open, readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { formatEntry, type JournalEntry, type OrderJournal, parseEntry } from "../client/journal.js";
import { DocumentFormatError } from "../protocol/errors.js";

/**
 * A journal of orders in a file, one line of JSON each, only ever appended to and readable by its owner alone, because it
 * holds the keys that open results. What `record` has kept is on the disk.
 *
 * @param path The file; it and its folder are made when needed.
 * @throws {DocumentFormatError} from both methods, naming file and line, if the file cannot be used. A last line that was cut
 * off by a crash was never acknowledged: it is left out when reading and ended when writing.
 */
export function fileJournal(path: string): OrderJournal {
  let turn: Promise<unknown> = Promise.resolve();

  const append = async (entry: JournalEntry): Promise<void> => {
    try {
      await mkdir(dirname(path), { recursive: true });
      const file = await open(path, "a+", 0o600);
      try {
        await chmod(path, 0o600);
        const { size } = await file.stat();
        const last = Buffer.alloc(1);
        if (size > 0) await file.read(last, 0, 1, size - 1);
        const cut = size > 0 && last.toString() !== "\n";
        await file.appendFile(`${cut ? "\n" : ""}${formatEntry(entry)}\n`);
        await file.datasync();
      } finally {
        await file.close();
      }
    } catch (error) {
      throw new DocumentFormatError(`The journal ${path}`, `it cannot be written (${(error as Error).message})`, {
        cause: error,
      });
    }
  };

  return {
    record(entry) {
      const done = turn.then(() => append(entry));
      turn = done.catch(() => undefined);
      return done;
    },
    async entries() {
      await turn;
      const text = await textOf(path);
      const lines = text.split("\n");
      return lines.flatMap((line, index) => {
        if (line.trim() === "") return [];
        // Without its end it was cut off by a crash; anything else that is wrong was altered.
        if (!line.endsWith("}") && line.startsWith(BEGINNING.slice(0, line.length))) return [];
        return [parseEntry(line, `${path}, line ${index + 1}`)];
      });
    },
  };
}

/** How every line begins. */
const BEGINNING = '{"format":"opengpu-order/1",';

async function textOf(path: string): Promise<string> {
  try {
    if (!(await stat(path)).isFile()) throw new Error("it is no file");
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw new DocumentFormatError(`The journal ${path}`, `it cannot be read (${(error as Error).message})`, {
      cause: error,
    });
  }
}
