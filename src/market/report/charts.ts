import type { BalanceSample, Summary, TaskSummary } from "../summary.js";
import {
  across,
  GRID_LINES,
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
import { drawSvg, emptyDrawing, FAINT, type Option, PALETTE } from "./svg.js";

const ONE_GRID = { left: 84, right: 32, top: 76, bottom: 56 };
const LEGEND_ABOVE = { top: 10, right: 24, textStyle: LABEL };

/** How many tasks each provider won. */
export function winsChart({ providers }: Summary): string {
  const drawing = { name: "wins", title: "Tasks won by each provider", width: WIDTH };
  if (providers.length === 0) return emptyDrawing(drawing, "There were no providers.");
  const option: Option = {
    grid: { left: 166, right: 40, top: 44, bottom: 56 },
    xAxis: { ...across("tasks"), minInterval: 1, splitLine: GRID_LINES },
    yAxis: {
      type: "category",
      inverse: true,
      data: providers.map(({ name }) => plain(name)),
      axisLabel: { ...LABEL, interval: 0, width: 140, overflow: "truncate", ellipsis: "…" },
      axisLine: { lineStyle: { color: FAINT } },
      axisTick: { show: false },
    },
    series: {
      type: "bar",
      silent: true,
      barMaxWidth: 20,
      itemStyle: { color: PALETTE[0] },
      label: { ...LABEL, show: true, position: "right" },
      data: providers.map(({ won }) => won),
    },
  };
  return drawSvg({ ...drawing, height: 100 + 30 * providers.length, option });
}

/** Which share of the tasks was delivered, and paid, within a time. */
export function latencyChart({ tasks }: Summary): string {
  const drawing = { name: "latency", title: "How long tasks took", width: WIDTH };
  const delivery = waits(tasks, "deliveredAt");
  const payment = waits(tasks, "paidAt");
  if (delivery.length + payment.length === 0) return emptyDrawing(drawing, "No task was delivered or paid.");
  const longest = Math.max(delivery.at(-1) ?? 0, payment.at(-1) ?? 0);
  const series = [
    line("delivered", climb(delivery, tasks.length, longest), 0),
    line("paid", climb(payment, tasks.length, longest), 1),
  ];
  const option: Option = {
    grid: ONE_GRID,
    legend: { ...LEGEND_ABOVE, ...STROKES },
    xAxis: across("time since the submission, seconds"),
    yAxis: { ...upwards("share of all tasks, %"), max: 100 },
    series: series.map((each) => ({ ...each, step: "end" })),
  };
  return drawSvg({ ...drawing, height: 344, option });
}

/** What the clients had left and the providers had earned, over time. */
export function balancesChart(summary: Summary): string {
  const drawing = { name: "balances", title: "Balances in Escrow", width: WIDTH };
  const { balances, providers, chain } = summary;
  if (balances.length === 0) return emptyDrawing(drawing, "No balances were read.");
  const over = (value: (sample: BalanceSample) => bigint) =>
    balances.map((sample): Point => [sinceStart(summary, sample.at), toCoins(value(sample))]);
  const clients = [
    line(
      "free",
      over(({ free }) => free),
      0,
    ),
    line(
      "held for tasks",
      over(({ held }) => held),
      1,
    ),
  ];
  const earned = providers.map(({ name }, index) =>
    line(
      plain(name),
      over((sample) => sample.earned[name] ?? 0n),
      index,
    ),
  );
  // Two scales, because what a provider earns is little beside what the clients have.
  const upper = { top: 80, height: 140 };
  const lower = { top: 280, height: Math.max(180, 24 * providers.length) };
  const names = (lines: readonly { name: string }[]) => lines.map(({ name }) => name);
  const legend = { ...STROKES, orient: "vertical", left: 556 } as const;
  const textStyle = { ...LABEL, width: 110, overflow: "truncate", ellipsis: "…" } as const;
  const option: Option = {
    grid: [upper, lower].map((place) => ({ left: 84, width: 450, ...place })),
    legend: [
      { ...legend, textStyle, top: upper.top - 6, data: names(clients) },
      { ...legend, textStyle, top: lower.top - 6, data: names(earned) },
    ],
    xAxis: [
      { ...across(""), axisLabel: { show: false } },
      { ...across(SINCE_START), gridIndex: 1 },
    ],
    yAxis: [
      upwards(`of the clients, ${plain(chain.coin)}`),
      { ...upwards(`earned by the providers, ${plain(chain.coin)}`), gridIndex: 1 },
    ],
    series: [...clients, ...earned.map((each) => ({ ...each, xAxisIndex: 1, yAxisIndex: 1 }))],
  };
  return drawSvg({ ...drawing, height: lower.top + lower.height + 56, option });
}

/** Seconds from the submission to a moment, of the tasks that came so far, in order. */
function waits(tasks: readonly TaskSummary[], moment: "deliveredAt" | "paidAt"): number[] {
  const ends = tasks.flatMap(({ submittedAt, [moment]: end }) =>
    end === undefined ? [] : [(end - submittedAt) / 1000],
  );
  return ends.toSorted((a, b) => a - b);
}

/** Steps of a cumulative distribution in percent of all tasks, from nothing to the end of the axis. */
function climb(sorted: readonly number[], all: number, end: number): Point[] {
  const [first] = sorted;
  if (first === undefined) return [];
  const share = (tasks: number) => (100 * tasks) / all;
  return [[first, 0], ...sorted.map((wait, index): Point => [wait, share(index + 1)]), [end, share(sorted.length)]];
}
