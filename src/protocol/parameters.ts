import { parseEther } from "ethers";

/** Lengths of the protocol's clocks, seconds; see `Windows` in the contracts. */
export interface Windows {
  disclose: number;
  cancelNotice: number;
  maxLifetime: number;
  maxReview: number;
  seed: number;
  panelMin: number;
  openProvider: number;
  open: number;
  claim: number;
}

/** How the price of a source follows its utilisation. */
export interface PriceParameters {
  /** Utilisation at which the price stands still, basis points, 5,000 to 9,500. */
  target: number;
  /**
   * How fast the price falls with nothing to do: change of its natural logarithm, parts per million a second, 10 to
   * 40,000. With every slot taken it rises by (1 − target) / target times as much.
   */
  speed: number;
  /**
   * How much it can rise between two touches of the market: change of its natural logarithm, thousandths, 10 to 1,000.
   */
  clamp: number;
}

/** What a suite is deployed with, apart from its owner and treasury. Amounts in wei. */
export interface SuiteParameters {
  /** Protocol fee, basis points, 10 to 1,000. */
  feeBps: number;
  /** Fee that earns half a point of reputation. 99 times as much must exceed `maxRound`. */
  feeScale: bigint;
  /** Most that one task may hold. */
  maxRound: bigint;
  /** What a seat in a round locks for each step of weight above the least. */
  weightUnit: bigint;
  /** Lowest stake a slot that a source may ask for. */
  minStakePerSlot: bigint;
  /** How prices follow utilisation; the owner may change it. */
  price: PriceParameters;
  windows: Windows;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * Parameters for a coin of 18 decimals. A week is the longest job worth racing for; an hour covers a provider's
 * restart; three days of review cover a weekend; ten minutes of notice cover a job nearly done.
 */
export const DEFAULT_PARAMETERS: SuiteParameters = {
  feeBps: 250,
  feeScale: /* @__PURE__ */ parseEther("1.02"),
  maxRound: /* @__PURE__ */ parseEther("100"),
  weightUnit: /* @__PURE__ */ parseEther("0.1"),
  minStakePerSlot: /* @__PURE__ */ parseEther("0.1"),
  price: { target: 8_000, speed: 600, clamp: 250 },
  windows: {
    disclose: HOUR,
    cancelNotice: 10 * MINUTE,
    maxLifetime: 7 * DAY,
    maxReview: 3 * DAY,
    seed: HOUR,
    panelMin: HOUR,
    openProvider: HOUR,
    open: HOUR,
    claim: DAY,
  },
};

/** Seconds that stake must wait: the longest way through the windows that one obligation can take. */
export function longestObligation(windows: Windows): number {
  return (
    windows.maxLifetime +
    windows.disclose +
    windows.maxReview +
    windows.seed +
    Math.max(windows.maxLifetime, windows.panelMin) +
    windows.openProvider +
    windows.open +
    windows.claim
  );
}
