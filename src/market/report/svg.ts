import {
  BarChart,
  type BarSeriesOption,
  LineChart,
  type LineSeriesOption,
  ScatterChart,
  type ScatterSeriesOption,
} from "echarts/charts";
import {
  GridComponent,
  type GridComponentOption,
  LegendComponent,
  type LegendComponentOption,
  TitleComponent,
  type TitleComponentOption,
} from "echarts/components";
import { type ComposeOption, init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { escapeHtml } from "./html.js";

use([BarChart, LineChart, ScatterChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

/** What a chart shows, in the words of ECharts. */
export type Option = ComposeOption<
  | BarSeriesOption
  | LineSeriesOption
  | ScatterSeriesOption
  | GridComponentOption
  | LegendComponentOption
  | TitleComponentOption
>;

/** One drawing. */
export interface Drawing {
  /** Begins the ids in it, so that a page may hold several. */
  readonly name: string;
  readonly title: string;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  readonly option: Option;
}

/** Colours that the colour-blind tell apart, all legible on white. */
export const PALETTE = [
  "#0072b2",
  "#d55e00",
  "#009e73",
  "#a6559d",
  "#b07d00",
  "#2f9bd6",
  "#7a5c3e",
  "#5b5b5b",
] as const;
export const INK = "#1d2329";
export const MUTED = "#5f6b76";
export const FAINT = "#b4bdc6";

const FONT = "system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif";

/** Draws without a browser. The same drawing gives the same bytes. */
export function drawSvg({ name, title, width, height, option }: Drawing): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, width, height });
  try {
    chart.setOption<Option>({
      animation: false,
      backgroundColor: "#ffffff",
      color: [...PALETTE],
      textStyle: { fontFamily: FONT, fontSize: 13, color: INK },
      title: { text: title, left: 12, top: 8, textStyle: { fontSize: 16, fontWeight: 600, color: INK } },
      ...option,
    });
    const label = `role="img" aria-label="${escapeHtml(title)}"`;
    // ECharts numbers the ids of a process through, and marks shapes for scripts and pointers that are not there.
    return chart
      .renderToSVGString()
      .replace(/<style >.*?<\/style>\s*/s, "")
      .replace(/ (?:class|ecmeta_\w+|pointer-events)="[^"]*"/g, "")
      .replace(/(=")((?:url\()?#?)zr\d+-/g, `$1$2${name}-`)
      .replace("<svg ", `<svg ${label} `);
  } finally {
    chart.dispose();
  }
}

/** Says why there is nothing to draw. */
export function emptyDrawing(drawing: Omit<Drawing, "height" | "option">, why: string): string {
  const texts = { text: drawing.title, subtext: why, left: 12, top: 8 };
  const title = { ...texts, textStyle: { fontSize: 16, fontWeight: 600, color: INK } } as const;
  const subtextStyle = { fontSize: 13, color: MUTED };
  return drawSvg({ ...drawing, height: 80, option: { title: { ...title, subtextStyle } } });
}
