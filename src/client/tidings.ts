import { watch } from "../protocol/events.js";
import type { Protocol } from "../protocol/protocol.js";
import { createRulings, type DatedRuling, RULING_EVENTS } from "./rulings.js";

/** What a provider has put on chain of the result that it sealed: the contracts have checked that it belongs to the seal. */
export interface Disclosure {
  readonly provider: number;
  /** Commitment to result digest and salt. */
  readonly commitment: string;
  /** Bytes in hexadecimal. */
  readonly envelope: string;
}

/** What happens on chain to a client's tasks. */
export interface Tidings {
  /** Envelopes of a task that providers disclosed, bytes in hexadecimal. */
  disclosed(taskId: string): readonly string[];
  /** What was disclosed last, for a review. */
  disclosure(taskId: string): Disclosure | undefined;
  /** How its dispute ended, once that was heard of. */
  ruling(taskId: string): DatedRuling | undefined;
  /** Block in which it was disputed, or the first that is listened to if that was not heard of. */
  disputedIn(taskId: string): number;
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
  "taskManager.TaskDisputed",
  "taskManager.DeliveryOpened",
  ...RULING_EVENTS,
] as const;

/**
 * Listens for what happens to the tasks of one client.
 *
 * @param client Address.
 * @param from First block that is listened to: not after the oldest task that is waited for.
 */
export function listen(protocol: Protocol, client: string, from: number): Tidings {
  const envelopes = new Map<string, string[]>();
  const disclosures = new Map<string, Disclosure>();
  const rulings = createRulings();
  const disputes = new Map<string, number>();
  const settled = new Set<string>();
  const heard = new Set<string>();
  const waiting = new Map<string, () => void>();
  return {
    disclosed: (taskId) => envelopes.get(taskId) ?? [],
    disclosure: (taskId) => disclosures.get(taskId),
    ruling: rulings.of,
    disputedIn: (taskId) => disputes.get(taskId) ?? from,
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
        if (event.name === "TaskDisclosed") {
          const { commitment, envelope } = event.args;
          if (event.removed) disclosures.delete(taskId);
          else disclosures.set(taskId, { provider: Number(event.args.provider), commitment, envelope });
        }
        if (event.name === "TaskDisputed" && !event.removed) disputes.set(taskId, event.blockNumber);
        if (event.name === "ValidatorPaid" || event.name === "DisputeEnded") rulings.hear(event);
        if (event.name === "TaskSettled" && !event.removed) settled.add(taskId);
        heard.add(taskId);
        waiting.get(taskId)?.();
      }
    },
  };
}
