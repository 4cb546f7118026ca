import { watch } from "../protocol/events.js";
import type { Protocol } from "../protocol/protocol.js";

/** What happens on chain to a client's tasks. */
export interface Tidings {
  /** Envelopes of a task that providers disclosed, bytes in hexadecimal. */
  disclosed(taskId: string): readonly string[];
  /** Whether its payment was heard of: nothing more is disclosed of it. */
  settled(taskId: string): boolean;
  /** Resolves when something happened to the task since the last call, or after so many milliseconds. */
  news(taskId: string, milliseconds: number, signal: AbortSignal): Promise<void>;
  /** Follows the chain until the signal ends it. */
  follow(signal: AbortSignal): Promise<void>;
}

const EVENTS = [
  "taskManager.TaskReserved",
  "taskManager.SealingEnded",
  "taskManager.SeatClaimed",
  "taskManager.RoundEnded",
  "taskManager.TaskDelivered",
  "taskManager.TaskDisclosed",
  "taskManager.TaskSettled",
  "taskManager.TaskLapsed",
  "taskManager.TaskRefunded",
] as const;

/**
 * Listens for what happens to the tasks of one client.
 *
 * @param client Address.
 * @param from First block that is listened to: not after the oldest task that is waited for.
 */
export function listen(protocol: Protocol, client: string, from: number): Tidings {
  const envelopes = new Map<string, string[]>();
  const settled = new Set<string>();
  const heard = new Set<string>();
  const waiting = new Map<string, () => void>();
  return {
    disclosed: (taskId) => envelopes.get(taskId) ?? [],
    settled: (taskId) => settled.has(taskId),
    async news(taskId, milliseconds, signal) {
      if (!heard.has(taskId)) {
        await new Promise<void>((resolve) => {
          const done = () => {
            clearTimeout(timer);
            signal.removeEventListener("abort", done);
            waiting.delete(taskId);
            resolve();
          };
          const timer = setTimeout(done, milliseconds);
          signal.addEventListener("abort", done);
          waiting.set(taskId, done);
          if (signal.aborted) done();
        });
      }
      heard.delete(taskId);
    },
    async follow(signal) {
      for await (const event of watch(protocol, { events: EVENTS, where: { client }, from, signal })) {
        const { taskId } = event.args;
        // What a reorganisation takes back is still an envelope of the task.
        if (event.name === "TaskDisclosed" || event.name === "SeatClaimed") {
          envelopes.set(taskId, [...(envelopes.get(taskId) ?? []), event.args.envelope]);
        }
        if (event.name === "TaskSettled" && !event.removed) settled.add(taskId);
        heard.add(taskId);
        waiting.get(taskId)?.();
      }
    },
  };
}
