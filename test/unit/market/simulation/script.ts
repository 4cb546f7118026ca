import { expect } from "chai";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { UsageError } from "../../../../scripts/deployment/command.js";
import { checkFolder, command } from "../../../../scripts/simulation/options.js";
import { expectSentence, ran } from "../../../helpers/scripts.js";

describe("simulate", function () {
  this.timeout(60_000);
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "simulation-"));
  });

  after(() => rm(folder, { recursive: true, force: true }));

  for (const [words, pattern] of [
    [["--seeds", "0"], /--seeds.*whole number from 1 to 1000/],
    [["--target", "4999"], /--target.*5000 to 9500/],
    [["--clamp", "2.5"], /--clamp.*10 to 1000/],
    [["--speeed", "3"], /unknown option '--speeed'/i],
    [["all"], /too many arguments/],
  ] as const) {
    it(`refuses ${words.join(" ")}`, () => {
      expect(() => command.parse(["node", "simulate", ...words])).to.throw(pattern);
    });
  }

  it("takes a folder that is there or can be made, and no other", () => {
    checkFolder(resolve("simulations/none/yet"));
    expect(() => {
      checkFolder(resolve("package.json/figures"));
    }).to.throw(UsageError, /package\.json is not a folder/);
  });

  it("says what is wrong and does nothing", async () => {
    const { status, out, err } = await ran("simulate", ["--speed", "9"]);
    expect(status, err).to.equal(2);
    expect(out).to.equal("");
    expectSentence(err, /--speed.*10 to 40000/);
  });

  it("keeps a page and the figures that it prints", async () => {
    const out = join(folder, "run");
    const found = await ran("simulate", ["--mirror", "--seeds", "1", "--seed", "4", "--json", "--out", out]);
    expect(found.status, found.err).to.equal(0);
    expect(await readFile(join(out, "figures.json"), "utf8")).to.equal(found.out);
    expect(JSON.parse(found.out)).to.deep.include({ venue: "mirror", seeds: [4] });
    expect(existsSync(join(out, "report.html"))).to.be.true;
  });
});
