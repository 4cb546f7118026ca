/** Where a market takes place: a chain of its own with a fresh suite, or another chain with the suite of a record. */
import { join, resolve } from "node:path";
import { isHexString, type JsonRpcApiProvider, Wallet } from "ethers";
import { readText } from "../../src/files/atomic.js";
import { createDeploymentStore } from "../../src/files/deploymentStore.js";
import { devnetAccount } from "../../src/market/devnet.js";
import { type Deployment, parseDeployment } from "../../src/protocol/deployment.js";
import { presetOf } from "../../src/protocol/deploy/networks.js";
import { deploy } from "../../src/protocol/deploy/run.js";
import type { SuiteParameters } from "../../src/protocol/parameters.js";
import { connectNode } from "../../src/protocol/provider.js";
import { compilerOf } from "../deployment/build.js";
import { ScriptError, UsageError } from "../deployment/command.js";
import { LOCAL_CHAIN, type LocalChain, serveChain } from "./chain.js";

export const FUNDER_KEY = "OPENGPU_FUNDER_KEY";

/** Where a market takes place. */
export interface Venue {
  rpc: string;
  provider: JsonRpcApiProvider;
  deployment: Deployment;
  deploymentFile: string;
  /** Whether nobody else uses the chain. */
  alone: boolean;
  /** Seconds between blocks, where the chain is one's own. */
  blockTime?: number;
  /** Name of the coin. */
  coin: string;
  funder: Wallet;
  /** Called before the first order. */
  begin(): Promise<void>;
  close(): Promise<void>;
}

/** What a person says of it. */
export interface VenueChoices {
  rpc?: string;
  deployment?: string;
  /** Of a chain of its own. */
  blockTime: number;
  port?: number;
}

/**
 * Opens a venue.
 *
 * @param folder Where the record of a fresh suite goes.
 * @param parameters Of a fresh suite.
 * @throws {UsageError | ScriptError} if the choices or the environment do not name one.
 */
export function venueOf(choices: VenueChoices, folder: string, parameters: SuiteParameters): Promise<Venue> {
  const { rpc, deployment } = choices;
  if ((rpc === undefined) !== (deployment === undefined)) {
    throw new UsageError(
      "The options --rpc and --deployment go together: the node of a chain, and the suite that is on it.",
    );
  }
  if (rpc === undefined || deployment === undefined) return localVenue(choices, folder, parameters);
  return givenVenue(rpc, deployment);
}

/** A chain of its own with a fresh suite. */
async function localVenue(choices: VenueChoices, folder: string, parameters: SuiteParameters): Promise<Venue> {
  // A block for every transaction until all is prepared, so that nobody waits for what is no part of the market.
  const options = { port: choices.port, chainId: LOCAL_CHAIN, accounts: 1, blockInterval: 0, sameTimestamps: true };
  const chain = await serveChain(options);
  try {
    return await localVenueOn(chain, choices.blockTime, folder, parameters);
  } catch (error) {
    await chain.close();
    throw error;
  }
}

async function localVenueOn(
  chain: LocalChain,
  blockTime: number,
  folder: string,
  parameters: SuiteParameters,
): Promise<Venue> {
  const provider = await connectNode(chain.url, { chainId: BigInt(LOCAL_CHAIN) });
  const funder = new Wallet(devnetAccount("deployer").key, provider);
  const deployment = await deploy({
    signer: funder,
    governance: { owner: funder.address, treasury: devnetAccount("treasury").address },
    parameters,
    store: createDeploymentStore(join(folder, "deployments")),
    compiler: await compilerOf(),
    patience: { interval: 20 },
  });
  return {
    ...{ rpc: chain.url, provider, deployment, funder, blockTime, alone: true, coin: "ETH" },
    deploymentFile: resolve(folder, "deployments", `${LOCAL_CHAIN}.json`),
    begin: () => chain.setInterval(blockTime * 1_000),
    async close() {
      provider.destroy();
      await chain.close();
    },
  };
}

/** Another chain, with the suite of a record. */
export async function givenVenue(rpc: string, file: string): Promise<Venue> {
  const text = await readText(file);
  if (text === undefined) throw new ScriptError(`There is no file ${file} with a deployment.`);
  const deployment = parseDeployment(text, file);
  const key = funderKey(deployment.chainId);
  const provider = await connectNode(rpc, { chainId: BigInt(deployment.chainId) });
  const preset = presetOf(BigInt(deployment.chainId));
  return {
    ...{ rpc, provider, deployment, deploymentFile: resolve(file), alone: false },
    coin: preset?.coin ?? "coins",
    funder: new Wallet(key, provider),
    begin: () => Promise.resolve(),
    close() {
      provider.destroy();
      return Promise.resolve();
    },
  };
}

/** The key that pays, from the environment; on a local chain, if there is none, that of its first test account. */
function funderKey(chainId: number): string {
  const text = process.env[FUNDER_KEY] ?? "";
  if (text === "" && chainId === LOCAL_CHAIN) return devnetAccount("deployer").key;
  if (text === "") throw new ScriptError(`There is no key to pay with. Set the environment variable ${FUNDER_KEY}.`);
  const key = text.startsWith("0x") ? text : `0x${text}`;
  // Whatever else is said of a key might show it.
  if (!isHexString(key, 32))
    throw new ScriptError(`${FUNDER_KEY} is no private key: it must be 32 bytes in hexadecimal.`);
  return key;
}
