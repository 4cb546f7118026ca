import type { Figures } from "../../report/figures.js";
import { amount, count, NONE, percent, plain } from "../../report/format.js";
import { UNITS } from "../costs.js";
import type { BenchmarkResult, PriceComparison } from "../result.js";
import { number, text } from "./figures.js";
import { figure, money, secondsOf, usd } from "./format.js";

const THOUSAND = UNITS.toLocaleString("en");

/** What a thousand units cost in the market. */
export function marketFigures({ prices, network }: BenchmarkResult): Figures {
  return {
    title: `What ${THOUSAND} units cost in the market, measured; amounts in ${plain(network.coin)}`,
    columns: [
      ...["workload", "unit"].map(text),
      ...["to the provider", "fee", "royalty", "gas of the client", "in all"].map(number),
    ],
    rows: prices.map(({ workload, unit, market }) => [
      ...[plain(workload), plain(unit)],
      ...[market.payment, market.fee, market.royalty, market.gas, market.total].map(money),
    ]),
  };
}

/**
 * A workload beside the offers of the price book. List prices are listed, costs of the measured device are measured ×
 * listed, and rates to break even are arithmetic.
 */
export function offerFigures({ workload, unit, rate, offers }: PriceComparison): Figures {
  const here = `${figure(rate.value)} ${plain(unit)}s a second, measured on ${plain(rate.device)}`;
  // Columns in which nothing could stand would only push the others out of sight.
  const some = offers.some(({ basis }) => basis === "measured");
  const cost = some
    ? `cost of ${THOUSAND} ${plain(unit)}s, measured rate × list price`
    : "no offer has a cost, because none of these devices was measured here";
  return {
    title: `${plain(workload)}, ${here}: list prices; ${cost}; rate to cost as much as the market, computed`,
    columns: [
      ...["offer", "device", "kind"].map(text),
      ...["listed, USD/h", "as of", ...(some ? ["cost", "saved in the market"] : []), "rate to break even"].map(number),
    ],
    rows: offers.map((each) => {
      const { provider, device, devices, kind, region, usdPerHour, date } = each.offer.value;
      const same = each.basis === "measured" ? each : undefined;
      return [
        plain(region === undefined ? provider : `${provider}, ${region}`),
        plain(devices === 1 ? device : `${devices} × ${device}`),
        kind,
        // As it is stated, to the last digit.
        ...[String(usdPerHour), date],
        ...(some
          ? [
              same === undefined ? "not measured here" : usd(same.cost.value),
              same?.saving === undefined ? NONE : `${usd(same.saving.usd)} (${percent(same.saving.share)})`,
            ]
          : []),
        each.breakEvenRate === undefined ? NONE : `${figure(each.breakEvenRate.value)}/s`,
      ];
    }),
  };
}

/** What is to be said where no hardware was named. */
export function hardwareSentence({ prices }: BenchmarkResult): string | undefined {
  if (prices.some(({ provider }) => provider !== undefined)) return undefined;
  return "What a provider must be paid to lose nothing depends on its hardware: name one of the price book by --hardware.";
}

/** What a provider would have to be paid for a task. */
export function providerFigures({ prices, network }: BenchmarkResult): Figures {
  const coin = plain(network.coin);
  return {
    title: `Payment for one task from which on a provider loses nothing, computed from measured seconds and listed hardware`,
    columns: [
      ...["workload", "hardware"].map(text),
      ...["at work", "hardware, USD", "energy, USD", `gas, ${coin}`, "payment, USD", `payment, ${coin}`].map(number),
      ...[`was paid, ${coin}`, "a second of work, USD"].map(number),
    ],
    rows: prices.flatMap(({ workload, units, unit, provider }) => {
      if (provider === undefined) return [];
      const { cost, hardware, utilisation, payment } = provider;
      return [
        [
          `${plain(workload)}, ${count(units, plain(unit))}`,
          plain(hardware),
          percent(utilisation, 0),
          ...[usd(cost.depreciation), usd(cost.energy), amount(cost.gasWei)],
          ...[usd(cost.reward), figure(cost.rewardCoins), amount(payment), usd(cost.secondOfWork)],
        ],
      ];
    }),
  };
}

/** Where the list prices are stated. */
export function sourceFigures({ prices }: BenchmarkResult): Figures {
  const offers = prices.flatMap((comparison) => comparison.offers.map(({ offer }) => offer));
  const known = new Map(
    offers.map(({ value, source, date }) => [
      [value.provider, value.product, source, date].join("\n"),
      [value.provider, value.product, date, source, value.transcribedFrom ?? NONE, value.note ?? NONE].map(plain),
    ]),
  );
  return {
    title: "Where the list prices are stated",
    columns: ["provider", "product", "as of", "source", "which copied it from", "note"].map(text),
    rows: [...known.values()].toSorted((a, b) => a.join("\n").localeCompare(b.join("\n"))),
  };
}

/** The rate of the accelerator, or why there is none, in a sentence. */
export function gpuSentence({ gpu }: BenchmarkResult): string {
  if (!gpu.measured) return `No accelerator was measured: ${plain(gpu.reason)}`;
  const { workload, unit, units, device, rate } = gpu;
  return (
    `Accelerator: ${plain(device)} did ${figure(rate.median)} ${plain(unit)}s of ${plain(workload)} a second ` +
    `(least ${figure(rate.least)}, most ${figure(rate.most)}; tasks of ${units}, ${secondsOf(units / rate.median)} each), measured.`
  );
}
