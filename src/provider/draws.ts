import { entryOf, LATE, seatsOf, ticketOf, ticketsAt } from "../protocol/consensus.js";
import type { Order } from "../protocol/order.js";
import { readPanel } from "../protocol/panel.js";
import type { Protocol } from "../protocol/protocol.js";
import { readRound, type Seeded, seedOfRound } from "../protocol/round.js";
import type { Offer, Standing } from "./decide.js";

/** What a provider can know of its place in a round or panel. */
export interface Draw {
  readonly round: Seeded;
  /** First second, unix time, in which it may sit; it may lie behind the end of sealing. */
  readonly entry: number;
  /** Whether so many tickets come before its own that it will hardly get a seat. */
  readonly isLate: boolean;
}

/** What takes seals from one second to another, unix time; `undefined`: not known yet. */
interface Sealing {
  readonly round: Seeded;
  readonly from: number | undefined;
  readonly until: number | undefined;
}

/**
 * Reads a round or panel, and draws the provider's ticket as the contracts do.
 *
 * @returns `undefined` if its seed is not known yet, or seals are taken no more.
 * @throws {NodeError} if the node does not answer.
 */
export async function drawFor(
  protocol: Protocol,
  provider: number,
  { order, panel }: Pick<Offer, "order" | "panel">,
  { slots }: Pick<Standing, "slots">,
): Promise<Draw | undefined> {
  const { round, from, until } = await (panel === undefined ? roundOf : panelOf)(protocol, order);
  const { taskId, capacity } = round;
  if (capacity === undefined || from === undefined || until === undefined) return undefined;
  const seed = await seedOfRound(protocol, round);
  if (seed === undefined) return undefined;
  const duration = until - from;
  const entry = entryOf(ticketOf(seed, taskId, provider), { slots, capacity }, duration);
  const isLate = ticketsAt(entry, duration, capacity) > LATE * seatsOf(order.trust);
  return { round, entry: from + entry, isLate };
}

async function roundOf(protocol: Protocol, order: Order): Promise<Sealing> {
  const round = await readRound(protocol, order);
  // A cancellation leaves the steps as they were.
  return { round, from: round.openedAt, until: order.deadline };
}

async function panelOf(protocol: Protocol, order: Order): Promise<Sealing> {
  const round = await readPanel(protocol, order);
  return { round, from: round.sealsFrom, until: round.sealsUntil };
}
