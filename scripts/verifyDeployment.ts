/** Compares a recorded deployment with its chain, byte by byte. */
import { Option } from "commander";
import { createDeploymentStore } from "../src/files/deploymentStore.js";
import { verifyDeployment } from "../src/protocol/deploy/verify.js";
import { createCommand, main, ScriptError, wholeNumber } from "./deployment/command.js";
import { createReplayChain } from "./deployment/replay.js";
import { connectTarget, NETWORK_NAMES } from "./deployment/target.js";

interface Options {
  network: string;
  folder: string;
  timeout: number;
}

const command = createCommand("deployment:verify", "Compares a recorded deployment with its chain.")
  .addOption(new Option("--network <name>", "where it is").choices(NETWORK_NAMES).makeOptionMandatory())
  .option("--folder <path>", "where records are kept", "deployments")
  .option("--timeout <seconds>", "for how long to try a node that does not answer", wholeNumber(1, 3600), 20);

await main(async () => {
  const { network, folder, timeout } = command.parse().opts<Options>();
  const { chainId, provider } = await connectTarget(network, timeout * 1000);
  const deployment = await createDeploymentStore(folder).readDeployment(chainId);
  if (deployment === undefined) {
    throw new ScriptError(`There is no record of a deployment to chain ${chainId} in ${folder}.`);
  }
  const replay = await createReplayChain(chainId);
  try {
    const patience = { requests: timeout * 1000 };
    const { contracts, changes } = await verifyDeployment(deployment, provider, { replay, patience });
    for (const { name, address, codeHash, bytes } of contracts) {
      console.log(`${name.padEnd(16)}${address}  ${String(bytes).padStart(5)} bytes  ${codeHash}`);
    }
    for (const { setting, deployed, now } of changes) {
      console.log(`The owner changed ${setting} from ${deployed} to ${now} since.`);
    }
    console.log("The code is, byte for byte, what a repeated deployment gives; all settings read back equal.");
  } finally {
    await replay.close();
  }
});
