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

/** The sequence of the deployment, in nonces after the deployer's first. */
const PLACES = {
  Exits: 0,
  ProofBatch: 1,
  Escrow: 2,
  SourceRegistry: 3,
  ProviderPool: 4,
  Reputation: 5,
  TaskManager: 6,
} as const;

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
  const providerPoolAddress = predicted(PLACES.ProviderPool);
  const taskManagerAddress = predicted(PLACES.TaskManager);

  /** Deploys one contract in its place and checks that it ended up where the others believe it. */
  const place = async <T extends BaseContract>(name: keyof typeof PLACES, deploy: () => Promise<T>): Promise<T> => {
    try {
      const contract = await deploy();
      await contract.waitForDeployment();
      const actual = await contract.getAddress();
      if (actual !== predicted(PLACES[name])) throw new PredictionLostError(name, predicted(PLACES[name]), actual);
      return contract;
    } catch (error) {
      // TaskManager refuses to be anywhere else, so the next free nonce tells whether that is why it reverted.
      const nonce = await deployer.getNonce();
      if (error instanceof PredictionLostError || nonce === first + PLACES[name]) throw error;
      throw new PredictionLostError(name, predicted(PLACES[name]), getCreateAddress({ from, nonce }));
    }
  };

  const exits = await place("Exits", () => new Exits__factory(deployer).deploy());
  const proofBatch = await place("ProofBatch", () => new ProofBatch__factory(deployer).deploy());
  const escrow = await place("Escrow", () =>
    new Escrow__factory(deployer).deploy(taskManagerAddress, providerPoolAddress),
  );
  const sourceRegistry = await place("SourceRegistry", () =>
    new SourceRegistry__factory(deployer).deploy(parameters.minStakePerSlot),
  );
  const unbondingPeriod = longestObligation(parameters.windows);
  const providerPool = await place("ProviderPool", () =>
    new ProviderPool__factory(deployer).deploy(taskManagerAddress, escrow, sourceRegistry, unbondingPeriod),
  );
  const reputation = await place("Reputation", () =>
    new Reputation__factory(deployer).deploy(taskManagerAddress, parameters.feeScale),
  );
  const libraries = {
    "project/contracts/libraries/Exits.sol:Exits": await exits.getAddress(),
    "project/contracts/libraries/ProofBatch.sol:ProofBatch": await proofBatch.getAddress(),
  };
  const taskManager = await place("TaskManager", () =>
    new TaskManager__factory(libraries, deployer).deploy({
      ...governance,
      feeBps: parameters.feeBps,
      escrow,
      sourceRegistry,
      providerPool,
      reputation,
      maxRound: parameters.maxRound,
      windows: parameters.windows,
    }),
  );
  return { escrow, sourceRegistry, providerPool, reputation, taskManager };
}
