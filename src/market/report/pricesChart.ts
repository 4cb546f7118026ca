import type { MarketState, Summary, WorkloadName } from "../summary.js";
import {
  across,
  LABEL,
  line,
  type Point,
  SINCE_START,
  sinceStart,
  STROKES,
  toCoins,
  upwards,
  WIDTH,
} from "./chartParts.js";
import { plain } from "./format.js";
import { drawSvg, emptyDrawing, FAINT, INK, MUTED, type Option, PALETTE } from "./svg.js";

const CAPS = "caps";
const TARGET = "target";
const TICK = "path://M0 0H12V3H0Z";
const UPPER = { top: 104, height: 230 };
const LOWER = { top: 396, height: 100 };

/**
 * How the market price of each source moved, with what each task cleared at and would have paid at most; below, how
 * much of the slots the open tasks would have filled.
 */
export function pricesChart(summary: Summary): string {
  const drawing = { name: "prices", title: "What tasks were sold for", width: WIDTH };
  const { markets, chain, tasks } = summary;
  const sold = soldIn(summary);
  const workloads = [...new Set([...tasks.map(({ workload }) => workload), ...markets.flatMap(namesIn)])].toSorted();
  if (sold.length === 0 && markets.length === 0) return emptyDrawing(drawing, "No task was sold.");
  const courses = workloads.map((name, index) => line(nameOf(name), courseOf(summary, name, priceIn), index));
  const uses = workloads.map((name, index) => line(nameOf(name), courseOf(summary, name, useIn), index));
  const legend = { right: 24, itemWidth: 18, itemHeight: 10, itemGap: 16, textStyle: LABEL };
  const dots = { type: "scatter", silent: true } as const;
  const option: Option = {
    grid: [UPPER, LOWER].map((place) => ({ left: 84, right: 32, ...place })),
    legend: [
      {
        // Below the title: there is no room beside it.
        ...{ ...legend, top: 38 },
        data: [
          ...courses.map(({ name }) => ({ name, ...STROKES })),
          ...workloads.map((name, index) => ({ name, icon: symbolOf(index) })),
          { name: CAPS, icon: TICK },
        ],
      },
      { ...legend, ...STROKES, top: LOWER.top - 32, data: [TARGET] },
    ],
    xAxis: [
      { ...across(""), ...spanOf(summary), axisLabel: { show: false } },
      { ...across(SINCE_START), ...spanOf(summary), gridIndex: 1 },
    ],
    yAxis: [
      upwards(`price, ${plain(chain.coin)}`),
      { ...upwards("utilisation, %"), gridIndex: 1, min: 0, max: 100, interval: 50 },
    ],
    series: [
      {
        ...{ ...dots, name: CAPS, symbol: "rect", symbolSize: [9, 2] },
        itemStyle: { color: FAINT, opacity: 1 },
        data: sold.map(({ cap }) => cap),
      },
      ...workloads.map((workload, index) => ({
        ...{ ...dots, name: workload, symbol: symbolOf(index), symbolSize: index === 0 ? 7 : 9 },
        itemStyle: { color: PALETTE[index % PALETTE.length] ?? INK, opacity: 0.6 },
        data: sold.filter((task) => task.workload === workload).map(({ price }) => price),
      })),
      ...courses,
      ...uses.map((each) => ({ ...each, xAxisIndex: 1, yAxisIndex: 1 })),
      { ...targetOf(summary), xAxisIndex: 1, yAxisIndex: 1 },
    ],
  };
  return drawSvg({ ...drawing, height: LOWER.top + LOWER.height + 56, option });
}

/** What was sold: when, for how much, and for how much at most. */
function soldIn(summary: Summary) {
  return summary.tasks.flatMap(({ workload, price, cap, paidAt, deliveredAt, submittedAt }) => {
    if (price === undefined) return [];
    // The price is fixed by the delivery.
    const at = sinceStart(summary, deliveredAt ?? paidAt ?? submittedAt);
    return { workload, price: [at, toCoins(price)] as Point, cap: [at, toCoins(cap)] as Point };
  });
}

const nameOf = (workload: WorkloadName) => `market of ${workload}`;
const symbolOf = (index: number) => (index === 0 ? "circle" : "diamond");
const priceIn = ({ price }: MarketState) => toCoins(price);
const useIn = ({ utilisation }: MarketState) => 100 * utilisation;
const namesIn = ({ sources }: Summary["markets"][number]) => Object.keys(sources) as WorkloadName[];

function courseOf(summary: Summary, name: WorkloadName, value: (state: MarketState) => number): Point[] {
  return summary.markets.flatMap(({ at, sources }) => {
    const state = sources[name];
    return state === undefined ? [] : [[sinceStart(summary, at), value(state)] as Point];
  });
}

/** Both panels show the same time, whatever is in them. */
function spanOf({ duration }: Summary) {
  return { min: 0, max: Math.max(1, Math.ceil(duration / 1000)) };
}

/** The utilisation at which prices stand still. */
function targetOf(summary: Summary) {
  const { max } = spanOf(summary);
  const height = summary.chain.pricing.target / 100;
  const stroke = line(
    TARGET,
    [
      [0, height],
      [max, height],
    ],
    0,
  );
  return { ...stroke, lineStyle: { color: MUTED, width: 1, type: "dashed" as const } };
}
