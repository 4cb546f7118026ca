import { concat, hexlify, keccak256, parseEther, randomBytes, sha256, toUtf8Bytes, type Wallet } from "ethers";
import { signAttestation } from "../../../src/protocol/attestation.js";
import { emitted, execute } from "../../../src/protocol/execute.js";
import { draftOrder, type Order, packOrder, signOrder, taskIdOf, Verification } from "../../../src/protocol/order.js";
import { commitmentOf, sealOf } from "../../../src/protocol/seal.js";
import { type Actor, MIN_STAKE, now, type Place, type World } from "./world.js";

export const FLOOR = parseEther("0.01");
export const CAP = parseEther("0.02");
export const BOND = parseEther("0.02");
export const STAKE = parseEther("1");
export const ROYALTY_BPS = 500n;
export const KEY = `0x${"4b".repeat(32)}`;

export const random32 = (): string => hexlify(randomBytes(32));

/** `bps` ten-thousandths of an amount, rounded down. */
export const share = (amount: bigint, bps: bigint): bigint => (amount * bps) / 10_000n;

/** How a price is split. Wei. */
export function saleOf(price: bigint, feeBps = 250n) {
  const [fee, royalty] = [share(price, feeBps), share(price, ROYALTY_BPS)];
  return { price, fee, royalty, payment: price - fee - royalty };
}

export const SOURCE_TERMS = { floorPrice: FLOOR, stakePerSlot: MIN_STAKE, royaltyBps: ROYALTY_BPS };
export const versionTerms = () => ({
  manifestDigest: random32(),
  environments: 3,
  minGpuMemory: 8,
  deterministic: true,
});

/** A source with a publisher of its own. */
export async function publish(world: World, place: Place = world.market) {
  const publisher = await world.actor(place);
  const terms = versionTerms();
  const done = await execute(publisher, "sourceRegistry", "publish", [SOURCE_TERMS, terms, [world.verifier]]);
  const { source } = emitted(done, "sourceRegistry", "SourcePublished");
  return { publisher, source: Number(source), terms };
}

/** A provider with one coin of stake and two slots in a source's pool. */
export async function provide(world: World, source: number, place: Place = world.market) {
  const owner = await world.actor(place);
  const registered = await execute(owner, "providerPool", "register", [owner.address, KEY]);
  const { provider } = emitted(registered, "providerPool", "ProviderRegistered");
  await execute(owner, "providerPool", "stake", [provider, STAKE], { value: STAKE });
  await execute(owner, "providerPool", "joinPool", [provider, source, 1, 2, 1, 0]);
  return { owner, provider };
}
export type Supplier = Awaited<ReturnType<typeof provide>>;

/** A client with one coin in Escrow. */
export async function patron(world: World): Promise<Actor> {
  const client = await world.actor();
  await execute(client, "escrow", "deposit", [], { value: STAKE });
  return client;
}

/** A source, providers and a client of their own. */
export async function stage(world: World, suppliers = 1) {
  const [client, { publisher, source, providers }] = await Promise.all([
    patron(world),
    publish(world).then(async (published) => ({
      ...published,
      providers: await Promise.all(Array.from({ length: suppliers }, () => provide(world, published.source))),
    })),
  ]);
  const [first] = providers;
  if (first === undefined) throw new Error("A stage has at least one provider.");
  return { client, publisher, source, providers, first };
}

let nonces = 0n;

/** A Review order, due in four minutes, that pays its cap at once. */
export async function orderOf(client: Actor, source: number, changes: Partial<Order> = {}): Promise<Order> {
  return draftOrder({
    client: client.address,
    source,
    maxReward: CAP,
    bond: BOND,
    rampDuration: 0,
    reviewPeriod: 30,
    deadline: (await now(client)) + 240,
    inputDigest: random32(),
    clientKey: KEY,
    nonce: ++nonces,
    ...changes,
  });
}

/** The same for a Proof order. */
export const proofOrderOf = (client: Actor, source: number, verifier: string, changes: Partial<Order> = {}) =>
  orderOf(client, source, { verification: Verification.Proof, verifier, bond: 0n, reviewPeriod: 0, ...changes });

/** An order as calls need it. */
export interface Task {
  order: Order;
  packed: ReturnType<typeof packOrder>;
  taskId: string;
}

export const taskOf = (client: Actor, order: Order): Task => ({
  order,
  packed: packOrder(order),
  taskId: taskIdOf(order, client.domain),
});

/** Posts an order of its client, paid from the balance. */
export async function submit(client: Actor, source: number, changes: Partial<Order> = {}) {
  const task = taskOf(client, await orderOf(client, source, changes));
  const done = await execute(client, "taskManager", "submit", [task.packed]);
  const { startPrice } = emitted(done, "taskManager", "TaskSubmitted");
  return { ...task, done, startPrice };
}

/** What a provider makes of a task; results of the same output are equal. */
export function resultFor(taskId: string, provider: bigint, output = `output ${random32()}`) {
  const salt = random32();
  const resultDigest = sha256(toUtf8Bytes(output));
  const commitment = commitmentOf(resultDigest, salt);
  const envelope = concat([resultDigest, salt]);
  const envelopeHash = keccak256(envelope);
  const seal = sealOf({ taskId, provider, commitment, envelopeHash });
  return { resultDigest, salt, envelope, envelopeHash, commitment, seal };
}

/** Seals a result of a task. */
export async function deliver({ packed, taskId }: Task, { owner, provider }: Supplier, agent: Actor = owner) {
  const result = resultFor(taskId, provider);
  const done = await execute(agent, "taskManager", "deliver", [packed, provider, result.seal]);
  const { price } = emitted(done, "taskManager", "TaskDelivered");
  return { ...result, done, price };
}

/** A signed Proof order with an attested answer, as `proveSigned` and `proveBatch` take it. */
export async function answered(
  client: Actor,
  order: Order,
  provider: bigint,
  { verifier, attester }: { verifier: string; attester: Wallet },
) {
  const { packed, taskId } = taskOf(client, order);
  const { resultDigest, envelopeHash } = resultFor(taskId, provider);
  const claim = { taskId, providerId: provider, inputDigest: order.inputDigest, resultDigest, envelopeHash };
  const proof = await signAttestation(attester, claim, { chainId: client.chainId, verifier });
  const signature = await signOrder(client.wallet, order, client.domain);
  return { taskId, packed: { order: packed, signature, resultDigest, envelopeHash, proof } };
}
