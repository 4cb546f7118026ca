import type { Signer, Wallet } from "ethers";
import { claimStake } from "../../protocol/actions/claimStake.js";
import { leavePool } from "../../protocol/actions/leavePool.js";
import { unbond } from "../../protocol/actions/unbond.js";
import { withdraw } from "../../protocol/actions/withdraw.js";
import type { Deployment } from "../../protocol/deployment.js";
import { watch } from "../../protocol/events.js";
import { feesOf } from "../../protocol/fees.js";
import { connect, type Protocol, type SigningProtocol, withSigner } from "../../protocol/protocol.js";
import { persist } from "../../protocol/retry.js";
import { RevertError } from "../../protocol/reverts.js";
import { costOf } from "../../protocol/sender.js";
import { snapshot } from "../../protocol/snapshot.js";
import { coins } from "../coins.js";
import { castOf, type RunKeys } from "./cast.js";

export interface Reclaiming {
  deployment: Deployment;
  keys: RunKeys;
  /** Who gets the coin, and pays gas where an account has none left; with a provider. */
  funder: Signer;
}

/** Gas of a plain transfer. */
const TRANSFER_GAS = 21_000n;
/** Gas of all that an account may have to send before it is empty. */
const CLOSING_GAS = 600_000n;

/**
 * Takes back what a run left on a chain, as far as it is free: balances in Escrow, stake that has unbonded, coin. Stake
 * begins to unbond if it does not yet, so that a later call gets it. May be called again at any time.
 *
 * @returns What was taken and what stays, in sentences.
 * @throws {NodeError} if the node does not answer.
 */
export async function reclaim({ deployment, keys, funder }: Reclaiming): Promise<string[]> {
  const protocol = await connect(funder, deployment);
  const to = protocol.sender.address;
  const cast = castOf(keys);
  const from = deployment.contracts.TaskManager.block;
  const sentences: string[] = [];
  const all = [
    { who: "publisher", wallet: cast.publisher },
    ...cast.clients.map((wallet, index) => ({ who: `client ${index + 1}`, wallet })),
    ...cast.providers.map((wallet, index) => ({ who: `provider ${index + 1}`, wallet })),
  ];
  let taken = 0n;
  for (const { who, wallet } of all) {
    const own = await withSigner(protocol, wallet);
    if (cast.providers.includes(wallet)) {
      const provider = await providerOf(own, from);
      if (provider !== undefined) {
        taken -= await payGas(protocol, wallet.address);
        const stays = await freeStake(own, provider, from);
        if (stays !== undefined) sentences.push(`${who}: ${stays}`);
      }
    }
    const { free, held } = await snapshot(own, { account: wallet.address });
    if (free > 0n) {
      taken -= await payGas(protocol, wallet.address);
      await withdraw(own, { amount: free });
    }
    if (held > 0n) sentences.push(`${who}: ${coins(held)} are held for tasks that are not over.`);
    taken += await sweep(own, wallet, to);
  }
  return [`${coins(taken > 0n ? taken : 0n)} went back to ${to}.`, ...sentences];
}

/** Leaves the pools, claims what can be claimed, and begins to unbond the rest. Tells what stays. */
async function freeStake(own: SigningProtocol, id: number, from: number): Promise<string | undefined> {
  const pools = await eventsOf(own, "providerPool.Joined", { provider: id }, from);
  for (const source of new Set(pools)) {
    await leavePool(own, { provider: id, source }).catch((error: unknown) => {
      // It left before.
      if (!(error instanceof RevertError) || error.revert !== "NotMember") throw error;
    });
  }
  const before = await snapshot(own, { provider: id });
  if (before.unbonding > 0n && before.maturesAt !== undefined && before.timestamp >= before.maturesAt) {
    await claimStake(own, { provider: id });
  }
  const { free, unbonding } = await snapshot(own, { provider: id });
  // More would begin the wait anew.
  if (free > 0n && unbonding === 0n) await unbond(own, { provider: id, amount: free });
  const after = await snapshot(own, { provider: id });
  if (after.stake === 0n && after.unbonding === 0n) return undefined;
  const until = after.maturesAt === undefined ? "" : ` until ${new Date(after.maturesAt * 1_000).toISOString()}`;
  return `${coins(after.unbonding > 0n ? after.unbonding : after.stake)} of stake unbond${until}; take them back after that.`;
}

/** The provider that an account registered, if it did and has anything left there. */
async function providerOf(own: SigningProtocol, from: number): Promise<number | undefined> {
  const [id] = await eventsOf(own, "providerPool.ProviderRegistered", { owner: own.sender.address }, from);
  if (id === undefined) return undefined;
  const { stake, unbonding } = await snapshot(own, { provider: id });
  return stake === 0n && unbonding === 0n ? undefined : id;
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
  for await (const { args } of watch(protocol, { events: [event], where, from, to })) {
    found.push(Number("source" in args ? args.source : args.provider));
  }
  return found;
}

/** Sends all coin but what that costs. */
async function sweep({ sender, provider, patience }: SigningProtocol, wallet: Wallet, to: string): Promise<bigint> {
  const balance = await persist("eth_getBalance", () => provider.getBalance(wallet.address), patience.requests);
  const cost = costOf(TRANSFER_GAS, await feesOf(provider, "auto", patience.requests));
  // Fees may rise until it is mined.
  const value = balance - 2n * cost;
  if (value <= 0n) return 0n;
  await sender.send({ to, data: "0x", value }, "returning coin", { gasLimit: TRANSFER_GAS });
  return value;
}
