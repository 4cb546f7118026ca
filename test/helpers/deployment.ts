import { id, keccak256, Wallet } from "ethers";
import { type DeploymentPlan, type DeploymentStore, parsePlan } from "../../src/protocol/deploy/plan.js";
import { deploy, type DeployEvent, type DeployOptions } from "../../src/protocol/deploy/run.js";
import { type Deployment, formatDocument, parseDeployment } from "../../src/protocol/deployment.js";
import type { Patience } from "../../src/protocol/retry.js";
import { InterceptedProvider, type Interception } from "./node.js";
import { connection } from "./network.js";

export const CHAIN = 31337n;
export const OWNER = "0x00000000000000000000000000000000000A11cE";
export const TREASURY = "0x0000000000000000000000000000000000000B0b";
export const COMPILER: Deployment["compiler"] = {
  version: "0.8.30",
  evmVersion: "paris",
  viaIR: true,
  optimizerRuns: { TaskManager: 800 },
};
/** Short waits: failures in these tests are for good until the next run. Milliseconds. */
export const IMPATIENCE: Patience = { requests: 300, mining: 2_000, interval: 5 };

export const rpc = (method: string, ...params: unknown[]): Promise<unknown> =>
  connection.provider.request({ method, params });

let deployers = 0;

/** A key that nothing else uses, with coin. */
export async function freshDeployer(wei = 10n ** 18n): Promise<Wallet> {
  const wallet = new Wallet(id(`deployer ${++deployers} of ${keccak256("0x")}`));
  await rpc("hardhat_setBalance", wallet.address, `0x${wei.toString(16)}`);
  return wallet;
}

/** A connection of a key to the test's chain. */
export const at = (wallet: Wallet, intercept?: Interception): Wallet => wallet.connect(providerOf(intercept));

export const providerOf = (intercept?: Interception): InterceptedProvider =>
  new InterceptedProvider(connection.provider, CHAIN, intercept);

/** A store in memory that keeps texts, as files would. */
export function memoryStore() {
  const texts = new Map<string, string>();
  const text = (name: string) => texts.get(name);
  const store: DeploymentStore = {
    readDeployment: (chainId) => {
      const found = text(`${chainId}.json`);
      return Promise.resolve(found === undefined ? undefined : parseDeployment(found));
    },
    readPlan: (chainId) => {
      const found = text(`${chainId}.plan.json`);
      return Promise.resolve(found === undefined ? undefined : parsePlan(found));
    },
    writePlan: (plan: DeploymentPlan) => {
      texts.set(`${plan.chainId}.plan.json`, formatDocument(plan));
      return Promise.resolve();
    },
    removePlan: (chainId) => {
      texts.delete(`${chainId}.plan.json`);
      return Promise.resolve();
    },
    writeDeployment: (deployment) => {
      const kept = `${deployment.chainId}.json`;
      const old = text(kept);
      texts.set(kept, formatDocument(deployment));
      if (old === undefined) return Promise.resolve({ kept });
      const setAside = `${deployment.chainId}.${parseDeployment(old).contracts.TaskManager.address}.json`;
      texts.set(setAside, old);
      return Promise.resolve({ kept, setAside });
    },
  };
  return Object.assign(store, { texts });
}

/** Runs a deployment and returns what it told. */
export async function run(signer: Wallet, store: DeploymentStore, options: Partial<DeployOptions> = {}) {
  const events: DeployEvent[] = [];
  const report = (event: DeployEvent) => void events.push(event);
  const governance = { owner: OWNER, treasury: TREASURY };
  const common = { signer, governance, store, compiler: COMPILER, patience: IMPATIENCE, report };
  try {
    return { deployment: await deploy({ ...common, ...options }), events, error: undefined };
  } catch (error) {
    return { deployment: undefined, events, error: error as Error };
  }
}

/** A suite that was deployed and recorded. */
export async function deployed(options: Partial<DeployOptions> = {}) {
  const store = memoryStore();
  const wallet = await freshDeployer();
  const { deployment, events, error } = await run(at(wallet), store, options);
  if (deployment === undefined) throw error;
  return { deployment, events, store, wallet };
}

/** Number of transactions that an account has sent. */
export const sentBy = async ({ address }: { address: string }): Promise<number> =>
  Number(await rpc("eth_getTransactionCount", address, "latest"));
