/** A local chain for development, with a suite, sources and what they run, an inbox, and accounts that have coin. */
import { readFileSync } from "node:fs";
import { formatEther } from "ethers";
import { createInbox } from "../src/content/inbox.js";
import { serveContent } from "../src/content/server.js";
import { memoryStore } from "../src/content/store.js";
import { createDeploymentStore } from "../src/files/deploymentStore.js";
import { LABELS, populate } from "../src/market/devnet.js";
import { presetOf } from "../src/protocol/deploy/networks.js";
import { connectNode } from "../src/protocol/provider.js";
import { buildWorkloads } from "../workloads/tools/build.js";
import { manifestFile, moduleFile } from "../workloads/tools/places.js";
import { compilerOf } from "./deployment/build.js";
import { createCommand, main, UsageError, wholeNumber } from "./deployment/command.js";
import { checkPort, HOST, LOCAL_CHAIN, serveChain } from "./market/chain.js";

interface Options {
  port: number;
  contentPort: number;
  chainId: number;
  blockInterval: number;
  folder: string;
}

/** What is published, in this sequence. */
const WORKLOADS = ["render", "digits"] as const;

const command = createCommand("node", "Serves a local chain with a suite on it until it is interrupted.")
  .option("--port <number>", `port on ${HOST}`, wholeNumber(1, 65_535), 8545)
  .option("--content-port <number>", "port of the content server and inbox", wholeNumber(1, 65_535), 8546)
  .option("--chain-id <number>", "id of the chain", wholeNumber(1, Number.MAX_SAFE_INTEGER), LOCAL_CHAIN)
  .option("--block-interval <ms>", "time between blocks; 0: a block for every transaction", wholeNumber(0, 600_000), 0)
  .option("--folder <path>", "where the record is kept", "deployments");

await main(async () => {
  const { port, contentPort, chainId, blockInterval, folder } = command.parse().opts<Options>();
  if (chainId !== LOCAL_CHAIN && presetOf(BigInt(chainId)) !== undefined) {
    throw new UsageError(`Chain id ${chainId} is that of a public chain; choose another one.`);
  }
  await checkPort(contentPort, "--content-port");
  const { url } = await serveChain({
    ...{ port, chainId, blockInterval, accounts: LABELS.length },
    // Blocks of less than a second would otherwise run ahead of the clock.
    sameTimestamps: blockInterval !== 0 && blockInterval < 1000,
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(0));

  const provider = await connectNode(url, { chainId: BigInt(chainId) });
  await buildWorkloads();
  const content = memoryStore();
  const files = WORKLOADS.map((name) => ({
    manifest: readFileSync(manifestFile(name)),
    module: readFileSync(moduleFile(name)),
  }));
  for (const { manifest, module } of files) await Promise.all([content.put(manifest), content.put(module)]);
  const server = await serveContent({ store: content, inbox: createInbox(), port: contentPort });
  const { deployment, accounts, verifier, sources } = await populate(provider, {
    store: createDeploymentStore(folder),
    compiler: await compilerOf(),
    manifests: files.map(({ manifest }) => manifest),
    patience: { interval: 50 },
  });

  console.log("Accounts (test keys that everybody knows: never send them real coin)");
  for (const { label, address, key } of accounts) {
    const balance = Number(formatEther(await provider.getBalance(address))).toFixed(1);
    console.log(`  ${label.padEnd(12)}${address}  ${key}  ${balance.padStart(8)}`);
  }
  console.log("\nContracts");
  for (const [name, { address }] of Object.entries(deployment.contracts)) console.log(`  ${name.padEnd(22)}${address}`);
  console.log(`  ${"AttestationVerifier".padEnd(22)}${verifier}`);
  console.log("\nSources");
  for (const [index, name] of WORKLOADS.entries()) console.log(`  ${name.padEnd(22)}${sources[index] ?? ""}`);
  console.log(`\nRecorded in ${folder}/${chainId}.json.`);
  console.log(`Content and envelopes are kept in memory, at ${server.url}`);
  console.log(`Chain ${chainId} listens on ${url}`);
});
// A failure ends the program although the server keeps listening.
if (process.exitCode !== undefined && process.exitCode !== 0) process.exit();
