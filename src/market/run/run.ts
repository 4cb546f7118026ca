import { join } from "node:path";
import { formatEther, type Signer } from "ethers";
import { folderStore } from "../../content/folderStore.js";
import { createInbox } from "../../content/inbox.js";
import { serveContent } from "../../content/server.js";
import type { Deployment } from "../../protocol/deployment.js";
import type { DisputeOutcome } from "../../protocol/dispute.js";
import { OpenGpuError } from "../../protocol/errors.js";
import { connect } from "../../protocol/protocol.js";
import { orAbort } from "../../protocol/retry.js";
import { snapshot } from "../../protocol/snapshot.js";
import { splitPrice } from "../../protocol/price.js";
import type { ChainSummary, MarketSample, Summary, TaskSummary, WorkloadName } from "../summary.js";
import type { Parties } from "./books.js";
import { type Cast, castOf, freshPhrase, type RunKeys, writeKeys } from "./cast.js";
import { conclude } from "./conclude.js";
import { fleetOf, type FleetProvider, type Program, startProvider } from "./fleet.js";
import type { WasmOptions } from "../../sandbox/wasmExecutor.js";
import { createChecks, createComputer } from "./checks.js";
import { capsOf, countCorrect, type Job, type JobPart, panelFeesOf, partsOf, pictureOf } from "./job.js";
import { createLedger, type Ledger, type Standing } from "./ledger.js";
import { orderShares } from "./order.js";
import { type ProviderPlan, ROYALTY_BPS } from "./plans.js";
import { recordBalances, recordMarkets } from "./recorder.js";
import { budgetOf, fund, type Need, setStage, type Stage, type WorkloadFiles } from "./stage.js";

/** What a run tells while it works. */
export type RunEvent =
  /** Everybody has coin, so many wei in all. */
  | { readonly kind: "funded"; readonly total: bigint }
  | { readonly kind: "published"; readonly name: WorkloadName; readonly source: number; readonly floorPrice: bigint }
  | { readonly kind: "joined"; readonly plan: ProviderPlan; readonly provider: number }
  | { readonly kind: "started"; readonly tasks: number }
  /** A client disputes a part that a provider delivered, for which `fee` is held, wei; later: how that ended. */
  | {
      readonly kind: "disputed";
      readonly client: string;
      readonly what: string;
      readonly provider: string;
      readonly fee: bigint;
    }
  | { readonly kind: "ruled"; readonly what: string; readonly outcome: DisputeOutcome; readonly seats: number }
  /** The market has moved; `task` is the one that was paid, if one was. */
  | { readonly kind: "moved"; readonly standing: Standing; readonly task?: TaskSummary }
  /** How the markets of the sources stand, about once a second. */
  | { readonly kind: "priced"; readonly sample: MarketSample }
  /** Something that passes, e.g. a store that did not answer. */
  | { readonly kind: "trouble"; readonly who: string; readonly reason: string };

export interface RunOptions {
  /** Name of the run. */
  run: string;
  /** Where everything of it is kept. */
  folder: string;
  /** Address of the node. */
  rpc: string;
  deployment: Deployment;
  /** File of the deployment, for the providers. */
  deploymentFile: string;
  /** Whether nobody but the run uses the suite. */
  alone: boolean;
  chain: Pick<ChainSummary, "blockTime" | "coin">;
  /** Pays for everything; with a provider. */
  funder: Signer;
  clients: number;
  plans: readonly ProviderPlan[];
  /** Most tasks of each client that are open at a time. */
  window: number;
  job: Job;
  workloads: Readonly<Record<WorkloadName, WorkloadFiles>>;
  program: Program;
  /** Runs providers that misbehave; told how, then their configuration. */
  adversary: Program;
  /** Port of the content server; a free one if left out. */
  contentPort?: number;
  /** Of the executor in which clients check results; the usual ones if left out. */
  computer?: WasmOptions;
  /** Whether a client claims once that a right result is wrong, see {@link createChecks}. */
  quarrels: boolean;
  /** Seconds that a provider waits for its client before it puts an envelope on chain; half of the window if left out. */
  grace?: number;
  /** Pause between two looks at the chain, milliseconds. */
  interval: number;
  /** Asked before anything is sent, with what the run needs in wei; stops it by rejecting. */
  confirm?: (total: bigint) => Promise<void>;
  /** Called when all is prepared, before the first order. */
  begin?: () => Promise<void>;
  report?: (event: RunEvent) => void;
  /** Ends the run. */
  signal: AbortSignal;
}

/** What a run leaves. */
export interface RunResult {
  readonly summary: Summary;
  /** Pixels of the frame, three bytes each, if it is whole. */
  readonly pixels?: Uint8Array;
  readonly keys: RunKeys;
}

/**
 * A whole market from its funding to its books: publishes the workloads, starts the providers, each a process of its
 * own, lets the clients order the parts of the job in turn, collects and assembles the outputs, and stops the providers.
 *
 * @throws {InsufficientFundsError} before anything is sent.
 * @throws the signal's reason when it ends the run, and whatever its parts throw. No process is left in any case.
 */
export async function runMarket(options: RunOptions): Promise<RunResult> {
  const { folder, deployment, job, plans, interval, signal } = options;
  const report = options.report ?? (() => undefined);
  const funder = await connect(options.funder, deployment, { patience: { interval } });
  const from = await funder.provider.getBlockNumber();
  const keys: RunKeys = { phrase: freshPhrase(), clients: options.clients, providers: plans.length, from };
  const cast = castOf(keys);
  const whole = partsOf(job);
  const { parts } = whole;
  const shares = cast.clients.map((_, index) => parts.filter((_part, at) => at % cast.clients.length === index));
  const needs = shares.map(needOf);
  const budget = await budgetOf(funder, needs, plans);
  await options.confirm?.(budget.total);
  // From here on coin depends on the keys.
  await writeKeys(join(folder, "keys.json"), keys);
  const treasury = await snapshot(funder, { account: deployment.treasury });

  const store = folderStore(join(folder, "content"));
  const inbox = createInbox();
  const { contentPort: port } = options;
  const onError = (error: unknown) => {
    report({ kind: "trouble", who: "content server", reason: String(error) });
  };
  const server = await serveContent({ store, inbox, onError, ...(port !== undefined && { port }) });
  let stop = (): Promise<unknown> => Promise.resolve();
  const working = new AbortController();
  const computer = createComputer(funder, store, options.computer);
  try {
    await fund(funder, cast, budget);
    report({ kind: "funded", total: budget.total });
    const wanted = Object.entries(options.workloads).filter(([name]) =>
      parts.some(({ workload }) => workload === name),
    );
    const workloads = Object.fromEntries(wanted);
    const stage = await setStage({ protocol: funder, deployment, cast, budget, workloads, store, server });
    for (const source of stage.sources) report({ kind: "published", ...source });

    const names = new Map<number, string>();
    const nameOf = (provider: number) => names.get(provider) ?? `provider no. ${provider}`;
    const ledger = createLedger(nameOf);
    const providers: FleetProvider[] = [];
    stop = () => Promise.all(providers.map((provider) => provider.stop()));
    for (const index of plans.keys()) {
      signal.throwIfAborted();
      providers.push(await startOne(options, index, cast, stage, server.url, ledger));
    }
    const fleet = fleetOf(providers, (who, reason) => {
      report({ kind: "trouble", who, reason });
    });
    stop = () => fleet.stop();
    const ends = AbortSignal.any([signal, fleet.deserted]);
    for (const [provider, name] of await orAbort(fleet.names, ends)) {
      names.set(provider, name);
      const plan = plans.find((one) => one.name === name);
      if (plan !== undefined) report({ kind: "joined", plan, provider });
    }

    await options.begin?.();
    const parties = partiesOf(cast, names, plans, deployment);
    const recorded = AbortSignal.any([ends, working.signal]);
    const seen = (sample: MarketSample) => {
      report({ kind: "priced", sample });
    };
    const sampling = Promise.all([
      recordBalances(funder, parties, recorded),
      recordMarkets(funder, stage.sources, recorded, seen),
    ]);
    const startedAt = Date.now();
    report({ kind: "started", tasks: parts.length });
    const { windows } = deployment.parameters;
    const outputs = await orderShares({
      ...{ stage, shares, store, inbox, folder, signal: ends },
      checks: createChecks(computer.compute, options),
      window: options.window,
      discloseWindow: windows.disclose,
      report: (event, who) => {
        ledger.work(event, who);
        if (event.kind === "trouble") report({ kind: "trouble", who: who.client, reason: event.reason });
        const what = `${who.workload} ${who.part}`;
        if (event.kind === "disputed") {
          const provider = nameOf(event.provider);
          report({ kind: "disputed", client: who.client, what, provider, fee: event.fee });
        }
        if (event.kind === "decided" && event.outcome !== undefined) {
          report({ kind: "ruled", what, outcome: event.outcome, seats: event.seats });
        }
        const task = event.kind === "paid" ? ledger.task(event.taskId) : undefined;
        report({ kind: "moved", standing: ledger.standing(), ...(task !== undefined && { task }) });
      },
    });
    const duration = Date.now() - startedAt;
    working.abort();
    const [balances, markets] = await sampling;
    await fleet.stop();

    const pixels = pictureOf(job, whole.tiles, outputs.render);
    const { frame, images } = job;
    const correct = countCorrect(job, whole.batches, outputs.digits);
    const summary = await conclude({
      ...{ protocol: funder, run: options.run, chain: options.chain, parties, plans, ledger },
      ...{ balances, markets, parts: parts.length, caps: capsOf(parts), from, startedAt, duration },
      opening: { deposited: needs.map(({ wei }) => wei), treasury: treasury.free, alone: options.alone },
      workloads: stage.sources.map((source) => ({ ...source, tasks: countOf(parts, source.name) })),
      ...(frame !== undefined &&
        pixels !== undefined && { picture: { file: "picture.png", ...frame.frame, tiles: whole.tiles.length } }),
      ...(images !== undefined && {
        digits: { images: images.labels.length, correct, accuracy: correct / images.labels.length },
      }),
      incidents: fleet.incidents,
      problems: frame !== undefined && pixels === undefined ? ["Tiles of the picture are missing."] : [],
    });
    return { summary, keys, ...(pixels !== undefined && { pixels }) };
  } finally {
    working.abort();
    await Promise.all([stop(), computer.close()]);
    inbox.close();
    await server.close();
  }
}

/** What a client needs to order some parts. */
function needOf(share: readonly JobPart[]): Need {
  const disputes = share.filter(({ checked }) => checked === true).length;
  return { wei: capsOf(share) + panelFeesOf(share), orders: share.length, disputes };
}

const countOf = (parts: readonly JobPart[], name: WorkloadName): number =>
  parts.filter(({ workload }) => workload === name).length;

/** What a provider asks for at least, coins: its part of what the floor price pays. */
function minimumOf({ asking }: ProviderPlan, floorPrice: bigint, { parameters }: Deployment): string {
  const { payment } = splitPrice(floorPrice, BigInt(parameters.feeBps), BigInt(ROYALTY_BPS));
  return formatEther((payment * BigInt(asking)) / 1_000n);
}

function partiesOf(
  cast: Cast,
  names: ReadonlyMap<number, string>,
  plans: readonly ProviderPlan[],
  { treasury }: Deployment,
): Parties {
  return {
    clients: cast.clients.map(({ address }) => address),
    publisher: cast.publisher.address,
    providers: [...names].map(([provider, name]) => {
      const index = plans.findIndex((plan) => plan.name === name);
      return { name, provider, account: cast.providers[index]?.address ?? "" };
    }),
    treasury,
  };
}

function startOne(
  options: RunOptions,
  index: number,
  cast: Cast,
  stage: Stage,
  contentServer: string,
  ledger: Ledger,
): Promise<FleetProvider> {
  const { plans, program, adversary, folder, rpc, deploymentFile, deployment, interval, grace } = options;
  const [plan, wallet] = [plans[index], cast.providers[index]];
  if (plan === undefined || wallet === undefined) throw new OpenGpuError(`There is no provider ${index}.`);
  // Slots of who does no work would be capacity that is not there.
  const isMeant = ({ name }: { name: WorkloadName }) => plan.behaviour === undefined || name === "render";
  return startProvider({
    ...{ plan, program: plan.behaviour === undefined ? program : adversary, key: wallet.privateKey },
    folder: join(folder, `provider-${index + 1}`),
    config: {
      ...{ rpc, deployment: deploymentFile, store: contentServer, inboxes: [contentServer], interval },
      ...(grace !== undefined && { grace }),
      sources: stage.sources.filter(isMeant).map(({ source, floorPrice }) => ({
        source,
        slots: plan.parallel,
        minimum: minimumOf(plan, floorPrice, deployment),
      })),
    },
    report: (event) => {
      ledger.provider(plan.name, event);
      if (event.kind === "trouble" || event.kind === "refused") {
        options.report?.({ kind: "trouble", who: plan.name, reason: event.reason ?? "" });
      }
    },
  });
}
