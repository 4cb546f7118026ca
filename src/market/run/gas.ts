import type { Provider, TransactionReceipt, TransactionResponse } from "ethers";
import { INTERFACES } from "../../protocol/execute.js";
import type { Protocol, SuiteKey } from "../../protocol/protocol.js";
import { persist } from "../../protocol/retry.js";
import { median } from "../report/quantiles.js";
import type { GasSummary } from "../summary.js";

/** A transaction to the suite. */
export interface SuiteTransaction {
  readonly from: string;
  /** E.g. `taskManager.deliver`. */
  readonly operation: string;
  readonly reverted: boolean;
  readonly gas: bigint;
  /** Wei. */
  readonly cost: bigint;
}

/** So many requests are on their way at a time. */
const AT_ONCE = 16;

/**
 * All transactions that some accounts sent to the suite.
 *
 * @param accounts Addresses.
 * @throws {NodeError} if the node does not answer.
 */
export async function transactionsOf(
  protocol: Protocol,
  accounts: ReadonlySet<string>,
  from: number,
  to: number,
): Promise<SuiteTransaction[]> {
  const { provider, patience, addresses } = protocol;
  const keys = new Map(Object.entries(addresses).map(([key, address]) => [address.toLowerCase(), key as SuiteKey]));
  const numbers = Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
  const all = await inParallel(numbers, (number) =>
    persist("eth_getBlockByNumber", () => transactionsIn(provider, number), patience.requests),
  );
  const ours = all.flat().filter((sent) => accounts.has(sent.from) && keys.has((sent.to ?? "").toLowerCase()));
  return inParallel(ours, async (sent) => {
    const receipt = await persist("eth_getTransactionReceipt", () => receiptOf(provider, sent.hash), patience.requests);
    const key = keys.get((sent.to ?? "").toLowerCase()) ?? "taskManager";
    const method = INTERFACES[key].getFunction(sent.data.slice(0, 10))?.name ?? "another";
    const { status, gasUsed: gas, fee: cost } = receipt;
    return { from: sent.from, operation: `${key}.${method}`, reverted: status === 0, gas, cost };
  });
}

/** What each operation cost, the most frequent first. */
export function gasByOperation(transactions: readonly SuiteTransaction[]): GasSummary[] {
  const names = [...new Set(transactions.map(({ operation }) => operation))];
  const summaries = names.map((operation) => {
    const all = transactions.filter((transaction) => transaction.operation === operation);
    const gas = all.filter(({ reverted }) => !reverted).map((transaction) => transaction.gas);
    const sorted = gas.toSorted((a, b) => (a < b ? -1 : 1));
    return {
      operation,
      count: all.length,
      reverted: all.length - gas.length,
      least: sorted[0] ?? 0n,
      median: median(sorted) ?? 0n,
      most: sorted.at(-1) ?? 0n,
    };
  });
  return summaries.sort((a, b) => b.count - a.count || (a.operation < b.operation ? -1 : 1));
}

async function transactionsIn(provider: Provider, number: number): Promise<TransactionResponse[]> {
  const block = await provider.getBlock(number, true);
  // A node that is behind knows nothing of it yet.
  if (block === null) throw new Error("block not found");
  return block.prefetchedTransactions;
}

async function receiptOf(provider: Provider, hash: string): Promise<TransactionReceipt> {
  const receipt = await provider.getTransactionReceipt(hash);
  if (receipt === null) throw new Error("block not found");
  return receipt;
}

async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map(work))));
  }
  return results;
}
