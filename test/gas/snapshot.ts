import { readFileSync, writeFileSync } from "node:fs";
import { expect } from "chai";
import { artifacts } from "hardhat";
import { type Figures } from "./lifecycles.js";
import { measure } from "./measure.js";

const FILE = new URL("../../snapshots/gas.json", import.meta.url);
const DRIFT = 0.005;
/** 10 % under the limit of EIP-170. */
const SIZE_LIMIT = 22_118;

/** What the protocol promises, gas. */
const BUDGETS: Figures = {
  "review.total": 245_000,
  // The price controller may cost 11,500 and 8,000 of these.
  "review.submit": 84_750,
  "review.deliver": 79_700,
  "reserved.total": 315_000,
  "quorum3.total": 630_000,
  "quorum3.claims.total": 720_000,
  "proof.signed.total": 145_000,
  "proof.signed.batch32.perTask": 68_000,
};

const CONTRACTS = [
  "AcceptFirstVerifier",
  "AttestationVerifier",
  "Deliveries",
  "Disputes",
  "Escrow",
  "Exits",
  "ProofBatch",
  "ProviderPool",
  "Quorums",
  "Reputation",
  "Settings",
  "SourceRegistry",
  "TaskManager",
  "Verdicts",
  "Views",
];

describe("gas and size", () => {
  let figures: Figures;

  before(async () => {
    figures = await measure();
    for (const name of CONTRACTS) {
      const { deployedBytecode } = await artifacts.readArtifact(name);
      figures[`size.${name}`] = (deployedBytecode.length - 2) / 2;
    }
    if (process.env["UPDATE_SNAPSHOTS"] === "1") {
      const sorted = Object.fromEntries(Object.entries(figures).sort(([a], [b]) => (a < b ? -1 : 1)));
      const note = { hardfork: "london", price: "third task of a warmed pair, paid from balance" };
      writeFileSync(FILE, `${JSON.stringify({ note, figures: sorted }, null, 2)}\n`);
    }
  });

  it("stays within the budgets", () => {
    for (const [key, budget] of Object.entries(BUDGETS)) expect(figures[key], key).to.be.at.most(budget);
  });

  it("leaves every contract 10 % under the size limit", () => {
    for (const name of CONTRACTS) expect(figures[`size.${name}`], name).to.be.at.most(SIZE_LIMIT);
  });

  it("has not drifted from the snapshot by more than 0.5 %", () => {
    const snapshot = JSON.parse(readFileSync(FILE, "utf8")) as { figures: Figures };
    expect(Object.keys(figures).sort()).to.deep.equal(Object.keys(snapshot.figures).sort());
    for (const [key, committed] of Object.entries(snapshot.figures)) {
      const drift = Math.abs((figures[key] ?? 0) - committed) / committed;
      expect(drift, `${key}: ${figures[key]} now, ${committed} committed (npm run gas updates)`).to.be.at.most(DRIFT);
    }
  });

  it("contains no opcode newer than Paris", async () => {
    for (const name of CONTRACTS) {
      const { deployedBytecode } = await artifacts.readArtifact(name);
      expect(newerOpcodes(deployedBytecode), name).to.deep.equal([]);
    }
  });
});

/** PUSH0, MCOPY, TLOAD, TSTORE in a runtime code, data of pushes skipped. */
function newerOpcodes(code: string): string[] {
  const NEWER: Record<number, string> = { 0x5c: "TLOAD", 0x5d: "TSTORE", 0x5e: "MCOPY", 0x5f: "PUSH0" };
  // Placeholders of linked libraries stand where a PUSH20 has its address.
  const bytes = Buffer.from(code.slice(2).replace(/__\$[0-9a-f]{34}\$__/g, "00".repeat(20)), "hex");
  const metadata = bytes.readUInt16BE(bytes.length - 2) + 2;
  const found: string[] = [];
  for (let i = 0; i < bytes.length - metadata; i++) {
    const opcode = bytes[i] ?? 0;
    const name = NEWER[opcode];
    if (name !== undefined) found.push(name);
    if (opcode >= 0x60 && opcode <= 0x7f) i += opcode - 0x5f;
  }
  return found;
}
