import { LATE, seatsOf } from "../../protocol/consensus.js";
import type { Random } from "../simulation/random.js";
import { entryAt, type Gate, TICKET_BITS, TICKETS } from "./gate.js";
import { createClosing, RIGHT, type Verdict, verdictOf } from "./verdict.js";

/** A provider in a pool. */
export interface Member {
  /** Number of the provider: one may sit once in a round. */
  readonly identity: number;
  readonly slots: number;
  /** With which it sits. */
  readonly weight: number;
  /** Seals without computing. */
  readonly hostile: boolean;
}

/** What a seat opens; `undefined`: nothing. */
export type Policy = (member: Member, seat: number) => string | undefined;

/** The hostile agree on one wrong result. */
export const collude: Policy = ({ hostile }) => (hostile ? "wrong" : RIGHT);

/** Gives each member its ticket, a whole number of {@link TICKET_BITS} bits. */
export type Draw = (member: Member) => number;

/** Uniform tickets. */
export function drawFrom(random: Random): Draw {
  return () => Math.floor(random.real() * 2 ** (TICKET_BITS - 32)) * 2 ** 32 + random.real() * 2 ** 32;
}

export interface RoundRules {
  readonly trust: number;
  readonly gate: Gate;
  /** Seconds that the work takes, at least 1 and at most a quarter of the window. */
  readonly compute: number;
  /** What seats open; {@link collude} if left out. */
  readonly policy?: Policy;
}

export interface Round {
  /** Those who sit, in the order in which they sealed. */
  readonly seats: readonly Member[];
  readonly verdict: Verdict;
  /** Second of the window in which sealing ended. */
  readonly sealedAt: number;
  /** Executions of the honest that got no seat. */
  readonly vain: number;
  /** Seats and executions in vain. */
  readonly copies: number;
}

/** How much earlier than it must an honest provider begins: so many times what the work takes, and so many seconds. */
const LEEWAY = 1.5;
const MARGIN = 1;

/**
 * Prepares rounds of one pool; each call plays one. A provider knows from the seed on when it may sit. The hostile seal in
 * that second. The honest begin to compute early enough to be done by then with some to spare, unless sealing has ended;
 * those that may sit at once seal when they are done. Before whose entry many more tickets have entered than there are seats
 * begins only then, and seals when it is done. In one second the hostile come first.
 */
export function createRound(members: readonly Member[], rules: RoundRules): (ticketOf: Draw) => Round {
  const { trust, gate, compute, policy = collude } = rules;
  const { duration } = gate;
  const tables = members.map(({ slots }) => gate.boundsOf(slots));
  const closes = createClosing(trust);
  const horizons = horizonsOf(duration);
  const limits = horizons.map((horizon) => Float64Array.from(tables, (bounds) => bounds[horizon] ?? 0));
  const tickets = new Float64Array(members.length);
  const lead = Math.ceil(LEEWAY * compute + MARGIN);
  const lateFrom = lateFromOf(gate, trust);

  const arrivalOf = (member: Member, ticket: number, bounds: Float64Array): Arrival => {
    const entry = entryAt(ticket, bounds);
    const begin = entry >= lateFrom ? entry : Math.max(0, entry - lead);
    return { member, ready: member.hostile ? entry : Math.max(entry, begin + compute), rank: rankOf(ticket, member) };
  };

  /** Members that enter after one horizon and up to the next. */
  const arrivals = (horizon: number): Arrival[] => {
    const found: Arrival[] = [];
    const [above, below] = [limits[horizon - 1], limits[horizon]];
    for (let index = 0; index < tickets.length; index++) {
      const ticket = tickets[index] ?? 0;
      if (ticket >= (below?.[index] ?? 0) || ticket < (above?.[index] ?? 0)) continue;
      const [member, bounds] = [members[index], tables[index]];
      if (member !== undefined && bounds !== undefined) found.push(arrivalOf(member, ticket, bounds));
    }
    return found;
  };

  /** Fills the seats, with what comes up to one horizon after the other. */
  const seal = (): { seats: Member[]; sealedAt: number } => {
    const seats: Member[] = [];
    let [product, heaviest] = [1, 0];
    const waiting: Arrival[] = [];
    for (const [index, horizon] of horizons.entries()) {
      waiting.push(...arrivals(index));
      for (;;) {
        const next = takeFirst(waiting, horizon);
        if (next === undefined) break;
        const { member, ready } = next;
        seats.push(member);
        product *= member.weight;
        heaviest = Math.max(heaviest, member.weight);
        if (closes(seats.length, product, heaviest)) return { seats, sealedAt: ready };
      }
    }
    return { seats, sealedAt: duration };
  };

  /** Honest members that have begun to compute before a moment. */
  const begun = (moment: number): number => {
    // Where liars fill the round in its first second, nobody else does.
    if (moment === 0) return 0;
    const last = Math.min(duration, Math.max(moment, Math.min(moment + lead, lateFrom)) - 1);
    let count = 0;
    for (let index = 0; index < tickets.length; index++) {
      if ((tickets[index] ?? 0) < (tables[index]?.[last] ?? 0) && members[index]?.hostile === false) count += 1;
    }
    return count;
  };

  return (ticketOf) => {
    for (const [index, member] of members.entries()) tickets[index] = ticketOf(member);
    const { seats, sealedAt } = seal();
    const results = seats.map(policy);
    const weights = seats.map(({ weight }) => weight);
    const vain = begun(sealedAt) - seats.filter(({ hostile }) => !hostile).length;
    const verdict = verdictOf(weights, results, trust);
    return { seats, verdict, sealedAt, vain, copies: seats.length + vain };
  };
}

/** The first second of a window in which who enters hardly gets a seat, or the one after its end. */
function lateFromOf({ duration, ticketsAt }: Gate, trust: number): number {
  const many = LATE * seatsOf(trust);
  let second = 0;
  while (second <= duration && ticketsAt(second) <= many) second += 1;
  return second;
}

/** Place of a ticket among those of providers with other slots: the lowest of as many uniform ones, as a waiting time. */
const rankOf = (ticket: number, { slots }: Member): number => -Math.log1p(-ticket / TICKETS) / slots;

interface Arrival {
  readonly member: Member;
  /** Second of the window in which it seals. */
  readonly ready: number;
  readonly rank: number;
}

/** Removes who seals first, if that is by a moment. At most as many are taken as there are seats, so no sorting. */
function takeFirst(waiting: Arrival[], by: number): Arrival | undefined {
  let [first, place] = [waiting[0], 0];
  for (let index = 1; index < waiting.length; index++) {
    const other = waiting[index];
    if (first === undefined || other === undefined || !isBefore(other, first)) continue;
    [first, place] = [other, index];
  }
  if (first === undefined || first.ready > by) return undefined;
  const last = waiting.pop();
  if (last !== undefined && last !== first) waiting[place] = last;
  return first;
}

function isBefore(a: Arrival, b: Arrival): boolean {
  if (a.ready !== b.ready) return a.ready < b.ready;
  if (a.member.hostile !== b.member.hostile) return a.member.hostile;
  return a.rank < b.rank;
}

/** Seconds up to which arrivals are looked at together: few rounds need more than the first ones. */
function horizonsOf(duration: number): number[] {
  const parts = [10, 12, 14, 16, 24].map((part) => Math.floor((part * duration) / 32));
  return [...new Set([...parts, duration])];
}
