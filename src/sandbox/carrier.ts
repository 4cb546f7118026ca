import { MemoryLimitError } from "./errors.js";
import type { Assignment, Report } from "./outcome.js";

/** What is told of a worker. After `failed` nothing more comes. */
export interface Listener {
  reported(report: Report): void;
  /** It ended by itself. */
  failed(error: Error): void;
}

/** A worker in a thread or process of its own. */
export interface Carrier {
  send(assignment: Assignment): void;
  /** Ends the worker, whatever it does, and resolves when nothing is left of it. */
  end(): Promise<void>;
}

/** What the engine may use beside the memory of a program, e.g. for compiled code and its heap. */
export const ENGINE_MEMORY = 512 * 2 ** 20;
/** Most of it that is heap, MiB. */
export const ENGINE_HEAP = 64;

/**
 * The worker beside this module. From source, Node removes its types before every job, without the loader of whoever
 * starts it; a worker in JavaScript begins in half the time.
 */
export const WORKER = new URL(import.meta.url.endsWith(".ts") ? "./wasmWorker.ts" : "./wasmWorker.js", import.meta.url);

/** The engine needed more memory than it may have. */
export function engineExhausted(limit: number): MemoryLimitError {
  return new MemoryLimitError(limit, "is too much for the engine to compile or to run");
}
