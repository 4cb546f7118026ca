import { expect } from "chai";
import type { Execution, Executor, Job, Limits } from "../../src/sandbox/index.js";

export const SEED_A = `0x${"a1".repeat(32)}`;
export const SEED_B = `0x${"b2".repeat(32)}`;
/** Time is generous because the machine may be busy: only programs that never end shall reach it. */
export const LIMITS: Limits = { memory: 16 * 65_536, time: 60_000, input: 1_000, output: 1_000 };

/** A job with nothing but a module, unless said otherwise. */
export function jobOf(
  module: Uint8Array,
  other: Partial<Omit<Job, "limits">> & { limits?: Partial<Limits> } = {},
): Job {
  const limits = { ...LIMITS, ...other.limits };
  return { module, args: [], input: new Uint8Array(), seed: SEED_A, ...other, limits };
}

/** The error of a kind with which a job ends. */
export async function failure<E extends Error>(
  execution: Promise<Execution>,
  kind: abstract new (...args: never[]) => E,
): Promise<E> {
  const error: unknown = await execution.then(
    ({ output }) => new Error(`ended well, with ${output.length} bytes of output`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof kind)) throw error;
  // One sentence or two that can be read by everybody.
  expect(error.message).to.match(/^[A-Z].{20,500}\.$/s);
  return error;
}

/** What a program shows: its output as numbers of 32 bits. */
export async function numbers(executor: Executor, job: Job): Promise<number[]> {
  const { output } = await executor.run(job);
  const view = new DataView(output.buffer, output.byteOffset, output.length);
  return Array.from({ length: output.length / 4 }, (_, index) => view.getUint32(4 * index, true));
}

export const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
