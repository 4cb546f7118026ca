import Table from "cli-table3";
import type { Figures } from "../../report/figures.js";
import type { Summary } from "../summary.js";
import {
  goalFigures,
  manipulationFigures,
  priceFigures,
  serviceFigures,
  surplusFigures,
  waitFigures,
} from "./figures.js";

/** All that a person sees in the terminal when a simulation is over. */
export function simulationText(summary: Summary): string {
  const tables = [priceFigures, surplusFigures, serviceFigures, manipulationFigures, waitFigures, goalFigures];
  return tables.map((figures) => tableOf(figures(summary))).join("\n\n");
}

/** A title and its table, without colours, because it may go into a file. */
export function tableOf({ title, columns, rows }: Figures): string {
  const table = new Table({
    head: columns.map((column) => column.title),
    colAligns: columns.map((column) => column.align),
    style: { head: [], border: [], compact: true },
  });
  table.push(...rows.map((row) => [...row]));
  return `${title}\n${table.toString()}`;
}
