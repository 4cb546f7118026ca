import { across, GRID_LINES, LABEL, WIDTH } from "../../report/chartParts.js";
import { plain } from "../../report/format.js";
import { drawSvg, emptyDrawing, type Option, PALETTE } from "../../report/svg.js";
import { UNITS } from "../costs.js";
import type { Offer } from "../priceBook.js";
import type { PriceComparison } from "../result.js";
import { lying, ticks } from "./bars.js";
import { figure, usd } from "./format.js";

/** A dot; what it stands for decides its colour. */
interface Row {
  readonly name: string;
  readonly value: number;
  readonly own: boolean;
}

const offerName = ({ provider, device, kind, region }: Offer) =>
  plain(
    [provider, device.replace(/^(?:NVIDIA|Tesla) (?:GeForce )?/, ""), kind, ...(region ? [region] : [])].join(", "),
  );

/** What a thousand units cost here and at the offers of the device that was measured; no other offer has a cost. */
export function costChart({ workload, unit, market, offers }: PriceComparison, index = 0): string {
  const title = `${plain(workload)}: cost of ${UNITS.toLocaleString("en")} ${plain(unit)}s, USD`;
  const drawing = { name: `cost${index}`, title, width: WIDTH };
  const rented = offers.flatMap((each): Row[] =>
    each.basis === "measured" ? [{ name: offerName(each.offer.value), value: each.cost.value, own: false }] : [],
  );
  const dollars = market.total.usd;
  const own: Row[] = dollars === undefined ? [] : [{ name: "the market, measured", value: dollars, own: true }];
  if (rented.length === 0) return emptyDrawing(drawing, "No offer is of the device that was measured here.");
  return drawSvg(dots(drawing, [...own, ...rented], "USD, measured rate × list price", usd));
}

/** How fast the device of each offer would have to be to cost as much as the market, and what was measured here. */
export function rateChart({ workload, unit, rate, offers }: PriceComparison, index = 0): string {
  const title = `${plain(workload)}: ${plain(unit)}s a second at which an offer costs as much as the market`;
  const drawing = { name: `rate${index}`, title, width: WIDTH };
  const needed = offers.flatMap(({ offer, breakEvenRate }): Row[] =>
    breakEvenRate === undefined ? [] : [{ name: offerName(offer.value), value: breakEvenRate.value, own: false }],
  );
  if (needed.length === 0) return emptyDrawing(drawing, "The coin has no price in USD, so nothing can be compared.");
  const own: Row = { name: "this machine, measured", value: rate.value, own: true };
  return drawSvg(dots(drawing, [own, ...needed], "units a second on one device", figure));
}

/** Dots on a logarithmic axis, because offers and rates are orders of magnitude apart. */
function dots(
  drawing: { name: string; title: string; width: number },
  rows: readonly Row[],
  axis: string,
  show: (value: number) => string,
) {
  const seen = rows.filter(({ value }) => value > 0);
  const axes = lying(
    seen.map(({ name }) => name),
    axis,
    { left: 316, top: 44 },
  );
  const option: Option = {
    ...axes,
    xAxis: { ...across(axis), type: "log", splitLine: GRID_LINES, axisLabel: ticks(show) },
    series: {
      type: "scatter",
      silent: true,
      symbol: "circle",
      symbolSize: 9,
      data: seen.map(({ value, own }, index) => ({
        value: [value, index],
        itemStyle: { color: PALETTE[own ? 1 : 0], opacity: 1 },
        label: { ...LABEL, fontSize: 12, show: true, position: "right" as const, formatter: () => show(value) },
      })),
    },
  };
  return { ...drawing, height: 108 + 22 * seen.length, option };
}
