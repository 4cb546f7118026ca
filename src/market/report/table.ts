import Table from "cli-table3";
import type { Figures } from "./figures.js";

/** A title and its table, without colours, because it may go into a file. */
export function tableOf({ title, columns, rows }: Figures): string {
  if (rows.length === 0) return `${title}: none`;
  const table = new Table({
    head: columns.map((column) => column.title),
    colAligns: columns.map((column) => column.align),
    style: { head: [], border: [], compact: true },
  });
  table.push(...rows.map((row) => [...row]));
  return `${title}\n${table.toString()}`;
}
