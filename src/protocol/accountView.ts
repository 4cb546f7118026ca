import type { Provider } from "ethers";
import { NodeError } from "./errors.js";
import { type Patience, persist } from "./retry.js";

/** The newest block that this program knows of, so that a node that is behind it can be told. */
export interface Head {
  number: number;
}

/** What a sender asks of the chain about its account. */
export interface AccountView {
  /** Number of the newest block known, which is what the node says unless it is behind. */
  lookAhead(): Promise<number>;
  /** Wei, in the state of a block. */
  balanceAt(block: number): Promise<bigint>;
  /** The first nonce that nothing has, neither in the chain nor on its way; at least `least`. */
  freeNonce(least: number, underway: ReadonlySet<number>): Promise<number>;
  /** Hash of this account's transaction with a nonce, as far as the newest block known has it. */
  transactionAt(nonce: number): Promise<string | undefined>;
  /** Whether the node knows a transaction, mined or not. */
  isKnown(hash: string): Promise<boolean>;
}

/** Watches an account through nodes that may fail or be behind each other. */
export function viewAccount(provider: Provider, address: string, patience: Patience, head: Head): AccountView {
  const countOf = (tag: "latest" | "pending" | number) =>
    persist("eth_getTransactionCount", () => provider.getTransactionCount(address, tag), patience.requests);
  const lookAhead = async (): Promise<number> => {
    const number = await persist("eth_blockNumber", () => provider.getBlockNumber(), patience.requests);
    head.number = Math.max(head.number, number);
    return head.number;
  };
  const freeNonce = async (least: number, underway: ReadonlySet<number>): Promise<number> => {
    // A node that is behind counts too few; the newest block known does not.
    const counts = await Promise.all([countOf("pending"), countOf(await lookAhead())]);
    let nonce = Math.max(least, ...counts);
    while (underway.has(nonce)) nonce++;
    return nonce;
  };

  const balanceAt = (block: number) =>
    persist("eth_getBalance", () => provider.getBalance(address, block), patience.requests);

  const isKnown = async (hash: string): Promise<boolean> => {
    const find = () => provider.getTransaction(hash);
    return (await persist("eth_getTransactionByHash", find, patience.requests)) !== null;
  };

  const transactionAt = async (nonce: number): Promise<string | undefined> => {
    let after = await lookAhead();
    if ((await countOf(after)) <= nonce) return undefined;
    let before = after;
    for (let step = 1; before > 0; step *= 2) {
      before = Math.max(before - step, 0);
      if ((await countOf(before)) <= nonce) break;
      after = before;
    }
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if ((await countOf(middle)) <= nonce) before = middle;
      else after = middle;
    }
    const block = await persist(
      "eth_getBlockByNumber",
      async () => {
        const found = await provider.getBlock(after, true);
        if (found === null) throw new NodeError("eth_getBlockByNumber", `it does not know block ${after} yet`);
        return found;
      },
      patience.requests,
    );
    return block.prefetchedTransactions.find(({ from, nonce: used }) => from === address && used === nonce)?.hash;
  };

  return { lookAhead, balanceAt, freeNonce, transactionAt, isKnown };
}
