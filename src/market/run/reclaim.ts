import { join } from "node:path";
import type { Signer, Wallet } from "ethers";
import { fileJournal } from "../../files/orderJournal.js";
import { accept } from "../../protocol/actions/accept.js";
import { cancel } from "../../protocol/actions/cancel.js";
import { claimStake } from "../../protocol/actions/claimStake.js";
import { leavePool } from "../../protocol/actions/leavePool.js";
import { refund } from "../../protocol/actions/refund.js";
import { reopen } from "../../protocol/actions/reopen.js";
import { settle } from "../../protocol/actions/settle.js";
import { unbond } from "../../protocol/actions/unbond.js";
import { withdraw } from "../../protocol/actions/withdraw.js";
import type { Deployment } from "../../protocol/deployment.js";
import { watch } from "../../protocol/events.js";
import { feesOf } from "../../protocol/fees.js";
import type { Order } from "../../protocol/order.js";
import { connect, type Protocol, type SigningProtocol, withSigner } from "../../protocol/protocol.js";
import { messageOf, persist } from "../../protocol/retry.js";
import { RevertError } from "../../protocol/reverts.js";
import { costOf } from "../../protocol/sender.js";
import { snapshot } from "../../protocol/snapshot.js";
import { coins } from "../coins.js";
import { castOf, type RunKeys } from "./cast.js";

export interface Reclaiming {
  deployment: Deployment;
  keys: RunKeys;
  /** Folder of the run, where the clients' journals are. */
  folder: string;
  /** Who gets the coin, and pays gas where an account has none left; with a provider. */
  funder: Signer;
}

/** Gas of a plain transfer. */
const TRANSFER_GAS = 21_000n;
/** Gas of all that an account may have to send before it is empty. */
const CLOSING_GAS = 600_000n;

/**
 * Takes back what a run left on a chain, as far as it is free: ends its tasks, begins to unbond its stakes or claims
 * them, empties its balances in Escrow and its accounts. May be called again at any time, and gets more each time.
 *
 * @returns What was taken and what stays, in sentences. What fails for one account is told and does not stop the others.
 * @throws {NodeError | DeploymentMismatchError} if nothing can be done at all.
 */
export async function reclaim({ deployment, keys, folder, funder }: Reclaiming): Promise<string[]> {
  const protocol = await connect(funder, deployment);
  const { address: to } = protocol.sender;
  const cast = castOf(keys);
  const { disclose } = deployment.parameters.windows;
  const sentences: string[] = [];
  let taken = 0n;
  const each = async (
    name: string,
    wallets: readonly Wallet[],
    work: (own: SigningProtocol, index: number) => Promise<string[]>,
  ) => {
    for (const [index, wallet] of wallets.entries()) {
      const who = wallets.length === 1 ? name : `${name} ${index + 1}`;
      const told = await withSigner(protocol, wallet)
        .then((own) => work(own, index))
        .catch((error: unknown) => [messageOf(error)]);
      sentences.push(...told.map((sentence) => `${who}: ${sentence}`));
    }
  };
  const gas = async (account: string) => {
    taken -= await payGas(protocol, account);
  };
  const empty = async (own: SigningProtocol) => {
    const { address } = own.sender;
    const { free, held } = await snapshot(own, { account: address });
    if (free > 0n) {
      await gas(address);
      await withdraw(own, { amount: free });
    }
    taken += await sweep(own, to);
    return held > 0n ? [`${coins(held)} are held for tasks that are not over.`] : [];
  };

  const providers = new Map<string, number>();
  for (const { address } of cast.providers) {
    const id = await providerOf(protocol, address, keys.from);
    if (id !== undefined) providers.set(address, id);
  }
  const ours = new Set(providers.values());
  await each("client", cast.clients, async (own, index) => {
    const entries = await fileJournal(join(folder, `client-${index + 1}.jsonl`)).entries();
    const told: string[] = [];
    for (const { order } of entries) {
      const ending = await endTask(own, order, ours, disclose, gas);
      if (ending !== undefined) told.push(ending);
    }
    return told;
  });
  await each("provider", cast.providers, async (own) => {
    const id = providers.get(own.sender.address);
    const { stake } = id === undefined ? { stake: 0n } : await snapshot(own, { provider: id });
    if (id === undefined || stake === 0n) return [];
    await gas(own.sender.address);
    return freeStake(own, id, keys.from);
  });
  await each("publisher", [cast.publisher], empty);
  await each("client", cast.clients, empty);
  await each("provider", cast.providers, empty);
  return [`${coins(taken > 0n ? taken : 0n)} went back to ${to}.`, ...sentences];
}

/** Ends a task as far as it can be ended now, and tells what has to be waited for. */
async function endTask(
  own: SigningProtocol,
  order: Order,
  ours: ReadonlySet<number>,
  disclose: number,
  gas: (account: string) => Promise<void>,
): Promise<string | undefined> {
  const task = await snapshot(own, { task: order });
  const { state, timestamp, provider = 0, clearedAt = 0, disclosedAt = 0 } = task;
  const date = (seconds: number) => new Date(seconds * 1_000).toISOString();
  const acted = async (action: () => Promise<unknown>): Promise<undefined> => {
    await gas(own.sender.address);
    await action();
    return undefined;
  };
  switch (state) {
    case "Open": {
      if (timestamp > task.deadline) return acted(() => refund(own, { order }));
      if (!task.cancelled) await acted(() => cancel(own, { order }));
      const { deadline } = await snapshot(own, { task: order });
      return `task ${task.taskId} is cancelled; its cap is free after ${date(deadline)}.`;
    }
    case "Delivered":
      // A provider of the run is paid with the run's own coin.
      if (ours.has(provider)) return acted(() => accept(own, { order }));
      if (timestamp > clearedAt + disclose) return acted(() => reopen(own, { order }));
      return `task ${task.taskId} waits for its provider until ${date(clearedAt + disclose)}.`;
    case "Disclosed":
      if (ours.has(provider)) return acted(() => accept(own, { order }));
      if (timestamp > disclosedAt + order.reviewPeriod) return acted(() => settle(own, { order }));
      return `task ${task.taskId} can be settled after ${date(disclosedAt + order.reviewPeriod)}.`;
    case "Round": {
      // Whoever won of it was paid with the run's own coin if all its providers are the run's.
      const ended = await acted(() => accept(own, { order }))
        .catch(() => acted(() => settle(own, { order })))
        .then(() => true)
        .catch(() => false);
      return ended ? undefined : `task ${task.taskId} is being decided; it can be settled when its clocks have run.`;
    }
    default:
      return undefined;
  }
}

/** Leaves the pools, claims what can be claimed, and begins to unbond the rest. Tells what stays. */
async function freeStake(own: SigningProtocol, id: number, from: number): Promise<string[]> {
  const pools = await eventsOf(own, "providerPool.Joined", { provider: id }, from);
  for (const source of new Set(pools)) {
    await leavePool(own, { provider: id, source }).catch((error: unknown) => {
      // It left before.
      if (!(error instanceof RevertError) || error.revert !== "NotMember") throw error;
    });
  }
  const before = await snapshot(own, { provider: id });
  if (before.unbonding > 0n && before.maturesAt !== undefined && before.timestamp > before.maturesAt) {
    await claimStake(own, { provider: id });
  }
  const { free, unbonding } = await snapshot(own, { provider: id });
  // More would begin the wait anew.
  if (free > 0n && unbonding === 0n) await unbond(own, { provider: id, amount: free });
  const after = await snapshot(own, { provider: id });
  const until = after.maturesAt === undefined ? "" : ` until ${new Date(after.maturesAt * 1_000).toISOString()}`;
  return [
    ...(after.unbonding > 0n ? [`${coins(after.unbonding)} of stake unbond${until}; take them back after that.`] : []),
    ...(after.locked > 0n ? [`${coins(after.locked)} of stake are bonds of tasks that are not over.`] : []),
  ];
}

/** The provider that an account registered, if it did. */
async function providerOf(protocol: Protocol, owner: string, from: number): Promise<number | undefined> {
  const [id] = await eventsOf(protocol, "providerPool.ProviderRegistered", { owner }, from);
  return id;
}

/** Gives an account what its last transactions may cost, if it has too little. Wei. */
async function payGas({ sender, provider, patience }: SigningProtocol, account: string): Promise<bigint> {
  const balance = await persist("eth_getBalance", () => provider.getBalance(account), patience.requests);
  const needed = costOf(CLOSING_GAS, await feesOf(provider, "auto", patience.requests));
  if (balance >= needed) return 0n;
  await sender.send({ to: account, data: "0x", value: needed - balance }, `gas for ${account}`);
  return needed - balance;
}

/** Numbers in events: of the provider that was registered, or of the source that was joined. */
async function eventsOf(
  protocol: Protocol,
  event: "providerPool.ProviderRegistered" | "providerPool.Joined",
  where: { owner?: string; provider?: number },
  from: number,
): Promise<number[]> {
  const to = await persist("eth_blockNumber", () => protocol.provider.getBlockNumber(), protocol.patience.requests);
  const found: number[] = [];
  for await (const { args } of watch(protocol, { events: [event], where, from, to: Math.max(from, to) })) {
    found.push(Number("source" in args ? args.source : args.provider));
  }
  return found;
}

/** Sends all coin but what that costs. */
async function sweep({ sender, provider, patience }: SigningProtocol, to: string): Promise<bigint> {
  const balance = await persist("eth_getBalance", () => provider.getBalance(sender.address), patience.requests);
  const cost = costOf(TRANSFER_GAS, await feesOf(provider, "auto", patience.requests));
  // Fees may rise until it is mined.
  const value = balance - 2n * cost;
  if (value <= 0n) return 0n;
  await sender.send({ to, data: "0x", value }, "returning coin", { gasLimit: TRANSFER_GAS });
  return value;
}
