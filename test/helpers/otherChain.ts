import { join } from "node:path";
import { Wallet } from "ethers";
import { network } from "hardhat";
import { compilerOf } from "../../scripts/deployment/build.js";
import { createDeploymentStore } from "../../src/files/deploymentStore.js";
import { devnetAccount } from "../../src/market/devnet.js";
import { deploy } from "../../src/protocol/deploy/run.js";
import { connectNode } from "../../src/protocol/provider.js";
import { HOST } from "./scripts.js";

/** A chain with a suite that is not a run's own, and somebody with coin. */
export async function startChain(folder: string) {
  const server = await network.createServer("default", HOST, 0);
  const { port } = await server.listen();
  const url = `http://${HOST}:${port}`;
  const provider = await connectNode(url);
  const deployer = new Wallet(devnetAccount("deployer").key, provider);
  const governance = { owner: deployer.address, treasury: devnetAccount("treasury").address };
  const compiler = await compilerOf();
  await deploy({ ...{ signer: deployer, governance, compiler }, store: createDeploymentStore(folder) });
  const funder = new Wallet(devnetAccount("client 1").key, provider);
  return {
    ...{ url, provider, funder },
    words: ["--rpc", url, "--deployment", join(folder, "31337.json")],
    env: { OPENGPU_FUNDER_KEY: funder.privateKey },
    balance: () => provider.getBalance(funder.address),
    /** So long that every deadline is over and every stake has unbonded. */
    async wait() {
      await provider.send("evm_increaseTime", [100 * 24 * 3600]);
      await provider.send("evm_mine", []);
    },
    async close() {
      provider.destroy();
      await server.close();
    },
  };
}
