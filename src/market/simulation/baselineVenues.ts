import { splitPrice } from "../../protocol/price.js";
import type { MarketState, Venue } from "./venue.js";

/** What the baselines take of a price, basis points: the same as the protocol. */
export interface Shares {
  readonly feeBps: number;
  readonly royaltyBps: number;
}

/** How many of the last rewards tell a provider of the first-come market what it can expect. */
const RECENT = 50;

/** A market with one price for ever. */
export function createFixedVenue(price: bigint, shares: Shares): Venue {
  return createPlainVenue("posted", shares, () => price);
}

/** A market in which clients post their budgets as rewards. */
export function createFirstComeVenue(opening: bigint, shares: Shares): Venue {
  return createPlainVenue("budget", shares, (paid) => {
    const recent = paid.slice(-RECENT);
    return recent.length === 0 ? opening : recent.reduce((sum, reward) => sum + reward, 0n) / BigInt(recent.length);
  });
}

/** Orders cost their cap from beginning to end. */
function createPlainVenue(rules: Venue["rules"], shares: Shares, priceAfter: (paid: bigint[]) => bigint): Venue {
  const caps = new Map<number, bigint>();
  const members = new Map<number, number>();
  const paid: bigint[] = [];
  const capOf = (task: number) => caps.get(task) ?? 0n;
  const stateNow = (): MarketState => ({
    price: priceAfter(paid),
    openTasks: caps.size,
    capacity: [...members.values()].reduce((sum, slots) => sum + slots, 0),
  });
  return {
    rules,
    get now() {
      return stateNow();
    },
    advance(_time, actions) {
      const amounts = actions.map((action) => {
        switch (action.kind) {
          case "join":
            members.set(action.provider, action.slots);
            return 0n;
          case "leave":
            members.delete(action.provider);
            return 0n;
          case "submit":
            caps.set(action.task, action.cap);
            return action.cap;
          case "take":
            paid.push(capOf(action.task));
            if (paid.length > RECENT) paid.shift();
            return capOf(action.task);
          case "deliver": {
            const { payment } = splitPrice(capOf(action.task), BigInt(shares.feeBps), BigInt(shares.royaltyBps));
            caps.delete(action.task);
            return payment;
          }
          case "refund":
            caps.delete(action.task);
            return 0n;
        }
      });
      return Promise.resolve(amounts);
    },
  };
}
