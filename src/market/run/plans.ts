import { parseEther } from "ethers";
import { type Behaviour, BEHAVIOURS } from "./adversary.js";

/** How one provider differs from the others. Amounts in wei. */
export interface ProviderPlan {
  readonly name: string;
  /** What it stakes. */
  readonly stake: bigint;
  /** Executions at a time. */
  readonly parallel: number;
  /** Unix niceness: the higher, the later it gets a processor. */
  readonly niceness: number;
  /** Least payment for one task, as a multiple of what the floor price pays, in thousandths. */
  readonly asking: number;
  /** How it misbehaves in rounds, if it does. */
  readonly behaviour?: Behaviour;
  /** In which rounds: one of so many, after so many. */
  readonly every?: number;
  readonly turn?: number;
}

/** Lowest price of an execution in a run, by workload. Wei. */
export const FLOORS = { render: parseEther("0.01"), digits: parseEther("0.005") } as const;
/**
 * The cap of an order is so many times the floor: a market that rises as fast as it can for a minute and a half is still
 * below it, so that orders count as demand on a slow machine too.
 */
export const CAP_FACTOR = 3n;
/**
 * Seconds in which an open task's price climbs from the market price to its cap. Tasks wait for ten or so: most of what
 * they clear at is the market's doing, and the patience of their clients a little.
 */
export const RAMP = 120;
/**
 * Part of all orders, 0 to 1, within which the last digits are ordered. In what is left their price falls again while
 * that of render still rises: one machine, two markets.
 */
export const DIGITS_WITHIN = 0.6;
/**
 * Seconds from the submission of a critical task to its deadline. A quarter of it is for computing without a race; most
 * rounds are sealed after two fifths.
 */
export const CRITICAL_LIFETIME = 100;
/** Times that a task is ordered until there is a verdict: with liars in a small pool, some rounds have none. */
export const MOST_ORDERS = 6;
/** Publisher's share, basis points. */
export const ROYALTY_BPS = 500;
/** Tasks that a provider can have sealed at the same time without its stake running out, for each execution at a time. */
const SEALED = 12n;

/**
 * Providers that differ in stake, speed and price: the cheap ones give way to others on the machine, the dear ones do two
 * tasks at a time, and join once the market has risen to what they ask.
 *
 * @param stakePerSlot What a slot in a pool locks, wei.
 */
export function plansFor(count: number, stakePerSlot: bigint): ProviderPlan[] {
  return Array.from({ length: count }, (_, index) => {
    const kind = index % 5;
    const parallel = kind === 3 || kind === 4 ? 2 : 1;
    const bonds = BigInt(parallel) * SEALED * FLOORS.render * CAP_FACTOR;
    return {
      name: `provider ${index + 1}`,
      // Two pools, and what an unusually patient client would lock.
      stake: 2n * BigInt(parallel) * stakePerSlot + bonds + BigInt(kind) * parseEther("0.05"),
      parallel,
      niceness: [4, 2, 0, 3, 1][kind] ?? 0,
      asking: [900, 950, 985, 1_080, 1_160][kind] ?? 1_000,
    };
  });
}

/** Slots of an adversary, so that it is drawn about as often as a strong provider. */
const ADVERSARY_SLOTS = 2;

/**
 * Providers that do no work but take seats in rounds: one lies, one never opens what it sealed, one copies others' seals,
 * and so on. They take turns: two of them in a round of three would leave it without a verdict, which costs the third.
 */
export function adversaryPlansFor(count: number, stakePerSlot: bigint): ProviderPlan[] {
  return Array.from({ length: count }, (_, index) => {
    const behaviour = BEHAVIOURS[index % BEHAVIOURS.length] ?? "liar";
    const name = index < BEHAVIOURS.length ? behaviour : `${behaviour} ${Math.floor(index / BEHAVIOURS.length) + 1}`;
    const stake = BigInt(ADVERSARY_SLOTS) * stakePerSlot + SEALED * FLOORS.render * CAP_FACTOR;
    const round = { every: count, turn: index };
    return { name, stake, parallel: ADVERSARY_SLOTS, niceness: 0, asking: 1, behaviour, ...round };
  });
}
