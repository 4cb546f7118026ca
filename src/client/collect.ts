import type { ContentStore } from "../content/store.js";
import { accept } from "../protocol/actions/accept.js";
import { refund } from "../protocol/actions/refund.js";
import { reopen } from "../protocol/actions/reopen.js";
import { openSealed, type Opening } from "../protocol/envelope.js";
import type { SigningProtocol } from "../protocol/protocol.js";
import { isRevert } from "../protocol/reverts.js";
import { snapshot, type TaskSnapshot } from "../protocol/snapshot.js";
import type { JournalEntry } from "./journal.js";
import type { Tidings } from "./tidings.js";

/** What collecting a result tells as it goes. Moments in unix milliseconds, prices in wei. */
export type CollectEvent =
  /** A provider has sealed a result. */
  | { readonly kind: "delivered"; readonly at: number; readonly provider: number; readonly price: bigint }
  | { readonly kind: "paid"; readonly at: number; readonly provider: number; readonly price: bigint }
  /** Its holder disclosed nothing in time; others can take the task. */
  | { readonly kind: "reopened"; readonly at: number; readonly provider: number }
  | { readonly kind: "refunded"; readonly at: number }
  /** Something is not as it should be; it is looked at again. */
  | { readonly kind: "trouble"; readonly at: number; readonly reason: string };

export interface CollectOptions {
  tidings: Tidings;
  /** Where outputs are. */
  store: ContentStore;
  /** Envelopes of a task that came to the client's inbox, bytes in hexadecimal. */
  envelopes: (taskId: string) => readonly string[] | Promise<readonly string[]>;
  /** Most bytes of an output; 256 MiB if left out. */
  maxOutput?: number;
  /** Seconds that a provider has to disclose, as the suite has it. */
  discloseWindow: number;
  /** Whether an output with the right digest is worth accepting; yes if left out. */
  judge?: (output: Uint8Array) => boolean | Promise<boolean>;
  report?: (event: CollectEvent) => void;
  signal?: AbortSignal;
}

/** How a task ended. */
export type Collected =
  /** Paid; `output` is missing only if the provider was paid by the client's silence. */
  | { readonly outcome: "paid"; readonly provider: number; readonly price: bigint; readonly output?: Uint8Array }
  | { readonly outcome: "refunded" };

/** A hold of the task: from a seal to its payment or its failure. */
interface Hold {
  readonly seal: string;
  output?: Uint8Array;
  /** What has been told of it, so that it is told once. */
  readonly told: Set<string>;
}

/**
 * Sees a task through to its end: opens what providers send, checks it against the seal on chain and the output against
 * its digest, and only then accepts; reopens the task when its holder discloses nothing in time; takes the money back
 * when the deadline is over. What to do follows from the chain and the journal's entry, so this may be called again
 * after a crash at any point.
 *
 * @throws the signal's reason, and nothing else: what fails is reported and tried again.
 */
export async function collect(
  protocol: SigningProtocol,
  { order, secretKey, taskId }: JournalEntry,
  options: CollectOptions,
): Promise<Collected> {
  const { store, envelopes, tidings, discloseWindow, maxOutput = 256 * 2 ** 20, judge = () => true } = options;
  const signal = options.signal ?? new AbortController().signal;
  const report = options.report ?? (() => undefined);
  const trouble = (reason: string) => {
    report({ kind: "trouble", at: Date.now(), reason });
  };
  let hold: Hold | undefined;

  /** The output behind the seal, if somebody has told where it is and what it is. */
  const outputOf = async ({ provider, seal = "" }: TaskSnapshot, held: Hold): Promise<Uint8Array | undefined> => {
    if (held.output !== undefined) return held.output;
    const sent = [...(await envelopes(taskId)), ...tidings.disclosed(taskId)];
    let opening: Opening | undefined;
    for (const envelope of sent) {
      try {
        opening = openSealed({ taskId, provider: provider ?? 0 }, seal, envelope, secretKey ?? "");
        break;
      } catch (error) {
        // Anyone can send anything to an inbox.
        if (held.told.has(envelope)) continue;
        held.told.add(envelope);
        trouble(messageOf(error));
      }
    }
    if (opening === undefined) return undefined;
    const output = await store.get(opening.resultDigest, { maxSize: maxOutput, signal });
    if (!(await judge(output))) {
      if (!held.told.has("judged")) trouble(`The output ${opening.resultDigest} is not what was ordered.`);
      held.told.add("judged");
      return undefined;
    }
    held.output = output;
    return output;
  };

  const step = async (task: TaskSnapshot): Promise<Collected | undefined> => {
    const { state, provider = 0, price = 0n, seal, clearedAt = 0 } = task;
    if (state === "Refunded") {
      report({ kind: "refunded", at: Date.now() });
      return { outcome: "refunded" };
    }
    if (state === "Open") {
      hold = undefined;
      // The refund shows at the next look.
      if (task.timestamp > task.deadline) await refund(protocol, { order });
      return undefined;
    }
    if (seal === undefined) return undefined;
    if (hold?.seal !== seal) {
      hold = { seal, told: new Set() };
      report({ kind: "delivered", at: Date.now(), provider, price });
    }
    if (state === "Settled") {
      const output = await outputOf(task, hold).catch(() => undefined);
      report({ kind: "paid", at: Date.now(), provider, price });
      return { outcome: "paid", provider, price, ...(output !== undefined && { output }) };
    }
    if ((await outputOf(task, hold)) !== undefined) await accept(protocol, { order });
    else if (state === "Delivered" && task.timestamp > clearedAt + discloseWindow) {
      await reopen(protocol, { order });
      report({ kind: "reopened", at: Date.now(), provider });
    }
    return undefined;
  };

  const { interval } = protocol.patience;
  for (;;) {
    signal.throwIfAborted();
    try {
      const ended = await step(await snapshot(protocol, { task: order }));
      if (ended !== undefined) return ended;
    } catch (error) {
      signal.throwIfAborted();
      // What the contracts refuse is decided by the next look at the chain.
      if (!isRevert(error)) trouble(messageOf(error));
    }
    // An envelope comes without an event.
    await tidings.news(taskId, hold === undefined ? PATIENT * interval : interval, signal);
  }
}

/** A task that nobody holds is looked at after so many intervals without news: deadlines pass silently. */
const PATIENT = 10;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
