import { NONE } from "../../report/format.js";
import type { Amount } from "../costs.js";
import { coins } from "../../coins.js";

const DIGITS = 4;

/** A number in four significant digits, however small, e.g. `0.0001234` or `1,235`. */
export function figure(value: number | undefined): string {
  if (value === undefined) return NONE;
  if (value === 0) return "0";
  const size = Math.floor(Math.log10(Math.abs(value)));
  if (size < -9 || size > 14) return value.toExponential(DIGITS - 1);
  const decimals = Math.max(0, DIGITS - 1 - size);
  const rounded = Number(value.toPrecision(DIGITS));
  return rounded.toLocaleString("en", { maximumFractionDigits: Math.min(20, decimals) });
}

/** USD in four significant digits, or a dash. */
export function usd(value: number | undefined): string {
  return value === undefined ? NONE : `$${figure(value)}`.replace("$-", "-$");
}

/** Seconds in four significant digits, or a dash. */
export function secondsOf(value: number | undefined): string {
  return value === undefined ? NONE : `${figure(value)} s`;
}

/** Coins, and USD if the coin has a price. */
export function money({ wei, usd: dollars }: Amount): string {
  return dollars === undefined ? coins(wei) : `${coins(wei)} (${usd(dollars)})`;
}

/** A change, with its sign, e.g. `+12.3 %`, or a dash. */
export function signed(percent: number | undefined): string {
  return percent === undefined ? NONE : `${percent > 0 ? "+" : ""}${percent.toFixed(1)} %`;
}
