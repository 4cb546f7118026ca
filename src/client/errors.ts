import { OpenGpuError } from "../protocol/errors.js";

/** Most characters of an offending text that are shown. */
const MAX_SHOWN = 80;

/** Work cannot be split into jobs in this way. */
export class SplitError extends OpenGpuError {
  override readonly name = "SplitError";
  readonly field: string;
  readonly value: number | string;

  /**
   * @param field What does not fit, e.g. `tile.width`.
   * @param value The offending value.
   * @param expected What it should be.
   */
  constructor(field: string, value: number | string, expected: string) {
    super(`${field} is ${value}; it must be ${expected}.`);
    this.field = field;
    this.value = value;
  }
}

/** Parts, each good in itself, do not make the whole. */
export class AssemblyError extends OpenGpuError {
  override readonly name = "AssemblyError";

  /** @param problem Which part is wrong, or missing. */
  constructor(problem: string) {
    super(`The tiles do not make the frame: ${problem}. Give each of its tiles once.`);
  }
}

/** An output that does not have the form which its workload gives it: whoever made it did not run the program. */
export class OutputFormatError extends OpenGpuError {
  override readonly name = "OutputFormatError";
  readonly field: string;
  /** The offending value, as it is shown: whoever made the output may have chosen it. */
  readonly value: string;

  /**
   * @param output What was read.
   * @param field The part of it that is wrong, e.g. `predictions.3.label`.
   * @param value The offending value.
   * @param expected What it should be.
   */
  constructor(output: string, field: string, value: unknown, expected: string, options?: ErrorOptions) {
    const text = shown(value);
    super(`${output} is not usable: ${field} is ${text}; it must be ${expected}.`, options);
    this.field = field;
    this.value = text;
  }
}

/** A value of any size and kind in a few characters of ASCII. */
function shown(value: unknown): string {
  if (value === undefined) return "missing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value !== "string") return JSON.stringify(value);
  const start = value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value;
  return JSON.stringify(start).replace(/[^ -~…]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
