import type { Provider, Signer } from "ethers";
import type { SuiteLocation } from "../../src/protocol/deployment.js";
import { connect, type SigningProtocol } from "../../src/protocol/protocol.js";
import type { Suite } from "../../src/protocol/deploy.js";
import { ethers } from "./network.js";

/** Where a suite is, as a connection needs it. */
export async function locationOf(suite: Suite): Promise<SuiteLocation> {
  const at = async (contract: { getAddress(): Promise<string> }) => ({ address: await contract.getAddress() });
  return {
    chainId: (await ethers.provider.getNetwork()).chainId,
    contracts: {
      Escrow: await at(suite.escrow),
      SourceRegistry: await at(suite.sourceRegistry),
      ProviderPool: await at(suite.providerPool),
      Reputation: await at(suite.reputation),
      TaskManager: await at(suite.taskManager),
    },
  };
}

/** Short waits, so that a test of what never happens ends. Milliseconds. */
export const IMPATIENCE = { requests: 3_000, mining: 5_000, interval: 20 };

/** A connection of a signer to a suite on the test's chain. */
export async function protocolOf(suite: Suite, signer: Signer): Promise<SigningProtocol> {
  return connect(signer, await locationOf(suite), { patience: IMPATIENCE });
}

/** A connection that only reads. */
export async function readerOf(suite: Suite): ReturnType<typeof connect> {
  return connect(ethers.provider as Provider, await locationOf(suite), { patience: IMPATIENCE });
}
