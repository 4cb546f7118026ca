import type { PictureSummary, Summary } from "../summary.js";
import { count, duration, percent, plain } from "./format.js";

/** What a person wants to know first: how many tasks were paid, in what time, and where. */
export function headline(summary: Summary): string {
  const { tasks, providers, chain } = summary;
  const block = chain.blockTime;
  const rhythm =
    block === undefined
      ? ""
      : block === 0
        ? ", a block for every transaction"
        : `, a block every ${count(block, "second")}`;
  return (
    `${paidTasks(summary)} of ${count(tasks.length, "task")} paid in ${duration(summary.duration)} ` +
    `by ${count(providers.length, "provider")} on chain ${chain.id}${rhythm}.`
  );
}

/** How many tasks were paid. */
export function paidTasks({ tasks }: Summary): number {
  return tasks.filter(({ paidAt }) => paidAt !== undefined).length;
}

/** How large the picture is, and of how many parts. */
export function pictureSize({ width, height, tiles }: PictureSummary): string {
  return `${width} × ${height} pixels in ${count(tiles, "tile")}`;
}

/** What came out of the workloads, and how much the providers were at odds, in sentences. */
export function outcomes({ picture, digits, overlap }: Summary): string[] {
  const said: string[] = [];
  if (picture) said.push(`Picture: ${plain(picture.file)}, ${pictureSize(picture)}.`);
  if (digits) {
    const { correct, images, accuracy } = digits;
    said.push(`Digits: ${correct} of ${count(images, "image")} recognised, ${percent(accuracy)}.`);
  }
  said.push(`Overlap: on ${percent(overlap)} of the tasks, two attempts or more were at work at the same time.`);
  return said;
}
