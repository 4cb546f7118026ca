import { digestOf } from "../../content/digest.js";
import type { ContentStore } from "../../content/store.js";
import { pause } from "../../protocol/retry.js";

/** A store that can be made to take longer. */
export interface SlowStore {
  readonly store: ContentStore;
  /** From now on so much longer for each request, milliseconds. */
  readonly slow: (delay: number) => void;
  /** Requests that took longer so far. */
  readonly slowed: () => number;
}

/** @param signal Ends all that waits. */
export function slowStore(store: ContentStore, signal: AbortSignal): SlowStore {
  let delay = 0;
  let slowed = 0;
  const after = async <T>(work: () => Promise<T>): Promise<T> => {
    if (delay > 0) {
      slowed += 1;
      await pause(delay, signal);
    }
    return work();
  };
  return {
    store: {
      put: (...asked) => after(() => store.put(...asked)),
      get: (...asked) => after(() => store.get(...asked)),
      has: (...asked) => after(() => store.has(...asked)),
    },
    slow(now) {
      delay = now;
    },
    slowed: () => slowed,
  };
}

/** A store that remembers how long it took. Milliseconds. */
export interface TimedStore {
  readonly store: ContentStore;
  /** How long the last put, and the last get, of content with a digest took; 0 if there was none. */
  readonly put: (digest: string) => number;
  readonly got: (digest: string) => number;
  /** When it was first tried to put it, unix time; `undefined` if it never was. */
  readonly began: (digest: string) => number | undefined;
}

/**
 * @param now A clock, milliseconds.
 * @param date Unix time, milliseconds.
 */
export function timedStore(
  store: ContentStore,
  now: () => number = () => performance.now(),
  date: () => number = Date.now,
): TimedStore {
  const begins = new Map<string, number>();
  const puts = new Map<string, number>();
  const gets = new Map<string, number>();
  const timed = async <T>(times: Map<string, number>, digest: string, work: () => Promise<T>): Promise<T> => {
    const began = now();
    const result = await work();
    times.set(digest, now() - began);
    return result;
  };
  return {
    store: {
      put: (content, ...rest) => {
        const digest = digestOf(content);
        if (!begins.has(digest)) begins.set(digest, date());
        return timed(puts, digest, () => store.put(content, ...rest));
      },
      get: (digest, ...rest) => timed(gets, digest.toLowerCase(), () => store.get(digest, ...rest)),
      has: (...asked) => store.has(...asked),
    },
    put: (digest) => puts.get(digest.toLowerCase()) ?? 0,
    got: (digest) => gets.get(digest.toLowerCase()) ?? 0,
    began: (digest) => begins.get(digest.toLowerCase()),
  };
}
