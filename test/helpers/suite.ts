import { concat, getBytes, keccak256, parseEther, randomBytes, type Signer, toUtf8Bytes, hexlify } from "ethers";
import { signAttestation } from "../../src/protocol/attestation.js";
import { deploySuite } from "../../src/protocol/deploy.js";
import {
  draftOrder,
  type Order,
  type OrderDomain,
  packOrder,
  signOrder,
  taskIdOf,
  Verification,
} from "../../src/protocol/order.js";
import { DEFAULT_PARAMETERS } from "../../src/protocol/parameters.js";
import { commitmentOf, sealOf } from "../../src/protocol/seal.js";
import { AcceptFirstVerifier__factory, AttestationVerifier__factory } from "../../typechain-types/index.js";
import { ethers, time } from "./network.js";

export const FLOOR = parseEther("0.01");
export const CAP = parseEther("0.02");
export const BOND = parseEther("0.02");
export const STAKE_PER_SLOT = parseEther("0.1");
export const ROYALTY_BPS = 500n;
export const FEE_BPS = 250n;
export const KEY = `0x${"4b".repeat(32)}`;
export const WINDOWS = DEFAULT_PARAMETERS.windows;

/** A random 32-byte value. */
export const random32 = (): string => hexlify(randomBytes(32));

/** A suite with one source, one funded client and one provider that is a member of the source's pool. */
export async function deployMarket() {
  const signers = await ethers.getSigners();
  const [deployer, owner, treasury, publisher, client, providerOwner, agent, attester, stranger] = nine(signers);
  const others = signers.slice(9);
  const suite = await deploySuite(deployer, { owner: owner.address, treasury: treasury.address });
  const { escrow, sourceRegistry, providerPool, taskManager } = suite;
  const attestation = await new AttestationVerifier__factory(deployer).deploy([attester], 1);
  const acceptFirst = await new AcceptFirstVerifier__factory(deployer).deploy();

  await sourceRegistry
    .connect(publisher)
    .publish(
      { floorPrice: FLOOR, stakePerSlot: STAKE_PER_SLOT, royaltyBps: ROYALTY_BPS },
      { manifestDigest: random32(), environments: 1 | 2, minGpuMemory: 8, deterministic: true },
      [attestation, acceptFirst],
    );
  await escrow.connect(client).deposit({ value: parseEther("10") });
  const domain: OrderDomain = {
    chainId: (await ethers.provider.getNetwork()).chainId,
    taskManager: await taskManager.getAddress(),
  };
  const market = {
    ...suite,
    attestation,
    acceptFirst,
    domain,
    deployer,
    owner,
    treasury,
    publisher,
    client,
    providerOwner,
    agent,
    attester,
    stranger,
    others,
    source: 1,
    provider: 1n,
  };
  await joinProvider(market, providerOwner);
  await providerPool.connect(providerOwner).setAgent(1, agent, true);
  await providerPool.connect(providerOwner).approveSource(1, 1, true);
  return market;
}

/** The first nine of a list, as a tuple. */
function nine<T>(list: T[]): [T, T, T, T, T, T, T, T, T] {
  if (list.length < 9) throw new Error(`9 accounts needed, ${list.length} there`);
  return list.slice(0, 9) as [T, T, T, T, T, T, T, T, T];
}

export type Market = Awaited<ReturnType<typeof deployMarket>>;

/** Registers a provider, stakes one coin and joins the source with two slots; its payout account is its owner's. */
export async function joinProvider(
  { providerPool, sourceRegistry }: Pick<Market, "providerPool" | "sourceRegistry">,
  owner: Signer,
  { stake = parseEther("1"), slots = 2, environments = 1, gpuMemory = 0, source = 1 } = {},
): Promise<bigint> {
  const pool = providerPool.connect(owner);
  await pool.register(await owner.getAddress(), KEY);
  const provider = await providerPool.providerCount();
  await pool.stake(provider, stake, { value: stake });
  const { versions } = await sourceRegistry.getSource(source);
  await pool.joinPool(provider, source, versions, slots, environments, gpuMemory);
  return provider;
}

let nonces = 0n;

/** A Review order of the market's client that is valid for an hour, with a fresh nonce. */
export async function reviewOrder(market: Market, changes: Partial<Order> = {}): Promise<Order> {
  return draftOrder({
    client: market.client.address,
    source: market.source,
    maxReward: CAP,
    bond: BOND,
    rampDuration: 600,
    deadline: (await time.latest()) + 3600,
    inputDigest: `0x${"11".repeat(32)}`,
    clientKey: KEY,
    nonce: ++nonces,
    ...changes,
  });
}

/** A Proof order for the attestation verifier, else like {@link reviewOrder}. */
export async function proofOrder(market: Market, changes: Partial<Order> = {}): Promise<Order> {
  return reviewOrder(market, {
    verification: Verification.Proof,
    verifier: await market.attestation.getAddress(),
    reviewPeriod: 0,
    bond: 0n,
    ...changes,
  });
}

/** A result with all that a provider computes around it. */
export function resultFor(taskId: string, provider: bigint, output = "output") {
  const resultDigest = ethers.sha256(toUtf8Bytes(output));
  const salt = random32();
  const envelope = concat([resultDigest, salt]);
  const envelopeHash = keccak256(envelope);
  const commitment = commitmentOf(resultDigest, salt);
  const seal = sealOf({ taskId, provider, commitment, envelopeHash });
  return { resultDigest, salt, envelope, envelopeHash, commitment, seal };
}

/** Puts the next block a second after the latest, however busy the machine is. */
async function nextSecond(): Promise<void> {
  await time.setNextBlockTimestamp((await time.latest()) + 1);
}

/** A task that the market's client has posted from its balance. */
export async function openTask(market: Market, changes: Partial<Order> = {}) {
  const order = await reviewOrder(market, changes);
  const packed = packOrder(order);
  await market.taskManager.connect(market.client).submit(packed);
  return { order, packed, taskId: taskIdOf(order, market.domain) };
}

/** A task that the market's provider has sealed. */
export async function deliveredTask(market: Market, changes: Partial<Order> = {}) {
  const task = await openTask(market, changes);
  const result = resultFor(task.taskId, market.provider);
  await nextSecond();
  await market.taskManager.connect(market.agent).deliver(task.packed, market.provider, result.seal);
  return { ...task, ...result };
}

/** A task that the market's provider has reserved for ten minutes. */
export async function reservedTask(market: Market, changes: Partial<Order> = {}) {
  const task = await openTask(market, { reservation: 600, ...changes });
  await nextSecond();
  await market.taskManager.connect(market.agent).reserve(task.packed, market.provider);
  return { ...task, ...resultFor(task.taskId, market.provider) };
}

/** A task whose envelope the market's provider has put on chain. */
export async function disclosedTask(market: Market, changes: Partial<Order> = {}) {
  const task = await deliveredTask(market, changes);
  await nextSecond();
  await market.taskManager.connect(market.agent).disclose(task.packed, task.commitment, task.envelope);
  return task;
}

/** Signs an attestation over what a provider claims of a task. */
export async function attest(
  market: Market,
  taskId: string,
  provider: bigint,
  inputDigest: string,
  result: { resultDigest: string; envelopeHash: string },
  attesters: Signer[] = [market.attester],
): Promise<string> {
  const { resultDigest, envelopeHash } = result;
  const attestation = { taskId, providerId: provider, inputDigest, resultDigest, envelopeHash };
  const suite = { chainId: market.domain.chainId, verifier: await market.attestation.getAddress() };
  const sorted = await Promise.all(
    attesters.map(async (signer) => ({ signer, order: BigInt(await signer.getAddress()) })),
  );
  sorted.sort((a, b) => (a.order < b.order ? -1 : 1));
  return concat(await Promise.all(sorted.map(({ signer }) => signAttestation(signer, attestation, suite))));
}

/** A signed Proof order with an attested answer of the market's provider. */
export async function signedProof(market: Market, changes: Partial<Order> = {}, signer: Signer = market.client) {
  const order = await proofOrder(market, { client: await signer.getAddress(), ...changes });
  const taskId = taskIdOf(order, market.domain);
  const { resultDigest, envelopeHash } = resultFor(taskId, market.provider);
  return {
    order,
    taskId,
    packed: {
      order: packOrder(order),
      signature: await signOrder(signer, order, market.domain),
      resultDigest,
      envelopeHash,
      proof: await attest(market, taskId, market.provider, order.inputDigest, { resultDigest, envelopeHash }),
    },
  };
}

/** Calldata size in bytes. */
export const sizeOf = (data: string): number => getBytes(data).length;
