import { chmod, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { formatEntry, type JournalEntry, type OrderJournal, parseEntry } from "../client/journal.js";
import { codeOf, readText } from "./atomic.js";
import { FileAccessError } from "./errors.js";

/**
 * A journal of orders in a file, one line of JSON each, only ever appended to and readable by its owner alone, because it
 * holds the keys that open results. What `record` has kept is on the disk.
 *
 * @param path The file; it and its folder are made when needed.
 * @throws {FileAccessError} from both methods, if the file cannot be read or written.
 * @throws {DocumentFormatError} when reading, naming file and line, if it was altered. A last line that was cut off by a
 * crash was never acknowledged: it is left out when reading and ended when writing.
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
      throw new FileAccessError(path, "written", codeOf(error), { cause: error });
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
      const text = (await readText(path)) ?? "";
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
