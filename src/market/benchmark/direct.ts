import { digestOf } from "../../content/digest.js";
import { parseManifest } from "../../content/manifest.js";
import { OpenGpuError } from "../../protocol/errors.js";
import type { Executor } from "../../sandbox/executor.js";
import type { WorkloadFiles } from "../run/stage.js";

/** What a module did without a market. */
export interface DirectRuns {
  readonly outputs: readonly Uint8Array[];
  /** Of each run, from its input to its output, seconds. */
  readonly seconds: readonly number[];
}

/**
 * Runs a module on inputs, one after the other, in the executor that providers use. Each run compiles the module, as it does there.
 *
 * @param now A clock, milliseconds.
 * @throws {OpenGpuError} if the manifest names no WebAssembly module.
 * @throws whatever the executor throws.
 */
export async function runDirectly(
  executor: Executor,
  { manifest, module }: WorkloadFiles,
  inputs: readonly Uint8Array[],
  signal: AbortSignal,
  now: () => number = () => performance.now(),
): Promise<DirectRuns> {
  const { executables, limits, name } = parseManifest(manifest);
  if (executables.wasm === undefined) throw new OpenGpuError(`The workload ${name} has no WebAssembly module.`);
  const { args } = executables.wasm;
  const outputs: Uint8Array[] = [];
  const seconds: number[] = [];
  for (const input of inputs) {
    const began = now();
    const { output } = await executor.run({ module, args, input, seed: digestOf(input), limits }, signal);
    seconds.push((now() - began) / 1_000);
    outputs.push(output);
  }
  return { outputs, seconds };
}
