import { hexlify } from "ethers";
import { MAX_ENVELOPE_SIZE } from "../protocol/envelope.js";
import { bytes32 } from "../protocol/fields.js";
import { EnvelopeRefusedError, InboxFullError } from "./errors.js";

/** What an inbox takes. */
export interface InboxOptions {
  /** Most envelopes of one task; 16 if left out. */
  perTask?: number;
  /** Most envelopes in all; 4096 if left out. */
  total?: number;
  /**
   * Whether an envelope is wanted. Anyone may send, and the first are kept: without a check, e.g. that the task is the
   * client's own and the envelope opens, others can fill the inbox.
   *
   * @param envelope Bytes in hexadecimal.
   */
  accept?: (taskId: string, envelope: string) => boolean | Promise<boolean>;
}

/** Envelopes that providers sent to a client, in memory. A task's id is 32 bytes in hexadecimal. */
export interface Inbox {
  /**
   * Takes an envelope, unless there are too many. To send one again changes nothing.
   *
   * @throws {FieldFormatError} if the task's id is none.
   * @throws {EnvelopeRefusedError} if it has no bytes, more than 512, or is not wanted.
   * @throws {InboxFullError}
   */
  deliver(taskId: string, envelope: Uint8Array): Promise<void>;
  /** Envelopes of a task in the sequence in which they came, hexadecimal. */
  list(taskId: string): string[];
  /** The same, and then those that come, until the signal aborts or the inbox is closed. */
  watch(taskId: string, signal?: AbortSignal): AsyncGenerator<string, void, undefined>;
  /** Makes room: drops a task's envelopes. */
  forget(taskId: string): void;
  /** Ends everything that watches. */
  close(): void;
}

/** An empty inbox. */
export function createInbox({ perTask = 16, total = 4_096, accept = () => true }: InboxOptions = {}): Inbox {
  const envelopes = new Map<string, string[]>();
  const closing = new AbortController();
  const watchers = new Set<() => void>();
  let count = 0;
  const keyOf = (taskId: string) => bytes32("taskId", taskId).toLowerCase();
  /** Whether it is there already. */
  const known = (key: string, envelope: string): boolean => {
    const kept = envelopes.get(key) ?? [];
    if (kept.includes(envelope)) return true;
    if (kept.length >= perTask || count >= total) throw new InboxFullError(key);
    return false;
  };

  return {
    async deliver(taskId, bytes) {
      const key = keyOf(taskId);
      if (bytes.length === 0 || bytes.length > MAX_ENVELOPE_SIZE) {
        throw new EnvelopeRefusedError(key, `it has ${bytes.length} bytes, not 1 to ${MAX_ENVELOPE_SIZE}`);
      }
      const envelope = hexlify(bytes);
      if (known(key, envelope)) return;
      if (!(await accept(key, envelope))) throw new EnvelopeRefusedError(key, "it is not wanted here");
      // Others may have come meanwhile.
      if (known(key, envelope)) return;
      envelopes.set(key, [...(envelopes.get(key) ?? []), envelope]);
      count += 1;
      for (const wake of watchers) wake();
    },
    list: (taskId) => [...(envelopes.get(keyOf(taskId)) ?? [])],
    async *watch(taskId, signal) {
      const key = keyOf(taskId);
      const end = signal === undefined ? closing.signal : AbortSignal.any([signal, closing.signal]);
      const seen = new Set<string>();
      while (!end.aborted) {
        const fresh = (envelopes.get(key) ?? []).find((envelope) => !seen.has(envelope));
        if (fresh !== undefined) {
          seen.add(fresh);
          yield fresh;
          continue;
        }
        await new Promise<void>((resolve) => {
          const wake = () => {
            watchers.delete(wake);
            end.removeEventListener("abort", wake);
            resolve();
          };
          watchers.add(wake);
          end.addEventListener("abort", wake, { once: true });
        });
      }
    },
    forget(taskId) {
      const key = keyOf(taskId);
      count -= envelopes.get(key)?.length ?? 0;
      envelopes.delete(key);
    },
    close() {
      closing.abort();
    },
  };
}
