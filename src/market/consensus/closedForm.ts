import type { Member } from "./round.js";
import { createClosing, wins } from "./verdict.js";

/** A kind of provider that a seat may go to. */
export interface SeatKind {
  /** That it does. Over all kinds they add up to 1. */
  readonly probability: number;
  readonly weight: number;
  readonly hostile: boolean;
}

/** How a round ends, as probabilities. */
export interface Odds {
  readonly right: number;
  readonly wrong: number;
  readonly none: number;
  /** Mean of the seats taken. */
  readonly seats: number;
}

/** Rounds that are alike as far as what comes next goes. */
interface Open {
  honest: number;
  hostile: number;
  heaviest: number;
  probability: number;
}

/**
 * How rounds end whose seats are independent of each other: the honest open one result, the hostile another. Exact, a sum
 * over all that can sit, one seat after the other.
 */
export function independentOdds(kinds: readonly SeatKind[], trust: number): Odds {
  const closes = createClosing(trust);
  const odds = { right: 0, wrong: 0, none: 0, seats: 0 };
  const possible = kinds.filter(({ probability }) => probability > 0);
  let open: Open[] = [{ honest: 1, hostile: 1, heaviest: 0, probability: 1 }];
  for (let taken = 1; open.length > 0; taken++) {
    const next = new Map<string, Open>();
    for (const state of open) {
      for (const kind of possible) {
        const { honest, hostile, heaviest, probability } = seated(state, kind);
        if (closes(taken, honest * hostile, heaviest)) {
          odds[verdict(honest, hostile, trust)] += probability;
          odds.seats += taken * probability;
          continue;
        }
        const key = `${honest} ${hostile} ${heaviest}`;
        const same = next.get(key);
        if (same === undefined) next.set(key, { honest, hostile, heaviest, probability });
        else same.probability += probability;
      }
    }
    open = [...next.values()];
  }
  return odds;
}

/** The kinds of a pool, each as likely as its share of the slots. */
export function kindsOf(members: readonly Member[]): SeatKind[] {
  const capacity = members.reduce((sum, { slots }) => sum + slots, 0);
  const kinds = new Map<string, { weight: number; hostile: boolean; slots: number }>();
  for (const { weight, hostile, slots } of members) {
    const key = `${weight} ${hostile}`;
    const kind = kinds.get(key) ?? { weight, hostile, slots: 0 };
    kind.slots += slots;
    kinds.set(key, kind);
  }
  return [...kinds.values()].map(({ weight, hostile, slots }) => ({ weight, hostile, probability: slots / capacity }));
}

function seated(state: Open, { weight, hostile, probability }: SeatKind): Open {
  return {
    honest: hostile ? state.honest : state.honest * weight,
    hostile: hostile ? state.hostile * weight : state.hostile,
    heaviest: Math.max(state.heaviest, weight),
    probability: state.probability * probability,
  };
}

/** A group that nobody is in has the product 1, and exceeds it by nothing. */
function verdict(honest: number, hostile: number, trust: number): "right" | "wrong" | "none" {
  const excess = honest - 1 + hostile - 1;
  if (wins(honest, excess, trust)) return "right";
  return wins(hostile, excess, trust) ? "wrong" : "none";
}
