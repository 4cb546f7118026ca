import { read, readBatch } from "../../protocol/batch.js";
import { utilisationOf } from "../../protocol/market.js";
import type { Protocol } from "../../protocol/protocol.js";
import type { MarketSample, MarketState, WorkloadName } from "../summary.js";

/** A source whose market is looked at. */
export interface MarketPlace {
  readonly name: WorkloadName;
  /** Number of the source. */
  readonly source: number;
}

/** The markets of some sources now. */
export async function marketsOf(protocol: Protocol, places: readonly MarketPlace[]): Promise<MarketSample> {
  const { values } = await readBatch(
    protocol,
    places.map(({ source }) => read("providerPool", "getMarket", source)),
  );
  const states = values.map(({ price, openTasks, capacity }): MarketState => {
    // Basis points would be coarser than the plot.
    const utilisation = utilisationOf({ openTasks, capacity });
    return { price, utilisation, openTasks: Number(openTasks), capacity: Number(capacity) };
  });
  return { at: Date.now(), sources: Object.fromEntries(places.map(({ name }, index) => [name, states[index]])) };
}
