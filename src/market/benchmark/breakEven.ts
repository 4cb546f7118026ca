import { gasOf, type TaskCost, usdOf } from "./costs.js";
import { CostInputError, positive } from "./errors.js";
import type { Electricity, Hardware } from "./priceBook.js";

/** Seconds of a year of 365.25 days. */
export const YEAR = 365.25 * 24 * 3_600;
const KILOWATT_HOUR = 3_600_000;

/** How a provider runs its device. */
export interface Operation {
  /** Seconds that a task keeps the whole device at work; of what is shared, its share. */
  readonly seconds: number;
  /** Share of the device's life in which it is at work, above 0, at most 1. */
  readonly utilisation: number;
  /** Wei for a unit of gas. */
  readonly gasPrice: bigint;
  /** USD for a coin; without it gas has no USD. */
  readonly coinPrice?: number;
}

/** What a task costs its provider: it earns nothing by being paid less. USD, as far as nothing else is said. */
export interface ProviderCost {
  /** `price × seconds / (years × year × utilisation)`. */
  readonly depreciation: number;
  /** `watts × seconds / 3.6 million × price of a kilowatt-hour`. What it draws while idle is not counted. */
  readonly energy: number;
  /** Gas of the provider's transactions, wei. */
  readonly gasWei: bigint;
  readonly gas?: number;
  /** The sum; missing without a price of the coin. */
  readonly reward?: number;
  /** The same in coins. */
  readonly rewardCoins?: number;
  /** Depreciation and energy for a second of work. */
  readonly secondOfWork: number;
}

/**
 * The payment for a task from which on its provider loses nothing. It is what must reach the provider: the client's
 * price has fee and royalty on top.
 *
 * @throws {CostInputError} if a figure is not above 0, or the utilisation above 1.
 */
export function providerCost(
  hardware: Pick<Hardware, "price" | "power" | "life">,
  electricity: Pick<Electricity, "usdPerKwh">,
  task: Pick<TaskCost, "gas">,
  { seconds, utilisation, gasPrice, coinPrice }: Operation,
): ProviderCost {
  positive("seconds", seconds);
  if (coinPrice !== undefined) positive("coinPrice", coinPrice);
  if (positive("utilisation", utilisation) > 1) {
    throw new CostInputError("utilisation", utilisation, "a share above 0 and at most 1");
  }
  const worn = hardware.price.usd / (hardware.life.years * YEAR * utilisation);
  const drawn = (hardware.power.watts / KILOWATT_HOUR) * electricity.usdPerKwh;
  const [depreciation, energy] = [worn * seconds, drawn * seconds];
  const gasWei = gasOf(task, "provider") * gasPrice;
  const shared = { depreciation, energy, gasWei, secondOfWork: worn + drawn };
  if (coinPrice === undefined) return shared;
  const gas = usdOf(gasWei, coinPrice);
  const reward = depreciation + energy + gas;
  return { ...shared, gas, reward, rewardCoins: reward / coinPrice };
}
