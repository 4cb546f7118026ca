import { MAX_TRUST, MAX_WEIGHT, MIN_TRUST, MIN_WEIGHT } from "../../src/protocol/consensus.js";
import { ConsensusHarness__factory } from "../../typechain-types/index.js";
import { anAccount } from "./accounts.js";
import type { Random } from "./seeded.js";

/** Libraries of rounds, callable. */
export async function deployHarness() {
  return new ConsensusHarness__factory(await anAccount()).deploy();
}

/** One in eight is the least and one in eight the most. */
function edgy(random: Random, least: number, most: number): number {
  const kind = random.whole(0, 7);
  if (kind === 0) return least;
  return kind === 1 ? most : random.whole(least, most);
}

/** A trust, often next to a power of two. */
export function drawTrust(random: Random): number {
  if (random.whole(0, 1) === 0) return edgy(random, MIN_TRUST, MAX_TRUST);
  const near = 2 ** random.whole(1, 14) + random.whole(-1, 1);
  return Math.min(MAX_TRUST, Math.max(MIN_TRUST, near));
}

export const drawWeight = (random: Random): number => edgy(random, MIN_WEIGHT, MAX_WEIGHT);

/** Does something for each of `count` numbers, some at a time. */
export async function times(count: number, act: (index: number) => Promise<void>): Promise<void> {
  const CHUNK = 50;
  for (let start = 0; start < count; start += CHUNK) {
    const end = Math.min(count, start + CHUNK);
    await Promise.all(Array.from({ length: end - start }, (_, index) => act(start + index)));
  }
}
