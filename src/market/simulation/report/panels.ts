import { GRID_LINES, LABEL, type Point, WIDTH } from "../../report/chartParts.js";
import { drawSvg, FAINT, INK, MUTED, type Option, PALETTE } from "../../report/svg.js";

/** One line in every panel. */
export interface Stroke {
  readonly name: string;
  readonly index: number;
  readonly type?: "solid" | "dashed" | "dotted";
  readonly width?: number;
  /** Whether it jumps from one value to the next. */
  readonly step?: boolean;
}

/** One regime. */
export interface Panel {
  readonly title: string;
  /** As the strokes. */
  readonly lines: readonly (readonly Point[])[];
}

const COLUMNS = 3;
const LEFT = 44;
const ACROSS = 226;
const DOWN = 182;
const TOP = 106;
const SIZE = { width: 192, height: 116 };

/** Small plots beside each other that share their axes' meaning: minutes since the regime began, and `unit`. */
export function drawPanels(
  drawing: { name: string; title: string; unit: string; range?: readonly [least: number, most: number] },
  strokes: readonly Stroke[],
  panels: readonly Panel[],
): string {
  const place = (index: number) => ({
    left: LEFT + (index % COLUMNS) * ACROSS,
    top: TOP + Math.floor(index / COLUMNS) * DOWN,
  });
  const heading = { fontSize: 16, fontWeight: 600, color: INK } as const;
  const option: Option = {
    title: [
      { text: drawing.title, subtext: drawing.unit, left: 12, top: 8, textStyle: heading, subtextStyle: SMALL },
      ...(panels.map(({ title }, index) => ({
        text: title,
        left: place(index).left - 4,
        top: place(index).top - 24,
        textStyle: { fontSize: 12, fontWeight: 600, color: INK, width: ACROSS - 12, overflow: "truncate" },
      })) satisfies Option["title"]),
    ],
    legend: {
      top: 30,
      right: 16,
      itemWidth: 20,
      textStyle: LABEL,
      data: strokes.map(({ name }) => name),
      // Strokes without the symbols that the lines do not have either.
      itemStyle: { opacity: 0 },
    },
    grid: panels.map((_, index) => ({ ...place(index), ...SIZE })),
    xAxis: panels.map((_, index) => ({ ...AXIS, gridIndex: index, min: "dataMin", max: "dataMax" })),
    yAxis: panels.map((_, index) => ({
      ...AXIS,
      gridIndex: index,
      scale: true,
      splitNumber: 3,
      splitLine: GRID_LINES,
      ...(drawing.range !== undefined && { min: drawing.range[0], max: drawing.range[1] }),
    })),
    series: panels.flatMap(({ lines }, panel) =>
      strokes.map(({ name, index, type = "solid", width = 1.5, step = false }, place) => {
        const color = PALETTE[index % PALETTE.length] ?? INK;
        return {
          ...{ type: "line" as const, silent: true, showSymbol: false, name, xAxisIndex: panel, yAxisIndex: panel },
          ...{ itemStyle: { color }, lineStyle: { color, width, type }, ...(step && { step: "start" as const }) },
          data: (lines[place] ?? []).map(([x, y]): Point => [x, y]),
        };
      }),
    ),
  };
  const rows = Math.ceil(panels.length / COLUMNS);
  return drawSvg({ ...drawing, width: WIDTH, height: TOP + rows * DOWN - 24, option });
}

const SMALL = { fontSize: 12, color: MUTED } as const;

const AXIS = {
  type: "value",
  axisLabel: { color: MUTED, fontSize: 11, hideOverlap: true },
  axisLine: { show: true, lineStyle: { color: FAINT }, onZero: false },
  axisTick: { show: false },
  splitLine: { show: false },
} as const;
