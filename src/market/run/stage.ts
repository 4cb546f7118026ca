import type { Wallet } from "ethers";
import type { ContentServer } from "../../content/server.js";
import { digestOf } from "../../content/digest.js";
import type { ContentStore } from "../../content/store.js";
import { parseManifest } from "../../content/manifest.js";
import { announceInbox } from "../../protocol/actions/announceInbox.js";
import { deposit } from "../../protocol/actions/deposit.js";
import { publishSource } from "../../protocol/actions/publishSource.js";
import type { Deployment } from "../../protocol/deployment.js";
import { InsufficientFundsError } from "../../protocol/errors.js";
import { Environment } from "../../protocol/order.js";
import { type Protocol, type SigningProtocol, withSigner } from "../../protocol/protocol.js";
import { persist } from "../../protocol/retry.js";
import { feesOf } from "../../protocol/fees.js";
import { costOf } from "../../protocol/sender.js";
import type { WorkloadName } from "../summary.js";
import type { Cast } from "./cast.js";
import { FLOORS, type ProviderPlan, ROYALTY_BPS } from "./plans.js";

/** A workload as it is published. */
export interface WorkloadFiles {
  readonly manifest: Uint8Array;
  readonly module: Uint8Array;
}

/** A source of the run. */
export interface StagedSource {
  readonly name: WorkloadName;
  readonly source: number;
  readonly manifestDigest: string;
  readonly floorPrice: bigint;
}

/** Everybody's connection to the suite. */
export interface Stage {
  readonly publisher: SigningProtocol;
  readonly clients: readonly SigningProtocol[];
  readonly sources: readonly StagedSource[];
}

/**
 * Gas that is set aside, by what it is for. A task costs its client a submission and an acceptance; a dispute costs client
 * and providers so much more.
 */
const GAS = { task: 300_000n, dispute: 600_000n, client: 500_000n, provider: 1_500_000n, publisher: 800_000n };
/** Gas may get so many times dearer while the run lasts. */
const GAS_MARGIN = 2n;

/** Funding that a run needs. Wei. */
export interface Budget {
  readonly publisher: bigint;
  /** For each client: gas, and beside it what it deposits. */
  readonly clients: readonly { gas: bigint; deposit: bigint }[];
  readonly providers: readonly bigint[];
  readonly total: bigint;
}

/** What a client may come to spend. */
export interface Need {
  /** Caps of its orders and what panels may cost beside, wei. */
  readonly wei: bigint;
  /** Orders, and how many of them it may dispute. */
  readonly orders: number;
  readonly disputes: number;
}

/** What everybody needs. Any provider may deliver all orders, and sit in all panels. */
export async function budgetOf(
  { provider, patience }: Protocol,
  needs: readonly Need[],
  plans: readonly ProviderPlan[],
): Promise<Budget> {
  const fees = await feesOf(provider, "auto", patience.requests);
  const price = (gas: bigint) => GAS_MARGIN * costOf(gas, fees);
  const gasOf = ({ orders, disputes }: Omit<Need, "wei">) => BigInt(orders) * GAS.task + BigInt(disputes) * GAS.dispute;
  const clients = needs.map((need) => ({ gas: price(GAS.client + gasOf(need)), deposit: need.wei }));
  const orders = needs.reduce((sum, need) => sum + need.orders, 0);
  const disputes = needs.reduce((sum, need) => sum + need.disputes, 0);
  const providers = plans.map(({ stake }) => stake + price(GAS.provider + gasOf({ orders, disputes })));
  const publisher = price(GAS.publisher);
  const total =
    publisher +
    clients.reduce((sum, client) => sum + client.gas + client.deposit, 0n) +
    providers.reduce((sum, amount) => sum + amount, 0n);
  return { publisher, clients, providers, total };
}

/** @throws {InsufficientFundsError} if the account has less, wei. */
export async function requireBalance({ sender, provider, patience }: SigningProtocol, total: bigint): Promise<void> {
  const balance = await persist("eth_getBalance", () => provider.getBalance(sender.address), patience.requests);
  if (balance < total) throw new InsufficientFundsError(sender.address, balance, total);
}

/**
 * Gives everybody coin, from one account.
 *
 * @throws {InsufficientFundsError} before anything is sent.
 */
export async function fund(funder: SigningProtocol, cast: Cast, budget: Budget): Promise<void> {
  const { sender } = funder;
  await requireBalance(funder, budget.total);
  const payments: [Wallet, bigint][] = [
    [cast.publisher, budget.publisher],
    ...cast.clients.map((wallet, index): [Wallet, bigint] => {
      const { gas = 0n, deposit: amount = 0n } = budget.clients[index] ?? {};
      return [wallet, gas + amount];
    }),
    ...cast.providers.map((wallet, index): [Wallet, bigint] => [wallet, budget.providers[index] ?? 0n]),
  ];
  await Promise.all(
    payments.map(([{ address }, value]) => sender.send({ to: address, data: "0x", value }, `funding ${address}`)),
  );
}

/** What is put on chain before anybody works. */
export interface StagePlan {
  protocol: Protocol;
  deployment: Deployment;
  cast: Cast;
  budget: Budget;
  workloads: Partial<Record<WorkloadName, WorkloadFiles>>;
  store: ContentStore;
  server: ContentServer;
}

/** Publishes the sources, and lets every client deposit what it may spend and announce its inbox. */
export async function setStage(plan: StagePlan): Promise<Stage> {
  const { protocol, deployment, cast, budget, workloads, store, server } = plan;
  const publisher = await withSigner(protocol, cast.publisher);
  const clients = await Promise.all(
    cast.clients.map(async (wallet, index) => {
      const client = await withSigner(protocol, wallet);
      const amount = budget.clients[index]?.deposit ?? 0n;
      await Promise.all([
        amount === 0n ? undefined : deposit(client, { amount }),
        announceInbox(client, { inbox: server.url }),
      ]);
      return client;
    }),
  );
  const sources: StagedSource[] = [];
  // One after the other, so that the sources have the same numbers each time.
  for (const name of ["render", "digits"] as const) {
    const files = workloads[name];
    if (files === undefined) continue;
    await Promise.all([store.put(files.manifest), store.put(files.module)]);
    const manifestDigest = digestOf(files.manifest);
    const { source } = await publishSource(publisher, {
      floorPrice: FLOORS[name],
      stakePerSlot: deployment.parameters.minStakePerSlot,
      royaltyBps: ROYALTY_BPS,
      manifestDigest,
      environments: Environment.Cpu,
      deterministic: parseManifest(files.manifest).deterministic,
    });
    sources.push({ name, source, manifestDigest, floorPrice: FLOORS[name] });
  }
  return { publisher, clients, sources };
}
