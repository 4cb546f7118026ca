import { type BaseContract, getCreateAddress, type Signer } from "ethers";
import {
  type Escrow,
  Escrow__factory,
  Exits__factory,
  ProofBatch__factory,
  type ProviderPool,
  ProviderPool__factory,
  type Reputation,
  Reputation__factory,
  type SourceRegistry,
  SourceRegistry__factory,
  type TaskManager,
  TaskManager__factory,
} from "../../typechain-types/index.js";
import { PredictionLostError } from "./errors.js";
import { DEFAULT_PARAMETERS, longestObligation, type SuiteParameters } from "./parameters.js";

/** The five contracts, connected to the deployer. */
export interface Suite {
  escrow: Escrow;
  sourceRegistry: SourceRegistry;
  providerPool: ProviderPool;
  reputation: Reputation;
  taskManager: TaskManager;
}

/** Who governs a suite. */
export interface Governance {
  owner: string;
  treasury: string;
}

/**
 * Deploys two libraries and the five contracts, one transaction each. Every leaf is told the address that TaskManager will have, which the
 * deployer's nonces determine; TaskManager's constructor refuses leaves that do not point back at it.
 *
 * @throws {PredictionLostError} if another transaction of the deployer came in between.
 */
export async function deploySuite(
  deployer: Signer,
  governance: Governance,
  parameters: SuiteParameters = DEFAULT_PARAMETERS,
): Promise<Suite> {
  const from = await deployer.getAddress();
  const first = await deployer.getNonce();
  const predicted = (place: number) => getCreateAddress({ from, nonce: first + place });
  const providerPoolAddress = predicted(4);
  const taskManagerAddress = predicted(6);

  const exits = await deployed(new Exits__factory(deployer).deploy(), "Exits", predicted(0));
  const proofBatch = await deployed(new ProofBatch__factory(deployer).deploy(), "ProofBatch", predicted(1));

  const escrow = await deployed(
    new Escrow__factory(deployer).deploy(taskManagerAddress, providerPoolAddress),
    "Escrow",
    predicted(2),
  );
  const sourceRegistry = await deployed(
    new SourceRegistry__factory(deployer).deploy(parameters.minStakePerSlot),
    "SourceRegistry",
    predicted(3),
  );
  const providerPool = await deployed(
    new ProviderPool__factory(deployer).deploy(
      taskManagerAddress,
      escrow,
      sourceRegistry,
      longestObligation(parameters.windows),
    ),
    "ProviderPool",
    providerPoolAddress,
  );
  const reputation = await deployed(
    new Reputation__factory(deployer).deploy(taskManagerAddress, parameters.feeScale),
    "Reputation",
    predicted(5),
  );
  const taskManager = await deployed(
    new TaskManager__factory(
      {
        "project/contracts/libraries/Exits.sol:Exits": await exits.getAddress(),
        "project/contracts/libraries/ProofBatch.sol:ProofBatch": await proofBatch.getAddress(),
      },
      deployer,
    ).deploy({
      ...governance,
      feeBps: parameters.feeBps,
      escrow,
      sourceRegistry,
      providerPool,
      reputation,
      maxRound: parameters.maxRound,
      windows: parameters.windows,
    }),
    "TaskManager",
    taskManagerAddress,
  );
  return { escrow, sourceRegistry, providerPool, reputation, taskManager };
}

async function deployed<T extends BaseContract>(pending: Promise<T>, name: string, predicted: string): Promise<T> {
  const contract = await pending;
  await contract.waitForDeployment();
  const actual = await contract.getAddress();
  if (actual !== predicted) throw new PredictionLostError(name, predicted, actual);
  return contract;
}
