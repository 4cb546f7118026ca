import { across, GRID_LINES, LABEL, line, type Point, STROKES, upwards, WIDTH } from "../report/chartParts.js";
import { percent } from "../report/format.js";
import { drawSvg, INK, MUTED, type Option, PALETTE } from "../report/svg.js";
import { MIXES } from "./pools.js";
import { COMPUTES, TRUSTS } from "./sweep.js";
import type { Cell, Summary } from "./summary.js";

const COLUMNS = 2;
const PLACE = { left: 68, top: 122, across: 344, down: 276, width: 282, height: 200 } as const;
/** Rarer than this is not drawn. */
const RAREST = 1e-5;
/** What fewer rounds showed is chance. */
const FEWEST = 5;

/** How often a wrong result wins against the hostile share: a panel for each mix, a line for each trust. */
export function wrongChart({ cells }: Summary): string {
  const place = (index: number) => ({
    left: PLACE.left + (index % COLUMNS) * PLACE.across,
    top: PLACE.top + Math.floor(index / COLUMNS) * PLACE.down,
  });
  const title = "Wrong results against hostile stake";
  const heading = { fontSize: 16, fontWeight: 600, color: INK } as const;
  const subtext = `share of all rounds, a line for each trust; thick: played, from ${FEWEST} wrong rounds on; thin: independent seats, exactly`;
  const option: Option = {
    title: [
      { text: title, subtext, left: 12, top: 8, textStyle: heading, subtextStyle: { fontSize: 12, color: MUTED } },
      ...MIXES.map((mix, index) => ({
        ...{ text: mix.title, left: place(index).left - 4, top: place(index).top - 30 },
        textStyle: { fontSize: 13, fontWeight: 600, color: INK } as const,
      })),
    ],
    legend: { ...STROKES, top: 54, left: 12, itemWidth: 20, itemGap: 12, textStyle: LABEL, data: TRUSTS.map(nameOf) },
    grid: MIXES.map((_, index) => ({ ...place(index), width: PLACE.width, height: PLACE.height })),
    xAxis: MIXES.map((_, index) => ({
      ...across(index < COLUMNS ? "" : "hostile stake, %"),
      ...{ gridIndex: index, min: 0, max: 50 },
    })),
    yAxis: MIXES.map((_, index) => ({
      ...upwards(""),
      ...{ type: "log" as const, gridIndex: index, min: RAREST, max: 1 },
      axisLabel: { color: MUTED, fontSize: 11, formatter: (value: number) => percentOf(value) },
    })),
    series: MIXES.flatMap((mix, panel) =>
      TRUSTS.flatMap((trust, index) => {
        const found = cells.filter((cell) => cell.mix === mix.name && cell.trust === trust);
        const axes = { xAxisIndex: panel, yAxisIndex: panel };
        const possible = found.filter(({ exact }) => exact.wrong > 0);
        const seen = found.filter(({ played }) => played.wrong * played.rounds >= FEWEST);
        const exact = line("independent", over(possible, "exact"), index);
        const played = line(nameOf(trust), over(seen, "played"), index);
        const wide = { ...played, ...axes, lineStyle: { ...played.lineStyle, width: 2.5 } };
        return [{ ...exact, ...axes, lineStyle: { ...exact.lineStyle, width: 0.75 } }, wide];
      }),
    ),
  };
  return drawSvg({ name: "wrong", title, width: WIDTH, height: PLACE.top + 2 * PLACE.down - 16, option });
}

/** What a round of the honest costs against its trust. */
export function copiesChart({ costs }: Summary): string {
  const mixes = MIXES.filter(({ name }) => costs.some(({ mix }) => mix === name));
  const lines = mixes.flatMap(({ name, title }, mix) => {
    const style = mix * PALETTE.length;
    const data = (compute: number, field: "seats" | "copies") =>
      costs
        .filter((cost) => cost.mix === name && cost.compute === compute)
        .map((cost, index): Point => [index, cost.played[field]]);
    return [
      line(`${title}, seats`, data(COMPUTES[0], "seats"), style + PALETTE.length - 1),
      ...COMPUTES.map((compute, index) =>
        line(`${title}, work ${percent(compute, compute < 0.1 ? 1 : 0)}`, data(compute, "copies"), style + index),
      ),
    ];
  });
  const option: Option = {
    grid: { left: 64, right: 210, top: 76, bottom: 56 },
    legend: { ...STROKES, orient: "vertical", right: 16, top: 70, textStyle: LABEL },
    xAxis: { ...across("trust"), type: "category", data: TRUSTS.map(nameOf), boundaryGap: false },
    yAxis: { ...upwards("executions"), type: "log", min: 1, splitLine: GRID_LINES },
    series: lines,
  };
  const title = "Executions for a round of the honest, by what the work takes of the window";
  return drawSvg({ name: "copies", title, width: WIDTH, height: 360, option });
}

const nameOf = (trust: number): string => trust.toLocaleString("en");
const percentOf = (share: number): string => `${Number((100 * share).toPrecision(2))} %`;

const over = (cells: readonly Cell[], of: "played" | "exact"): Point[] =>
  cells.map((cell): Point => [Math.round(100 * cell.share), cell[of].wrong]);
