import { expect } from "chai";
import { getAddress } from "ethers";
import { SENTENCES } from "../../../src/protocol/sentences.js";
import { TASK_STATES, TaskState } from "../../../src/protocol/states.js";
import { type Sample, samples } from "../../helpers/revertArguments.js";

const say = ({ name, args }: Sample): string => (SENTENCES[name] as (args: object) => string)(args);

/** Whether a sentence has a value as a word of its own. */
const tells = (sentence: string, value: string): boolean =>
  new RegExp(`(?<![0-9a-zA-Z])${value}(?![0-9a-zA-Z])`).test(sentence);

/** What stands for the samples' numbers of these. */
const READABLE: Record<string, string> = { state: "Disclosed", verification: "Proof", outcome: "idle" };
const READABLE_IN: Record<string, Record<string, string>> = { NothingToClaim: { outcome: "undecided" } };

const TIMES = ["deadline", "latest", "end", "now_", "until", "maturesAt"];

describe("SENTENCES", () => {
  it("has one for every error and no other", () => {
    expect(Object.keys(SENTENCES).sort()).to.deep.equal([...new Set(samples().map(({ name }) => name))].sort());
  });

  for (const sample of samples()) {
    it(`tells all that ${sample.signature} tells`, () => {
      const sentence = say(sample);
      expect(sentence).to.match(/^[^a-z].{8,}[^.]\.$/);
      for (const [name, value] of Object.entries(sample.args)) {
        if (typeof value === "boolean") continue;
        const readable = READABLE_IN[sample.name]?.[name] ?? READABLE[name] ?? String(value);
        expect(tells(sentence, readable), `${name} = ${readable} in: ${sentence}`).to.equal(true);
        if (TIMES.includes(name)) {
          expect(sentence).to.include(new Date(Number(value) * 1000).toISOString().slice(0, 19));
        }
      }
    });
  }

  it("says of two errors never the same, with the same arguments", () => {
    const sentences = samples().map(say);
    expect(new Set(sentences).size).to.equal(sentences.length);
  });

  it("says of two flags never the same", () => {
    const off = samples({ flag: false });
    const flagged = samples().filter(({ args }) => Object.values(args).includes(true));
    expect(flagged.map(({ name }) => name)).to.include("PauseUnchanged");
    for (const sample of flagged) {
      const other = off.find(({ signature }) => signature === sample.signature);
      expect(other === undefined ? "" : say(other)).to.not.equal(say(sample));
    }
  });

  it("names environments, states and verifications, known or not", () => {
    expect(SENTENCES.InvalidEnvironments({ environments: 0n })).to.include("none (0)");
    expect(SENTENCES.InvalidEnvironments({ environments: 11n })).to.include("Cpu + Nvidia + unknown (11)");
    expect(SENTENCES.EnvironmentsNotOffered({ environments: 4n, offered: 3n }))
      .to.include("Amd (4)")
      .and.to.include("Cpu + Nvidia (3)");
    const taskId = `0x${"01".repeat(32)}`;
    for (const [name, number] of Object.entries(TaskState)) {
      expect(TASK_STATES[number]).to.equal(name);
      expect(SENTENCES.WrongState({ taskId, state: BigInt(number) })).to.include(`the state ${name},`);
    }
    expect(SENTENCES.WrongState({ taskId, state: 9n })).to.include("state 9");
    expect(SENTENCES.WrongVerification({ taskId, verification: 0n })).to.include("asks for Review.");
    expect(SENTENCES.WrongVerification({ taskId, verification: 3n })).to.include("verification 3");
  });

  it("tells whose agent it is about", () => {
    const agent = getAddress(`0x${"0a".repeat(20)}`);
    const client = getAddress(`0x${"0c".repeat(20)}`);
    const of = SENTENCES.AgentAlreadyInState;
    expect(of({ provider: 7n, agent, allowed: true })).to.equal(
      `${agent} is already an agent of provider 7, so nothing would change.`,
    );
    expect(of({ client, agent, allowed: false })).to.equal(
      `${agent} is not an agent of client ${client}, so nothing would change.`,
    );
  });

  it("writes moments as dates, and as numbers where there is no date", () => {
    const told = (until: bigint) => SENTENCES.Jailed({ provider: 3n, until });
    expect(told(0n)).to.include("after 1970-01-01T00:00:00Z (0).");
    expect(told(1_769_860_800n)).to.include("after 2026-01-31T12:00:00Z (1769860800).");
    expect(told(253_402_300_799n)).to.include("after 9999-12-31T23:59:59Z (253402300799).");
    expect(told(2n ** 256n - 1n)).to.include(`after second ${2n ** 256n - 1n}.`);
  });
});
