import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { fileDebts } from "../../../src/files/debtBook.js";
import { FileAccessError } from "../../../src/files/errors.js";
import { keyPair, sealEnvelope } from "../../../src/protocol/envelope.js";
import { DocumentFormatError } from "../../../src/protocol/errors.js";
import { draftOrder, taskIdOf } from "../../../src/protocol/order.js";
import { pause } from "../../../src/protocol/retry.js";
import type { Debt } from "../../../src/provider/debts.js";
import { caught } from "../../helpers/caught.js";
import { random32 } from "../../helpers/suite.js";

const domain = { chainId: 1071n, taskManager: `0x${"7a".repeat(20)}` };
const aDebt = (nonce: bigint): Debt => {
  const client = `0x${"11".repeat(20)}`;
  const order = draftOrder({ client, source: 1, maxReward: 5n, deadline: 9, inputDigest: random32(), nonce });
  const taskId = taskIdOf(order, domain);
  const opening = { resultDigest: random32(), location: "ipfs://somewhere" };
  return { taskId, order, provider: 7, sealed: sealEnvelope({ taskId, provider: 7 }, keyPair().publicKey, opening) };
};

describe("fileDebts", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "debts-"));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it("begins empty, and keeps what was incurred for the next program, oldest first", async () => {
    const path = join(folder, "deep", "debts");
    expect(await fileDebts(path, domain).open()).to.deep.equal([]);
    const debts = [aDebt(1n), aDebt(2n), aDebt(3n)];
    for (const debt of debts) {
      await fileDebts(path, domain).incur(debt);
      await pause(2);
    }
    expect(await fileDebts(path, domain).open()).to.deep.equal(debts);
    await fileDebts(path, domain).clear(debts[1]?.taskId ?? "");
    expect(await fileDebts(path, domain).open()).to.deep.equal([debts[0], debts[2]]);
  });

  it("keeps a seat in a panel as such", async () => {
    const debt: Debt = { ...aDebt(1n), panel: true };
    await fileDebts(folder, domain).incur(debt);
    expect(await fileDebts(folder, domain).open()).to.deep.equal([debt]);
  });

  it("shows nobody else the secrets", async () => {
    await fileDebts(folder, domain).incur(aDebt(1n));
    const [name = ""] = await readdir(folder);
    expect((await stat(join(folder, name))).mode & 0o077).to.equal(0);
  });

  it("clears what is not there without a word, and ignores other files", async () => {
    await writeFile(join(folder, "notes.txt"), "not a debt");
    await fileDebts(folder, domain).clear(random32());
    expect(await fileDebts(folder, domain).open()).to.deep.equal([]);
  });

  const altered: [string, (text: string) => string, RegExp][] = [
    ["is cut off", (text) => text.slice(0, -9), /not JSON/],
    ["has another price", (text) => text.replace('"maxReward": "5"', '"maxReward": "6"'), /gives task 0x/],
    ["has another salt", (text) => text.replace(/"commitment": "0x..../, '"commitment": "0xabcd'), /gives the seal 0x/],
    ["has a field too many", (text) => text.replace("{", '{"more": 1,'), /more/],
    ["is of something else", (text) => text.replace("{", '{"panel": false,'), /panel/],
    ["is of another chain", (text) => text.replace("1071", "1072"), /chain 1072/],
  ];
  for (const [what, alter, problem] of altered) {
    it(`names the file that ${what}, and leaves it`, async () => {
      await fileDebts(folder, domain).incur(aDebt(1n));
      const [name = ""] = await readdir(folder);
      const file = join(folder, name);
      await writeFile(file, alter(await readFile(file, "utf8")));
      const { message } = await caught(fileDebts(folder, domain).open(), DocumentFormatError);
      expect(message).to.contain(file).and.match(problem);
      expect(await readdir(folder)).to.deep.equal([name]);
    });
  }

  it("reads the others although one was altered, if there is somebody to tell", async () => {
    const [good, bad] = [aDebt(1n), aDebt(2n)];
    for (const debt of [good, bad]) await fileDebts(folder, domain).incur(debt);
    await writeFile(join(folder, `${bad.taskId}.json`), "{}");
    const told: DocumentFormatError[] = [];
    const open = await fileDebts(folder, domain, (error) => told.push(error)).open();
    expect(open.map(({ taskId }) => taskId)).to.deep.equal([good.taskId]);
    expect(told.map(({ document }) => document)).to.deep.equal([join(folder, `${bad.taskId}.json`)]);
  });

  it("says when its folder cannot be read or written", async () => {
    const path = join(folder, "file");
    await writeFile(path, "");
    const written = await caught(fileDebts(path, domain).incur(aDebt(1n)), FileAccessError);
    expect(written.message).to.contain(path).and.contain("written");
    const read = await caught(fileDebts(path, domain).open(), FileAccessError);
    expect(read.message).to.contain(path).and.contain("read");
  });
});
