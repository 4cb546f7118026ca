import { type Market, marketPriceAt } from "../../protocol/market.js";
import type { PriceParameters } from "../../protocol/parameters.js";
import { fractionOf, priceAt, share, splitPrice } from "../../protocol/price.js";
import type { Action, OrderTerms, Venue } from "./venue.js";

/** What a market begins with. Amounts in wei, times in unix seconds. */
export interface Opening {
  readonly openedAt: number;
  readonly price: bigint;
  readonly floorPrice: bigint;
  readonly feeBps: number;
  readonly royaltyBps: number;
  readonly parameters: PriceParameters;
}

interface MirrorTask extends OrderTerms {
  readonly openedAt: number;
  readonly startFraction: bigint;
  readonly counted: boolean;
  takenAt?: number;
}

/** Price of the market at a time, wei; the contracts' or another one that is tried out. */
export type Controller = (market: Market, floorPrice: bigint, time: bigint) => bigint;

/** The contracts' market without a chain, for tuning and to check the chain against: the same prices to the wei. */
export function createMirrorVenue(opening: Opening, controller: Controller = marketPriceAt): Venue {
  const { floorPrice, parameters } = opening;
  const fee = BigInt(opening.feeBps);
  const royalty = BigInt(opening.royaltyBps);
  const touchedAt = BigInt(opening.openedAt);
  const market: Market = { price: opening.price, openTasks: 0n, capacity: 0n, touchedAt, parameters };
  const tasks = new Map<number, MirrorTask>();
  const members = new Map<number, number>();
  let clock = touchedAt;

  // Only what can raise the utilisation holds the price above the floor, as in the contracts.
  const touch = (floor: bigint) => {
    market.price = controller(market, floor, clock);
    market.touchedAt = clock;
  };
  const found = (id: number): MirrorTask => {
    const task = tasks.get(id);
    if (task === undefined) throw new Error(`There is no task ${id}.`);
    return task;
  };
  const end = (id: number, task: MirrorTask) => {
    tasks.delete(id);
    if (!task.counted) return;
    touch(0n);
    market.openTasks -= 1n;
  };
  const priceOf = (task: MirrorTask, time: number): bigint =>
    priceAt(
      {
        startFraction: task.startFraction,
        openedAt: BigInt(task.openedAt),
        clearedAt: 0n,
        deadline: BigInt(task.deadline),
        rampDuration: BigInt(task.ramp),
      },
      task.cap,
      BigInt(time),
    );

  const act = (action: Action): bigint => {
    switch (action.kind) {
      case "join":
        touch(0n);
        market.capacity += BigInt(action.slots);
        members.set(action.provider, action.slots);
        return 0n;
      case "leave":
        touch(floorPrice);
        market.capacity -= BigInt(members.get(action.provider) ?? 0);
        members.delete(action.provider);
        return 0n;
      case "submit": {
        touch(floorPrice);
        const counted = action.cap >= market.price;
        if (counted) market.openTasks += 1n;
        const task = {
          ...action,
          ...{ openedAt: Number(clock), startFraction: fractionOf(market.price, action.cap), counted },
        };
        tasks.set(action.task, task);
        return startPriceOf(task);
      }
      case "take": {
        const task = found(action.task);
        task.takenAt = Number(clock);
        return priceOf(task, task.takenAt);
      }
      case "deliver": {
        const task = found(action.task);
        end(action.task, task);
        return splitPrice(priceOf(task, task.takenAt ?? Number(clock)), fee, royalty).payment;
      }
      case "refund": {
        const task = found(action.task);
        end(action.task, task);
        return task.counted ? share(startPriceOf(task), fee) : 0n;
      }
    }
  };
  const startPriceOf = (task: MirrorTask) => priceOf({ ...task, ramp: Math.max(1, task.ramp) }, task.openedAt);

  return {
    rules: "market",
    get now() {
      const price = controller(market, floorPrice, clock);
      return { price, openTasks: Number(market.openTasks), capacity: Number(market.capacity) };
    },
    advance(time, actions) {
      clock = BigInt(time);
      return Promise.resolve(actions.map(act));
    },
  };
}
