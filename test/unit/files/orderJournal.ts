import { appendFile, chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type JournalEntry, journalEntry } from "../../../src/client/journal.js";
import { fileJournal } from "../../../src/files/orderJournal.js";
import { FileAccessError } from "../../../src/files/errors.js";
import { DocumentFormatError } from "../../../src/protocol/errors.js";
import { draftOrder } from "../../../src/protocol/order.js";
import { random32 } from "../../helpers/suite.js";

const domain = { chainId: 1071n, taskManager: `0x${"7a".repeat(20)}` };
const anEntry = (nonce: bigint): JournalEntry => {
  const client = `0x${"11".repeat(20)}`;
  const order = draftOrder({ client, source: 1, maxReward: 5n, deadline: 9, inputDigest: random32(), nonce });
  return journalEntry(order, domain, { secretKey: random32() });
};

describe("fileJournal", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "journal-"));
  });
  afterEach(async () => {
    await chmod(folder, 0o700);
    await rm(folder, { recursive: true, force: true });
  });

  it("begins empty, and keeps what was recorded for the next program", async () => {
    const path = join(folder, "deep", "orders.jsonl");
    const entries = [anEntry(1n), anEntry(2n)];
    expect(await fileJournal(path).entries()).to.deep.equal([]);
    for (const entry of entries) await fileJournal(path).record(entry);
    expect(await fileJournal(path).entries()).to.deep.equal(entries);
  });

  it("keeps all of many that are recorded at once", async () => {
    const journal = fileJournal(join(folder, "orders.jsonl"));
    const entries = Array.from({ length: 50 }, (_, index) => anEntry(BigInt(index)));
    await Promise.all(entries.map((entry) => journal.record(entry)));
    expect(await journal.entries()).to.deep.equal(entries);
  });

  it("is readable by its owner alone", async () => {
    const path = join(folder, "orders.jsonl");
    await writeFile(path, "", { mode: 0o644 });
    await fileJournal(path).record(anEntry(1n));
    expect((await stat(path)).mode & 0o777).to.equal(0o600);
  });

  it("leaves out a line that a crash cut off, wherever it was cut, and goes on after it", async () => {
    const path = join(folder, "orders.jsonl");
    const [one, two] = [anEntry(1n), anEntry(2n)];
    await fileJournal(path).record(one);
    const line = await readFile(path, "utf8");
    for (const length of [1, 5, 28, 100, line.length - 2]) {
      await writeFile(path, line + line.slice(0, length));
      const journal = fileJournal(path);
      expect(await journal.entries(), `cut after ${length}`).to.deep.equal([one]);
      await journal.record(two);
      expect(await journal.entries(), `after ${length}`).to.deep.equal([one, two]);
    }
  });

  it("refuses a file that was altered, naming file and line", async () => {
    const path = join(folder, "orders.jsonl");
    const journal = fileJournal(path);
    await journal.record(anEntry(1n));
    await appendFile(path, '{"some":"thing"}\n');
    const error: unknown = await journal.entries().catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(DocumentFormatError);
    expect((error as Error).message).to.include(`${path}, line 2`);
  });

  it("says when the file cannot be used, and forgets nothing it had", async () => {
    const path = join(folder, "orders.jsonl");
    const blocked = join(folder, "blocked");
    await mkdir(blocked);
    for (const use of [() => fileJournal(blocked).entries(), () => fileJournal(blocked).record(anEntry(1n))]) {
      const error: unknown = await use().catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(FileAccessError);
      expect((error as Error).message)
        .to.include(blocked)
        .and.to.include("EISDIR");
    }
    const journal = fileJournal(path);
    await journal.record(anEntry(1n));
    expect(await journal.entries()).to.have.length(1);
  });
});
