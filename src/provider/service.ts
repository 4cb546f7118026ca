import { sendEnvelope } from "../content/httpInbox.js";
import type { ContentStore } from "../content/store.js";
import type { Deployment } from "../protocol/deployment.js";
import { taskIdOf } from "../protocol/order.js";
import type { SigningProtocol } from "../protocol/protocol.js";
import type { Executor } from "../sandbox/executor.js";
import { environmentsOf, type ProviderConfig } from "./config.js";
import { createCosts } from "./costs.js";
import type { DebtBook } from "./debts.js";
import { chainEffects } from "./effects.js";
import { establish, type IdentityBook } from "./identity.js";
import { followInboxes } from "./inboxes.js";
import { suitableVersion, takeSeat } from "./join.js";
import { type ProviderEvent, runProvider } from "./loop.js";
import { performOrder, rehearse } from "./perform.js";
import { ownPreference } from "./preference.js";
import { firstRelevantBlock, takePulse } from "./pulse.js";
import { type OpenedSource, openSource } from "./source.js";

/** What a service tells, beside the events of its loop. */
export type ServiceEvent =
  | ProviderEvent
  /** It acts for this provider. */
  | { readonly kind: "established"; readonly at: number; readonly provider: number }
  /** It has tried a source and is in its pool; time of the trial in milliseconds. */
  | { readonly kind: "joined"; readonly at: number; readonly source: number; readonly duration: number }
  /** From now on it takes tasks. */
  | { readonly kind: "ready"; readonly at: number; readonly provider: number };

export interface ServiceOptions {
  protocol: SigningProtocol;
  deployment: Pick<Deployment, "contracts" | "parameters">;
  config: ProviderConfig;
  identity: IdentityBook;
  debts: DebtBook;
  store: ContentStore;
  executor: Executor;
  report?: (event: ServiceEvent) => void;
  /** Ends it. What is owed stays in the book. */
  signal: AbortSignal;
}

/**
 * A provider as its configuration describes it: registers and stakes, tries each source on its examples before it joins
 * the pool, then competes for tasks until the signal ends it.
 *
 * @throws {SourceRefusedError} if a source of the configuration cannot be run here.
 * @throws what {@link establish}, {@link takeSeat} and {@link runProvider} throw.
 */
export async function serve(options: ServiceOptions): Promise<void> {
  const { protocol, deployment, config, store, executor, debts, signal } = options;
  const report = options.report ?? (() => undefined);
  const { contracts, parameters } = deployment;
  const deployedAt = contracts.TaskManager.block;

  const opened = new Map<string, Promise<OpenedSource>>();
  // For all attempts, so that the end of one does not end it for the others.
  const open = (source: number, version: number): Promise<OpenedSource> => {
    const name = `${source}/${version}`;
    const known = opened.get(name) ?? openSource(protocol, { source, version, store, ceiling: config.ceiling, signal });
    opened.set(name, known);
    // What failed may succeed the next time.
    known.catch(() => opened.delete(name));
    return known;
  };

  const provider = await establish(protocol, { ...config, book: options.identity, from: deployedAt });
  report({ kind: "established", at: Date.now(), provider });

  const hardware = { environments: environmentsOf(config), gpuMemory: config.hardware.gpuMemory };
  const costs = createCosts(new Map(config.sources.map((asking) => [asking.source, asking])));
  for (const { source, slots } of config.sources) {
    const version = await suitableVersion(protocol, source, hardware);
    const ready = await open(source, version);
    // A source without examples is expected to take all the time that it may.
    const duration = (await rehearse(executor, ready, signal)) ?? ready.limits.time;
    costs.learn(source, duration);
    await takeSeat(protocol, { provider, source, slots, ...hardware }, version);
    report({ kind: "joined", at: Date.now(), source, duration });
  }

  const pulse = await takePulse(protocol, (price) => {
    costs.gasPrice(price);
  });
  const inboxes = followInboxes(protocol, deployedAt, config.inboxes);
  const { disclose, maxLifetime, maxReview } = parameters.windows;
  const from = await firstRelevantBlock(protocol, deployedAt, maxLifetime + disclose + maxReview);
  report({ kind: "ready", at: Date.now(), provider });

  const over = new AbortController();
  const ends = AbortSignal.any([signal, over.signal]);
  const following = [inboxes.follow(ends), pulse.follow(ends)];
  const effects = {
    ...chainEffects(protocol, provider),
    perform: (order: Parameters<typeof performOrder>[1], stop: AbortSignal) =>
      performOrder({ executor, store, open, took: costs.learn.bind(costs) }, order, stop),
    publish: async (output: Uint8Array) => `ipfs://${(await store.put(output)).cid}`,
    send: async (order: Parameters<typeof performOrder>[1], envelope: string) => {
      await sendEnvelope(inboxes.of(order.client), taskIdOf(order, protocol.domain), envelope);
    },
  };
  try {
    await Promise.race([
      runProvider({
        ...{ protocol, provider, effects, debts, report, from },
        costs: (source) => costs.costs(source),
        capacity: config.parallel,
        discloseWindow: disclose,
        ...(config.grace !== undefined && { grace: config.grace }),
        preference: ownPreference(provider),
        clock: () => pulse.clock(),
        signal: ends,
      }),
      // Blind to announcements it would disclose everything on chain.
      following[0]?.then(() => new Promise<never>(() => undefined)),
    ]);
  } finally {
    over.abort();
    await Promise.allSettled(following);
  }
}
