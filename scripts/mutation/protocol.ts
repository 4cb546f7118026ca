import type { Mutant } from "./mutants.js";

/** What the parent process sends to a worker. */
export interface Job {
  readonly mutant: Mutant;
  /** Test files that killed mutants near it, the best first. */
  readonly hints: readonly string[];
}

export interface Verdict {
  /** `invalid`: does not compile. `equivalent`: compiles, for a deployment, to the same code. */
  readonly status: "killed" | "survived" | "invalid" | "equivalent";
  /** The test file that failed, or what else ended it. */
  readonly by?: string;
}

/** What a worker sends to the parent process. */
export type Report =
  | { readonly kind: "alive" }
  /** Ready for mutants; `failures` are tests that fail without any and are left out. */
  | { readonly kind: "ready"; readonly tests: number; readonly failures: readonly string[] }
  | { readonly kind: "verdict"; readonly verdict: Verdict; readonly seconds: number };
