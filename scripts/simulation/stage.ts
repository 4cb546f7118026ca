/** A chain in this process for one seed after the other. */
import { network } from "hardhat";
import type { Opening } from "../../src/market/simulation/mirrorVenue.js";
import { type Chain, prepareStage } from "../../src/market/simulation/chainStage.js";
import { type ChainVenue, createChainVenue } from "../../src/market/simulation/chainVenue.js";
import type { Scenario } from "../../src/market/simulation/scenario.js";
import { deploySuite } from "../../src/protocol/deploy.js";
import { DEFAULT_PARAMETERS } from "../../src/protocol/parameters.js";

/** Room for every transaction of a block, however many agents act at once. */
const BLOCK_GAS = 1_000_000_000n;
/** How long before the first episode the chain begins, milliseconds. */
const BEFORE = 1_000_000_000;

export interface Theatre {
  /** A fresh market, as if no other had been. */
  open(): Promise<ChainVenue>;
  close(): Promise<void>;
}

/** Deploys the suite once and puts the chain back to there for every market of a seed. */
export async function createTheatre(scenario: Scenario, opening: Opening): Promise<Theatre> {
  const connection = await network.create({
    override: {
      // Whom the contracts charge is the subject; gas would only be noise in the books.
      initialBaseFeePerGas: 0n,
      blockGasLimit: BLOCK_GAS,
      initialDate: new Date(opening.openedAt * 1_000 - BEFORE),
      mining: { auto: true, mempool: { order: "fifo" } },
    },
  });
  const [deployer] = await connection.ethers.getSigners();
  if (deployer === undefined) throw new Error("The chain has no account.");
  const chain: Chain = { request: (method, ...params) => connection.provider.request({ method, params }) };
  const governance = { owner: deployer.address, treasury: deployer.address };
  const suite = await deploySuite(deployer, governance, { ...DEFAULT_PARAMETERS, price: opening.parameters });
  const stage = await prepareStage(chain, suite, opening, scenario.providers.number);
  let snapshot = await chain.request("evm_snapshot");
  return {
    async open() {
      await chain.request("evm_revert", snapshot);
      snapshot = await chain.request("evm_snapshot");
      await chain.request("evm_setAutomine", false);
      return createChainVenue(stage, opening);
    },
    close: () => connection.close(),
  };
}
