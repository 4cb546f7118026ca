import { parseEther, toBeHex, toQuantity, ZeroAddress, zeroPadValue } from "ethers";
import type { Suite } from "../../protocol/deploy.js";
import { draftOrder, packOrder } from "../../protocol/order.js";
import type { Opening } from "./mirrorVenue.js";

/** A chain in this process that mines on demand and lets anybody be spoken for. */
export interface Chain {
  request(method: string, ...params: unknown[]): Promise<unknown>;
}

/** The market that the agents trade in: a suite with one source and the providers of a seed. */
export interface Stage {
  readonly chain: Chain;
  readonly suite: Suite;
  /** Owner and payout account of each provider, by number less one. */
  readonly owners: readonly string[];
  readonly clients: readonly string[];
}

/** An event of the contracts. */
export interface Log {
  readonly topics: readonly string[];
  readonly data: string;
}

/** Stands for whatever digest, key or seal the simulation has no use for. */
export const DIGEST = `0x${"4b".repeat(32)}`;
export const GAS = toQuantity(1_000_000);
const CLIENTS = 16;

/** One order at the opening price, served within its second; then the floor falls to where it is to be. */
export async function openMarket(
  { suite, owners, clients }: Stage,
  opening: Opening,
  mine: (time: number, calls: { from: string; to: string; data: string }[]) => Promise<Log[]>,
): Promise<void> {
  const [pool, manager, registry] = [suite.providerPool, suite.taskManager, suite.sourceRegistry];
  const [poolAt, managerAt, registryAt] = await Promise.all([pool, manager, registry].map((each) => each.getAddress()));
  const provider = owners.length;
  const [owner, client] = [owners.at(-1) ?? ZeroAddress, clients[0] ?? ZeroAddress];
  const order = packOrder(
    draftOrder({
      ...{ client, source: 1, maxReward: opening.price, deadline: opening.openedAt + 60 },
      ...{ inputDigest: DIGEST, clientKey: DIGEST, nonce: 2n ** 64n - 1n },
    }),
  );
  const steps = [
    [owner, poolAt, pool.interface.encodeFunctionData("joinPool", [provider, 1, 1, 1, 1, 0])],
    [client, managerAt, manager.interface.encodeFunctionData("submit", [order])],
    [owner, managerAt, manager.interface.encodeFunctionData("deliver", [order, provider, DIGEST])],
    [client, managerAt, manager.interface.encodeFunctionData("accept", [order])],
    [owner, poolAt, pool.interface.encodeFunctionData("leavePool", [provider, 1])],
    [client, registryAt, registry.interface.encodeFunctionData("setFloorPrice", [1, opening.floorPrice])],
  ] as const;
  await mine(
    opening.openedAt,
    steps.map(([from, to = ZeroAddress, data]) => ({ from, to, data })),
  );
}

/** Deploys nothing, but makes everybody ready: accounts, a source whose floor is the opening price, providers. */
export async function prepareStage(chain: Chain, suite: Suite, opening: Opening, providers: number): Promise<Stage> {
  const account = (kind: number, index: number) => zeroPadValue(toBeHex(kind * 0x10000 + index), 20);
  // The last provider only opens the market.
  const owners = Array.from({ length: providers + 1 }, (_, index) => account(1, index));
  const clients = Array.from({ length: CLIENTS }, (_, index) => account(2, index));
  for (const address of [...owners, ...clients]) {
    await chain.request("hardhat_impersonateAccount", address);
    await chain.request("hardhat_setBalance", address, toQuantity(parseEther("1000000000")));
  }
  const send = (from: string, to: string, data: string, value = 0n) =>
    chain.request("eth_sendTransaction", { from, to, data, value: toQuantity(value), gas: GAS, gasPrice: "0x0" });
  const [registry, pool, escrow] = [suite.sourceRegistry, suite.providerPool, suite.escrow];
  const [registryAt, poolAt, escrowAt] = await Promise.all([
    registry.getAddress(),
    pool.getAddress(),
    escrow.getAddress(),
  ]);
  const terms = { floorPrice: opening.price, stakePerSlot: parseEther("0.1"), royaltyBps: opening.royaltyBps };
  const version = { manifestDigest: DIGEST, environments: 1, minGpuMemory: 0, deterministic: true };
  await send(
    clients[0] ?? ZeroAddress,
    registryAt,
    registry.interface.encodeFunctionData("publish", [terms, version, []]),
  );
  const stake = parseEther("100000");
  for (const [index, owner] of owners.entries()) {
    await send(owner, poolAt, pool.interface.encodeFunctionData("register", [owner, DIGEST]));
    await send(owner, poolAt, pool.interface.encodeFunctionData("stake", [index + 1, stake]), stake);
  }
  const deposit = parseEther("1000000");
  for (const client of clients) await send(client, escrowAt, escrow.interface.encodeFunctionData("deposit"), deposit);
  await chain.request("evm_setAutomine", false);
  return { chain, suite, owners, clients };
}
