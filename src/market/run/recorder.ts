import type { Protocol } from "../../protocol/protocol.js";
import { pause } from "../../protocol/retry.js";
import type { BalanceSample } from "../summary.js";
import { balancesOf, type Parties } from "./books.js";

/** Pause between two looks at the balances, milliseconds. */
const PERIOD = 1_000;

/** Looks at the balances again and again until the signal ends it, and once more. */
export async function recordBalances(
  protocol: Protocol,
  parties: Parties,
  signal: AbortSignal,
): Promise<BalanceSample[]> {
  const samples: BalanceSample[] = [];
  const look = async () => {
    // A look that fails is missing in a plot, no more.
    const sample = await balancesOf(protocol, parties).catch(() => undefined);
    if (sample !== undefined) samples.push(sample);
  };
  for (;;) {
    await look();
    const ended = await pause(PERIOD, signal).then(
      () => false,
      () => true,
    );
    if (ended) break;
  }
  await look();
  return samples;
}
