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
  took?: (order: Order, duration: number) => void;
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
        took?.(order, duration);
        return output;
      } catch (error) {
        // Time that was spent is learned from, also where nobody pays for it.
        if (error instanceof TimeLimitError) took?.(order, error.limit);
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

/** Bytes before an input and an output, which tell how long the input is. */
const PREFIX = 8;

/**
 * Lets the judge of a manifest say whether an output is valid. The judge is a module like any other: it reads the length
 * of the input as 8 bytes, the lowest first, the input and the output, and writes `valid` or `invalid`.
 *
 * @param digest Of the output.
 * @throws {TaskRefusedError} if the manifest names no judge, or it says neither.
 * @throws whatever store, node or executor throw for what may pass, and the signal's reason.
 */
export async function judgeOutput(
  { executor, store, open }: Pick<Workshop, "executor" | "store" | "open">,
  { source, version, inputDigest }: Order,
  digest: string,
  signal: AbortSignal,
): Promise<boolean> {
  return lastingly(async () => {
    const { judge, limits } = await open(source, version, signal);
    if (judge === undefined) throw new SourceRefusedError(source, version, "its manifest names no judge.");
    const input = await store.get(inputDigest, { maxSize: limits.input, signal });
    const output = await store.get(digest, { maxSize: limits.output, signal });
    const both = new Uint8Array(PREFIX + input.length + output.length);
    new DataView(both.buffer).setBigUint64(0, BigInt(input.length), true);
    both.set(input, PREFIX);
    both.set(output, PREFIX + input.length);
    // All judges of a panel see the same.
    const place = { ...judge, input: both, seed: inputDigest };
    const bytes = both.length + toUtf8Bytes(judge.args.map((arg) => `${arg}\0`).join("")).length;
    const ran = await executor.run({ ...place, limits: { ...limits, input: bytes } }, signal);
    const word = new TextDecoder().decode(ran.output).trim();
    if (word === "valid" || word === "invalid") return word === "valid";
    throw new SourceRefusedError(source, version, "its judge says neither valid nor invalid.");
  });
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
