import { availableParallelism } from "node:os";
import { getBytes } from "ethers";
import { bytes32, uint } from "../protocol/fields.js";
import { type Carrier, type Listener, WORKER } from "./carrier.js";
import {
  ExecutorClosedError,
  ExecutorError,
  ExitError,
  InputLimitError,
  MemoryLimitError,
  ModuleError,
  OutputLimitError,
  TimeLimitError,
  TrapError,
} from "./errors.js";
import type { Execution, Executor, Job, Limits } from "./executor.js";
import type { Assignment, Outcome } from "./outcome.js";
import { startProcess } from "./process.js";
import { startThread } from "./thread.js";
import { createTurns } from "./turns.js";

const MEBIBYTE = 2 ** 20;
/** For how long a worker may take to begin, milliseconds. */
const START = 60_000;

/** How many WebAssembly programs run at once, and how large they may be. */
export interface WasmOptions {
  /** Jobs at once; as many as there are processors if left out. */
  parallel?: number;
  /** Most bytes of a program; 64 MiB if left out. */
  maxModule?: number;
  /**
   * Whether each job has a process of its own (`process`, if left out) or a thread of this one (`engine`). A program can be
   * made to be hard to compile, for which a small one takes gigabytes and minutes: a process is killed then, a thread ends
   * late and may take this process along. Use threads only for programs that you know, or where there are no processes.
   */
  boundary?: "process" | "engine";
  /**
   * File of the worker that runs the programs, `wasmWorker.js`. A bundler moves modules and does not see that this one
   * belongs to them: bundle it too, and name it here. If left out, it is beside this module.
   */
  worker?: URL;
}

/**
 * Runs WebAssembly programs for WASI preview 1, each in a fresh process. A program has its arguments, its
 * input, its output, a clock that stands at 0 and random bytes that follow from the seed; it sees no file, no network, no
 * environment and no other run, and the same job has the same output everywhere.
 *
 * Memory of a program is what it can address; on top of it come the engine's own, at most 512 MiB (enforced on Linux),
 * and input and output. The engine is the only wall between a program and what the user of this process may do: use an
 * executor with another boundary where one is not enough.
 */
export function createWasmExecutor({
  parallel = availableParallelism(),
  maxModule = 64 * MEBIBYTE,
  boundary = "process",
  worker = WORKER,
}: WasmOptions = {}): Executor {
  const name = "wasm";
  const place = { boundary, worker };
  const turns = createTurns(Math.max(1, Number(uint("parallel", parallel, 16))));
  const closing = new AbortController();
  const running = new Set<Promise<unknown>>();

  return {
    name,
    enforces: {
      limits: { memory: true, time: true, input: true, output: true },
      network: true,
      files: true,
      determinism: true,
      boundary,
    },
    async run(job, signal) {
      check(job, maxModule);
      const stop = signal === undefined ? closing.signal : AbortSignal.any([signal, closing.signal]);
      const end = await turns.take(stop);
      if (stop.aborted) {
        end();
        throw stop.reason;
      }
      const { execution, gone } = start(job, place, stop);
      // The place is free when the worker is gone, not before.
      const over = gone.finally(() => {
        running.delete(over);
        end();
      });
      running.add(over);
      return execution;
    },
    async close() {
      closing.abort(new ExecutorClosedError(name));
      await Promise.all(running);
    },
  };
}

function check({ module, args, input, seed, limits }: Job, maxModule: number): void {
  bytes32("seed", seed);
  uint("limits.memory", limits.memory, 40);
  uint("limits.time", limits.time, 31);
  uint("limits.input", limits.input, 32);
  uint("limits.output", limits.output, 32);
  if (module.length > maxModule) throw new ModuleError(`it has ${module.length} bytes, more than ${maxModule}`);
  if (args.some((arg) => arg.includes("\0"))) throw new ModuleError("an argument has a zero byte in it");
  const size = args.reduce((sum, arg) => sum + new TextEncoder().encode(arg).length + 1, input.length);
  if (size > limits.input) throw new InputLimitError(size, limits.input);
}

/** Where a job runs. */
type Place = Required<Pick<WasmOptions, "boundary" | "worker">>;

/** Starts a job. `gone` resolves when nothing is left of it. */
function start(job: Job, place: Place, signal: AbortSignal): { execution: Promise<Execution>; gone: Promise<void> } {
  const { limits } = job;
  let carrier: Carrier | undefined;
  let timer: NodeJS.Timeout | undefined;
  let cancel: () => void = () => undefined;
  const execution = new Promise<Execution>((resolve, reject) => {
    const began = performance.now();
    timer = setTimeout(() => {
      reject(new ExecutorError(`no worker began within ${START} ms`));
    }, START);
    cancel = () => {
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", cancel, { once: true });
    carrier = startWorker(job, place, {
      failed: reject,
      reported(report) {
        clearTimeout(timer);
        if (report.kind === "done") {
          resolve({ output: report.output, diagnostics: report.diagnostics, duration: performance.now() - began });
        } else if (report.kind !== "ready") reject(errorOf(report, limits));
        else {
          timer = setTimeout(() => {
            reject(new TimeLimitError(limits.time));
          }, limits.time);
          carrier?.send(assignmentOf(job));
        }
      },
    });
  });
  const end = async () => {
    clearTimeout(timer);
    signal.removeEventListener("abort", cancel);
    await carrier?.end();
  };
  return { execution, gone: execution.then(end, end) };
}

function startWorker({ module, input, limits }: Job, { boundary, worker }: Place, listener: Listener): Carrier {
  if (boundary === "engine") return startThread(worker, listener);
  const data = module.length + input.length + limits.output;
  return startProcess(worker, { memory: limits.memory, data, time: limits.time }, listener);
}

/** What a worker is given of a job: copies, so that it sees nothing of what lies beside them in memory. */
function assignmentOf({ module, args, input, seed, limits }: Job): Assignment {
  return {
    module: new Uint8Array(module),
    args: [...args],
    input: new Uint8Array(input),
    seed: getBytes(seed),
    memory: limits.memory,
    output: limits.output,
  };
}

function errorOf(outcome: Exclude<Outcome, { kind: "done" }>, limits: Limits): Error {
  switch (outcome.kind) {
    case "exit":
      return new ExitError(outcome.code, outcome.diagnostics);
    case "trap":
      return new TrapError(outcome.reason, outcome.diagnostics);
    case "output":
      return new OutputLimitError(limits.output);
    case "memory":
      return new MemoryLimitError(limits.memory, outcome.problem);
    case "module":
      return new ModuleError(outcome.problem);
    case "machine":
      return new ExecutorError(outcome.problem);
  }
}
