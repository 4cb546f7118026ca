import { seatsOf } from "../../protocol/consensus.js";

/** What came of a round. */
export type Verdict = "right" | "wrong" | "none";
/** What right seats open; any other result is wrong. */
export const RIGHT = "right";

/** Tells whether sealing ends, as the protocol's `closesRound` does, one seat at a time. */
export function createClosing(trust: number): (taken: number, product: number, heaviest: number) => boolean {
  const seats = seatsOf(trust);
  return (taken, product, heaviest) => taken >= seats || product >= trust * heaviest * heaviest;
}

/**
 * Tells whether a group wins, as the protocol's `judgeRound` does. Numbers are as exact: a round ends before its product
 * comes to 32 times 2^24, so nothing here comes to 2^53.
 *
 * @param excess Sum over all groups of what their products exceed one by.
 */
export function wins(product: number, excess: number, trust: number): boolean {
  return (product - 1) * trust >= (trust - 1) * (1 + excess);
}

/** The verdict on what seats opened; `undefined`: nothing. */
export function verdictOf(
  weights: readonly number[],
  results: readonly (string | undefined)[],
  trust: number,
): Verdict {
  const products = new Map<string, number>();
  let openings = 0;
  for (const [seat, result] of results.entries()) {
    if (result === undefined) continue;
    openings += 1;
    products.set(result, (products.get(result) ?? 1) * (weights[seat] ?? 1));
  }
  if (openings < 2) return "none";
  let excess = 0;
  for (const product of products.values()) excess += product - 1;
  for (const [result, product] of products) {
    if (wins(product, excess, trust)) return result === RIGHT ? "right" : "wrong";
  }
  return "none";
}
