/** Plays the seeds that its parent sends, one at a time. */
import type { SeedResult } from "../../src/market/simulation/seedRun.js";
import { type Play, play } from "./play.js";

/** What a worker tells its parent. */
export type Message =
  | { readonly kind: "ready" }
  | { readonly kind: "blocks"; readonly count: number }
  | { readonly kind: "done"; readonly result: SeedResult }
  | { readonly kind: "failed"; readonly reason: string };

/** Blocks between two messages. */
const OFTEN = 100;

const tell = (message: Message) => process.send?.(message);

process.on("message", (message: Play) => {
  let count = 0;
  const note = () => {
    if (++count % OFTEN === 0) tell({ kind: "blocks", count: OFTEN });
  };
  play(message, note).then(
    (result) => {
      tell({ kind: "blocks", count: count % OFTEN });
      tell({ kind: "done", result });
    },
    (error: unknown) => tell({ kind: "failed", reason: error instanceof Error ? error.message : String(error) }),
  );
});
// Without its parent there is nobody to play for.
process.on("disconnect", () => process.exit());
tell({ kind: "ready" });
