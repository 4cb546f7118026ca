import { type Operation, providerCost } from "./breakEven.js";
import { compareOffer, costInMarket, deviceSecond, type OfferComparison } from "./costs.js";
import { positive } from "./errors.js";
import { hardwareOf, type PriceBook } from "./priceBook.js";
import { listed, type Measured, measured } from "./provenance.js";
import type { BatchResult, BenchmarkResult, Network, PriceComparison } from "./result.js";

/** What the user may choose for a price comparison. */
export interface PriceChoices {
  /** Name of the hardware in the price book that a provider would have; the device's own if left out. */
  readonly hardware?: string;
  /** Share of its life in which a provider's device is at work. */
  readonly utilisation: number;
}

/**
 * Sets a batch beside every offer of a price book, those of the measured device first, each group by its price for one
 * device.
 *
 * @param rate Units a second that one device did, the whole of it.
 * @throws {CostInputError} if a figure is impossible, e.g. a rate of 0.
 */
export function comparePrices(
  book: PriceBook,
  batch: BatchResult,
  rate: Measured<number>,
  { gasPrice, coinPrice }: Pick<Network, "gasPrice" | "coinPrice">,
  { hardware: name = rate.device, utilisation }: PriceChoices,
): PriceComparison {
  const { workload, unit, units, cost } = batch;
  const seconds = units / positive("rate", rate.value);
  const market = costInMarket(cost, units, gasPrice, coinPrice);
  const offers = book.offers
    .map((offer) => compareOffer(listed(offer), rate, market.total.usd))
    .toSorted((a, b) => basisRank(a) - basisRank(b) || deviceSecond(a.offer.value) - deviceSecond(b.offer.value));
  const hardware = hardwareOf(book, name);
  const operation: Operation = {
    ...{ seconds, utilisation, gasPrice },
    ...(coinPrice !== undefined && { coinPrice }),
  };
  return {
    ...{ workload, unit, units, rate, market, offers },
    ...(hardware !== undefined &&
      book.electricity !== undefined && {
        provider: {
          hardware: hardware.device,
          utilisation,
          cost: providerCost(hardware, book.electricity, cost, operation),
          payment: cost.price - cost.fee - cost.royalty,
        },
      }),
  };
}

/**
 * What a task of the largest size of each workload costs, beside every offer: at the rate of the whole machine, and at that
 * of the accelerator if it was measured. What has no rate or no batch is left out.
 */
export function pricesOf(
  book: PriceBook,
  { machine, network, rates, batches, gpu }: Pick<BenchmarkResult, "machine" | "network" | "rates" | "batches" | "gpu">,
  choices: PriceChoices,
): PriceComparison[] {
  const compared = (workload: string, device: string, rate: number, chosen: PriceChoices) => {
    const batch = batches.findLast((each) => each.workload === workload);
    return batch === undefined ? [] : [comparePrices(book, batch, measured(device, rate), network, chosen)];
  };
  return [
    ...rates.flatMap(({ workload, rate }) => compared(workload, machine.cpu, rate.median, choices)),
    // What a task costs in the market does not depend on what does it. Hardware was named for the processor.
    ...(gpu.measured ? compared(gpu.workload, gpu.device, gpu.rate.median, { utilisation: choices.utilisation }) : []),
  ];
}

const basisRank = ({ basis }: OfferComparison) => (basis === "measured" ? 0 : 1);
