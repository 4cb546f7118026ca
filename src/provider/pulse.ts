import type { Protocol } from "../protocol/protocol.js";
import { pause, persist } from "../protocol/retry.js";

/** What changes by itself: the clock of the chain and the price of gas. */
export interface Pulse {
  /** Unix time of the chain now, seconds: this machine's, but never before the newest block. */
  clock(): number;
  /** Looks again and again until the signal ends it. */
  follow(signal: AbortSignal): Promise<void>;
}

/** Pause between two looks, milliseconds. */
const PERIOD = 3_000;

/**
 * Looks once, and can go on looking.
 *
 * @param told Told the price of gas, wei.
 * @throws {NodeError} if the node does not answer the first time.
 */
export async function takePulse(protocol: Protocol, told: (gasPrice: bigint) => void): Promise<Pulse> {
  const { provider, patience } = protocol;
  let ahead = 0;
  const look = async () => {
    const [block, { gasPrice }] = await persist(
      "eth_getBlockByNumber",
      () => Promise.all([provider.getBlock("latest"), provider.getFeeData()]),
      patience.requests,
    );
    if (block !== null) ahead = Math.max(0, block.timestamp - Math.floor(Date.now() / 1_000));
    if (gasPrice !== null) told(gasPrice);
  };
  await look();
  return {
    clock: () => Math.floor(Date.now() / 1_000) + ahead,
    async follow(signal) {
      const waited = () =>
        pause(PERIOD, signal).then(
          () => true,
          () => false,
        );
      // The last figures do until the node answers again.
      while (await waited()) await look().catch(() => undefined);
    },
  };
}

/**
 * First block whose tasks can still be open.
 *
 * @param from Block of the deployment.
 * @param lifetime Longest life of a task, seconds.
 */
export async function firstRelevantBlock(protocol: Protocol, from: number, lifetime: number): Promise<number> {
  const { provider, patience } = protocol;
  const blockAt = (at: number | "latest") =>
    persist("eth_getBlockByNumber", () => provider.getBlock(at), patience.requests);
  const latest = await blockAt("latest");
  if (latest === null) return from;
  const oldest = latest.timestamp - lifetime;
  let [low, high] = [from, Math.max(from, latest.number)];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const block = await blockAt(middle);
    // A node that keeps no old blocks: nothing is known of them, so that none is left out.
    if (block === null) return from;
    if (block.timestamp < oldest) low = middle + 1;
    else high = middle;
  }
  return low;
}
