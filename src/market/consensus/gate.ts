import { reachAt, ticketBound, ticketsAt } from "../../protocol/consensus.js";

/** Bits of a ticket here: the first ones of the contracts' 128, as many as a number has. */
export const TICKET_BITS = 53;
/** No ticket reaches it. */
export const TICKETS = 2 ** TICKET_BITS;
const LEFT_OUT = 128n - BigInt(TICKET_BITS);

/** Who may sit when. */
export interface Gate {
  /** Seconds of the window in which seats are sealed. */
  readonly duration: number;
  /** What the ticket of a provider with so many slots must be below, for each second of the window and its end. */
  boundsOf(slots: number): Float64Array;
  /** How many tickets have entered by a second of the window, in the mean. */
  readonly ticketsAt: (elapsed: number) => number;
}

/** The round whose gate it is. */
export interface Window {
  /** Slots of the pool. */
  readonly capacity: number;
  readonly duration: number;
}

/** A round whose gate looks at its seats. */
export interface SeatedWindow extends Window {
  /** Most seats of the round. */
  readonly seats: number;
}

/** The draw of the contracts. Tickets of 53 bits compare with these bounds as they do, filled up, with theirs. */
export function createSortition({ capacity, duration }: Window): Gate {
  return createGate(
    duration,
    (slots, elapsed) => {
      const bound = ticketBound(reachAt(elapsed, duration), { slots, capacity });
      // A whole number is below the bound if it is below the next whole number.
      return Number((bound + (1n << LEFT_OUT) - 1n) >> LEFT_OUT);
    },
    (elapsed) => ticketsAt(elapsed, duration, capacity),
  );
}

/** No draw: everybody may sit at once. */
export function createOpenGate({ capacity, duration }: Window): Gate {
  return createGate(
    duration,
    () => TICKETS,
    () => capacity,
  );
}

/** A draw that lets providers for twice the seats in at once, in the mean, and everybody from half of the window on. */
export function createWideGate({ seats, capacity, duration }: SeatedWindow): Gate {
  const entered = (elapsed: number) => (2 * elapsed >= duration ? capacity : Math.min(capacity, 2 * seats));
  return createGate(
    duration,
    (slots, elapsed) => Math.min(TICKETS, Math.ceil((TICKETS * slots * entered(elapsed)) / capacity)),
    entered,
  );
}

/** The first second in which a ticket is low enough; it is from then on. */
export function entryAt(ticket: number, bounds: Float64Array): number {
  let [low, high] = [0, bounds.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ticket < (bounds[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function createGate(
  duration: number,
  boundAt: (slots: number, elapsed: number) => number,
  enteredAt: (elapsed: number) => number,
): Gate {
  const tables = new Map<number, Float64Array>();
  return {
    duration,
    ticketsAt: enteredAt,
    boundsOf(slots) {
      let table = tables.get(slots);
      if (table === undefined) {
        table = Float64Array.from({ length: duration + 1 }, (_, elapsed) => boundAt(slots, elapsed));
        tables.set(slots, table);
      }
      return table;
    },
  };
}
