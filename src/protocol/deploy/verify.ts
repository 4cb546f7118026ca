import { concat, type Provider } from "ethers";
import type { Deployment } from "../deployment.js";
import { DeploymentMismatchError } from "../errors.js";
import { connect } from "../protocol.js";
import { DEFAULT_PATIENCE, type Patience, persist } from "../retry.js";
import { checkParameters } from "./checks.js";
import { checkCode } from "./code.js";
import { type Place, placesOf } from "./places.js";
import { blueprintOf } from "./plan.js";
import { type Change, checkSettings } from "./settings.js";

/** A chain of its own, on which a deployment is repeated. */
export interface ReplayChain {
  /**
   * Creates a contract and returns its code on the chain.
   *
   * @param from Deployer; it needs no key.
   * @param nonce Nonce of the deployer.
   * @param data Creation code with its arguments, hexadecimal.
   */
  create(from: string, nonce: number, data: string): Promise<{ address: string; code: string }>;
}

export interface VerifyOptions {
  /** A fresh chain with the chain id of the deployment; without one, the values of immutables are only read back. */
  replay?: ReplayChain;
  patience?: Partial<Patience>;
}

/** What {@link verifyDeployment} found to be right. */
export interface VerifiedDeployment {
  contracts: { name: string; address: string; codeHash: string; bytes: number }[];
  /** Whether the code was compared byte by byte with that of a repeated deployment. */
  replayed: boolean;
  /** What the suite's owner has changed since; no fault. */
  changes: Change[];
}

/**
 * Compares a deployment with a chain: addresses with deployer and nonces, constructor arguments with the parameters,
 * code with this build, with the recorded hash and, byte by byte, with a repetition of the deployment; which contract
 * works with which; and the settings.
 *
 * @throws {DeploymentMismatchError} naming the first contract that is other than the deployment says.
 * @throws {ParameterError | WrongChainError | NodeError}
 */
export async function verifyDeployment(
  deployment: Deployment,
  provider: Provider,
  { replay, patience: impatience }: VerifyOptions = {},
): Promise<VerifiedDeployment> {
  const patience = { ...DEFAULT_PATIENCE, ...impatience };
  checkParameters(deployment.parameters);
  const places = placesOf(blueprintOf(deployment));
  for (const place of places) checkRecord(deployment, place);
  const { contracts: connected } = await connect(provider, deployment, { patience });

  const contracts: VerifiedDeployment["contracts"] = [];
  for (const place of places) {
    const { name, address, creationCode } = place;
    const code = await persist("eth_getCode", () => provider.getCode(address), patience.requests);
    const differs = (problem: string) => new DeploymentMismatchError(name, address, problem);
    const codeHash = checkCode(place, code, creationCode);
    const recorded = deployment.contracts[name].codeHash;
    if (codeHash !== recorded) throw differs(`its code has the hash ${codeHash}, not ${recorded}`);
    if (replay !== undefined) {
      const { constructorArguments } = deployment.contracts[name];
      const again = await replay.create(deployment.deployer, place.nonce, concat([creationCode, constructorArguments]));
      if (again.address !== address) throw differs(`a repeated deployment puts it at ${again.address}`);
      if (again.code !== code) throw differs(`its code is not what a repeated deployment gives`);
    }
    contracts.push({ name, address, codeHash, bytes: (code.length - 2) / 2 });
  }
  const changes = await checkSettings(connected, deployment, patience.requests);
  return { contracts, replayed: replay !== undefined, changes };
}

/** What a record says of a contract follows from its deployer, nonce and parameters. */
function checkRecord({ contracts }: Deployment, { name, address, constructorArguments }: Place): void {
  const recorded = contracts[name];
  if (recorded.address !== address) {
    throw new DeploymentMismatchError(name, recorded.address, `the deployer's nonce puts it at ${address}`);
  }
  if (recorded.constructorArguments !== constructorArguments) {
    const problem = `its recorded constructor arguments are not those that follow from the parameters`;
    throw new DeploymentMismatchError(name, address, problem);
  }
}
