/** Most that a job may use. What is longer or larger ends it with a typed error; see {@link Executor.run}. */
export interface Limits {
  /** Memory that the program may address, bytes. */
  memory: number;
  /** Wall-clock time from the hand-over of the program to its end, its compilation included, milliseconds. */
  time: number;
  /** Input and arguments together, bytes. */
  input: number;
  /** Output, bytes. */
  output: number;
}

/** A program with what it is run on. Its bytes must not be changed before the job ends. */
export interface Job {
  /** The program; whoever calls has checked that it is the wanted one. */
  module: Uint8Array;
  /** Arguments after the program's own name, which is always `source`. */
  args: readonly string[];
  /** What the program reads from its standard input. */
  input: Uint8Array;
  /** What all randomness of the program follows from, 32 bytes in hexadecimal. */
  seed: string;
  limits: Limits;
}

/** What a job that ended well has left. */
export interface Execution {
  /** What the program wrote to its standard output. */
  output: Uint8Array;
  /** The end of what the program wrote to its standard error, without control characters. */
  diagnostics: string;
  /** For how long the job had a place, from the start of its worker to the end of the program, milliseconds. */
  duration: number;
}

/** What an executor holds a program to, whatever the program does. */
export interface Assurance {
  /** Which of the limits it enforces. */
  limits: Readonly<Record<keyof Limits, boolean>>;
  /** Whether the program is kept off the network. */
  network: boolean;
  /** Whether the program is kept off the files of the machine. */
  files: boolean;
  /** Whether clock and randomness are the same in each run of a job. */
  determinism: boolean;
  /** What stands between the program and the machine. */
  boundary: "engine" | "process" | "container" | "machine";
}

/** Runs programs that nobody trusts. */
export interface Executor {
  readonly name: string;
  readonly enforces: Assurance;
  /**
   * Runs a job to its end, after those before it if there are too many at once. Nothing is left of it afterwards.
   *
   * @param signal Ends the job; the promise is then rejected with the signal's reason.
   * @throws {FieldRangeError | FieldFormatError} if a limit or the seed is no such thing.
   * @throws {ExecutionError} one of its kinds, if the job did not end well.
   */
  run(job: Job, signal?: AbortSignal): Promise<Execution>;
  /** Ends all jobs and resolves when nothing runs any more. */
  close(): Promise<void>;
}
