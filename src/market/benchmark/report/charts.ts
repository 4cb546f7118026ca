import { across, LABEL, line, type Point, STROKES, upwards, WIDTH } from "../../report/chartParts.js";
import { plain } from "../../report/format.js";
import { drawSvg, emptyDrawing, INK, type Option, PALETTE } from "../../report/svg.js";
import { addedBy, PARTS } from "../overhead.js";
import type { BatchResult, BenchmarkResult } from "../result.js";
import { lying, ticks } from "./bars.js";
import { figure } from "./format.js";

const GRID = { left: 84, right: 32, top: 96, bottom: 56 };
const LEGEND = { ...STROKES, top: 34, left: 12, itemWidth: 20, textStyle: LABEL } as const;

const workloadsIn = (results: readonly { readonly workload: string }[]): string[] => [
  ...new Set(results.map(({ workload }) => workload)),
];

/** Lines of which each sample is seen, because there are few. */
function dotted(name: string, data: Point[], index: number) {
  return { ...line(plain(name), data, index), showSymbol: true, symbol: "circle" as const, symbolSize: 6 };
}

/** Seconds that the market adds to a unit of work, against the units in a task. */
export function overheadChart({ batches }: BenchmarkResult): string {
  const drawing = { name: "overhead", title: "Time that the market adds to a unit of work", width: WIDTH };
  const names = workloadsIn(batches);
  const lines = names.map((name, index) => {
    const found = batches.filter(({ workload }) => workload === name).toSorted((a, b) => a.units - b.units);
    // What chance has made faster than the direct execution has no place on a logarithmic axis.
    const points = found.map((batch): Point => [batch.units, addedBy(batch).unit]).filter(([, added]) => added > 0);
    return dotted(name, points, index);
  });
  if (lines.every(({ data }) => data.length === 0)) return emptyDrawing(drawing, "No task took longer in the market.");
  const option: Option = {
    grid: GRID,
    legend: LEGEND,
    xAxis: { ...across("units of work in a task"), type: "log", axisLabel: ticks(figure) },
    yAxis: { ...upwards("seconds added to a unit"), type: "log", axisLabel: ticks(figure) },
    series: lines,
  };
  return drawSvg({ ...drawing, height: 364, option });
}

/** Paid tasks a second against the tasks in flight. */
export function loadChart({ loads }: BenchmarkResult): string {
  const drawing = { name: "load", title: "Throughput against tasks in flight", width: WIDTH };
  if (loads.length === 0) return emptyDrawing(drawing, "No load was measured.");
  const levels = [...new Set(loads.map(({ inFlight }) => inFlight))].toSorted((a, b) => a - b);
  const kinds = [...new Map(loads.map((load) => [`${load.workload} of ${load.units}`, load])).entries()];
  const option: Option = {
    grid: GRID,
    legend: LEGEND,
    xAxis: { ...across("tasks in flight"), type: "category", data: levels.map(String), boundaryGap: false },
    yAxis: { ...upwards("paid tasks a second, median"), min: 0 },
    series: kinds.map(([name, { workload, units }], index) => {
      const found = loads.filter((load) => load.workload === workload && load.units === units);
      const points = found.map((load): Point => [levels.indexOf(load.inFlight), load.throughput.median]);
      return dotted(
        name,
        points.toSorted(([a], [b]) => a - b),
        index,
      );
    }),
  };
  return drawSvg({ ...drawing, height: 364, option });
}

const rowName = ({ workload, units }: BatchResult) => `${plain(workload)} of ${units}`;

const MARGINS = { left: 216, top: 76 };
const heightOf = (rows: number) => 136 + 26 * rows;

/** Where the time of a task goes, a bar for each batch. */
export function splitChart({ batches }: BenchmarkResult): string {
  const drawing = { name: "split", title: "Where the time of a task in the market goes", width: WIDTH };
  if (batches.length === 0) return emptyDrawing(drawing, "No task was measured.");
  const option: Option = {
    ...lying(batches.map(rowName), "seconds, mean", MARGINS),
    legend: { top: 34, left: 12, itemWidth: 14, textStyle: LABEL },
    series: PARTS.map((part, index) => ({
      ...({ type: "bar", silent: true, stack: "time", name: part, barMaxWidth: 18 } as const),
      itemStyle: { color: PALETTE[index] ?? INK },
      data: batches.map(({ overhead }) => overhead.split[part]),
    })),
  };
  return drawSvg({ ...drawing, height: heightOf(batches.length), option });
}

/** How many times as long as at the baseline the scenarios take. */
export function growthChart({ scenarios }: BenchmarkResult): string {
  const drawing = { name: "growth", title: "Time to the payment while something fails", width: WIDTH };
  const rows = scenarios.filter(({ growth }) => Object.keys(growth).length > 0);
  if (rows.length === 0) return emptyDrawing(drawing, "There were too few tasks to compare with the baseline.");
  const option: Option = {
    ...lying(
      rows.map(({ scenario, workload, lost }) => `${scenario}, ${plain(workload)}${lost > 0 ? `, ${lost} lost` : ""}`),
      "times as long as at the baseline",
      MARGINS,
    ),
    legend: { top: 34, left: 12, itemWidth: 14, textStyle: LABEL },
    series: (["p50", "p90", "p99"] as const).map((quantile, index) => ({
      ...({ type: "bar", silent: true, name: quantile, barMaxWidth: 12 } as const),
      itemStyle: { color: PALETTE[index] ?? INK },
      data: rows.map(({ growth }) => growth[quantile] ?? "-"),
    })),
  };
  return drawSvg({ ...drawing, height: heightOf(2 * rows.length), option });
}
