import { sendEnvelope } from "../content/httpInbox.js";
import type { ContentStore } from "../content/store.js";
import { FieldRangeError } from "../protocol/errors.js";
import type { Deployment } from "../protocol/deployment.js";
import { type Order, taskIdOf, Verification } from "../protocol/order.js";
import { longestObligation } from "../protocol/parameters.js";
import type { SigningProtocol } from "../protocol/protocol.js";
import { messageOf, pause } from "../protocol/retry.js";
import { isRevert } from "../protocol/reverts.js";
import type { Executor } from "../sandbox/executor.js";
import { environmentsOf, type ProviderConfig } from "./config.js";
import { createCosts } from "./costs.js";
import type { DebtBook } from "./debts.js";
import { chainEffects, type Effects } from "./effects.js";
import { SourceRefusedError } from "./errors.js";
import { identify, type IdentityBook, topUp } from "./identity.js";
import { followInboxes } from "./inboxes.js";
import { isHeldThere, suitableVersion, takeSeat } from "./join.js";
import { leavePools } from "./leave.js";
import { type ProviderEvent, runProvider } from "./loop.js";
import { holdsOutput, judgeOutput, performOrder, prepareOrder, rehearse } from "./perform.js";
import { ownPreference } from "./preference.js";
import { firstRelevantBlock, takePulse } from "./pulse.js";
import { type OpenedSource, openSource } from "./source.js";

/** What a service tells, beside the events of its loop. */
export type ServiceEvent =
  | ProviderEvent
  /** It acts for this provider, and sees through what it owes. */
  | { readonly kind: "established"; readonly at: number; readonly provider: number }
  /** It has tried a source and is in its pool; time of the trial in milliseconds. */
  | { readonly kind: "joined"; readonly at: number; readonly source: number; readonly duration: number }
  /** It is not in the pool of a source; `retry` tells whether it will try again. */
  | {
      readonly kind: "refused";
      readonly at: number;
      readonly source: number;
      readonly reason: string;
      readonly retry: boolean;
    }
  /** An execution of a task has ended, and an output of it was stored; how long that took, milliseconds. */
  | {
      readonly kind: "executed" | "stored";
      readonly taskId: string;
      readonly at: number;
      readonly duration: number;
    }
  /** It is in the pool of a source no more. */
  | { readonly kind: "left"; readonly at: number; readonly source: number }
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
  /** Whether to see through what is owed or held, take nothing new, and end. */
  drain?: boolean;
  /** Whether to take nothing new, leave the pools of the configuration when nothing is held there, and end. */
  leave?: boolean;
  /** Ends it. What is owed stays in the book, what is held on chain. */
  signal: AbortSignal;
}

/** Pause before a source is tried again that failed for what may pass, milliseconds. */
const JOIN_AGAIN = 30_000;
/** Programs are kept at hand for so many versions of sources. */
const VERSIONS = 8;

/**
 * A provider as its configuration describes it. What it owes or holds from an earlier run comes first, whatever else fails. Then
 * it stakes, tries each source on its examples before it joins the pool, and competes for tasks until the signal ends it.
 *
 * @throws {FieldRangeError} if the configuration's grace is as long as the disclosure window or longer.
 * @throws {SourceRefusedError} if no source of the configuration can be run here, when nothing is owed any more; or
 * whatever else kept it out of all pools.
 * @throws what {@link identify} and {@link runProvider} throw.
 */
export async function serve(options: ServiceOptions): Promise<void> {
  const { protocol, deployment, config, store, executor, debts, signal, drain = false, leave = false } = options;
  const report = options.report ?? (() => undefined);
  const { contracts, parameters } = deployment;
  const deployedAt = contracts.TaskManager.block;
  const { disclose } = parameters.windows;
  // Later it would lose its bond each time.
  if ((config.grace ?? 0) >= disclose) throw new FieldRangeError("grace", config.grace ?? 0, BigInt(disclose - 1));

  const provider = await identify(protocol, { ...config, book: options.identity, from: deployedAt });
  report({ kind: "established", at: Date.now(), provider });

  const open = createShelf(config.sources.length, (source, version) =>
    openSource(protocol, { source, version, store, ceiling: config.ceiling, signal }),
  );
  const costs = createCosts(new Map(config.sources.map((asking) => [asking.source, asking])));
  const joined = new Set<number>();
  const draining = new AbortController();
  if (drain || leave) draining.abort();
  const pulse = await takePulse(protocol, (price) => {
    costs.gasPrice(price);
  });
  const inboxes = followInboxes(protocol, deployedAt, config.inboxes);
  // A dispute may come long after the deadline.
  const from = await firstRelevantBlock(protocol, deployedAt, longestObligation(parameters.windows));

  const hardware = { environments: environmentsOf(config), gpuMemory: config.hardware.gpuMemory };
  const join = async ({ source, slots }: ProviderConfig["sources"][number]) => {
    const version = await suitableVersion(protocol, source, hardware);
    const ready = await open(source, version);
    // A source without examples is expected to take all the time that it may.
    const duration = (await rehearse(executor, ready, signal)) ?? ready.limits.time;
    await takeSeat(protocol, { provider, source, slots, ...hardware }, version);
    costs.learn(source, duration);
    joined.add(source);
    report({ kind: "joined", at: Date.now(), source, duration });
  };
  /** Throws why it can work for no source, if it cannot. */
  let orRefuse: () => void = () => undefined;
  /** Joins what can be joined, and goes on trying what failed for what may pass. */
  const joinAll = async (signal: AbortSignal): Promise<never> => {
    // Who is stopped does not go on; the loop tells when it has ended.
    const rest = (milliseconds: number) => pause(milliseconds, signal).catch(idle);
    let left = [...config.sources];
    let isReady = false;
    for (;;) {
      let failure: unknown;
      const again: typeof left = [];
      let isHeld = false;
      for (const seat of left) {
        try {
          await topUp(protocol, provider, config.stake);
          await join(seat);
        } catch (error) {
          if (signal.aborted) return await idle();
          failure ??= error;
          // An earlier run reserved with another seat; when that is delivered it can be changed.
          isHeld ||= isHeldThere(error);
          const retry = isHeldThere(error) || !(error instanceof SourceRefusedError || isRevert(error));
          if (retry) again.push(seat);
          report({ kind: "refused", at: Date.now(), source: seat.source, reason: messageOf(error), retry });
        }
      }
      if (!isReady && joined.size > 0) {
        isReady = true;
        report({ kind: "ready", at: Date.now(), provider });
      }
      if (!isReady && !isHeld) {
        // There is nothing to stay for but what is owed or held.
        orRefuse = () => {
          throw failure;
        };
        draining.abort();
        return await idle();
      }
      if (again.length === 0) return await idle();
      left = again;
      await rest(isReady ? JOIN_AGAIN : JOIN_AGAIN / 10);
    }
  };

  const over = new AbortController();
  const ends = AbortSignal.any([signal, over.signal]);
  const took = (order: Order, duration: number) => {
    costs.learn(order.source, duration);
    report({ kind: "executed", taskId: taskIdOf(order, protocol.domain), at: Date.now(), duration });
  };
  const workshop = { executor, store, open, took };
  const effects: Effects = {
    ...chainEffects(protocol, provider),
    perform: (order, stop) => performOrder(workshop, order, stop),
    judge: (order, digest, stop) => judgeOutput(workshop, order, digest, stop),
    prepare: (order, stop) => prepareOrder(workshop, order, stop),
    publish: async (output, taskId) => {
      const began = Date.now();
      const { cid } = await store.put(output, { signal: ends });
      report({ kind: "stored", taskId, at: Date.now(), duration: Date.now() - began });
      return `ipfs://${cid}`;
    },
    holds: (order, digest, stop) => holdsOutput(workshop, order, digest, stop),
    reaches: (client) => inboxes.reaches(client),
    send: async (order, envelope, stop) => {
      await sendEnvelope(inboxes.of(order.client), taskIdOf(order, protocol.domain), envelope, { signal: stop });
    },
  };
  const sources = new Set(config.sources.map(({ source }) => source));
  const { maxBond, maxReview = Infinity } = config;
  const loop = runProvider({
    ...{ protocol, provider, effects, debts, report, from, drain: draining.signal },
    wants: ({ source, verification, bond, reviewPeriod }) =>
      sources.has(source) &&
      (verification === Verification.Review || verification === Verification.Quorum) &&
      (maxBond === undefined || bond <= maxBond) &&
      reviewPeriod <= maxReview,
    costs: (source, isReserved) => (joined.has(source) ? costs.costs(source, isReserved) : undefined),
    capacity: config.parallel,
    discloseWindow: disclose,
    ...(config.grace !== undefined && { grace: config.grace }),
    confirmations: config.confirmations,
    preference: ownPreference(provider),
    clock: () => pulse.clock(),
    signal: ends,
  });
  // Blind to announcements it would disclose everything on chain.
  const listening = inboxes.follow(ends).then(idle);
  const joining = draining.signal.aborted ? idle() : joinAll(ends);
  const beside = [pulse.follow(ends)];
  /** Leaves while the loop delivers what is held. */
  const leaving = async (): Promise<void> => {
    const left = (source: number) => {
      report({ kind: "left", at: Date.now(), source });
    };
    await leavePools(protocol, { provider, sources: [...sources], from, left, signal: ends });
  };
  try {
    // What is left may still have to wait when nothing is owed any more.
    const working = leave ? loop.then(idle) : loop;
    await Promise.race([working, listening, joining, leave ? leaving() : idle()]);
    orRefuse();
  } finally {
    over.abort();
    await Promise.allSettled([loop, ...beside]);
  }
}

/** Never ends. */
const idle = (): Promise<never> => new Promise(() => undefined);

/** Keeps the sources that were opened last, for all attempts, so that the end of one does not end it for the others. */
function createShelf(sources: number, open: (source: number, version: number) => Promise<OpenedSource>) {
  const opened = new Map<string, Promise<OpenedSource>>();
  return (source: number, version: number): Promise<OpenedSource> => {
    const name = `${source}/${version}`;
    const known = opened.get(name) ?? open(source, version);
    // The one that was used last is the last.
    opened.delete(name);
    opened.set(name, known);
    const [oldest = name] = opened.keys();
    if (opened.size > VERSIONS + sources) opened.delete(oldest);
    // What failed may succeed the next time.
    known.catch(() => opened.delete(name));
    return known;
  };
}
