/** Tells a person how a simulation goes. */
import { SingleBar } from "cli-progress";
import type { SeedResult } from "../../src/market/simulation/seedRun.js";

export interface Progress {
  blocks(count: number): void;
  done(result: SeedResult): void;
  /** Leaves the terminal as it was. */
  end(): void;
}

/** Says nothing. */
export const silence: Progress = { blocks: () => undefined, done: () => undefined, end: () => undefined };

/** A bar with the time that is left if a person looks on, else a line for each seed. */
export function createProgress(seeds: number, blocksPerSeed: number): Progress {
  const total = seeds * blocksPerSeed;
  let orders = 0;
  let through = 0;
  const count = ({ episodes }: SeedResult) => {
    through++;
    orders += episodes.reduce((sum, { market }) => sum + market.ordered, 0);
  };
  if (!process.stdout.isTTY) {
    return {
      ...silence,
      done(result) {
        count(result);
        console.log(`  seed ${result.seed}: ${through} of ${seeds} through, ${orders} orders so far`);
      },
    };
  }
  const bar = new SingleBar({
    format: " {bar} {percentage} %  {seeds} seeds, {orders} orders  {duration_formatted}, {eta_formatted} left",
    hideCursor: true,
    clearOnComplete: true,
    barsize: 24,
    // The last tenth tells best how long the rest takes.
    etaBuffer: Math.max(10, Math.round(total / 1_000)),
  });
  bar.start(total, 0, { seeds: `0/${seeds}`, orders: 0 });
  return {
    blocks(blocks) {
      bar.increment(blocks);
    },
    done(result) {
      count(result);
      bar.update({ seeds: `${through}/${seeds}`, orders });
    },
    end() {
      bar.stop();
    },
  };
}
