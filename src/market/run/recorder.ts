import type { Protocol } from "../../protocol/protocol.js";
import { pause } from "../../protocol/retry.js";
import type { BalanceSample, MarketSample } from "../summary.js";
import { balancesOf, type Parties } from "./books.js";
import { type MarketPlace, marketsOf } from "./markets.js";

/** Pause between two looks, milliseconds. */
const PERIOD = 1_000;

/** Looks at the balances again and again until the signal ends it, and once more. */
export function recordBalances(protocol: Protocol, parties: Parties, signal: AbortSignal): Promise<BalanceSample[]> {
  return record(() => balancesOf(protocol, parties), signal);
}

/**
 * Looks at the markets of some sources again and again until the signal ends it, and once more.
 *
 * @param seen Told of every sample at once.
 */
export function recordMarkets(
  protocol: Protocol,
  sources: readonly MarketPlace[],
  signal: AbortSignal,
  seen: (sample: MarketSample) => void,
): Promise<MarketSample[]> {
  return record(async () => {
    const sample = await marketsOf(protocol, sources);
    seen(sample);
    return sample;
  }, signal);
}

async function record<T>(look: () => Promise<T>, signal: AbortSignal): Promise<T[]> {
  const samples: T[] = [];
  const keep = async () => {
    // A look that fails is missing in a plot, no more.
    const sample = await look().catch(() => undefined);
    if (sample !== undefined) samples.push(sample);
  };
  for (;;) {
    await keep();
    const ended = await pause(PERIOD, signal).then(
      () => false,
      () => true,
    );
    if (ended) break;
  }
  await keep();
  return samples;
}
