/** Runs programs that nobody trusts; Node only. */
export * from "./errors.js";
export type * from "./executor.js";
export { createWasmExecutor, type WasmOptions } from "./wasmExecutor.js";
