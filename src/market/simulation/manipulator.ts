import { randomOf } from "./random.js";
import type { Regime } from "./regimes.js";
import type { Worker } from "./workforce.js";

/** Share of the capacity that it holds. */
const SHARE = 0.2;
/** How far above the market price it posts, so that its orders count as demand. */
export const MARGIN = 1.05;
/** How long it holds a slot with an order of its own, seconds; not longer than a reservation. */
export const HOLD = 390;

/** What the manipulator does in an episode. Providers by number. */
export interface Manipulator {
  /** Its own providers. */
  readonly own: ReadonlySet<number>;
  /** Those of them that take no order of others, and never leave. */
  readonly idle: ReadonlySet<number>;
  /** Those of them that only take its own orders. */
  readonly dealing: ReadonlySet<number>;
  /** Orders that nobody can serve. */
  readonly unservable: number;
}

/**
 * Gives some providers with a fifth of the slots into one hand: a random choice of the first members, the same for
 * the same seed. In regimes without a trick they do as all others do.
 */
export function createManipulator(seed: number, members: readonly Worker[], { trick }: Regime): Manipulator {
  const capacity = members.reduce((sum, { provider }) => sum + provider.slots, 0);
  const chosen = takeSlots(randomOf(seed, "manipulator").shuffled(members), capacity * SHARE);
  const own = new Set(chosen.map(({ provider }) => provider.id));
  const dealing = new Set(takeSlots(chosen, (capacity * SHARE) / 2).map(({ provider }) => provider.id));
  const none = new Set<number>();
  return {
    own,
    idle: trick === "idle" ? own : trick === "selfDeal" ? dealing : none,
    dealing: trick === "selfDeal" ? dealing : none,
    unservable: trick === "pump" ? Math.round(capacity * SHARE) : 0,
  };
}

/** Workers from the front of a list whose slots come to a number, or as near to it as they can without more. */
function takeSlots(workers: readonly Worker[], slots: number): Worker[] {
  let sum = 0;
  return workers.filter(({ provider }) => {
    if (sum + provider.slots > slots + 0.5) return false;
    sum += provider.slots;
    return true;
  });
}
