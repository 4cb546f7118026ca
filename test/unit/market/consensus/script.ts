import { expect } from "chai";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { consensusCommand } from "../../../../scripts/simulation/consensusOptions.js";
import { expectSentence, ran } from "../../../helpers/scripts.js";

describe("simulate:consensus", function () {
  this.timeout(60_000);
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "consensus-"));
  });

  after(() => rm(folder, { recursive: true, force: true }));

  for (const [words, pattern] of [
    [["--draws", "9"], /--draws.*whole number from 10 to 1000000/],
    [["--members", "31"], /--members.*32 to 10000/],
    [["--seed", "-1"], /--seed.*0 to 2147483648/],
    [["--trust", "8"], /unknown option '--trust'/i],
    [["all"], /too many arguments/],
  ] as const) {
    it(`refuses ${words.join(" ")}`, () => {
      expect(() => consensusCommand.parse(["node", "simulate:consensus", ...words])).to.throw(pattern);
    });
  }

  for (const [words, pattern] of [
    [["--draws", "many"], /--draws.*10 to 1000000/],
    [["--out", "package.json/figures"], /package\.json is not a folder/],
  ] as const) {
    it(`says what is wrong with ${words.join(" ")} and does nothing`, async () => {
      const { status, out, err } = await ran("simulateConsensus", [...words]);
      expect(status, err).to.equal(2);
      expect(out).to.equal("");
      expectSentence(err, pattern);
    });
  }

  it("keeps a page, plots and the figures that it prints", async () => {
    const out = join(folder, "run");
    const words = ["--draws", "10", "--members", "40", "--seed", "4", "--json", "--out", out];
    const found = await ran("simulateConsensus", words);
    expect(found.status, found.err).to.equal(0);
    expect(await readFile(join(out, "figures.json"), "utf8")).to.equal(found.out);
    expect(JSON.parse(found.out)).to.have.property("scenario").that.includes({ seed: 4, draws: 10, members: 40 });
    expect((await readdir(out)).sort()).to.deep.equal(["copies.svg", "figures.json", "report.html", "wrong.svg"]);
  });
});
