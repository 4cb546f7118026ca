import type { Provider, TransactionReceipt } from "ethers";
import type { ContractName } from "../deployment.js";
import { TimeoutError } from "../errors.js";
import { type Patience, pause, persist } from "../retry.js";
import { type Place, placesOf } from "./places.js";
import { blueprintOf, type DeploymentPlan } from "./plan.js";

/** How an interrupted deployment is found. */
export type ProgressEvent =
  /** It goes on; so many of its contracts are there. */
  | { kind: "resumed"; done: number }
  /** It cannot go on: a nonce that it needs is gone. The suite is deployed anew. */
  | { kind: "lost"; contract: ContractName; predicted: string };

/** What is already on the chain of a plan. */
export interface Progress {
  plan: DeploymentPlan;
  receipts: TransactionReceipt[];
}

/** What every step of a deployment needs. */
export interface Context {
  provider: Provider;
  chainId: bigint;
  patience: Patience;
  report: (event: ProgressEvent) => void;
}

/** How often the chain is looked at before a nonce is believed to be gone; nodes may be behind each other. */
export const LOOKS = 5;

/** Number of transactions of an account, or of those and the ones on their way. */
export function countOf({ provider, patience }: Context, address: string, tag: "latest" | "pending"): Promise<number> {
  return persist("eth_getTransactionCount", () => provider.getTransactionCount(address, tag), patience.requests);
}

/** How far a plan got, or `undefined` if it cannot go on. */
export async function progressOf(context: Context, plan: DeploymentPlan): Promise<Progress | undefined> {
  const receipts: TransactionReceipt[] = [];
  for (const place of placesOf(blueprintOf(plan))) {
    let next: TransactionReceipt | "free" | "gone" = "gone";
    for (let look = 0; look < LOOKS && next === "gone"; look++) {
      if (look !== 0) await pause(context.patience.interval);
      next = await stateOf(context, plan, place);
    }
    if (next === "gone") {
      context.report({ kind: "lost", contract: place.name, predicted: place.address });
      return undefined;
    }
    if (next === "free") break;
    receipts.push(next);
  }
  context.report({ kind: "resumed", done: receipts.length });
  return { plan, receipts };
}

/** What became of a place: created, its nonce free, or its nonce gone. */
async function stateOf(
  context: Context,
  plan: DeploymentPlan,
  place: Place,
): Promise<TransactionReceipt | "free" | "gone"> {
  const receipt = await landed(context, plan.transactions[place.name] ?? []);
  if (receipt !== undefined) return created(receipt, place) ? receipt : "gone";
  const [latest, pending] = [
    await countOf(context, plan.deployer, "latest"),
    await countOf(context, plan.deployer, "pending"),
  ];
  return latest === place.nonce && pending === place.nonce ? "free" : "gone";
}

/** Whether a transaction created the contract of a place where it belongs. */
export const created = ({ status, contractAddress }: TransactionReceipt, { address }: Place) =>
  status === 1 && contractAddress === address;

/** The receipt of the one of these transactions that is in a block, after a wait if one is still on its way. */
export async function landed(
  { provider, patience }: Context,
  hashes: string[],
): Promise<TransactionReceipt | undefined> {
  for (const hash of hashes) {
    const end = Date.now() + patience.mining;
    for (;;) {
      const receipt = await persist(
        "eth_getTransactionReceipt",
        () => provider.getTransactionReceipt(hash),
        patience.requests,
      );
      if (receipt !== null) return receipt;
      if ((await persist("eth_getTransactionByHash", () => provider.getTransaction(hash), patience.requests)) === null)
        break;
      if (Date.now() >= end) throw new TimeoutError(`transaction ${hash} to be mined`, patience.mining);
      await pause(patience.interval);
    }
  }
  return undefined;
}
