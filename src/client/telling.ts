import { messageOf } from "../protocol/retry.js";
import type { CollectEvent, CollectOptions } from "./collect.js";

/** Tells each thing once. */
export interface Teller {
  /** Tells an event, unless one of its kind was told. */
  once: (event: CollectEvent) => void;
  trouble: (reason: string) => void;
  /** What an attempt gives, unless it fails, which is told: a task must end although its output is away. */
  attempt: <T>(work: () => T | Promise<T>) => Promise<T | undefined>;
}

/** What tells how the collecting of a task goes. */
export function createTeller({ report = () => undefined, signal }: Pick<CollectOptions, "report" | "signal">): Teller {
  const told = new Set<string>();
  const tell = (what: string, event: CollectEvent) => {
    if (!told.has(what)) report(event);
    told.add(what);
  };
  const trouble = (reason: string) => {
    tell(reason, { kind: "trouble", at: Date.now(), reason });
  };
  return {
    once: (event) => {
      tell(event.kind, event);
    },
    trouble,
    attempt: async (work) => {
      try {
        return await work();
      } catch (error) {
        signal?.throwIfAborted();
        trouble(messageOf(error));
        return undefined;
      }
    },
  };
}
