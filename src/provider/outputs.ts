import { digestOf } from "../content/digest.js";
import { OpenGpuError } from "../protocol/errors.js";
import type { Debt } from "./debts.js";
import type { Effects } from "./effects.js";

/** A program that gave another output than before: what was sealed cannot be shown any more. */
export class OutputChangedError extends OpenGpuError {
  override readonly name = "OutputChangedError";
  readonly taskId: string;

  constructor(taskId: string, sealed: string, found: string) {
    super(
      `Task ${taskId} was sealed with the output ${sealed}, but gives ${found} now. Its source is not deterministic.`,
    );
    this.taskId = taskId;
  }
}

/** Outputs that nobody may see before a verdict: a client that could fetch them would not have to pay. */
export interface Outputs {
  keep(taskId: string, output: Uint8Array): void;
  /**
   * The output of a debt; after a restart it is made once more.
   *
   * @throws {OutputChangedError} if it is another one then.
   */
  of(debt: Debt, signal: AbortSignal): Promise<Uint8Array>;
  drop(taskId: string): void;
}

/** Keeps outputs in memory. */
export function createOutputs(effects: Pick<Effects, "perform">): Outputs {
  const outputs = new Map<string, Uint8Array>();
  return {
    keep(taskId, output) {
      outputs.set(taskId, output);
    },
    async of({ taskId, order, sealed }, signal) {
      const known = outputs.get(taskId);
      if (known !== undefined) return known;
      const output = await effects.perform(order, signal);
      const found = digestOf(output);
      if (found !== sealed.resultDigest) throw new OutputChangedError(taskId, sealed.resultDigest, found);
      outputs.set(taskId, output);
      return output;
    },
    drop(taskId) {
      outputs.delete(taskId);
    },
  };
}
