import { formatEther } from "ethers";
import type { Summary } from "../summary.js";
import { FAINT, INK, MUTED, PALETTE } from "./svg.js";

/** Across and up, in the units of the axes. */
export type Point = [x: number, y: number];

/** Pixels; every chart is as wide. */
export const WIDTH = 720;
export const GRID_LINES = { show: true, lineStyle: { color: "#e6eaee" } } as const;
export const LABEL = { color: INK, fontSize: 13 } as const;

/** In a legend: strokes without the symbols that the lines do not have either. */
export const STROKES = { itemStyle: { opacity: 0 } } as const;
export const SINCE_START = "time since the start of the run, seconds";

const NUMBERS = {
  type: "value",
  axisLabel: { color: MUTED, fontSize: 12, hideOverlap: true },
} as const;

/** An axis of numbers with its name below it. */
export function across(name: string) {
  return {
    ...NUMBERS,
    name,
    nameLocation: "middle",
    nameGap: 30,
    nameTextStyle: { color: MUTED, fontSize: 13 },
    axisLine: { show: true, lineStyle: { color: FAINT } },
    axisTick: { show: true },
    splitLine: { show: false },
  } as const;
}

/** An axis of numbers with its name on top of it. */
export function upwards(name: string) {
  return {
    ...NUMBERS,
    name,
    nameLocation: "end",
    nameGap: 12,
    nameTextStyle: { color: MUTED, fontSize: 13, align: "left" },
    axisLine: { show: false, onZero: false },
    axisTick: { show: false },
    splitLine: GRID_LINES,
  } as const;
}

/** A line in the colour of its index; once the colours are used up, the strokes differ. */
export function line(name: string, data: Point[], index: number) {
  const color = PALETTE[index % PALETTE.length] ?? INK;
  const type = (["solid", "dashed", "dotted"] as const)[Math.floor(index / PALETTE.length) % 3] ?? "solid";
  // A single sample makes no line.
  const showSymbol = data.length === 1;
  const lineStyle = { color, width: 2, type };
  return { type: "line" as const, silent: true, name, showSymbol, itemStyle: { color }, lineStyle, data };
}

/** Wei as coins, exact enough to draw. */
export function toCoins(wei: bigint): number {
  return Number(formatEther(wei));
}

/** Seconds from the start of the run to a moment. */
export function sinceStart({ startedAt }: Summary, moment: number): number {
  return (moment - startedAt) / 1000;
}
