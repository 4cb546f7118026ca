import { decodeBase64, hexlify, randomBytes, toUtf8Bytes } from "ethers";
import { digestOf } from "../content/digest.js";
import { ContentMismatchError, ContentNotFoundError, ContentTooLargeError } from "../content/errors.js";
import type { ContentStore } from "../content/store.js";
import type { Order } from "../protocol/order.js";
import { ExecutionError, ExecutorClosedError, ExecutorError, TimeLimitError } from "../sandbox/errors.js";
import type { Execution, Executor } from "../sandbox/executor.js";
import type { Perform } from "./effects.js";
import { SourceRefusedError, TaskRefusedError } from "./errors.js";
import type { OpenedSource } from "./source.js";

/** What it takes to do a task. */
export interface Workshop {
  executor: Executor;
  store: ContentStore;
  /** The version of a source that an order names. */
  open: (source: number, version: number, signal: AbortSignal) => Promise<OpenedSource>;
  /** Told how long an execution took, milliseconds. */
  took?: (source: number, duration: number) => void;
}

/**
 * Does the work of an order: fetches program and input by their digests, and runs them within the manifest's limits.
 *
 * @returns The output.
 * @throws {TaskRefusedError} if the task can never be done here.
 * @throws whatever store, node or executor throw for what may pass, and the signal's reason.
 */
export async function performOrder(workshop: Workshop, order: Order, signal: AbortSignal): Promise<Uint8Array> {
  return (await prepareOrder(workshop, order, signal))(signal);
}

/**
 * Fetches program and input of an order, so that nothing but the execution can still fail.
 *
 * @returns What does the work, as often as it is called.
 * @throws what {@link performOrder} throws, as does what it returns.
 */
export async function prepareOrder(workshop: Workshop, order: Order, signal: AbortSignal): Promise<Perform> {
  const { executor, store, open, took } = workshop;
  const [opened, input] = await lastingly(async () => {
    const opened = await open(order.source, order.version, signal);
    return [opened, await store.get(order.inputDigest, { maxSize: opened.limits.input, signal })];
  });
  return (stop) =>
    lastingly(async () => {
      try {
        const { output, duration } = await execute(executor, opened, input, order.inputDigest, stop);
        took?.(order.source, duration);
        return output;
      } catch (error) {
        // Time that was spent is learned from, also where nobody pays for it.
        if (error instanceof TimeLimitError) took?.(order.source, error.limit);
        throw error;
      }
    });
}

/**
 * Whether the output of an order can be fetched by its digest, and is not larger than an output may be.
 *
 * @throws whatever store and node throw for what may pass, and the signal's reason.
 */
export async function holdsOutput(
  { store, open }: Pick<Workshop, "store" | "open">,
  { source, version }: Order,
  digest: string,
  signal: AbortSignal,
): Promise<boolean> {
  const { limits } = await open(source, version, signal);
  try {
    await store.get(digest, { maxSize: limits.output, signal });
    return true;
  } catch (error) {
    const isAnswer = [ContentNotFoundError, ContentMismatchError, ContentTooLargeError].some(
      (kind) => error instanceof kind,
    );
    if (isAnswer) return false;
    throw error;
  }
}

/** Says of what would fail again that the task is refused. */
async function lastingly<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isLasting(error) ? new TaskRefusedError(error.message, { cause: error }) : error;
  }
}

/**
 * Runs the examples of a source whose output its manifest names.
 *
 * @returns How long the first took, milliseconds; `undefined` if there is none.
 * @throws {SourceRefusedError} if one fails or has another output than the manifest says.
 */
export async function rehearse(
  executor: Executor,
  opened: OpenedSource,
  signal?: AbortSignal,
): Promise<number | undefined> {
  const { source, version, manifest } = opened;
  let first: number | undefined;
  for (const { description, input, output: expected } of manifest.examples) {
    if (expected === undefined) continue;
    const bytes = input.encoding === "utf8" ? toUtf8Bytes(input.data) : decodeBase64(input.data);
    const refuse = (problem: string, cause?: unknown) =>
      new SourceRefusedError(source, version, `its example “${description}” ${problem}`, { cause });
    const { output, duration } = await execute(executor, opened, bytes, digestOf(bytes), signal).catch(
      (error: unknown) => {
        throw isLasting(error) ? refuse(`failed. ${error.message}`, error) : error;
      },
    );
    const found = digestOf(output);
    if (found !== expected) throw refuse(`gave ${found}, not ${expected}.`);
    first ??= duration;
  }
  return first;
}

function execute(
  executor: Executor,
  { manifest, module, args, limits }: OpenedSource,
  input: Uint8Array,
  digest: string,
  signal?: AbortSignal,
): Promise<Execution> {
  // Equal inputs give equal outputs only if all randomness follows from the input.
  const seed = manifest.deterministic ? digest : hexlify(randomBytes(32));
  return executor.run({ module, args, input, seed, limits }, signal);
}

/** Whether trying again would fail again. */
function isLasting(error: unknown): error is Error {
  if (error instanceof ExecutorError || error instanceof ExecutorClosedError) return false;
  return (
    error instanceof ExecutionError || error instanceof ContentTooLargeError || error instanceof SourceRefusedError
  );
}
