/** What a worker is given. */
export interface Assignment {
  module: Uint8Array;
  args: readonly string[];
  input: Uint8Array;
  /** 32 bytes. */
  seed: Uint8Array;
  /** Bytes. */
  memory: number;
  /** Bytes. */
  output: number;
}

/** What a worker says: first that it is ready, then how its one assignment ended. */
export type Report =
  | { kind: "ready" }
  | { kind: "done"; output: Uint8Array; diagnostics: string }
  | { kind: "exit"; code: number; diagnostics: string }
  | { kind: "trap"; reason: string; diagnostics: string }
  | { kind: "output" }
  | { kind: "memory"; problem: string }
  | { kind: "module"; problem: string }
  | { kind: "machine"; problem: string };

/** How an assignment ended. */
export type Outcome = Exclude<Report, { kind: "ready" }>;
