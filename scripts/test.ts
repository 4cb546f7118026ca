/** Runs every check and every test, and closes with one line that counts them. */
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";

interface Outcome {
  passed: number;
  failed: number;
  skipped: number;
}

interface Step {
  name: string;
  command: string;
  /** Whether the output is that of a test runner, whose tests count one by one. */
  counts?: boolean;
}

/** What is no test, or has a step of its own. */
const LEFT_OUT = /^(conformance|helpers|invariant|mutation|package)\//;
/** What takes minutes begins first, else one of two workers has nothing left to do while the other does it. */
const SLOW = /^unit\/scripts\//;
const tests = readdirSync(new URL("../test/", import.meta.url), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts") && !LEFT_OUT.test(path))
  .sort((one, other) => Number(SLOW.test(other)) - Number(SLOW.test(one)))
  .map((path) => `test/${path}`);

const build: Step = { name: "build", command: "node scripts/build.mjs --with-tests" };
/** Steps of a stage run side by side. Tests that look at clocks run alone. */
const stages: Step[][] = [
  [
    // What needs no build is done meanwhile.
    build,
    { name: "format", command: "prettier --check --log-level warn ." },
    { name: "solhint", command: 'solhint --disc --max-warnings 0 "contracts/**/*.sol"' },
  ],
  [
    { name: "solidity", command: "hardhat test solidity", counts: true },
    { name: "eslint", command: "eslint --max-warnings 0 ." },
    { name: "types", command: "tsc --noEmit" },
  ],
  [{ name: "mocha", command: `hardhat test mocha --no-compile ${tests.join(" ")}`, counts: true }],
  [{ name: "package", command: "hardhat test mocha --no-compile test/package/npm.ts", counts: true }],
  [{ name: "chains", command: "npm run --silent test:chains:built", counts: true }],
];

/** Runs a command, passing its output on, and returns the output and the exit status. */
function run(command: string): Promise<{ output: string; status: number }> {
  const child = spawn(command, {
    shell: true,
    env: { ...process.env, HARDHAT_DISABLE_TELEMETRY: "true" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (text: string) => {
    output += text;
    process.stdout.write(text);
  });
  return new Promise((resolve) => {
    child.on("close", (status) => {
      resolve({ output, status: status ?? 1 });
    });
  });
}

/** What a test runner says of the tests that failed: all from its count of them on, without its own end. */
function failuresIn(output: string): string {
  const plain = output.replace(/\u001b\[[0-9;]*m/g, "");
  const at = plain.search(/^\s*\d+ failing/m);
  return at < 0 ? "" : plain.slice(at).trimEnd();
}

/** Sums what a test runner says of itself, e.g. `12 passing (3s)` and `1 pending`. */
function countsIn(output: string): Outcome {
  const plain = output.replace(/\u001b\[[0-9;]*m/g, "");
  const sum = (word: RegExp) => [...plain.matchAll(word)].reduce((total, match) => total + Number(match[1]), 0);
  return {
    passed: sum(/^\s*(\d+) passing/gm),
    failed: sum(/^\s*(\d+) failing/gm),
    skipped: sum(/^\s*(\d+) (?:pending|skipped)/gm),
  };
}

const total: Outcome = { passed: 0, failed: 0, skipped: 0 };
const failures: string[] = [];
/** Runs a step and adds what came of it; tells whether it was all right. */
async function play(step: Step): Promise<boolean> {
  console.log(`\n── ${step.name}`);
  const started = Date.now();
  const { output, status } = await run(step.command);
  console.log(`── ${step.name}: ${((Date.now() - started) / 1000).toFixed(0)} s`);
  const outcome: Outcome =
    step.counts === true ? countsIn(output) : { passed: status === 0 ? 1 : 0, failed: 0, skipped: 0 };
  // A runner that dies, or that runs nothing, has failed whatever it counted; so has a compiler that warns.
  const isFine = status === 0 && outcome.passed > 0 && !/^Warning:/m.test(output);
  if (!isFine && outcome.failed === 0) outcome.failed = 1;
  if (outcome.failed > 0) failures.push(`── ${step.name}\n${failuresIn(output)}`);
  total.passed += outcome.passed;
  total.failed += outcome.failed;
  total.skipped += outcome.skipped;
  return status === 0;
}

for (const stage of stages) {
  const done = await Promise.all(stage.map(play));
  if (stage.some((step, index) => step === build && done[index] === false)) break;
}
if (failures.length > 0) console.log(`\nWhat failed, once more:\n${failures.join("\n\n")}`);
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;
