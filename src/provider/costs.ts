import type { Costs } from "./decide.js";

/** What a provider asks for a source. Amounts in wei. */
export interface Asking {
  /** Least payment for one execution, whatever it takes. */
  minimum: bigint;
  /** Payment for a second of work. */
  perSecond: bigint;
}

/** Gas of a delivery, of a new client at its worst; see the snapshots of the contracts. */
const DELIVERY_GAS = 80_000n;
/** Gas of a reservation, which comes before the delivery. */
const RESERVATION_GAS = 57_000n;
/** Part that a new measurement has in the estimate: the last ten or so count. */
const NEWEST = 0.2;

/** Knows what an execution costs, and learns from each. */
export interface CostBook {
  /**
   * What an execution of a source must pay and will take; `undefined` for sources that it does not work for.
   *
   * @param isReserved Whether the task is to be reserved first.
   */
  costs(source: number, isReserved?: boolean): Costs | undefined;
  /** Learns how long an execution took, milliseconds. */
  learn(source: number, duration: number): void;
  /** Learns what a unit of gas costs, wei. */
  gasPrice(price: bigint): void;
}

/**
 * Asks for each source `max(minimum, perSecond × expected seconds)` and the gas of a delivery, and of a reservation where there is one. The expectation is an
 * exponential average over past executions, so that a machine that gets slower asks more.
 */
export function createCosts(asking: ReadonlyMap<number, Asking>): CostBook {
  const durations = new Map<number, number>();
  let price = 0n;
  return {
    costs(source, isReserved = false) {
      const ask = asking.get(source);
      const duration = durations.get(source);
      if (ask === undefined || duration === undefined) return undefined;
      const gas = DELIVERY_GAS + (isReserved ? RESERVATION_GAS : 0n);
      const work = (ask.perSecond * BigInt(Math.round(duration))) / 1_000n;
      const payment = (work > ask.minimum ? work : ask.minimum) + gas * price;
      return { payment, duration: duration / 1_000 };
    },
    learn(source, duration) {
      const known = durations.get(source) ?? duration;
      durations.set(source, known + NEWEST * (duration - known));
    },
    gasPrice(found) {
      price = found;
    },
  };
}
