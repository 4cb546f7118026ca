import { across, LABEL, line, type Point, upwards, WIDTH } from "../../report/chartParts.js";
import { drawSvg, emptyDrawing, INK, type Option, PALETTE } from "../../report/svg.js";
import type { RegimeSummary, Summary } from "../summary.js";
import { drawPanels } from "./panels.js";

const GRID = { left: 84, right: 32, top: 84, bottom: 56 };
const LEGEND = { top: 34, right: 24, textStyle: LABEL };
const MINUTES = "minutes since the regime began";

const minutesOf = ({ series }: RegimeSummary) => series.time.map((time) => time / 60);
const over = (regime: RegimeSummary, values: readonly number[]): Point[] =>
  minutesOf(regime).map((time, index) => [time, values[index] ?? NaN]);

/** The price of the first seed beside the equilibrium. */
export function pricesChart({ regimes, seeds }: Summary): string {
  const drawing = { name: "prices", title: `Price against the equilibrium, seed ${seeds[0] ?? "–"}` };
  return drawPanels(
    { ...drawing, unit: `coins, over ${MINUTES}` },
    [
      { name: "equilibrium", index: 1, type: "dashed", step: true },
      { name: "market price", index: 0 },
    ],
    regimes.map((regime) => {
      const { before, after, price } = regime.series.example;
      const equilibrium = regime.series.time.map((time) => (time > 0 ? after : before));
      return { title: regime.title, lines: [over(regime, equilibrium), over(regime, price)] };
    }),
  );
}

/** How far the price was from the equilibrium in all seeds. */
export function errorsChart({ regimes, seeds }: Summary): string {
  const percent = (regime: RegimeSummary, field: "median" | "least" | "most") =>
    over(
      regime,
      regime.series.error.map((error) => 100 * error[field]),
    );
  const bound = (regime: RegimeSummary, value: number) => over(regime, Array(regime.series.time.length).fill(value));
  const faint = { index: 5, width: 1 };
  return drawPanels(
    { name: "errors", title: `Price error, all ${seeds.length} seeds`, unit: `%, over ${MINUTES}`, range: [-50, 75] },
    [
      { name: "± 10 %", index: 7, type: "dotted", width: 1 },
      { name: "lowest and highest", ...faint },
      { name: "median", index: 0 },
      // The other half of each pair, under the same name.
      { name: "± 10 %", index: 7, type: "dotted", width: 1 },
      { name: "lowest and highest", ...faint },
    ],
    regimes.map((regime) => ({
      title: regime.title,
      lines: [
        bound(regime, 10),
        percent(regime, "most"),
        percent(regime, "median"),
        bound(regime, -10),
        percent(regime, "least"),
      ],
    })),
  );
}

/** What the controller sees, and how many slots work. */
export function utilisationChart({ regimes }: Summary): string {
  return drawPanels(
    { name: "utilisation", title: "Utilisation, median of the seeds", unit: `%, over ${MINUTES}`, range: [0, 100] },
    [
      { name: "orders that wait, of the slots", index: 0 },
      { name: "slots at work", index: 2 },
    ],
    regimes.map((regime) => ({
      title: regime.title,
      lines: [regime.series.utilisation, regime.series.busy].map((values) =>
        over(
          regime,
          values.map((value) => 100 * value),
        ),
      ),
    })),
  );
}

/** Slots in the pool beside those that the equilibrium has. */
export function slotsChart({ regimes }: Summary): string {
  return drawPanels(
    { name: "slots", title: "Slots in the pool, median of the seeds", unit: `slots, over ${MINUTES}` },
    [
      { name: "equilibrium", index: 1, type: "dashed", step: true },
      { name: "members' slots", index: 0 },
    ],
    regimes.map((regime) => {
      const equilibrium = regime.series.time.map((time) => (time > 0 ? regime.after.slots : regime.before.slots));
      return { title: regime.title, lines: [over(regime, equilibrium), over(regime, regime.series.slots)] };
    }),
  );
}

/** What of the possible surplus was realised, beside the baselines. */
export function surplusChart({ regimes }: Summary): string {
  const venues = [
    ["controller", "market"],
    ["fixed price", "fixed"],
    ["first come", "firstCome"],
  ] as const;
  const option: Option = {
    grid: { ...GRID, left: 250 },
    legend: LEGEND,
    xAxis: { ...across("share of the surplus that the competitive equilibrium would have, %"), min: 0 },
    yAxis: { type: "category", inverse: true, data: regimes.map(({ title }) => title), axisLabel: LABEL },
    series: venues.map(([name, venue], index) => ({
      ...{ type: "bar" as const, silent: true, name, barMaxWidth: 9 },
      itemStyle: { color: PALETTE[index] ?? INK },
      data: regimes.map(({ surplus }) => Math.max(0, 100 * surplus[venue].median)),
    })),
  };
  const title = "Surplus realised, median of the seeds";
  return drawSvg({ name: "surplus", title, width: WIDTH, height: 140 + 42 * regimes.length, option });
}

/** Who waits longer for how much patience. */
export function waitsChart({ waits, regimes }: Summary): string {
  const drawing = { name: "waits", title: "Waiting for a provider against patience", width: WIDTH };
  const shown = regimes.filter(({ name }) => ["steady", "surge", "outage"].includes(name));
  const of = (regime: string) =>
    waits.flatMap(({ regime: other, from, to, wait }): Point[] =>
      other === regime && wait !== null ? [[Math.sqrt(from * to) / 60, wait]] : [],
    );
  if (shown.every(({ name }) => of(name).length === 0)) return emptyDrawing(drawing, "No order was served.");
  const option: Option = {
    grid: GRID,
    legend: LEGEND,
    xAxis: across("patience, minutes"),
    yAxis: upwards("mean wait, seconds"),
    series: shown.map(({ name, title }, index) => ({ ...line(title, of(name), index), showSymbol: true })),
  };
  return drawSvg({ ...drawing, height: 344, option });
}

/** What a slot earns, by what its provider has to pay. */
export function earningsChart({ providers }: Summary): string {
  const option: Option = {
    grid: GRID,
    xAxis: { ...across("break-even price of the provider, % of the equilibrium"), scale: true, max: 160 },
    yAxis: upwards("profit of a slot, coins an hour"),
    series: {
      ...{ type: "scatter", silent: true, symbolSize: 4, itemStyle: { color: PALETTE[0], opacity: 0.5 } },
      data: providers.filter(([cost]) => cost <= 1.6).map(([cost, profit]): Point => [100 * cost, profit]),
    },
  };
  return drawSvg({
    ...{ name: "earnings", title: "Earnings against efficiency, steady state, all seeds" },
    ...{ width: WIDTH, height: 344, option },
  });
}
