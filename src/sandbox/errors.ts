import { OpenGpuError } from "../protocol/errors.js";

/** A job did not end well. */
export class ExecutionError extends OpenGpuError {
  override readonly name: string = "ExecutionError";
}

/** A job took longer than it may. */
export class TimeLimitError extends ExecutionError {
  override readonly name = "TimeLimitError";
  /** Milliseconds. */
  readonly limit: number;

  /** @param limit Milliseconds. */
  constructor(limit: number) {
    super(`The job did not end within its ${limit} ms. Allow it more time, or give it less to do.`);
    this.limit = limit;
  }
}

/** A program needs more memory than it may have, or than the engine may have to compile and run it. */
export class MemoryLimitError extends ExecutionError {
  override readonly name = "MemoryLimitError";
  /** Bytes. */
  readonly limit: number;

  /**
   * @param limit Bytes.
   * @param problem What it did or asked for.
   */
  constructor(limit: number, problem: string) {
    super(`The program ${problem}; ${limit} bytes of memory are allowed. Allow more, or use another program.`);
    this.limit = limit;
  }
}

/** A program wrote more than it may. */
export class OutputLimitError extends ExecutionError {
  override readonly name = "OutputLimitError";
  /** Bytes. */
  readonly limit: number;

  /** @param limit Bytes. */
  constructor(limit: number) {
    super(`The program wrote more than ${limit} bytes of output. Allow it more, or ask it for less.`);
    this.limit = limit;
  }
}

/** Input and arguments are larger than they may be; nothing was run. */
export class InputLimitError extends ExecutionError {
  override readonly name = "InputLimitError";
  /** Bytes. */
  readonly size: number;
  /** Bytes. */
  readonly limit: number;

  /**
   * @param size Size of input and arguments, bytes.
   * @param limit Bytes.
   */
  constructor(size: number, limit: number) {
    super(`Input and arguments have ${size} bytes; at most ${limit} are allowed. Give the program less.`);
    this.size = size;
    this.limit = limit;
  }
}

/** A program did what no program may, and was stopped there by the engine. */
export class TrapError extends ExecutionError {
  override readonly name = "TrapError";
  readonly reason: string;
  /** See `Execution.diagnostics`. */
  readonly diagnostics: string;

  /**
   * @param reason What the engine says.
   * @param diagnostics What the program said.
   */
  constructor(reason: string, diagnostics: string) {
    super(`The program broke off: ${reason}${lastLine(diagnostics)}. Use another version of it, or another input.`);
    this.reason = reason;
    this.diagnostics = diagnostics;
  }
}

/** A program ended itself with a status that is not 0. */
export class ExitError extends ExecutionError {
  override readonly name = "ExitError";
  readonly code: number;
  /** See `Execution.diagnostics`. */
  readonly diagnostics: string;

  /**
   * @param code Its status.
   * @param diagnostics What the program said.
   */
  constructor(code: number, diagnostics: string) {
    super(`The program ended with status ${code}${lastLine(diagnostics)}. Look at what it was given.`);
    this.code = code;
    this.diagnostics = diagnostics;
  }
}

/** A program that cannot be run here, whatever it is given. */
export class ModuleError extends ExecutionError {
  override readonly name = "ModuleError";
  readonly problem: string;

  /** @param problem What is wrong with it. */
  constructor(problem: string) {
    super(`The program cannot be run: ${problem}. Use a WebAssembly module for WASI preview 1.`);
    this.problem = problem;
  }
}

/** The executor itself failed; the job may well run elsewhere or later. */
export class ExecutorError extends ExecutionError {
  override readonly name = "ExecutorError";

  /** @param problem What happened. */
  constructor(problem: string, options?: ErrorOptions) {
    super(`The executor failed: ${problem}. Try again.`, options);
  }
}

/** An executor that was closed was given a job, or was closed before a job's end. */
export class ExecutorClosedError extends ExecutionError {
  override readonly name = "ExecutorClosedError";

  /** @param executor Its name. */
  constructor(executor: string) {
    super(`The executor ${executor} was closed. Open another one.`);
  }
}

/** The last line that a program said, as the end of a sentence. */
function lastLine(diagnostics: string): string {
  const line = diagnostics.trimEnd().split("\n").at(-1) ?? "";
  if (line === "") return "";
  return `, having said “${line.length > 200 ? `${line.slice(0, 200)}…` : line}”`;
}
