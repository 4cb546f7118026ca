import { read, readBatch } from "./batch.js";
import { sourceId, wei } from "./actions/shared.js";
import { uint } from "./fields.js";
import { share } from "./price.js";
import type { Protocol } from "./protocol.js";
import type { Moment } from "./snapshot.js";

/** Review bonds are at least this share of the cap, basis points. */
const MIN_BOND_BPS = 1_000n;

export interface QuoteParameters {
  /** Number of the source. */
  source: number;
  /** Most that one execution may cost, wei. */
  cap: bigint;
  /** Seconds over which the price may climb to the cap; 0: the cap at once. */
  patience: number;
}

/** What an order would meet if it were posted now. Amounts in wei. */
export interface Quote extends Moment {
  /** Price of one execution for the source. */
  readonly marketPrice: bigint;
  /** Where the order's price would begin, to within a 2^32nd of the cap. */
  readonly startPrice: bigint;
  /** By how much it would climb in each second. */
  readonly climb: bigint;
  /** Whether the cap reaches the market price. Providers that ask the market price do not answer an order below it. */
  readonly reachesMarket: boolean;
  /** Share of the pool's slots that open tasks take, 0 to 1. */
  readonly utilisation: number;
  /** Sum of the slots of the pool's members. */
  readonly capacity: number;
  /** Least bond that a Review order with this cap may ask for; more if the market price falls meanwhile. */
  readonly minimumBond: bigint;
}

/**
 * Tells what an order would meet now, given a budget and how long it can wait.
 *
 * @throws {RevertError} `UnknownSource`, `CapBelowFloor`.
 * @throws {FieldRangeError} if a parameter does not fit.
 * @throws {NodeError} if the node does not answer or stays behind.
 * @example
 * const { startPrice, utilisation } = await quote(protocol, { source: 1, cap: parseEther("0.02"), patience: 60 });
 */
export async function quote(protocol: Protocol, { source, cap, patience }: QuoteParameters): Promise<Quote> {
  const id = sourceId(source);
  const { values, ...moment } = await readBatch(protocol, [
    read("providerPool", "quote", id, wei("cap", cap), uint("patience", patience, 24)),
    read("providerPool", "getMarket", id),
  ]);
  const [{ marketPrice, startPrice, climb, counted }, { utilisation, capacity }] = values;
  const least = share(cap, MIN_BOND_BPS);
  return {
    ...moment,
    marketPrice,
    startPrice,
    climb,
    reachesMarket: counted,
    utilisation: Number(utilisation) / 10_000,
    capacity: Number(capacity),
    minimumBond: cap - startPrice > least ? cap - startPrice : least,
  };
}
