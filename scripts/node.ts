/** A local chain for development, with a suite, a verifier, a source and accounts that have coin. */
import { createServer } from "node:net";
import { formatEther } from "ethers";
import { network } from "hardhat";
import { createDeploymentStore } from "../src/files/deploymentStore.js";
import { LABELS, populate, TEST_PHRASE } from "../src/market/devnet.js";
import { presetOf } from "../src/protocol/deploy/networks.js";
import { connectNode } from "../src/protocol/provider.js";
import { compilerOf } from "./deployment/build.js";
import { createCommand, main, ScriptError, UsageError, wholeNumber } from "./deployment/command.js";

interface Options {
  port: number;
  chainId: number;
  blockInterval: number;
  folder: string;
}

/** Nothing but this machine reaches it: everybody knows the keys. */
const HOST = "127.0.0.1";
const LOCAL_CHAIN = 31337;

const command = createCommand("node", "Serves a local chain with a suite on it until it is interrupted.")
  .option("--port <number>", `port on ${HOST}`, wholeNumber(1, 65_535), 8545)
  .option("--chain-id <number>", "id of the chain", wholeNumber(1, Number.MAX_SAFE_INTEGER), LOCAL_CHAIN)
  .option("--block-interval <ms>", "time between blocks; 0: a block for every transaction", wholeNumber(0, 600_000), 0)
  .option("--folder <path>", "where the record is kept", "deployments");

/** Whether nothing else listens there, before Hardhat's server would fail in a way that cannot be caught. */
function checkPort(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", ({ code }: NodeJS.ErrnoException) => {
      const problem = code === "EADDRINUSE" ? "is in use by another program" : `cannot be used (${code ?? "unknown"})`;
      reject(new ScriptError(`Port ${port} of ${HOST} ${problem}. Choose another one with --port.`));
    });
    probe.listen(port, HOST, () =>
      probe.close(() => {
        resolve();
      }),
    );
  });
}

await main(async () => {
  const { port, chainId, blockInterval, folder } = command.parse().opts<Options>();
  if (chainId !== LOCAL_CHAIN && presetOf(BigInt(chainId)) !== undefined) {
    throw new UsageError(`Chain id ${chainId} is that of a public chain; choose another one.`);
  }
  await checkPort(port);
  const override = {
    chainId,
    accounts: { mnemonic: TEST_PHRASE, count: LABELS.length },
    mining: { auto: blockInterval === 0, interval: blockInterval },
    // Blocks of less than a second would otherwise run ahead of the clock.
    allowBlocksWithSameTimestamp: blockInterval !== 0 && blockInterval < 1000,
  };
  const server = await network.createServer({ network: "default", override }, HOST, port);
  await server.listen();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(0));

  const url = `http://${HOST}:${port}`;
  const provider = await connectNode(url, { chainId: BigInt(chainId) });
  const store = createDeploymentStore(folder);
  const patience = { interval: 50 };
  const { deployment, accounts, verifier, source } = await populate(provider, {
    store,
    compiler: await compilerOf(),
    patience,
  });

  console.log("Accounts (test keys that everybody knows: never send them real coin)");
  for (const { label, address, key } of accounts) {
    const balance = Number(formatEther(await provider.getBalance(address))).toFixed(1);
    console.log(`  ${label.padEnd(12)}${address}  ${key}  ${balance.padStart(8)}`);
  }
  console.log("\nContracts");
  for (const [name, { address }] of Object.entries(deployment.contracts)) console.log(`  ${name.padEnd(22)}${address}`);
  console.log(`  ${"AttestationVerifier".padEnd(22)}${verifier}`);
  console.log(`  ${"source".padEnd(22)}${source}`);
  console.log(`\nRecorded in ${folder}/${chainId}.json.`);
  console.log(`Chain ${chainId} listens on ${url}`);
});
// A failure ends the program although the server keeps listening.
if (process.exitCode !== undefined && process.exitCode !== 0) process.exit();
