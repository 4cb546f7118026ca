import { OpenGpuError } from "../../protocol/errors.js";

/** A figure that a cost is to be computed from cannot be what it says. */
export class CostInputError extends OpenGpuError {
  override readonly name = "CostInputError";
  readonly input: string;
  readonly value: number;

  /**
   * @param input Which figure, e.g. `rate`.
   * @param value The offending value.
   * @param expected What it should be.
   */
  constructor(input: string, value: number, expected: string) {
    super(`${input} is ${value}; it must be ${expected}.`);
    this.input = input;
    this.value = value;
  }
}

/** The figure, if it is a finite number above 0. */
export function positive(input: string, value: number): number {
  if (!(value > 0 && Number.isFinite(value))) throw new CostInputError(input, value, "a finite number above 0");
  return value;
}

/** Nothing of a measurement was paid, so there is nothing to tell. */
export class BenchmarkError extends OpenGpuError {
  override readonly name = "BenchmarkError";
  readonly workload: string;

  constructor(workload: string) {
    super(`No task of the workload ${workload} was paid, so there is nothing to measure.`);
    this.workload = workload;
  }
}
