import { parseEther } from "ethers";
import { type Behaviour, BEHAVIOURS, DELIVERY_BEHAVIOURS, ROUND_BEHAVIOURS } from "./mischief/mischief.js";

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
  /** How it misbehaves, if it does. */
  readonly behaviour?: Behaviour;
  /** At which of the tasks that it can spoil: one of so many, after so many. */
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
 * Seconds from the submission of a task to its deadline if providers are drawn for it, unless told otherwise: of a critical
 * one for its round, of a checked one for the panel of a dispute, which has as long. A quarter of it is for computing without
 * a race; most rounds and panels are sealed after two fifths.
 */
export const DRAWN_LIFETIME = 100;
/** Times that a task is ordered until there is a verdict: with liars in a small pool, some rounds have none. */
export const MOST_ORDERS = 6;
/** Publisher's share, basis points. */
export const ROYALTY_BPS = 500;
/** Tasks that a provider can have sealed at the same time without its stake running out, for each execution at a time. */
const SEALED = 12n;

/**
 * Providers stand back for the chain, the content server and the clients, which are one process beside them: on a machine that
 * is too slow for all, a node that does not answer would let windows pass by.
 */
const LEAST_NICENESS = 5;
/** Deliveries that can be disputed, and seats in panels, whose bonds a provider can have locked at the same time. */
const DISPUTABLE = 6n;

/**
 * Providers that differ in stake, speed and price: the cheap ones give way to others on the machine, the dear ones do two
 * tasks at a time, and join once the market has risen to what they ask.
 *
 * @param stakePerSlot What a slot in a pool locks, wei.
 * @param panelBond Bond of a task that can be disputed, wei; 0 if there are none.
 */
export function plansFor(count: number, stakePerSlot: bigint, panelBond = 0n): ProviderPlan[] {
  return Array.from({ length: count }, (_, index) => {
    const kind = index % 5;
    const parallel = kind === 3 || kind === 4 ? 2 : 1;
    const bonds = BigInt(parallel) * SEALED * FLOORS.render * CAP_FACTOR;
    return {
      name: `provider ${index + 1}`,
      // Two pools, and what an unusually patient client would lock.
      stake: 2n * BigInt(parallel) * stakePerSlot + bonds + DISPUTABLE * panelBond + BigInt(kind) * parseEther("0.05"),
      parallel,
      niceness: LEAST_NICENESS + ([4, 2, 0, 3, 1][kind] ?? 0),
      asking: [900, 950, 985, 1_080, 1_160][kind] ?? 1_000,
    };
  });
}

/**
 * Slots of an adversary: in rounds it is to be drawn about as often as a strong provider, for a delivery it needs to be a
 * member only.
 */
const ROUND_SLOTS = 2;
const DELIVERY_SLOTS = 1;

/** Who takes one of so many tasks takes one in all. */
const ONCE = 10_000;

/** What adversaries can spoil: numbers of tiles, and the bond of a checked one in wei. */
export interface Prey {
  readonly critical: number;
  readonly checked: number;
  readonly panelBond: bigint;
}

/**
 * Providers that do no work. Where tiles are critical they take seats in rounds: one lies, one never opens what it sealed, one
 * copies others' seals. They take turns: two of them in a round of three would leave it without a verdict, which costs the
 * third. Where tiles are checked they deliver one each: one a forgery, one what nobody can read. And so on.
 *
 * @param stakePerSlot What a slot in a pool locks, wei.
 */
export function adversaryPlansFor(count: number, stakePerSlot: bigint, prey: Prey): ProviderPlan[] {
  const { critical, checked, panelBond } = prey;
  const wanted: Behaviour[] = [...(critical > 0 ? ROUND_BEHAVIOURS : []), ...(checked > 0 ? DELIVERY_BEHAVIOURS : [])];
  const kinds = wanted.length === 0 ? BEHAVIOURS : wanted;
  const behaviours = Array.from({ length: count }, (_, index) => kinds[index % kinds.length] ?? "liar");
  const inRounds = behaviours.filter(isInRounds).length;
  let rounds = 0;
  let deliveries = 0;
  return behaviours.map((behaviour, index) => {
    const name = index < kinds.length ? behaviour : `${behaviour} ${Math.floor(index / kinds.length) + 1}`;
    const plan = { name, niceness: 0, asking: 1, behaviour };
    const stakeFor = (slots: number, bonds: bigint) => BigInt(slots) * stakePerSlot + bonds;
    if (isInRounds(behaviour)) {
      const stake = stakeFor(ROUND_SLOTS, SEALED * FLOORS.render * CAP_FACTOR);
      return { ...plan, stake, parallel: ROUND_SLOTS, every: inRounds, turn: rounds++ };
    }
    const stake = stakeFor(DELIVERY_SLOTS, DISPUTABLE * panelBond);
    return { ...plan, stake, parallel: DELIVERY_SLOTS, every: ONCE, turn: deliveries++ };
  });
}

/** How many adversaries it takes for each kind of misbehaviour that there is something for. */
export function usualAdversaries({ critical, checked }: Pick<Prey, "critical" | "checked">): number {
  return (critical > 0 ? ROUND_BEHAVIOURS.length : 0) + (checked > 0 ? DELIVERY_BEHAVIOURS.length : 0);
}

const isInRounds = (behaviour: Behaviour): boolean => ROUND_BEHAVIOURS.some((one) => one === behaviour);
