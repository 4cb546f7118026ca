import { across, GRID_LINES, LABEL } from "../../report/chartParts.js";
import { FAINT, MUTED, type Option } from "../../report/svg.js";

/** Place for the names of the rows, and above the bars, pixels. */
export interface Margins {
  readonly left: number;
  readonly top: number;
}

/** How the numbers at an axis are written. */
export const ticks = (show: (value: number) => string) =>
  ({ color: MUTED, fontSize: 12, hideOverlap: true, formatter: show }) as const;

/** Axes of lying bars, the first row on top; a name that is too long is cut. */
export function lying(
  rows: readonly string[],
  name: string,
  margins: Margins,
): Pick<Option, "grid" | "xAxis" | "yAxis"> {
  return {
    grid: { ...margins, right: 84, bottom: 56 },
    xAxis: { ...across(name), splitLine: GRID_LINES },
    yAxis: {
      type: "category",
      inverse: true,
      data: [...rows],
      axisLabel: { ...LABEL, fontSize: 12, interval: 0, width: margins.left - 40, overflow: "truncate", ellipsis: "…" },
      axisLine: { lineStyle: { color: FAINT } },
      axisTick: { show: false },
    },
  };
}
