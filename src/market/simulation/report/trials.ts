import { percent } from "../../report/format.js";
import type { SizeTrial, Trial } from "../trial.js";
import { minutes, signed } from "./figures.js";
import { tableOf } from "../../report/table.js";

const both = ({ median, worst }: { median: number; worst: number }) => `${percent(median)} / ${percent(worst)}`;

/** How controllers came out, a row for each: median / worst of all seeds and regimes. */
export function trialsTable(trials: readonly Trial[]): string {
  const titles = ["target", "speed", "clamp", "steady error", "shock error", "return", "overshoot"];
  const more = ["utilisation", "steady surplus", "error, demand ÷ 20"];
  return tableOf({
    title: "Controllers, median / worst of all seeds",
    columns: [
      { title: "error", align: "left" },
      ...[...titles, ...more].map((title) => ({ title, align: "right" }) as const),
    ],
    rows: trials.map(({ candidate, steady, shocks, returned, overshoot, utilisation, surplus, dead }) => [
      candidate.error,
      String(candidate.target),
      String(candidate.speed),
      String(candidate.clamp),
      both(steady),
      both(shocks),
      `${minutes(returned.median)} / ${minutes(returned.worst)}`,
      both(overshoot),
      `${percent(utilisation.median)} (${percent(utilisation.least)} – ${percent(utilisation.most)})`,
      both(surplus),
      both(dead),
    ]),
  });
}

/** How controllers do in pools of several sizes. */
export function sizesTable(trials: readonly SizeTrial[]): string {
  const titles = ["speed", "slots", "utilisation", "price bias", "price error", "surplus"];
  return tableOf({
    title: "Size of the pool, steady state, median / worst of all seeds",
    columns: [{ title: "error", align: "left" }, ...titles.map((title) => ({ title, align: "right" }) as const)],
    rows: trials.map(({ candidate, slots, utilisation, bias, error, surplus }) => [
      candidate.error,
      String(candidate.speed),
      slots.toFixed(0),
      percent(utilisation),
      signed(bias),
      both(error),
      both(surplus),
    ]),
  });
}
