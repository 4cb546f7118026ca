/** Says how markets move, as often as a person can follow. */
import { formatEther } from "ethers";
import type { MarketSample, MarketState, WorkloadName } from "../../src/market/summary.js";

/** A market whose price has moved by so much is told of at once, as a share of what it was. */
const MOVE = 0.05;
/** Milliseconds between two lines at least, and until one comes although little has moved. */
const SOONEST = 2_000;
const LATEST = 10_000;

export interface Ticker {
  /** A line on all markets, if it is time for one; the first sample is what the others are compared with. */
  tell(sample: MarketSample): string | undefined;
}

/** @param coin Name of the coin. */
export function createTicker(coin: string): Ticker {
  let told: MarketSample | undefined;
  return {
    tell(sample) {
      if (told === undefined) {
        told = sample;
        return undefined;
      }
      const before = told;
      const changes = entriesOf(sample).map(([name, { price }]) => changeOf(before.sources[name]?.price, price));
      const waited = sample.at - before.at;
      const isFar = changes.some((change) => Math.abs(change) >= MOVE);
      const isDue = waited >= LATEST && changes.some((change) => change !== 0);
      if (waited < SOONEST || !(isFar || isDue)) return undefined;
      told = sample;
      return entriesOf(sample)
        .map(([name, state], index) => `${name} ${said(state, changes[index] ?? 0, coin)}`)
        .join("; ");
    },
  };
}

/** The prices alone, as short as can be. */
export function pricesIn(sample: MarketSample, coin: string): string {
  const prices = entriesOf(sample).map(([name, { price }]) => `${name} ${short(price)}`);
  return prices.length === 0 ? "" : `${prices.join(", ")} ${coin}`;
}

function said({ price, openTasks, capacity }: MarketState, change: number, coin: string): string {
  const percent = Math.round(Math.abs(change) * 100);
  const move = percent === 0 ? "" : ` ${change > 0 ? "▲" : "▼"} ${percent} %`;
  return `${short(price)} ${coin}${move}, ${openTasks} open for ${capacity} slots`;
}

/** Change of a price as a share of what it was; 0 if it was not known. */
function changeOf(before: bigint | undefined, now: bigint): number {
  return before === undefined || before === 0n ? 0 : Number(now - before) / Number(before);
}

/** Wei as coins with three digits that count. */
function short(wei: bigint): string {
  return Number(formatEther(wei)).toPrecision(3);
}

function entriesOf({ sources }: MarketSample): [WorkloadName, MarketState][] {
  return Object.entries(sources) as [WorkloadName, MarketState][];
}
