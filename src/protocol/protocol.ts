import { Contract, type ContractRunner, type InterfaceAbi, keccak256, type Provider, type Signer } from "ethers";
import { escrowAbi } from "../../typechain-types/abi/Escrow.js";
import { providerPoolAbi } from "../../typechain-types/abi/ProviderPool.js";
import { reputationAbi } from "../../typechain-types/abi/Reputation.js";
import { sourceRegistryAbi } from "../../typechain-types/abi/SourceRegistry.js";
import { taskManagerAbi } from "../../typechain-types/abi/TaskManager.js";
import type { Escrow } from "../../typechain-types/Escrow.js";
import type { ProviderPool } from "../../typechain-types/ProviderPool.js";
import type { Reputation } from "../../typechain-types/Reputation.js";
import type { SourceRegistry } from "../../typechain-types/SourceRegistry.js";
import type { TaskManager } from "../../typechain-types/TaskManager.js";
import type { SuiteLocation } from "./deployment.js";
import { DeploymentMismatchError, NodeError, ReadOnlyError, WrongChainError } from "./errors.js";
import type { FeeMarket } from "./fees.js";
import type { OrderDomain } from "./order.js";
import { DEFAULT_PATIENCE, type Patience, persist } from "./retry.js";
import { createSender, type Head, type Sender } from "./sender.js";

/** The five contracts, typed by their ABI. */
export interface SuiteContracts {
  escrow: Escrow;
  sourceRegistry: SourceRegistry;
  providerPool: ProviderPool;
  reputation: Reputation;
  taskManager: TaskManager;
}

/** Names of the contracts in this library. */
export type SuiteKey = keyof SuiteContracts;

/** Names of the contracts in a deployment, by their name in this library. */
export const SUITE_KEYS = {
  escrow: "Escrow",
  sourceRegistry: "SourceRegistry",
  providerPool: "ProviderPool",
  reputation: "Reputation",
  taskManager: "TaskManager",
} as const;

/** A connection to a suite that reads. */
export interface Protocol {
  readonly chainId: bigint;
  /** Where the contracts are. */
  readonly addresses: Readonly<Record<SuiteKey, string>>;
  /** Contracts for direct reads, connected to {@link provider}. */
  readonly contracts: SuiteContracts;
  /** What orders are signed for. */
  readonly domain: OrderDomain;
  readonly provider: Provider;
  readonly patience: Patience;
  /** Newest block seen. */
  readonly head: Head;
  readonly sender?: Sender;
}

/** A connection to a suite that reads and sends. */
export interface SigningProtocol extends Protocol {
  readonly sender: Sender;
}

/** How to connect. */
export interface ConnectOptions {
  /** Kind of transactions; by default what the chain understands. */
  fees?: FeeMarket;
  patience?: Partial<Patience>;
}

/**
 * Connects to a suite and checks that the node serves its chain and that its contracts are what the deployment says and
 * belong together.
 *
 * @param runner Signer with a provider, to read and send; or a provider, to read.
 * @param location A deployment, or as much of it as names the contracts.
 * @throws {WrongChainError} if the node serves another chain.
 * @throws {DeploymentMismatchError} if something else is at one of the addresses.
 * @throws {NodeError} if the node does not answer.
 * @example
 * const deployment = parseDeployment(await readFile("deployments/1071.json", "utf8"));
 * const wallet = new Wallet(key, await connectNode(url, { chainId: 1071n }));
 * const protocol = await connect(wallet, deployment);
 */
export function connect(runner: Signer, location: SuiteLocation, options?: ConnectOptions): Promise<SigningProtocol>;
export function connect(
  runner: Provider | Signer,
  location: SuiteLocation,
  options?: ConnectOptions,
): Promise<Protocol>;
export async function connect(
  runner: Provider | Signer,
  location: SuiteLocation,
  options: ConnectOptions = {},
): Promise<Protocol> {
  const signer = isSigner(runner) ? runner : undefined;
  const provider = runner.provider;
  if (provider === null) throw new ReadOnlyError();
  const patience = { ...DEFAULT_PATIENCE, ...options.patience };
  const chainId = BigInt(location.chainId);
  const network = await persist("eth_chainId", () => provider.getNetwork(), patience.requests);
  if (network.chainId !== chainId) throw new WrongChainError(chainId, network.chainId);

  const contracts = contractsAt(location, provider);
  const addresses = Object.fromEntries(
    Object.entries(SUITE_KEYS).map(([key, name]) => [key, location.contracts[name].address]),
  ) as Record<SuiteKey, string>;
  const head: Head = { number: await headAfter(location, provider, patience) };
  await checkCode(location, provider, patience, head);
  await checkWiring(contracts, addresses, patience, head);

  const protocol = {
    chainId,
    addresses,
    contracts,
    domain: { chainId, taskManager: addresses.taskManager },
    provider,
    patience,
    head,
  };
  if (signer === undefined) return protocol;
  return {
    ...protocol,
    sender: await createSender(signer, provider, { fees: options.fees ?? "auto", patience, head }),
  };
}

/** The same connection with another signer, without a second check of the suite. */
export async function withSigner(
  protocol: Protocol,
  signer: Signer,
  fees: FeeMarket = "auto",
): Promise<SigningProtocol> {
  const { provider, patience, head } = protocol;
  const connected = signer.provider === null ? signer.connect(provider) : signer;
  return { ...protocol, sender: await createSender(connected, provider, { fees, patience, head }) };
}

const isSigner = (runner: Provider | Signer): runner is Signer => "signTypedData" in runner;

/** The typed contracts of a suite. Their ABIs carry no bytecode. */
export function contractsAt({ contracts }: Pick<SuiteLocation, "contracts">, runner: ContractRunner): SuiteContracts {
  const at = (name: keyof typeof contracts, abi: InterfaceAbi): unknown =>
    new Contract(contracts[name].address, abi, runner);
  return {
    escrow: at("Escrow", escrowAbi) as Escrow,
    sourceRegistry: at("SourceRegistry", sourceRegistryAbi) as SourceRegistry,
    providerPool: at("ProviderPool", providerPoolAbi) as ProviderPool,
    reputation: at("Reputation", reputationAbi) as Reputation,
    taskManager: at("TaskManager", taskManagerAbi) as TaskManager,
  };
}

/** Newest block of a node that is not behind the deployment. */
function headAfter({ contracts }: SuiteLocation, provider: Provider, patience: Patience): Promise<number> {
  const deployed = Math.max(...Object.values(contracts).map(({ block }) => block ?? 0));
  const look = async () => {
    const number = await provider.getBlockNumber();
    if (number >= deployed) return number;
    throw new NodeError("eth_blockNumber", `it is at block ${number}, before the deployment in block ${deployed}`);
  };
  return persist("eth_blockNumber", look, patience.requests);
}

/** Every address has code, and the code that was deployed. */
async function checkCode(
  { contracts }: SuiteLocation,
  provider: Provider,
  patience: Patience,
  { number }: Head,
): Promise<void> {
  await Promise.all(
    Object.entries(contracts).map(async ([name, { address, codeHash }]) => {
      const code = await persist("eth_getCode", () => provider.getCode(address, number), patience.requests);
      if (code === "0x") throw new DeploymentMismatchError(name, address, "there is no contract at that address");
      const found = keccak256(code);
      if (codeHash !== undefined && found !== codeHash) {
        throw new DeploymentMismatchError(name, address, `its code has the hash ${found}, not ${codeHash}`);
      }
    }),
  );
}

/** The TaskManager works with just these leaves, and they with it. */
async function checkWiring(
  { taskManager, escrow, providerPool, reputation }: SuiteContracts,
  addresses: Record<SuiteKey, string>,
  patience: Patience,
  { number: blockTag }: Head,
): Promise<void> {
  const facts: [contract: SuiteKey, names: SuiteKey, ask: () => Promise<string>][] = [
    ["taskManager", "escrow", () => taskManager.ESCROW({ blockTag })],
    ["taskManager", "sourceRegistry", () => taskManager.SOURCE_REGISTRY({ blockTag })],
    ["taskManager", "providerPool", () => taskManager.PROVIDER_POOL({ blockTag })],
    ["taskManager", "reputation", () => taskManager.REPUTATION({ blockTag })],
    ["escrow", "taskManager", () => escrow.TASK_MANAGER({ blockTag })],
    ["escrow", "providerPool", () => escrow.PROVIDER_POOL({ blockTag })],
    ["providerPool", "taskManager", () => providerPool.TASK_MANAGER({ blockTag })],
    ["providerPool", "escrow", () => providerPool.ESCROW({ blockTag })],
    ["providerPool", "sourceRegistry", () => providerPool.SOURCE_REGISTRY({ blockTag })],
    ["reputation", "taskManager", () => reputation.TASK_MANAGER({ blockTag })],
  ];
  await Promise.all(
    facts.map(async ([contract, names, ask]) => {
      const address = addresses[contract];
      let found: string;
      try {
        found = await persist("eth_call", ask, patience.requests);
      } catch (error) {
        if (!(error instanceof Error) || !("code" in error)) throw error;
        throw new DeploymentMismatchError(SUITE_KEYS[contract], address, "the contract there is another one");
      }
      if (found !== addresses[names]) {
        throw new DeploymentMismatchError(
          SUITE_KEYS[contract],
          address,
          `that contract works with the ${SUITE_KEYS[names]} at ${found}, not ${addresses[names]}`,
        );
      }
    }),
  );
}
