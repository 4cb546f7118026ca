import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { expectSentence, ran } from "../../helpers/scripts.js";

describe("scripts.adversary", () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "opengpu-adversary-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("says in one sentence what cannot be", async () => {
    const empty = join(folder, "empty.json");
    await writeFile(empty, "{}");
    const cases: [words: string[], status: number, pattern: RegExp][] = [
      [["thief", "nowhere.json"], 2, /no behaviour “thief”, only liar, silent, copier, forger, withholder\.$/],
      [["", "nowhere.json"], 2, /no behaviour “”/],
      [["liar", "nowhere.json"], 1, /no file nowhere\.json/],
      [["liar", empty], 1, /empty\.json/],
      [["liar"], 2, /configuration/],
      [[], 2, /behaviour/],
      [["liar", empty, "--every", "0"], 2, /from 1 to 10000/],
      [["liar", empty, "--turn", "x"], 2, /from 0 to 9999/],
    ];
    for (const [words, expected, pattern] of cases) {
      const { status, out, err } = await ran("adversary", words);
      expectSentence(err, pattern);
      expect([status, out], words.join(" ")).to.deep.equal([expected, ""]);
    }
  });
});
