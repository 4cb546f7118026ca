import { FieldFormatError, OpenGpuError } from "../protocol/errors.js";
import { Gathering, Overflow } from "./gather.js";

/** How long a store or an inbox is waited for. */
export interface HttpOptions {
  /** For one request with its answer, milliseconds; one minute if left out. */
  timeout?: number;
}

/** Something that is asked over HTTP. */
export interface Place {
  /** Its address, for people. */
  name: string;
  /** Address of what is there. */
  at: (...path: string[]) => string;
}

/** What is asked. */
export interface Question extends HttpOptions {
  method: "GET" | "HEAD" | "PUT" | "POST";
  body?: Uint8Array;
  signal?: AbortSignal | undefined;
}

/** What a place answers. */
export interface Answer {
  status: number;
  /** @returns all bytes, or `undefined` if there are more than so many. */
  bytes(maximum: number): Promise<Uint8Array | undefined>;
  /** What the place says of its failure, as the end of a sentence. */
  reason(): Promise<string>;
}

const TIMEOUT = 60_000;
const MAX_ADDRESS = 200;
/** Most bytes of an explanation, and characters of it that are passed on. */
const MAX_REASON = 4_096;
const MAX_SHOWN = 300;

/**
 * A place by its address.
 *
 * @throws {FieldFormatError} if it is no HTTP address.
 */
export function placeAt(url: string): Place {
  const base = URL.canParse(url) ? new URL(url) : undefined;
  if (base === undefined || !/^https?:$/.test(base.protocol) || base.username !== "" || base.password !== "") {
    const shown = url.replace(/\/\/[^/]*@/, "//…@").slice(0, MAX_ADDRESS);
    throw new FieldFormatError("url", shown, "an address that begins with http:// or https://, without a password");
  }
  const root = `${base.origin}${base.pathname.replace(/\/+$/, "")}`;
  return { name: root, at: (...path) => [root, ...path].join("/") };
}

/**
 * Asks once, and hands the answer on while time lasts.
 *
 * @param fail Makes the error for what goes wrong on the way.
 * @throws what `fail` makes, an {@link OpenGpuError} that `use` throws, or the signal's reason.
 */
export async function ask<T>(
  url: string,
  { method, body, signal, timeout = TIMEOUT }: Question,
  fail: (problem: string, options: ErrorOptions) => Error,
  use: (answer: Answer) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(() => {
    limit.abort();
  }, timeout);
  const signals = signal === undefined ? [limit.signal] : [limit.signal, signal];
  try {
    const response = await fetch(url, {
      method,
      // Redirected, it would be another place.
      redirect: "error",
      signal: AbortSignal.any(signals),
      ...(body !== undefined && {
        body: body as Uint8Array<ArrayBuffer>,
        headers: { "content-type": "application/octet-stream" },
      }),
    });
    try {
      return await use(answerOf(response));
    } finally {
      // What was not read is not wanted.
      if (!response.bodyUsed) await response.body?.cancel();
    }
  } catch (error) {
    if (error instanceof OpenGpuError) throw error;
    if (signal?.aborted === true) throw signal.reason;
    if (limit.signal.aborted) throw fail(`it was not done within ${timeout} ms`, { cause: error });
    throw fail(problemOf(error), { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

function answerOf(response: Response): Answer {
  const bytes = async (maximum: number): Promise<Uint8Array | undefined> => {
    if (Number(response.headers.get("content-length") ?? 0) > maximum) return undefined;
    const gathering = new Gathering(maximum);
    const reader = (response.body as ReadableStream<Uint8Array> | null)?.getReader();
    try {
      for (let piece = await reader?.read(); piece?.value !== undefined; piece = await reader?.read()) {
        gathering.write(piece.value);
      }
    } catch (error) {
      await reader?.cancel().catch(() => undefined);
      if (error instanceof Overflow) return undefined;
      throw error;
    }
    return gathering.bytes();
  };
  return {
    status: response.status,
    bytes,
    async reason() {
      const said = new TextDecoder().decode((await bytes(MAX_REASON)) ?? new Uint8Array());
      const shown = said.replace(/\p{C}/gu, " ").trim().replace(/\.$/, "").slice(0, MAX_SHOWN);
      return `it answered ${response.status}${shown === "" ? "" : ` (${shown})`}`;
    },
  };
}

/** What `fetch` says; the reason is in the cause. */
function problemOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  const { code, message } = (cause instanceof Error ? cause : error) as Error & { code?: string };
  return typeof code === "string" ? `${message} (${code})` : message;
}
