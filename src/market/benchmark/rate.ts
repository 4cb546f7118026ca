import { type Spread, spreadOf, throughputOf } from "./statistics.js";

/**
 * How many units of work are done in a second.
 *
 * @param units Units that each call does.
 * @param now A clock, milliseconds.
 * @throws {RangeError} if there are no repetitions.
 */
export async function measureRate(
  units: number,
  repetitions: number,
  signal: AbortSignal,
  work: () => Promise<unknown>,
  now: () => number = () => performance.now(),
): Promise<Spread> {
  const rates: number[] = [];
  for (let repetition = 0; repetition < repetitions; repetition++) {
    signal.throwIfAborted();
    const began = now();
    await work();
    rates.push(throughputOf(units, (now() - began) / 1_000));
  }
  const spread = spreadOf(rates);
  if (spread === undefined) throw new RangeError(`${repetitions} repetitions measure nothing.`);
  return spread;
}
