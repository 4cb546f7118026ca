import type { Protocol } from "../../src/protocol/protocol.js";
import { until as holdsSoon } from "./holders.js";

/** The same connection, and how often the chain was called through it. */
export function counting<P extends Protocol>(protocol: P): { protocol: P; looks: () => number } {
  let looks = 0;
  const provider = new Proxy(protocol.provider, {
    get: (target, name): unknown => {
      if (name === "call") looks++;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (value as () => unknown).bind(target) : value;
    },
  });
  return { protocol: { ...protocol, provider }, looks: () => looks };
}

/** Effects that note their name once they have succeeded. */
export function noting(log: string[]) {
  return <A extends unknown[], R>(name: string, effect: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      const result = await effect(...args);
      log.push(name);
      return result;
    };
}

/** What a seat tells of itself, in words, and the troubles that it reports. */
export function hearing() {
  const told: string[] = [];
  const troubles: string[] = [];
  const ears = {
    seated: (seat: number, weight: number) => told.push(`seat ${seat} with ${weight}`),
    opened: (seat: number) => told.push(`opened ${seat}`),
    report: (problem: string) => troubles.push(problem),
  };
  return { told, troubles, ears };
}

/** How a test sees what runs beside it. */
export interface Sight {
  /** What it has done. */
  log: readonly string[];
  /** How often it has looked at the chain. */
  looks: () => number;
  /** Looks again and again until something is so. */
  until?: typeof holdsSoon;
}

/** Lets something run beside the test, until it ends or is stopped. Whoever waits for it is told if it fails. */
export function underWay<T>(begin: (signal: AbortSignal) => Promise<T>, { log, looks, until = holdsSoon }: Sight) {
  const ending = new AbortController();
  let isOver = false;
  let failure: { error: unknown } | undefined;
  const running = begin(ending.signal).finally(() => (isOver = true));
  running.catch((error: unknown) => (failure = { error }));
  const soon = (what: string, look: () => boolean) =>
    until(what, () => {
      if (failure !== undefined) throw failure.error;
      return look();
    });
  return {
    running,
    isOver: () => isOver,
    /** Stops it; what it rejects with, or brings. */
    stop: async (reason = new Error("stopped")): Promise<unknown> => {
      ending.abort(reason);
      return running.catch((error: unknown) => error);
    },
    did: (what: string) => soon(what, () => log.includes(what)),
    /** Lets it look at the chain so many times from now on. */
    looked: async (times = 3): Promise<void> => {
      const before = looks();
      await soon(`${times} looks`, () => looks() >= before + times);
    },
  };
}
