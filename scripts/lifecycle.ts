/** Plays a scripted lifecycle on a chain in this process and prints what happened; `--json` prints the outcome only. */
import { network } from "hardhat";
import { coins } from "../src/market/coins.js";
import { runLifecycle, type Step } from "../src/market/lifecycle.js";

process.env["HARDHAT_DISABLE_TELEMETRY"] = "true";
const unknown = process.argv.slice(2).find((argument) => argument !== "--json");
if (unknown !== undefined) {
  console.error(`Unknown option ${unknown}; the only one is --json.`);
  process.exit(2);
}
const json = process.argv.includes("--json");

const { ethers, networkHelpers } = await network.create();
const [deployer, treasury, publisher, client, attester, stranger, one, two] = await ethers.getSigners();
if (!deployer || !treasury || !publisher || !client || !attester || !stranger || !one || !two) {
  throw new Error("The chain has fewer than 8 accounts.");
}

const steps: Step[] = [];
if (!json) console.log("OpenGPU: five tasks on a fresh suite\n");
const { standings, books } = await runLifecycle({
  cast: { deployer, treasury, publisher, client, attester, stranger, providers: [one, two] },
  chainId: (await ethers.provider.getNetwork()).chainId,
  now: () => networkHelpers.time.latest(),
  wait: async (seconds) => {
    await networkHelpers.time.increase(seconds);
    if (!json) console.log(`${" ".repeat(12)}… ${seconds} seconds pass`);
  },
  report: (step) => {
    steps.push(step);
    if (!json) console.log(`${step.actor.padEnd(12)}${step.action.padEnd(64)}${step.gas.toString().padStart(8)} gas`);
  },
});

if (json) {
  const text = (_key: string, value: unknown) => (typeof value === "bigint" ? value.toString() : value);
  console.log(JSON.stringify({ steps, standings, books }, text, 2));
} else {
  console.log("\nProviders");
  console.table(
    standings.map(({ provider, settled, faults, balance, stake, score }) => ({
      provider: Number(provider),
      settled: Number(settled),
      faults: Number(faults),
      earned: coins(balance),
      stake: coins(stake),
      score: Number(score) / 1e6,
    })),
  );
  console.log("Where the coin is");
  const { coin, balanced, ...accounts } = books;
  for (const [name, amount] of Object.entries(accounts))
    console.log(`  ${name.padEnd(12)}${coins(amount).padStart(12)}`);
  console.log(
    `  ${"in Escrow".padEnd(12)}${coins(coin).padStart(12)}  ${balanced ? "to the wei" : "DOES NOT BALANCE"}`,
  );
}
if (!books.balanced) process.exitCode = 1;
