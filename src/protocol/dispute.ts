import { id } from "ethers";
import { judgeRound, type SeatOutcome, type Vote } from "./consensus.js";

/** What a judge seals and opens instead of a result of its own, of a source that is not deterministic. */
export const JUDGED_VALID = id("valid");
export const JUDGED_INVALID = id("invalid");

/** How a dispute ends; the numbers are those of the contracts. */
export const DISPUTE_OUTCOMES = ["Standing", "Upheld", "Overturned", "Rejected", "Unanswered", "Undecided"] as const;
export type DisputeOutcome = (typeof DISPUTE_OUTCOMES)[number];

/** A seat of a panel as the verdict sees it. */
export interface PanelVote extends Vote {
  /** Whether it could read the disputed envelope, if it has opened. */
  available: boolean;
}

/** What a panel decides about. */
export interface Disputed {
  /** Trust of the order. */
  trust: number;
  /** Whether the panel judges the output instead of computing its own. */
  judged: boolean;
  /** The result that the provider opened, told as seats tell theirs; `undefined`: it did not open its delivery. */
  delivered: string | undefined;
  /** What a seat that calls the output valid has opened, told as seats tell it; {@link JUDGED_VALID} unless told. */
  valid?: string;
}

/**
 * How a dispute ends if nothing more is opened, and what becomes of each seat if all winners bring their results. Equal
 * to what the contracts decide.
 */
export function judgeDispute(
  votes: readonly PanelVote[],
  { trust, judged, delivered, valid = JUDGED_VALID }: Disputed,
): { outcome: DisputeOutcome; winner: string | undefined; seats: SeatOutcome[] } {
  const { winner, outcomes } = judgeRound(votes, trust);
  const opened = votes.filter(({ result }) => result !== undefined);
  const paidAsOpened = (outcome: DisputeOutcome) => ({
    outcome,
    winner,
    seats: votes.map(({ result }, seat) => (result === undefined ? (outcomes[seat] ?? "Idle") : ("Paid" as const))),
  });
  if (delivered === undefined && (judged || winner === undefined)) return paidAsOpened("Unanswered");
  if (winner === undefined) {
    return paidAsOpened(votes.length < 2 || opened.length === 0 ? "Standing" : "Undecided");
  }
  const weightOf = (some: readonly PanelVote[]) => some.reduce((sum, { weight }) => sum + weight, 0);
  const unreadable = 2 * weightOf(opened.filter(({ available }) => !available)) > weightOf(opened);
  if (judged) return { outcome: winner === valid ? "Upheld" : "Rejected", winner, seats: outcomes };
  return { outcome: winner === delivered && !unreadable ? "Upheld" : "Overturned", winner, seats: outcomes };
}
