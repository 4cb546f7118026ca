import type { Offer } from "./priceBook.js";

/** A figure that this run measured, and on which device. */
export interface Measured<T> {
  readonly origin: "measured";
  /** Name of the device as its driver or the system tells it. */
  readonly device: string;
  readonly value: T;
}

/** A figure that somebody publishes. Nobody has measured anything for it here. */
export interface Listed<T> {
  readonly origin: "listed";
  /** Where it is stated. */
  readonly source: string;
  /** As of when: YYYY-MM-DD, YYYY-MM or YYYY. */
  readonly date: string;
  readonly value: T;
}

/** A figure that follows from others by arithmetic, and from which kinds. */
export interface Computed<T> {
  readonly origin: "computed";
  /** `measured` only if the device was measured here. */
  readonly from: readonly ("measured" | "listed" | "chosen")[];
  readonly value: T;
}

export const measured = <T>(device: string, value: T): Measured<T> => ({ origin: "measured", device, value });

/** An offer as what it is: a list price. */
export function listed(offer: Offer): Listed<Offer> {
  return { origin: "listed", source: offer.source, date: offer.date, value: offer };
}

export const computed = <T>(value: T, ...from: Computed<T>["from"]): Computed<T> => ({
  origin: "computed",
  from,
  value,
});
