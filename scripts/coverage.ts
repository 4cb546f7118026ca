/** Runs the mocha tests on instrumented contracts and checks that they reach every line of what is deployed. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = new URL("../", import.meta.url);
/** What is no test, and what measures the code that is deployed. */
const LEFT_OUT = /^(conformance|gas|helpers|invariant|mutation)\//;
/** Tests that give a call just enough gas; instrumented code needs more. */
const GAS_BOUND = "with enough gas|with little gas|answer by the gas";
/** Contracts that only tests use. */
const MOCKS = "contracts/mocks/";

const run = (command: string, ...words: string[]): boolean => {
  const env = { ...process.env, HARDHAT_DISABLE_TELEMETRY: "true" };
  return spawnSync(command, words, { cwd: fileURLToPath(ROOT), env, stdio: "inherit" }).status === 0;
};

/** Lines that were never reached, by file, from a report in the format of lcov. */
function missedIn(report: string): Map<string, number[]> {
  const records = report.split("end_of_record").map((record): [string, number[]] => {
    const lines = [...record.matchAll(/^DA:(\d+),0$/gm)].map((match) => Number(match[1]));
    return [/^SF:(.+)$/m.exec(record)?.[1] ?? "", lines.sort((a, b) => a - b)];
  });
  return new Map(records.filter(([file, lines]) => file !== "" && !file.startsWith(MOCKS) && lines.length !== 0));
}

const tests = readdirSync(new URL("test/", ROOT), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts") && !LEFT_OUT.test(path))
  .map((path) => `test/${path}`);
const passed = run("hardhat", "test", "mocha", "--coverage", "--grep-exclude", GAS_BOUND, ...tests);
// What was built is instrumented; whoever runs next wants the contracts as they are.
const restored = run("node", "scripts/build.mjs");

const missed = missedIn(readFileSync(new URL("coverage/lcov.info", ROOT), "utf8"));
for (const [file, numbers] of missed) {
  const lines = readFileSync(new URL(file, ROOT), "utf8").split("\n");
  for (const number of numbers) console.log(`not reached: ${file}:${number}  ${lines[number - 1]?.trim() ?? ""}`);
}
const total = [...missed.values()].flat().length;
console.log(total === 0 ? "The tests reach every line." : `The tests do not reach ${total} lines.`);
process.exitCode = passed && restored && total === 0 ? 0 : 1;
