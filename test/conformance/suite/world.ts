import { type JsonRpcApiProvider, JsonRpcProvider, parseEther, type Provider, Wallet } from "ethers";
import { deploySuite, type Governance, type Suite } from "../../../src/protocol/deploy.js";
import type { SuiteLocation } from "../../../src/protocol/deployment.js";
import { type SuiteParameters } from "../../../src/protocol/parameters.js";
import { connect, type Protocol, type SigningProtocol, withSigner } from "../../../src/protocol/protocol.js";
import type { Sender } from "../../../src/protocol/sender.js";
import { connectNode } from "../../../src/protocol/provider.js";
import { type Patience, pause, persist } from "../../../src/protocol/retry.js";
import { AttestationVerifier__factory } from "../../../typechain-types/index.js";
import type { Chain } from "../../helpers/chains/chain.js";
import { type Attempt, inTurn, recorded } from "./attempts.js";

export const MIN_STAKE = parseEther("0.1");
export const FEE_BPS = 250n;
/** Prices that move visibly within the seconds of a test. */
const PRICE = { target: 8_000, speed: 40_000, clamp: 250 };
const COMMON = {
  feeBps: Number(FEE_BPS),
  feeScale: parseEther("1.02"),
  maxRound: parseEther("100"),
  weightUnit: parseEther("0.1"),
  price: PRICE,
};
const SECONDS = { seed: 1, panelMin: 1 };

/** Clocks that a task can run through in a test, and that a busy machine keeps up with. Seconds. */
export const PARAMETERS: SuiteParameters = {
  ...COMMON,
  minStakePerSlot: MIN_STAKE,
  windows: {
    ...SECONDS,
    disclose: 15,
    cancelNotice: 4,
    maxLifetime: 300,
    maxReview: 60,
    openProvider: 30,
    open: 30,
    claim: 15,
  },
};
/** Clocks about as short as there can be, so that stake can be claimed after 11 seconds. */
export const BRIEF: SuiteParameters = {
  ...COMMON,
  minStakePerSlot: MIN_STAKE,
  windows: {
    ...SECONDS,
    disclose: 1,
    cancelNotice: 1,
    maxLifetime: 1,
    maxReview: 4,
    openProvider: 1,
    open: 1,
    claim: 1,
  },
};

/** A key of its own, with coin, connected to a suite. */
export interface Actor extends SigningProtocol {
  readonly wallet: Wallet;
  readonly address: string;
  /** All that it tried to send. */
  readonly attempts: Attempt[];
}

/** One of the two suites of a world. */
export interface Place {
  readonly protocol: Protocol;
  readonly location: SuiteLocation;
  readonly owner: Actor;
  readonly treasury: Actor;
}

/** A chain with two suites on it and people to act. */
export interface World {
  readonly chain: Chain;
  /** Through whatever is between the users and the node. */
  readonly provider: Provider;
  /** The node itself. */
  readonly direct: JsonRpcApiProvider;
  readonly market: Place;
  /** The suite with the shortest clocks. */
  readonly brief: Place;
  /** Verifier with one attester. */
  readonly verifier: string;
  readonly attester: Wallet;
  readonly actors: Actor[];
  /** A new key with some coin. */
  actor(place?: Place, coin?: bigint): Promise<Actor>;
  stop(): Promise<void>;
}

/** So many keys of the chain hand out coin. */
const FUNDERS = 3;
const FUNDERS_IN_TURN = 20;

/** Deploys two suites on a chain and connects to them. */
export async function createWorld(chain: Chain, patience: Patience): Promise<World> {
  // A busy machine is slow, which is not what is tested.
  const reach = { chainId: chain.chainId, timeout: 15_000, patience: patience.requests };
  const direct = await connectNode(chain.direct, reach);
  // Whoever meets a web page at the first knock is told so, and knocks again.
  const provider = await connectNode(chain.url, reach).catch(() => connectNode(chain.url, reach));
  // Deployments wait for blocks.
  if (direct instanceof JsonRpcProvider) direct.pollingInterval = 200;
  const keys = [...chain.accounts];
  const funded = (): Wallet => {
    const key = keys.shift();
    if (key === undefined) throw new Error("The chain has too few accounts.");
    return inFees(new Wallet(key, direct), chain);
  };

  const attester = new Wallet(Wallet.createRandom().privateKey);
  const [market, brief, verifier] = await Promise.all([
    establish(funded(), PARAMETERS),
    establish(funded(), BRIEF),
    deployVerifier(funded(), attester.address),
  ]);
  const connected = await connect(provider, market.location, { patience });
  const connectedBrief = await connect(provider, brief.location, { patience });
  const paced = (sender: Sender): Sender => (chain.oneAtATime === true ? inTurn(sender) : sender);
  const funders = await Promise.all(
    Array.from({ length: chain.oneAtATime === true ? FUNDERS_IN_TURN : FUNDERS }, async () => {
      const { sender } = await withSigner(connected, new Wallet(funded().privateKey, provider), chain.fees);
      return paced(sender);
    }),
  );

  const actors: Actor[] = [];
  /** The key, acting on a suite. Its head is that of all others, as if they told each other of their blocks. */
  const enter = async (wallet: Wallet, protocol: Protocol): Promise<Actor> => {
    const attempts: Attempt[] = [];
    const { sender, ...rest } = await withSigner(protocol, wallet.connect(provider), chain.fees);
    const actor = {
      ...rest,
      sender: recorded(paced(sender), attempts, chain.gasLimit),
      wallet,
      address: wallet.address,
      attempts,
    };
    actors.push(actor);
    return actor;
  };
  let turn = 0;
  const fund = async (to: string, value: bigint) => {
    const funder = funders[turn++ % funders.length];
    await funder?.send({ to, data: "0x", value }, "funding");
  };
  const placed = async (suite: Established, protocol: Protocol): Promise<Place> => {
    const [owner, treasury] = await Promise.all([enter(suite.owner, protocol), enter(suite.treasury, protocol)]);
    await Promise.all([fund(owner.address, parseEther("1")), fund(treasury.address, parseEther("1"))]);
    return { protocol, location: suite.location, owner, treasury };
  };
  const [marketPlace, briefPlace] = await Promise.all([
    placed(market, connected),
    placed(brief, { ...connectedBrief, head: connected.head }),
  ]);
  return {
    ...{ chain, provider, direct, verifier, attester, actors },
    ...{ market: marketPlace, brief: briefPlace },
    async actor(place = marketPlace, coin = parseEther("5")) {
      const wallet = new Wallet(Wallet.createRandom().privateKey);
      await fund(wallet.address, coin);
      return enter(wallet, place.protocol);
    },
    async stop() {
      provider.destroy();
      direct.destroy();
      await chain.stop();
    },
  };
}

interface Established {
  location: SuiteLocation;
  owner: Wallet;
  treasury: Wallet;
}

async function establish(deployer: Wallet, parameters: SuiteParameters): Promise<Established> {
  const [owner, treasury] = [0, 1].map(() => new Wallet(Wallet.createRandom().privateKey)) as [Wallet, Wallet];
  const governance: Governance = { owner: owner.address, treasury: treasury.address };
  const suite = await deploySuite(deployer, governance, parameters);
  return { owner, treasury, location: await locationOf(suite, deployer) };
}

async function locationOf(suite: Suite, { provider }: Wallet): Promise<SuiteLocation> {
  const [network, block = 0] = await Promise.all([provider?.getNetwork(), provider?.getBlockNumber()]);
  const at = async (contract: { getAddress(): Promise<string> }) => ({ address: await contract.getAddress(), block });
  return {
    chainId: network?.chainId ?? 0n,
    contracts: {
      Escrow: await at(suite.escrow),
      SourceRegistry: await at(suite.sourceRegistry),
      ProviderPool: await at(suite.providerPool),
      Reputation: await at(suite.reputation),
      TaskManager: await at(suite.taskManager),
    },
  };
}

async function deployVerifier(deployer: Wallet, attester: string): Promise<string> {
  const contract = await new AttestationVerifier__factory(deployer).deploy([attester], 1);
  await contract.waitForDeployment();
  return contract.getAddress();
}

/** Left alone, ethers sends EIP-1559 transactions wherever it can. */
function inFees(wallet: Wallet, { fees }: Chain): Wallet {
  if (fees !== "legacy") return wallet;
  const populate = wallet.populateTransaction.bind(wallet);
  wallet.populateTransaction = (transaction) => populate({ ...transaction, type: 0 });
  return wallet;
}

/** Reads at the newest block that anybody here knows of: a node that is behind says so, and is asked again. */
export function read<T>({ head, patience }: Protocol, ask: (at: { blockTag: number }) => Promise<T>): Promise<T> {
  return persist("eth_call", () => ask({ blockTag: head.number }), patience.requests);
}

/** Timestamp of a block, seconds. */
export async function timeOf({ provider, patience }: Protocol, block: number): Promise<number> {
  const find = async () => {
    const found = await provider.getBlock(block);
    // A node that is behind knows nothing of it yet.
    if (found === null) throw new Error("block not found");
    return found.timestamp;
  };
  return persist("eth_getBlockByNumber", find, patience.requests);
}

/** Timestamp of the newest block known, seconds. */
export const now = (protocol: Protocol): Promise<number> => timeOf(protocol, protocol.head.number);

/** Waits until a block is later than `moment`, unix seconds, so that clocks that ran until then are over. */
export async function until(protocol: Protocol, moment: number): Promise<void> {
  const { provider, patience, head } = protocol;
  for (;;) {
    const block = await persist("eth_getBlockByNumber", () => provider.getBlock("latest"), patience.requests);
    if (block !== null && block.timestamp > moment) {
      head.number = Math.max(head.number, block.number);
      return;
    }
    await pause(Math.max(250, Math.min((moment - (block?.timestamp ?? moment)) * 1000, 5_000)));
  }
}
