import { isError } from "ethers";
import { NodeError, OpenGpuError, TimeoutError } from "./errors.js";
import { revertDataIn } from "./reverts.js";

/** How long to be patient. Milliseconds. */
export interface Patience {
  /** For how long a request that is safe to repeat is repeated while the node fails. */
  requests: number;
  /** How long to wait for a transaction to be mined. */
  mining: number;
  /** Pause between two looks at the chain. */
  interval: number;
}

export const DEFAULT_PATIENCE: Patience = { requests: 20_000, mining: 120_000, interval: 500 };

/** Resolves after so many milliseconds, or rejects with the signal's reason. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    if (signal?.aborted === true) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}

/** What a node says when it is the node that fails: unreachable, overloaded, or behind the others. */
const TRANSIENT =
  /(?:header|block|state|trie node) (?:was )?(?:not found|unavailable|missing)|(?:block|blockhash) (?:not|cannot be) found|invalid block tag|out ?of ?range|missing trie node|unknown block|resource not found|cannot query unfinalized|rate limit|too many requests|timed? ?out|socket hang up|ECONNRE|fetch failed|network|try again|temporarily|unavailable|bad gateway|could not detect|not valid JSON|missing response|aborted/i;
/** How Node and its HTTP clients name connections that broke. */
const BROKEN = /^(?:ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR)/;

/** Whether a failure may pass by itself, so that what is safe to repeat should be repeated. */
export function isTransient(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  if (error instanceof NodeError) return true;
  if (error instanceof OpenGpuError || revertDataIn(error) !== undefined) return false;
  if (isError(error, "NETWORK_ERROR") || isError(error, "TIMEOUT") || isError(error, "SERVER_ERROR")) return true;
  // ethers takes every failure of a call for a revert; what really reverted has data.
  if (isError(error, "CALL_EXCEPTION")) return error.data === null && TRANSIENT.test(JSON.stringify(error.info ?? ""));
  if (isError(error, "INVALID_ARGUMENT")) return false;
  if (isError(error, "INSUFFICIENT_FUNDS") || isError(error, "NONCE_EXPIRED")) return false;
  const { code } = error as { code?: unknown };
  if (typeof code === "string" && BROKEN.test(code)) return true;
  return TRANSIENT.test(wordsOf(error));
}

/**
 * Asks a node for something that is safe to ask again, until it answers or patience ends. Failures that will not pass by
 * themselves are thrown at once, as they are.
 *
 * @param request What is asked, for the error.
 * @param ask Asks once.
 * @param patience For how long to repeat, milliseconds.
 * @throws {NodeError} with the last failure as its cause.
 */
export async function persist<T>(
  request: string,
  ask: () => Promise<T>,
  patience: number = DEFAULT_PATIENCE.requests,
  signal?: AbortSignal,
): Promise<T> {
  const end = Date.now() + patience;
  for (let round = 0; ; round++) {
    try {
      return await within(request, ask(), Math.max(end - Date.now(), 1_000));
    } catch (error) {
      if (!isTransient(error) && !(error instanceof TimeoutError)) throw error;
      // 50 ms, 100 ms, … at most 2 s, half of it by chance so that many clients do not knock in step.
      const delay = Math.max(Math.min(50 * 2 ** round, 2_000) * (0.5 + Math.random() / 2), retryAfter(error));
      if (Date.now() + delay >= end) {
        if (error instanceof NodeError) throw error;
        throw new NodeError(request, error instanceof Error ? firstLine(error.message) : String(error), {
          cause: error,
        });
      }
      await pause(delay, signal);
    }
  }
}

/** Milliseconds that an overloaded node asks to be left alone; 0 if it does not ask. */
function retryAfter(error: unknown): number {
  if (error instanceof NodeError) return error.retryAfter;
  if (!isError(error, "SERVER_ERROR")) return 0;
  return millisecondsIn(error.response?.headers["retry-after"]);
}

/** Milliseconds that a header Retry-After asks for; 0 if it is none or names a date. */
export function millisecondsIn(header: string | undefined): number {
  const seconds = Number(header);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0;
}

/**
 * A promise with a limit on its time.
 *
 * @throws {TimeoutError}
 */
export async function within<T>(awaited: string, promise: Promise<T>, milliseconds: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new TimeoutError(awaited, milliseconds));
    }, milliseconds);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** What a promise brings, or the signal's reason. */
export async function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (stop !== undefined) signal.removeEventListener("abort", stop);
  }
}

/** The message of whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** An error as a node tells it. */
interface Said {
  message?: unknown;
}

/** What a node said, where ethers hides it in an error of its own; else the message of the error. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { error: direct, info } = error as { error?: Said; info?: { error?: Said } };
  const inner = direct ?? info?.error;
  return typeof inner?.message === "string" ? inner.message : firstLine(error.message);
}

/** The first line of a message, without the appendix of details that ethers adds. */
export function firstLine(message: string): string {
  return (message.split("\n")[0] ?? message).replace(/ \((?:[a-z]+=|request=|action=).*$/, "").replace(/\.$/, "");
}
