import { getCreateAddress, type Signer } from "ethers";
import { type Governance, type Place, placesOf } from "./deploy/places.js";
import type { SuiteLocation } from "./deployment.js";
import { PredictionLostError } from "./errors.js";
import { DEFAULT_PARAMETERS, type SuiteParameters } from "./parameters.js";
import { contractsAt, type SuiteContracts } from "./protocol.js";

export type { Governance } from "./deploy/places.js";

/** The five contracts, connected to the deployer. */
export type Suite = SuiteContracts;

/**
 * Deploys two libraries and the five contracts, one transaction each, without any of the checks and records of
 * `deploy` in `deploy/run.ts`: for chains that end with their program.
 *
 * @throws {PredictionLostError} if another transaction of the deployer came in between.
 */
export async function deploySuite(
  deployer: Signer,
  governance: Governance,
  parameters: SuiteParameters = DEFAULT_PARAMETERS,
): Promise<Suite> {
  const from = await deployer.getAddress();
  const places = placesOf({ deployer: from, firstNonce: await deployer.getNonce(), governance, parameters });
  for (const place of places) await fill(deployer, from, place);
  const contracts = Object.fromEntries(places.map(({ name, address }) => [name, { address }]));
  return contractsAt({ contracts: contracts as SuiteLocation["contracts"] }, deployer);
}

/** Deploys one contract in its place and checks that it ended up where the others believe it. */
async function fill(deployer: Signer, from: string, { name, nonce, address, data }: Place): Promise<void> {
  try {
    const receipt = await (await deployer.sendTransaction({ data })).wait();
    const actual = receipt?.contractAddress ?? "nowhere";
    if (actual !== address) throw new PredictionLostError(name, address, actual);
  } catch (error) {
    // TaskManager refuses to be anywhere else, so the next free nonce tells whether that is why it reverted.
    const next = await deployer.getNonce();
    if (error instanceof PredictionLostError || next === nonce) throw error;
    throw new PredictionLostError(name, address, getCreateAddress({ from, nonce: next }));
  }
}
