import { isHexString, type JsonRpcApiProvider, Wallet } from "ethers";
import { config } from "hardhat";
import { devnetAccount } from "../../src/market/devnet.js";
import { NETWORKS, type NetworkPreset } from "../../src/protocol/deploy/networks.js";
import { connectNode } from "../../src/protocol/provider.js";
import { ScriptError, UsageError } from "./command.js";

/** Names that `--network` can have. */
export const NETWORK_NAMES = [...Object.keys(NETWORKS), "custom"];

const KEY = "OPENGPU_DEPLOYER_KEY";
const HOW_TO_SET = `Set the environment variable, or store it with \`npx hardhat keystore set`;

/** A chain behind a node that answers. */
export interface Target {
  readonly name: string;
  readonly chainId: bigint;
  readonly provider: JsonRpcApiProvider;
  readonly preset: NetworkPreset | undefined;
}

/**
 * Connects to a network of the Hardhat configuration.
 *
 * @param patience For how long a node that does not answer is tried, milliseconds.
 * @throws {UsageError} if there is no such network.
 * @throws {NodeError | WrongChainError | DocumentFormatError}
 */
export async function connectTarget(name: string, patience: number): Promise<Target> {
  const network = config.networks[name];
  if (!NETWORK_NAMES.includes(name) || network?.type !== "http") {
    throw new UsageError(`There is no network ${name}; there are ${NETWORK_NAMES.join(", ")}.`);
  }
  const preset = (NETWORKS as Record<string, NetworkPreset>)[name];
  const url = await network.url.get().catch((error: unknown) => {
    throw new ScriptError(`The network ${name} needs OPENGPU_RPC_URL. ${HOW_TO_SET} OPENGPU_RPC_URL\`.`, {
      cause: error,
    });
  });
  const chainId = preset?.chainId ?? customChainId();
  const provider = await connectNode(url, { ...(chainId !== undefined && { chainId }), patience });
  return { name, chainId: (await provider.getNetwork()).chainId, provider, preset };
}

/** The chain that a custom network must be, if the environment says so. */
function customChainId(): bigint | undefined {
  const text = process.env["OPENGPU_CHAIN_ID"];
  if (text === undefined || text === "") return undefined;
  if (!/^[1-9]\d*$/.test(text)) throw new UsageError(`OPENGPU_CHAIN_ID is ${text}; it must be a whole number.`);
  return BigInt(text);
}

/**
 * The deployer's key, from the environment or Hardhat's keystore; on a local chain, if there is none, that of the test
 * account of `npm run node`.
 *
 * @throws {ScriptError} that does not show the key.
 */
export async function deployerOf({ name, provider }: Target): Promise<{ wallet: Wallet; isTestAccount: boolean }> {
  const network = config.networks[name];
  const [variable] = network?.type === "http" && Array.isArray(network.accounts) ? network.accounts : [];
  const key = (await variable?.get()) ?? "";
  if (key === "" && name === "local") {
    return { wallet: new Wallet(devnetAccount("deployer").key, provider), isTestAccount: true };
  }
  if (key === "") throw new ScriptError(`There is no key to deploy with. ${HOW_TO_SET} ${KEY}\`.`);
  const normal = key.startsWith("0x") ? key : `0x${key}`;
  // Whatever ethers says of a key might show it.
  const refusal = new ScriptError(`${KEY} is no private key: it must be 32 bytes in hexadecimal.`);
  if (!isHexString(normal, 32)) throw refusal;
  try {
    return { wallet: new Wallet(normal, provider), isTestAccount: false };
  } catch {
    throw refusal;
  }
}
