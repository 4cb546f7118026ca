import { type Order, Verification } from "../protocol/order.js";
import { type PricedTask, splitPrice, timeOfPrice } from "../protocol/price.js";

/** What a disputed task offers to a member of its panel. */
export interface PanelTerms {
  /** Price of each seat that is paid, wei, without fee and royalty. */
  readonly price: bigint;
  /** Members that joined the pool in or after this second, unix time, have no seat. */
  readonly before: number;
  /** Whether the panel judges the output instead of computing its own. */
  readonly judged: boolean;
}

/** A task that waits for a result, as a provider sees it. Times in unix seconds; of a panel the deadline is its own. */
export interface Offer extends PricedTask {
  readonly taskId: string;
  readonly order: Order;
  readonly feeBps: bigint;
  readonly royaltyBps: bigint;
  /** Of a disputed task, whose panel takes seals. */
  readonly panel?: PanelTerms;
}

/** What a provider knows of itself when it decides. Amounts in wei. */
export interface Standing {
  /** Mask of environments that it offers in the pool of the source. */
  environments: number;
  /** GiB. */
  gpuMemory: number;
  /** Free stake. */
  freeStake: bigint;
  /** Score × 1e6. */
  score: number;
  /** Slots in the pool of the source, and how many of them no reservation holds. */
  slots: number;
  freeSlots: number;
  /** When it joined that pool with these slots, unix seconds. */
  joinedAt: number;
}

/** What one execution is worth to a provider. */
export interface Costs {
  /** Least payment that it works for, after fee and royalty, wei. */
  payment: bigint;
  /** How long it expects to take, seconds. */
  duration: number;
}

/** When a provider may sit in a round or panel. */
export interface Turn {
  /** Unix seconds. */
  readonly entry: number;
  /** Whether so many may sit before it that it will hardly get a seat. */
  readonly isLate: boolean;
}

/** What to do about an offer: try now, look again at a time, or leave it. */
export type Decision =
  | { readonly act: "attempt" }
  /** Unix seconds. */
  | { readonly act: "wait"; readonly until: number }
  | { readonly act: "leave"; readonly reason: string };

const CPU = 1;
const GPU = 6;
/** How much longer than expected an execution may take before its reservation ends. */
const LEEWAY = 1.5;
/** What else must happen in a reservation takes so many seconds: inputs, outputs, and a block for the delivery. */
const BESIDE = 10;
/** Slots are freed by deliveries: seconds until the next look. */
const SLOT_AGAIN = 1;
const leave = (reason: string): Decision => ({ act: "leave", reason });

/**
 * Decides on an offer, from nothing but its arguments.
 *
 * @param now Unix seconds.
 * @param turn When the provider may sit in the round or panel, and whether it will hardly come to that; `undefined`: not
 * known yet.
 */
export function decide(offer: Offer, standing: Standing, costs: Costs, now: number, turn?: Turn): Decision {
  const { order, panel } = offer;
  const isSeat = offersSeat(offer);
  if (!isSeat && order.verification !== Verification.Review) return leave("its verification is another");
  const before = panel?.before ?? offer.openedAt;
  if (isSeat && BigInt(standing.joinedAt) >= before) return leave("it is older than the membership");
  if (!runsHere(order, standing)) return leave("it does not run on this hardware");
  if (order.minScore > standing.score) return leave(`it asks for a score of ${order.minScore}`);
  if (order.bond > standing.freeStake) return leave(`its bond of ${order.bond} wei exceeds the free stake`);
  const time = timeOfPayment(offer, costs.payment);
  if (time === undefined) return leave(`it never pays ${costs.payment} wei`);
  if (Math.max(now, time) + costs.duration > Number(offer.deadline)) return leave("its deadline is too near");
  if (isSeat && turn === undefined) return { act: "wait", until: now + 1 };
  const moment = Math.max(time, turn?.entry ?? 0);
  // Whose turn comes late begins only then.
  const ready = turn?.isLate === true ? moment + costs.duration : moment;
  if (ready > Number(offer.deadline)) return leave("it is not drawn in time");
  if (asksForReservation(offer)) return decideOnReservation(offer, standing, costs, now, time);
  // A result is paid the price at its delivery, so the work may begin while the price still climbs.
  // Whose turn comes late waits for it: to compute ahead is in vain more often than not.
  const ahead = turn === undefined ? Math.floor(costs.duration) : turn.isLate ? 0 : LEEWAY * costs.duration + 1;
  const start = moment - Math.ceil(ahead);
  return start > now ? { act: "wait", until: start } : { act: "attempt" };
}

/** Whether an offer is a seat, in a round or in a panel. */
export function offersSeat({ order, panel }: Pick<Offer, "order" | "panel">): boolean {
  return panel !== undefined || order.verification === Verification.Quorum;
}

/** Whether an offer is to be reserved first. */
export function asksForReservation({ order, panel }: Pick<Offer, "order" | "panel">): boolean {
  return panel === undefined && order.reservation > 0;
}

/** Whether there may be a dispute after a delivery. */
export function canBeDisputed({ verification, trust }: Order): boolean {
  return verification === Verification.Review && trust !== 0;
}

/** A reserved task is paid the price at its reservation, and what is not delivered in time costs stake. */
function decideOnReservation(
  { order, deadline }: Offer,
  { freeSlots }: Standing,
  { duration }: Costs,
  now: number,
  time: number,
): Decision {
  if (LEEWAY * duration + BESIDE > order.reservation) {
    return leave(`its reservation of ${order.reservation} s is too short`);
  }
  if (Math.max(now, time) + order.reservation > Number(deadline)) {
    return leave("its reservation would end after its deadline");
  }
  if (time > now) return { act: "wait", until: time };
  return freeSlots < 1 ? { act: "wait", until: now + SLOT_AGAIN } : { act: "attempt" };
}

/** The first second, unix time, in which a task pays a provider at least so much; `undefined` if it never does. */
export function timeOfPayment(offer: Offer, payment: bigint): number | undefined {
  // Its price was fixed with the delivery.
  if (offer.panel !== undefined) return offer.panel.price >= payment ? 0 : undefined;
  const cap = offer.order.maxReward;
  const shares = 10_000n - offer.feeBps - offer.royaltyBps;
  if (shares <= 0n) return undefined;
  // Fee and royalty are rounded down, so the payment is at least this share of the price.
  const price = (payment * 10_000n + shares - 1n) / shares;
  const time = timeOfPrice(offer, cap, price > cap && paymentAt(offer, cap) >= payment ? cap : price);
  return time === undefined ? undefined : Number(time);
}

/** What of a price reaches the provider, wei. */
export function paymentAt({ feeBps, royaltyBps }: Offer, price: bigint): bigint {
  return splitPrice(price, feeBps, royaltyBps).payment;
}

/** The rule of the contracts: memory matters on a GPU only. */
function runsHere({ environments, minGpuMemory }: Order, standing: Standing): boolean {
  const common = environments & standing.environments;
  return (common & CPU) !== 0 || ((common & GPU) !== 0 && standing.gpuMemory >= minGpuMemory);
}
