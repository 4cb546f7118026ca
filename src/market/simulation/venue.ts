/** One transaction of an agent. Tasks and providers by number, amounts in wei, times in unix seconds. */
export type Action =
  | { readonly kind: "join"; readonly provider: number; readonly slots: number }
  | { readonly kind: "leave"; readonly provider: number }
  | ({ readonly kind: "submit"; readonly task: number } & OrderTerms)
  | { readonly kind: "take"; readonly task: number; readonly provider: number }
  | { readonly kind: "deliver"; readonly task: number }
  | { readonly kind: "refund"; readonly task: number };

export interface OrderTerms {
  readonly cap: bigint;
  /** Seconds from the start price to the cap. */
  readonly ramp: number;
  /** Last second in which a result may be delivered. */
  readonly deadline: number;
  /** Whether any provider may take it. */
  readonly servable: boolean;
}

/** What everybody sees of the market after a block. */
export interface MarketState {
  /** Wei. */
  readonly price: bigint;
  readonly openTasks: number;
  readonly capacity: number;
}

/** How a client orders. */
export type Rules =
  /** The market price up to the budget, by a ramp over the client's patience. */
  | "market"
  /** The posted price, if it is within the budget. */
  | "posted"
  /** The whole budget at once. */
  | "budget";

/** Where agents trade. */
export interface Venue {
  readonly rules: Rules;
  readonly now: MarketState;
  /**
   * Does everything in the order given, in one block.
   *
   * @returns One amount for each action, wei: the start price of an order, the price of a task that was taken, what the
   * provider of a delivered task is paid, the fee of a refund; else 0.
   * @throws {Error} if the venue refuses an action.
   */
  advance(time: number, actions: readonly Action[]): Promise<bigint[]>;
}

const NANO = 1_000_000_000;

/** Coins as wei, to the billionth of a coin. */
export const toWei = (coins: number): bigint => BigInt(Math.round(coins * NANO)) * BigInt(NANO);

export const toCoins = (wei: bigint): number => Number(wei) / 1e18;
