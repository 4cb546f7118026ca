import { type Addressable, type BigNumberish, parseEther, type Result, type Signer, ZeroHash } from "ethers";
import { type Order, type PackedOrder } from "../../src/protocol/order.js";
import { ConfigurableVerifier__factory } from "../../typechain-types/index.js";
import { ethers, networkHelpers } from "./network.js";
import { FEE_BPS, FLOOR, type Market, random32, ROYALTY_BPS } from "./suite.js";

/** States of a task, as the contracts number them. */
export const State = {
  None: 0n,
  Open: 1n,
  Reserved: 2n,
  Delivered: 3n,
  Disclosed: 4n,
  Round: 5n,
  Settled: 6n,
  Refunded: 7n,
  Revoked: 8n,
} as const;

/** The whole cap, in the units of a price fraction. */
export const WHOLE = 2n ** 32n - 1n;

type Priced = Pick<Order, "maxReward" | "rampDuration">;

/** Fraction of the cap at which an order opens over a floor. */
export const startFraction = (maxReward: bigint, floor = FLOOR): bigint =>
  floor >= maxReward ? WHOLE : (floor * WHOLE + maxReward - 1n) / maxReward;

/** Fraction of the cap that an order costs `elapsed` seconds after it opened. */
export function fractionAfter({ maxReward, rampDuration }: Priced, elapsed: number, floor = FLOOR): bigint {
  const start = startFraction(maxReward, floor);
  if (elapsed >= rampDuration) return WHOLE;
  return start + ((WHOLE - start) * BigInt(elapsed)) / BigInt(rampDuration);
}

/** Wei that an order costs `elapsed` seconds after it opened. */
export const priceAfter = (order: Priced, elapsed: number, floor = FLOOR): bigint =>
  (order.maxReward * fractionAfter(order, elapsed, floor)) / WHOLE;

/** Wei at which an order opens, whatever its ramp. */
export const startPrice = (maxReward: bigint, floor = FLOOR): bigint =>
  (maxReward * startFraction(maxReward, floor)) / WHOLE;

/** How a price is shared out. */
export function shares(price: bigint, { feeBps = FEE_BPS, royaltyBps = ROYALTY_BPS } = {}) {
  const fee = (price * feeBps) / 10_000n;
  const royalty = (price * royaltyBps) / 10_000n;
  return { price, fee, royalty, payment: price - fee - royalty };
}

async function money(market: Market, extra: Record<string, Addressable>): Promise<Map<string, bigint>> {
  const { escrow, providerPool, taskManager, client, providerOwner, publisher, treasury, stranger } = market;
  const holders: Record<string, Addressable> = {
    client,
    provider: providerOwner,
    publisher,
    treasury,
    stranger,
    manager: taskManager,
    pool: providerPool,
    ...extra,
  };
  const found = new Map<string, bigint>();
  for (const [name, holder] of Object.entries(holders)) {
    const { free, held, fees } = await escrow.accountOf(holder);
    found.set(`${name}.free`, free).set(`${name}.held`, held).set(`${name}.fees`, fees);
  }
  const { stake, free, locked } = await providerPool.getProvider(market.provider);
  found.set("stake.total", stake).set("stake.free", free).set("stake.locked", locked);
  return found.set("escrow.coin", await ethers.provider.getBalance(escrow));
}

/**
 * Every balance that an action changes, with the change in wei: free, held and fees of the named accounts, the stake
 * of the market's provider, the coin of Escrow. What is not in the result did not change.
 */
export async function movements(
  market: Market,
  action: () => Promise<unknown>,
  extra: Record<string, Addressable> = {},
): Promise<Record<string, bigint>> {
  const before = await money(market, extra);
  await action();
  const after = await money(market, extra);
  const changes = [...after].map(([name, value]) => [name, value - (before.get(name) ?? 0n)] as const);
  return Object.fromEntries(changes.filter(([, change]) => change !== 0n));
}

/** All fields of a task as getTask tells them. */
export async function viewOf({ taskManager }: Market, taskId: string): Promise<Record<string, unknown>> {
  const view: unknown = await taskManager.getTask(taskId);
  return (view as Result).toObject();
}

/** What getTask tells of an order in the very second in which it was posted, but for `changes`. */
export function openView(order: Order, openedAt: number, changes: Record<string, unknown> = {}) {
  return {
    state: State.Open,
    provider: 0n,
    cancelled: false,
    disputed: false,
    opened: false,
    counted: true,
    openedAt: BigInt(openedAt),
    deadline: BigInt(order.deadline),
    clearedAt: 0n,
    markedAt: 0n,
    rampDuration: BigInt(order.rampDuration),
    startFraction: startFraction(order.maxReward),
    priceFraction: fractionAfter(order, 0),
    feeBps: FEE_BPS,
    royaltyBps: ROYALTY_BPS,
    lapses: 0n,
    seal: ZeroHash,
    ...changes,
  };
}

/** The fields of a packed order in the form in which an event shows them. */
export const words = (packed: PackedOrder): string[] => [
  packed.reward,
  packed.assurance,
  packed.terms,
  packed.clocks,
  packed.inputDigest,
  packed.clientKey,
];

/** A packed order with more bits set in one of its words. */
export const withBits = (packed: PackedOrder, word: "terms" | "clocks", bits: bigint): PackedOrder => ({
  ...packed,
  [word]: ethers.toBeHex(BigInt(packed[word]) | bits, 32),
});

/** A signer that speaks as a contract. */
export async function speakingAs(contract: Addressable): Promise<Signer> {
  const address = await contract.getAddress();
  await networkHelpers.setBalance(address, parseEther("1"));
  return ethers.getImpersonatedSigner(address);
}

/** Gives a provider half a point of reputation, 500,000, that it keeps for ten seconds. */
export async function giveScore(market: Market, provider: BigNumberish = market.provider): Promise<void> {
  const { reputation, taskManager, stranger } = market;
  const manager = await speakingAs(taskManager);
  await reputation.connect(manager).recordSettlement(provider, stranger, await reputation.FEE_SCALE(), 0);
}

/** A verifier that tests can tell what to say, admitted by a second version of the market's source. */
export async function withVerifier(market: Market) {
  const verifier = await new ConfigurableVerifier__factory(market.deployer).deploy();
  const terms = { manifestDigest: random32(), environments: 1, minGpuMemory: 0, deterministic: true };
  await market.sourceRegistry.connect(market.publisher).publishVersion(market.source, terms, [verifier]);
  return { verifier, order: { version: 2, verifier: await verifier.getAddress() } };
}

/** A source of another publisher with other terms, of which the market's provider is a member. */
export async function secondSource(market: Market, publisher: Signer, { floorPrice = FLOOR, royaltyBps = 1000n } = {}) {
  const { sourceRegistry, providerPool, attestation, providerOwner, provider } = market;
  await sourceRegistry
    .connect(publisher)
    .publish(
      { floorPrice, stakePerSlot: parseEther("0.1"), royaltyBps },
      { manifestDigest: random32(), environments: 1, minGpuMemory: 0, deterministic: true },
      [attestation],
    );
  const source = Number(await sourceRegistry.sourceCount());
  await providerPool.connect(providerOwner).joinPool(provider, source, 1, 1, 1, 0);
  return source;
}
