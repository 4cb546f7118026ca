import type { Client } from "./agents.js";
import { RESERVATION, type Scenario } from "./scenario.js";
import { type Action, type MarketState, type Rules, toCoins, toWei } from "./venue.js";

/** An order in the course of an episode. Money in coins, times in seconds since the beginning. */
export interface OpenOrder {
  readonly task: number;
  readonly client: Client;
  readonly cap: number;
  readonly ramp: number;
  readonly deadline: number;
  readonly servable: boolean;
  /** Whether the manipulator ordered it. */
  readonly fake: boolean;
  orderedAt: number;
  startPrice: number;
}

type Draft = Omit<OpenOrder, "orderedAt" | "startPrice">;

/** What a client orders, if it does. */
export function draftFor(
  client: Client,
  task: number,
  time: number,
  market: MarketState,
  rules: Rules,
  scenario: Scenario,
): Draft | undefined {
  const price = toCoins(market.price);
  const wanted = rules === "budget" ? scenario.floorPrice : price;
  if (client.budget < wanted || expectedWait(market, scenario) > client.patience) return undefined;
  return {
    ...{ task, client, servable: true, fake: false },
    cap: rules === "posted" ? price : client.budget,
    ramp: rules === "market" ? Math.round(client.patience) : 0,
    deadline: Math.round(time + client.patience) + RESERVATION,
  };
}

/** How long the orders that no slot is left for will keep the slots busy. */
export function expectedWait({ openTasks, capacity }: MarketState, { providers }: Scenario): number {
  return (Math.max(0, openTasks - capacity) * providers.seconds.median) / Math.max(1, capacity);
}

/** @param start Unix time of the beginning of the episode, seconds. */
export function submission({ task, cap, ramp, deadline, servable }: Draft, start: number): Action {
  return { kind: "submit", task, cap: toWei(cap), ramp, deadline: start + deadline, servable };
}

/** What an order pays at a time, as a provider works it out. */
export function offerOf({ startPrice, cap, ramp, orderedAt }: OpenOrder, time: number): number {
  return time - orderedAt >= ramp ? cap : startPrice + ((cap - startPrice) * (time - orderedAt)) / ramp;
}

/** Whether a provider may begin an order at a time. */
export function isTakeable({ servable, deadline, orderedAt }: OpenOrder, time: number): boolean {
  return servable && orderedAt < time && time + RESERVATION <= deadline;
}
