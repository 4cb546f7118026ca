import type { Head } from "../sender.js";

/** A provider that tells of new blocks by itself. */
export interface HeadSource {
  /** @returns a function that ends it. */
  onHead(listener: (number: number) => void): () => void;
}

/** Wakes whoever waits for a block. */
export interface HeadWatch {
  /** Resolves when a block was announced since the last wait, or after a while. Rejects when the signal is aborted. */
  wait(signal: AbortSignal): Promise<void>;
  stop(): void;
}

/** A provider that was heard within this time is asked seldom. Milliseconds. */
const HEARD_LASTS = 30_000;
const SELDOM = 10_000;

/**
 * Watches for new blocks: told by providers that tell, else by looking at intervals.
 *
 * @param head Kept at the newest block that is announced.
 * @param interval Between two looks, milliseconds.
 */
export function watchHeads(provider: unknown, head: Head, interval: number): HeadWatch {
  let heard = -Infinity;
  let missed = false;
  let wake: (() => void) | undefined;
  const stop = tellsHeads(provider)
    ? provider.onHead((number) => {
        head.number = Math.max(head.number, number);
        heard = Date.now();
        missed = true;
        wake?.();
      })
    : () => undefined;
  return {
    async wait(signal) {
      if (!missed) {
        const quiet = Date.now() - heard > HEARD_LASTS;
        const woken = new Promise<void>((resolve) => {
          wake = resolve;
        });
        await firstOf(woken, quiet ? interval : Math.max(SELDOM, interval), signal);
      }
      missed = false;
    },
    stop,
  };
}

function tellsHeads(provider: unknown): provider is HeadSource {
  return typeof (provider as Partial<HeadSource>).onHead === "function";
}

/** Resolves with a promise or after so many milliseconds, or rejects with the signal's reason. */
function firstOf(woken: Promise<void>, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      if (signal.aborted) reject(signal.reason as Error);
      else resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done);
    void woken.then(done);
    if (signal.aborted) done();
  });
}
