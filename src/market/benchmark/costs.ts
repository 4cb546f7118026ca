import { formatEther } from "ethers";
import { CostInputError, positive } from "./errors.js";
import { deviceKey, type Offer } from "./priceBook.js";
import { computed, type Computed, type Listed, type Measured } from "./provenance.js";

const HOUR = 3_600;
/** Costs are told for so many units of work, because one is too cheap to read. */
export const UNITS = 1_000;

/** Gas of one kind of transaction. */
export interface OperationGas {
  /** E.g. `taskManager.submit`. */
  readonly operation: string;
  /** Who sends it and pays for it. */
  readonly payer: "client" | "provider";
  /** Of transactions that were refused in a block, e.g. because another provider was first; how many is a matter of chance. */
  readonly refused?: true;
  /** For one task; of a transaction that serves several tasks a share, rounded up. */
  readonly gas: bigint;
}

/** What the protocol takes for one task. Wei, and gas. */
export interface TaskCost {
  /** What the client pays for the result. */
  readonly price: bigint;
  /** What of the price goes to the protocol. */
  readonly fee: bigint;
  /** What of the price goes to the publisher of the source. */
  readonly royalty: bigint;
  readonly gas: readonly OperationGas[];
}

/** An amount of coin, and what it is in USD if the coin has a price. */
export interface Amount {
  readonly wei: bigint;
  readonly usd?: number;
}

/**
 * What a thousand units cost in the market:
 * `1000 / units × (price + gas of the client × gas price)`, wei. The price contains fee and royalty.
 */
export interface MarketCost {
  /** What reaches the provider. */
  readonly payment: Amount;
  readonly fee: Amount;
  readonly royalty: Amount;
  /** Gas of the client's transactions. */
  readonly gas: Amount;
  /** The sum of these four. */
  readonly total: Amount;
}

/** An offer beside what was measured here. USD for a thousand units. */
export type OfferComparison = SameDevice | OtherDevice;

/** The offer's device is the one that was measured. */
export interface SameDevice {
  readonly basis: "measured";
  readonly offer: Listed<Offer>;
  /** From the measured rate and the list price. */
  readonly cost: Computed<number>;
  /** What the market saves its client against the offer, negative for a loss; missing without a price of the coin. */
  readonly saving?: Saving;
  /** At which both would cost the same, units a second on one device; missing without a price of the coin. */
  readonly breakEvenRate?: Computed<number>;
}

/** The offer's device is another one: what it would do is not known, so there is no cost. */
export interface OtherDevice {
  readonly basis: "not measured here";
  readonly offer: Listed<Offer>;
  /** What the device would have to do to cost as much as the market, units a second; arithmetic, not a measurement. */
  readonly breakEvenRate?: Computed<number>;
}

/** Cost of the offer less cost of the market. */
export interface Saving {
  /** USD for a thousand units. */
  readonly usd: number;
  /** The same as a share of the offer's cost. */
  readonly share: number;
}

/** USD for one device for a second: `price of an hour / (3600 × devices)`. */
export function deviceSecond({ usdPerHour, devices }: Pick<Offer, "usdPerHour" | "devices">): number {
  return usdPerHour / (HOUR * devices);
}

/**
 * USD for a thousand units at an offer: `1000 / rate × device second`.
 *
 * @param rate Units a second on one of the offer's devices, at work all the time.
 * @throws {CostInputError} if the rate is not above 0.
 */
export function costAtOffer(offer: Pick<Offer, "usdPerHour" | "devices">, rate: number): number {
  return (UNITS / positive("rate", rate)) * deviceSecond(offer);
}

/**
 * Units a second on one device at which a thousand units cost so much at an offer:
 * `1000 × device second / cost`, the inverse of {@link costAtOffer}.
 *
 * @param cost USD for a thousand units, above 0.
 * @throws {CostInputError} if the cost is not above 0.
 */
export function rateForCost(offer: Pick<Offer, "usdPerHour" | "devices">, cost: number): number {
  return (UNITS * deviceSecond(offer)) / positive("cost", cost);
}

/** Wei in USD at a price of the coin. */
export function usdOf(wei: bigint, coinPrice: number): number {
  return Number(formatEther(wei)) * coinPrice;
}

/** Gas of a task that one side pays for, that of refused transactions included. */
export function gasOf(cost: Pick<TaskCost, "gas">, payer: OperationGas["payer"]): bigint {
  return cost.gas.filter((each) => each.payer === payer).reduce((sum, { gas }) => sum + gas, 0n);
}

/** The same without what was refused. */
export function gasOfDone({ gas }: Pick<TaskCost, "gas">, payer: OperationGas["payer"]): bigint {
  return gasOf({ gas: gas.filter(({ refused }) => refused !== true) }, payer);
}

/**
 * What a thousand units cost in the market, rounded down to the wei in each part.
 *
 * @param units Units of work in a task.
 * @param gasPrice Wei for a unit of gas.
 * @param coinPrice USD for a coin; without it there are no USD.
 * @throws {CostInputError} if a task has no units, the coin no price above 0, or fee and royalty exceed the price.
 */
export function costInMarket(cost: TaskCost, units: number, gasPrice: bigint, coinPrice?: number): MarketCost {
  if (!Number.isSafeInteger(units) || units < 1) throw new CostInputError("units", units, "a whole number from 1 on");
  if (coinPrice !== undefined) positive("coinPrice", coinPrice);
  const payment = cost.price - cost.fee - cost.royalty;
  if (payment < 0n) throw new CostInputError("payment", Number(payment), "what fee and royalty leave of the price");
  const amount = (wei: bigint): Amount => ({
    wei,
    ...(coinPrice !== undefined && { usd: usdOf(wei, coinPrice) }),
  });
  const thousand = (wei: bigint) => (wei * BigInt(UNITS)) / BigInt(units);
  const parts = [payment, cost.fee, cost.royalty, gasOf(cost, "client") * gasPrice].map(thousand);
  const [paid = 0n, fee = 0n, royalty = 0n, gas = 0n] = parts;
  const total = paid + fee + royalty + gas;
  return {
    payment: amount(paid),
    fee: amount(fee),
    royalty: amount(royalty),
    gas: amount(gas),
    total: amount(total),
  };
}

/**
 * Sets an offer beside what was measured here. Only an offer of the measured device has a cost: nothing is
 * extrapolated to another one.
 *
 * @param rate Units a second that one device did, at work all the time.
 * @param marketUsd What the market costs, USD for a thousand units; `undefined` if the coin has no price.
 * @throws {CostInputError} if the rate is not above 0.
 */
export function compareOffer(offer: Listed<Offer>, rate: Measured<number>, marketUsd?: number): OfferComparison {
  const known = marketUsd !== undefined && marketUsd > 0;
  const breakEven = (...from: Computed<number>["from"]) =>
    known ? { breakEvenRate: computed(rateForCost(offer.value, marketUsd), ...from) } : {};
  if (deviceKey(offer.value.device) !== deviceKey(rate.device)) {
    return { basis: "not measured here", offer, ...breakEven("listed", "chosen") };
  }
  const cost = costAtOffer(offer.value, rate.value);
  return {
    basis: "measured",
    offer,
    cost: computed(cost, "measured", "listed"),
    ...(marketUsd !== undefined && { saving: { usd: cost - marketUsd, share: (cost - marketUsd) / cost } }),
    ...breakEven("listed", "chosen"),
  };
}
