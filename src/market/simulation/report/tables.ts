import type { Summary } from "../summary.js";
import {
  goalFigures,
  manipulationFigures,
  priceFigures,
  serviceFigures,
  surplusFigures,
  waitFigures,
} from "./figures.js";
import { tableOf } from "../../report/table.js";

/** All that a person sees in the terminal when a simulation is over. */
export function simulationText(summary: Summary): string {
  const tables = [priceFigures, surplusFigures, serviceFigures, manipulationFigures, waitFigures, goalFigures];
  return tables.map((figures) => tableOf(figures(summary))).join("\n\n");
}
