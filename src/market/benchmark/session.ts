import { join } from "node:path";
import { formatEther, type Signer } from "ethers";
import { orderWork } from "../../client/work.js";
import { digestOf } from "../../content/digest.js";
import { folderStore } from "../../content/folderStore.js";
import { httpStore } from "../../content/httpStore.js";
import { createInbox } from "../../content/inbox.js";
import { serveContent } from "../../content/server.js";
import { fileJournal } from "../../files/orderJournal.js";
import { announceInbox } from "../../protocol/actions/announceInbox.js";
import { deposit } from "../../protocol/actions/deposit.js";
import { publishSource } from "../../protocol/actions/publishSource.js";
import type { Deployment } from "../../protocol/deployment.js";
import { OpenGpuError } from "../../protocol/errors.js";
import { Environment, Verification } from "../../protocol/order.js";
import { splitPrice } from "../../protocol/price.js";
import { connect, type Protocol, type SigningProtocol, withSigner } from "../../protocol/protocol.js";
import { connectNode } from "../../protocol/provider.js";
import { orAbort, persist } from "../../protocol/retry.js";
import { castOf, freshPhrase, type RunKeys, writeKeys } from "../run/cast.js";
import { type FleetEvent, fleetOf, type FleetProvider, type Program, startProvider } from "../run/fleet.js";
import { type SuiteTransaction, transactionsOf } from "../run/gas.js";
import type { ProviderPlan } from "../run/plans.js";
import { type Budget, budgetOf, fund, type WorkloadFiles } from "../run/stage.js";
import { slowStore, timedStore } from "./stores.js";
import { createTimeline, type TaskTrace } from "./timeline.js";

/** Seconds that the client has for a result, and the market for a task beside what a provider has to disclose. */
const REVIEW = 600;
const LIFETIME = 1_800;
/** Publisher's share, basis points. */
export const ROYALTY_BPS = 500;
/** A provider is content with so many thousandths of what the price pays it: no task waits for a price. */
const ASKING = 900n;

export interface SessionSettings {
  /** Where its keys, content and providers are. */
  folder: string;
  /** Address of the node, http or https if answers are lost on the way, for client and providers. */
  rpc: string;
  deployment: Deployment;
  /** File of the deployment, for the providers. */
  deploymentFile: string;
  /** Pays for everything; with a provider. */
  funder: Signer;
  /** What is published, by name. */
  sources: Readonly<Record<string, WorkloadFiles>>;
  /** What a task pays, wei. */
  reward: bigint;
  /** Tasks that the session will order at most, and how many at the same time. */
  tasks: number;
  inFlight: number;
  /** How many providers compete, each a process, and how many executions each does at a time. */
  providers: number;
  parallel: number;
  program: Program;
  /** Pause between two looks at the chain, milliseconds. */
  interval: number;
  /** Told of what passes, e.g. a provider that ended. */
  trouble: (who: string, reason: string) => void;
  signal: AbortSignal;
}

export interface SessionOptions extends SessionSettings {
  /** What everybody is given, see {@link sessionBudget}. */
  budget: Budget;
}

/** Work that is measured. */
export interface SessionWork {
  /** Name of the source. */
  readonly source: string;
  /** One task each; no two are equal. */
  readonly inputs: readonly Uint8Array[];
  /** What each must give. */
  readonly outputs: readonly Uint8Array[];
  /** Most tasks at a time that are ordered and not over. */
  readonly inFlight: number;
  /** Called once, when so many tasks are paid. */
  readonly during?: { readonly paid: number; readonly act: () => void };
}

/** What came of it. */
export interface SessionResult {
  readonly traces: readonly TaskTrace[];
  /** From the first input to the last payment, milliseconds. */
  readonly duration: number;
  /** Pieces that were not paid for. */
  readonly lost: number;
  /** Pieces that were paid for, with an output that was not what it should have been. */
  readonly wrong: number;
  /** Blocks in which it took place. */
  readonly blocks: { readonly from: number; readonly to: number };
}

/** A market that work is measured in: a client, sources of its own, and providers that compete for its tasks. */
export interface Session {
  readonly client: SigningProtocol;
  /** Number of the newest block. */
  head(): Promise<number>;
  measure(work: SessionWork): Promise<SessionResult>;
  /** All transactions of client and providers in some blocks. */
  transactions(blocks: SessionResult["blocks"]): Promise<SuiteTransaction[]>;
  /** Kills a provider, as a crash would; tells its name, or `undefined` if it would be the last. */
  kill(): string | undefined;
  /** From now on the store takes so much longer for whatever it is asked, milliseconds. */
  slow(delay: number): void;
  /** Requests to the store that took longer so far. */
  slowed(): number;
  /** Stops the providers; no process is left. What the client did not spend is still in Escrow. */
  close(): Promise<void>;
}

/** What a session needs, most of which comes back when it is over. */
export function sessionBudget(funder: Protocol, options: SessionSettings): Promise<Budget> {
  const needs = [{ wei: options.reward * BigInt(options.tasks), orders: options.tasks, disputes: 0 }];
  return budgetOf(funder, needs, plansOf(options));
}

/**
 * Opens a market: gives everybody coin, publishes the sources, and waits until all providers take tasks. From when coin
 * depends on its keys they are in `keys.json`, and its orders are in the journal of `client-1.jsonl`, as
 * {@link reclaim} looks for them.
 *
 * @throws {InsufficientFundsError} before anything is sent.
 * @throws the signal's reason when it ends, and whatever its parts throw. No process is left then.
 */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { folder, deployment, interval, signal, reward, trouble, budget } = options;
  const funder = await connect(options.funder, deployment, { patience: { interval } });
  const from = await headOf(funder);
  const plans = plansOf(options);
  const keys: RunKeys = { phrase: freshPhrase(), clients: 1, providers: plans.length, from };
  const cast = castOf(keys);
  // The client asks where the providers ask: what happens to answers happens to its own too.
  const node = await connectNode(options.rpc, { chainId: BigInt(deployment.chainId) });
  // From here on coin depends on the keys.
  await writeKeys(join(folder, "keys.json"), keys);

  const slowed = slowStore(folderStore(join(folder, "content")), signal);
  const inbox = createInbox();
  const onError = (error: unknown) => {
    trouble("content server", String(error));
  };
  const server = await serveContent({ store: slowed.store, inbox, onError });
  const started: FleetProvider[] = [];
  let stop = (): Promise<unknown> => Promise.all(started.map((provider) => provider.stop()));
  const close = async () => {
    await stop();
    inbox.close();
    await server.close();
    node.destroy();
  };
  try {
    await fund(funder, cast, budget);
    const publisher = await withSigner(funder, cast.publisher);
    const [wallet] = cast.clients;
    if (wallet === undefined) throw new OpenGpuError("There is no client.");
    const client = await connect(wallet.connect(node), deployment, { patience: { interval } });
    await deposit(client, { amount: budget.clients[0]?.deposit ?? 0n });
    await announceInbox(client, { inbox: server.url });
    const sources = new Map<string, number>();
    for (const [name, files] of Object.entries(options.sources)) {
      await Promise.all([slowed.store.put(files.manifest), slowed.store.put(files.module)]);
      const { source } = await publishSource(publisher, {
        ...{ floorPrice: reward, stakePerSlot: deployment.parameters.minStakePerSlot, royaltyBps: ROYALTY_BPS },
        ...{ manifestDigest: digestOf(files.manifest), environments: Environment.Cpu, deterministic: true },
      });
      sources.set(name, source);
    }

    const listeners = new Set<(name: string, event: FleetEvent) => void>();
    const { payment } = splitPrice(reward, BigInt(deployment.parameters.feeBps), BigInt(ROYALTY_BPS));
    const minimum = formatEther((payment * ASKING) / 1_000n);
    for (const [index, plan] of plans.entries()) {
      signal.throwIfAborted();
      const provider = await startProvider({
        ...{ plan, program: options.program, key: cast.providers[index]?.privateKey ?? "" },
        folder: join(folder, `provider-${index + 1}`),
        config: {
          ...{
            rpc: options.rpc,
            deployment: options.deploymentFile,
            store: server.url,
            inboxes: [server.url],
            interval,
          },
          sources: [...sources.values()].map((source) => ({ source, slots: options.parallel, minimum })),
        },
        report: (event) => {
          for (const listener of listeners) listener(plan.name, event);
        },
      });
      started.push(provider);
    }
    const fleet = fleetOf(started, trouble);
    stop = () => fleet.stop();
    const ends = AbortSignal.any([signal, fleet.deserted]);
    const names = await orAbort(fleet.names, ends);
    const accounts = new Set([wallet.address, ...cast.providers.map(({ address }) => address)]);
    const journal = fileJournal(join(folder, "client-1.jsonl"));
    const dead = new Set<string>();
    for (const { plan, ended } of started) void ended.then(() => dead.add(plan.name));

    return {
      client,
      head: () => headOf(client),
      async measure({ source, inputs, outputs, inFlight, during }) {
        const number = sources.get(source);
        if (number === undefined) throw new OpenGpuError(`There is no source ${source} in this session.`);
        const timeline = createTimeline((provider) => names.get(provider) ?? `provider no. ${provider}`);
        const parts = new Map(inputs.map((input, part) => [digestOf(input), part]));
        const store = timedStore(httpStore(server.url));
        listeners.add(timeline.provider);
        const firstBlock = (await headOf(client)) + 1;
        const began = Date.now();
        let paid = 0;
        let wrong = 0;
        try {
          const { disclose, maxLifetime } = deployment.parameters.windows;
          // Who is killed must not be the end of a task.
          const lifetime = Math.min(LIFETIME + disclose, maxLifetime);
          const terms = {
            ...{ source: number, maxReward: reward, reviewPeriod: REVIEW, lifetime, bond: reward },
            verification: Verification.Review,
          };
          const collected = await orderWork(
            client,
            inputs.map((input) => ({ input, terms })),
            {
              ...{ store: store.store, window: inFlight, underWay: "end", journal, signal: ends },
              discloseWindow: disclose,
              envelopes: (taskId) => inbox.list(taskId),
              judge: (output, part) => {
                const digest = digestOf(output);
                timeline.got(part, store.got(digest));
                const expected = outputs[part];
                // It is paid for as what it is, so that it counts.
                if (expected === undefined || digestOf(expected) !== digest) wrong += 1;
                return true;
              },
              report: (event) => {
                if (event.kind === "submitted") {
                  const part = parts.get(event.order.inputDigest);
                  const { inputDigest } = event.order;
                  if (part !== undefined) timeline.put(part, store.put(inputDigest), store.began(inputDigest));
                }
                timeline.work(event);
                if (event.kind === "paid" || event.kind === "refunded") inbox.forget(event.taskId);
                if (event.kind === "paid" && ++paid === during?.paid) during.act();
              },
            },
          );
          const duration = Date.now() - began;
          const lost = collected.filter((one) => one.outcome !== "paid" || one.output === undefined).length;
          const to = await headOf(client);
          return { traces: timeline.traces(), duration, lost, wrong, blocks: { from: firstBlock, to } };
        } finally {
          listeners.delete(timeline.provider);
        }
      },
      transactions: ({ from: first, to }) => transactionsOf(client, accounts, first, to),
      kill() {
        const alive = started.filter(({ plan }) => !dead.has(plan.name));
        const [victim] = alive;
        if (victim === undefined || alive.length < 2) return undefined;
        dead.add(victim.plan.name);
        victim.kill();
        return victim.plan.name;
      },
      slow: slowed.slow,
      slowed: slowed.slowed,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const headOf = ({ provider, patience }: Protocol) =>
  persist("eth_blockNumber", () => provider.getBlockNumber(), patience.requests);

/** Providers that are all alike: what is measured is the market, not who wins in it. */
function plansOf(options: SessionSettings): ProviderPlan[] {
  const { providers, parallel, reward, inFlight, sources, deployment } = options;
  const perSlot = deployment.parameters.minStakePerSlot;
  const pools = BigInt(Object.keys(sources).length);
  // All that is open may be its own at the same time.
  const stake = pools * BigInt(parallel) * perSlot + 2n * BigInt(inFlight + parallel) * reward;
  return Array.from({ length: providers }, (_, index) => ({
    ...{ name: `provider ${index + 1}`, stake, parallel, niceness: 0, asking: Number(ASKING) },
  }));
}
