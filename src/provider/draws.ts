import { entryOf, LATE, seatsOf, ticketOf, ticketsAt } from "../protocol/consensus.js";
import type { Protocol } from "../protocol/protocol.js";
import { readRound, type RoundSnapshot, seedOfRound } from "../protocol/round.js";
import type { Offer, Standing } from "./decide.js";

/** What a provider can know of its place in a round. */
export interface Draw {
  readonly round: RoundSnapshot;
  /** First second, unix time, in which it may sit; it may lie behind the deadline. */
  readonly entry: number;
  /** Whether so many tickets come before its own that it will hardly get a seat. */
  readonly isLate: boolean;
}

/**
 * Reads a round, and draws the provider's ticket as the contracts do.
 *
 * @returns `undefined` if its seed is not known yet, or seals are taken no more.
 * @throws {NodeError} if the node does not answer.
 */
export async function drawFor(
  protocol: Protocol,
  provider: number,
  { order }: Pick<Offer, "order">,
  { slots }: Pick<Standing, "slots">,
): Promise<Draw | undefined> {
  const round = await readRound(protocol, order);
  const { taskId, openedAt, capacity } = round;
  if (capacity === undefined) return undefined;
  const seed = await seedOfRound(protocol, round);
  if (seed === undefined) return undefined;
  const duration = order.deadline - openedAt;
  const entry = entryOf(ticketOf(seed, taskId, provider), { slots, capacity }, duration);
  const isLate = ticketsAt(entry, duration, capacity) > LATE * seatsOf(order.trust);
  return { round, entry: openedAt + entry, isLate };
}
