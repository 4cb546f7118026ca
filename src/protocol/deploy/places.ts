import { concat, getCreateAddress, id, Interface, type InterfaceAbi } from "ethers";
import { Deliveries__factory } from "../../../typechain-types/factories/libraries/Deliveries__factory.js";
import { Disputes__factory } from "../../../typechain-types/factories/libraries/Disputes__factory.js";
import { Exits__factory } from "../../../typechain-types/factories/libraries/Exits__factory.js";
import { ProofBatch__factory } from "../../../typechain-types/factories/libraries/ProofBatch__factory.js";
import { Quorums__factory } from "../../../typechain-types/factories/libraries/Quorums__factory.js";
import { Settings__factory } from "../../../typechain-types/factories/libraries/Settings__factory.js";
import { Verdicts__factory } from "../../../typechain-types/factories/libraries/Verdicts__factory.js";
import { Views__factory } from "../../../typechain-types/factories/libraries/Views__factory.js";
import { Escrow__factory } from "../../../typechain-types/factories/Escrow__factory.js";
import { ProviderPool__factory } from "../../../typechain-types/factories/ProviderPool__factory.js";
import { Reputation__factory } from "../../../typechain-types/factories/Reputation__factory.js";
import { SourceRegistry__factory } from "../../../typechain-types/factories/SourceRegistry__factory.js";
import { TaskManager__factory } from "../../../typechain-types/factories/TaskManager__factory.js";
import { CONTRACT_NAMES, type ContractName, type LibraryName } from "../deployment.js";
import { longestObligation, type SuiteParameters } from "../parameters.js";

/** Who governs a suite. */
export interface Governance {
  owner: string;
  treasury: string;
}

/** All that determines the transactions of a deployment. */
export interface Blueprint {
  /** Address of the deployer. */
  deployer: string;
  /** Nonce of its first creation transaction. */
  firstNonce: number;
  governance: Governance;
  parameters: SuiteParameters;
}

/** One contract of a suite in the sequence of the deployment. */
export interface Place {
  readonly name: ContractName;
  readonly nonce: number;
  /** Where it will be, by the deployer and the nonce. */
  readonly address: string;
  /** Creation code, libraries linked, without arguments; hexadecimal. */
  readonly creationCode: string;
  /** ABI-encoded; `0x` if there are none. */
  readonly constructorArguments: string;
  /** What the creation transaction carries. */
  readonly data: string;
}

const FACTORIES = {
  Deliveries: Deliveries__factory,
  Disputes: Disputes__factory,
  Exits: Exits__factory,
  ProofBatch: ProofBatch__factory,
  Quorums: Quorums__factory,
  Settings: Settings__factory,
  Verdicts: Verdicts__factory,
  Views: Views__factory,
  Escrow: Escrow__factory,
  SourceRegistry: SourceRegistry__factory,
  ProviderPool: ProviderPool__factory,
  Reputation: Reputation__factory,
  TaskManager: TaskManager__factory,
};

/** Hash of the creation code of all contracts: another build has another one. */
export function buildHash(): string {
  return id(CONTRACT_NAMES.map((name) => FACTORIES[name].bytecode).join());
}

/**
 * The contracts of a suite, first to last. Every leaf is told the address that TaskManager will have, which the
 * deployer's nonces determine; TaskManager's constructor refuses leaves that do not point back at it.
 */
export function placesOf({ deployer, firstNonce, governance, parameters }: Blueprint): Place[] {
  const at = Object.fromEntries(
    CONTRACT_NAMES.map((name, index) => [name, getCreateAddress({ from: deployer, nonce: firstNonce + index })]),
  ) as Record<ContractName, string>;
  const { feeBps, maxRound, weightUnit, price, windows } = parameters;
  const config = {
    owner: governance.owner,
    treasury: governance.treasury,
    feeBps,
    escrow: at.Escrow,
    sourceRegistry: at.SourceRegistry,
    providerPool: at.ProviderPool,
    reputation: at.Reputation,
    maxRound,
    weightUnit,
    priceParameters: price,
    windows,
  };
  const values: Record<ContractName, readonly unknown[]> = {
    Deliveries: [],
    Disputes: [],
    Exits: [],
    ProofBatch: [],
    Quorums: [],
    Settings: [],
    Verdicts: [],
    Views: [],
    Escrow: [at.TaskManager, at.ProviderPool],
    SourceRegistry: [parameters.minStakePerSlot],
    ProviderPool: [at.TaskManager, at.Escrow, at.SourceRegistry, longestObligation(windows)],
    Reputation: [at.TaskManager, parameters.feeScale],
    TaskManager: [config],
  };
  return CONTRACT_NAMES.map((name, index) => {
    const { abi }: { abi: InterfaceAbi } = FACTORIES[name];
    const creationCode = creationCodeOf(name, at);
    const constructorArguments = new Interface(abi).encodeDeploy(values[name]);
    const data = concat([creationCode, constructorArguments]);
    return { name, nonce: firstNonce + index, address: at[name], creationCode, constructorArguments, data };
  });
}

/** Creation code of a contract with the libraries of its suite linked. */
export function creationCodeOf(name: ContractName, at: Record<LibraryName, string>): string {
  if (name !== "TaskManager") return FACTORIES[name].bytecode;
  return TaskManager__factory.linkBytecode({
    "project/contracts/libraries/Deliveries.sol:Deliveries": at.Deliveries,
    "project/contracts/libraries/Disputes.sol:Disputes": at.Disputes,
    "project/contracts/libraries/Exits.sol:Exits": at.Exits,
    "project/contracts/libraries/ProofBatch.sol:ProofBatch": at.ProofBatch,
    "project/contracts/libraries/Quorums.sol:Quorums": at.Quorums,
    "project/contracts/libraries/Settings.sol:Settings": at.Settings,
    "project/contracts/libraries/Verdicts.sol:Verdicts": at.Verdicts,
    "project/contracts/libraries/Views.sol:Views": at.Views,
  });
}
