import { concat, HDNodeWallet, type JsonRpcApiProvider, parseEther, Wallet } from "ethers";
import { AttestationVerifier__factory } from "../../typechain-types/factories/verifiers/AttestationVerifier__factory.js";
import { digestOf } from "../content/digest.js";
import { parseManifest } from "../content/manifest.js";
import { publishSource } from "../protocol/actions/publishSource.js";
import { deploy } from "../protocol/deploy/run.js";
import type { DeploymentStore } from "../protocol/deploy/plan.js";
import type { Deployment } from "../protocol/deployment.js";
import { OpenGpuError } from "../protocol/errors.js";
import { Environment } from "../protocol/order.js";
import { connect } from "../protocol/protocol.js";
import type { Patience } from "../protocol/retry.js";

/** The phrase that local chains derive their test accounts from. Everybody knows the keys. */
export const TEST_PHRASE = "test test test test test test test test test test test junk";

/** Who the test accounts are, in the sequence of their derivation. */
export const LABELS = [
  "deployer",
  "treasury",
  "publisher",
  "client 1",
  "client 2",
  "client 3",
  "provider 1",
  "provider 2",
  "provider 3",
  "provider 4",
  "provider 5",
  "attester",
] as const;
export type Label = (typeof LABELS)[number];

/** A test account of a local chain. */
export interface DevnetAccount {
  label: Label;
  address: string;
  /** Private key, known to everybody. */
  key: string;
}

/** The test account of a label. */
export function devnetAccount(label: Label): DevnetAccount {
  const path = `m/44'/60'/0'/0/${LABELS.indexOf(label)}`;
  const { address, privateKey } = HDNodeWallet.fromPhrase(TEST_PHRASE, "", path);
  return { label, address, key: privateKey };
}

/** What a local chain begins with. */
export interface Devnet {
  deployment: Deployment;
  accounts: DevnetAccount[];
  /** Address of an AttestationVerifier that the attester alone satisfies. */
  verifier: string;
  /** Ids of the sources that anyone may join and order from, in the sequence of their manifests. */
  sources: bigint[];
}

/** What is put on a local chain, and how. */
export interface Population {
  store: DeploymentStore;
  compiler: Deployment["compiler"];
  /** Manifests of the sources, as they are kept. */
  manifests: readonly Uint8Array[];
  patience?: Partial<Patience>;
}

/**
 * Puts a suite, a verifier and sources on a fresh local chain that gave the test accounts coin. Addresses are the same
 * each time.
 *
 * @throws {OpenGpuError} if the chain is not fresh, and whatever {@link deploy} throws.
 */
export async function populate(provider: JsonRpcApiProvider, { manifests, ...options }: Population): Promise<Devnet> {
  const accounts = LABELS.map(devnetAccount);
  const signerOf = (label: Label) => new Wallet(devnetAccount(label).key, provider);
  const deployer = signerOf("deployer");
  if ((await provider.getTransactionCount(deployer.address)) !== 0) {
    throw new OpenGpuError(`The chain is not fresh: ${deployer.address} has sent transactions. Begin with a new one.`);
  }
  const governance = { owner: deployer.address, treasury: devnetAccount("treasury").address };
  // Whatever an earlier chain left behind is of no use on this one.
  const deployment = await deploy({ ...options, signer: deployer, governance, restart: true });

  const { patience = {} } = options;
  const { sender } = await connect(deployer, deployment, { patience });
  const { bytecode } = AttestationVerifier__factory;
  const values = AttestationVerifier__factory.createInterface().encodeDeploy([[devnetAccount("attester").address], 1]);
  const creation = { to: null, data: concat([bytecode, values]) };
  const { contractAddress } = await sender.send(creation, "the creation of AttestationVerifier");
  const verifier = contractAddress ?? "";

  const publisher = await connect(signerOf("publisher"), deployment, { patience });
  const sources: bigint[] = [];
  // One after the other, so that they have the same numbers each time.
  for (const manifest of manifests) {
    const published = await publishSource(publisher, {
      ...{ floorPrice: parseEther("0.01"), stakePerSlot: parseEther("0.1"), royaltyBps: 500 },
      manifestDigest: digestOf(manifest),
      environments: Environment.Cpu,
      deterministic: parseManifest(manifest).deterministic,
      verifiers: [verifier],
    });
    sources.push(BigInt(published.source));
  }
  return { deployment, accounts, verifier, sources };
}
