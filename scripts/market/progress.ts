/** Tells a person how a run goes. */
import { SingleBar } from "cli-progress";
import { formatEther } from "ethers";
import { coins } from "../../src/market/coins.js";
import { count, percent, winners } from "../../src/market/report/format.js";
import { savingsOf } from "../../src/market/report/savings.js";
import type { RunEvent } from "../../src/market/run/run.js";
import { createTicker, pricesIn } from "./ticker.js";

export interface Progress {
  report(event: RunEvent): void;
  line(text: string): void;
  /** Leaves the terminal as it was. */
  end(): void;
}

/** Says nothing. */
export const silence: Progress = { report: () => undefined, line: () => undefined, end: () => undefined };

/** Problems that pass are told at most so often for each who has them. */
const MOST_TROUBLES = 3;

/** One line for each thing that happened, above a bar if a person looks on. */
export function createProgress(coin: string): Progress {
  const bar = process.stdout.isTTY
    ? new SingleBar({
        format: " {bar} {value}/{total} paid  {open} open  {delivered} delivered  {prices}  {duration_formatted}",
        hideCursor: true,
        clearOnComplete: true,
        barsize: 24,
      })
    : undefined;
  const troubles = new Map<string, number>();
  const ticker = createTicker(coin);
  let active = false;
  let startedAt = 0;
  const line = (text: string) => {
    // The bar is drawn anew beneath it.
    if (active && process.stdout.isTTY) process.stdout.write("\r\u001b[K");
    console.log(text);
    if (active) bar?.render();
  };
  const row = (name: string, text: string) => {
    line(`  ${name.padEnd(14)}${text}`);
  };
  return {
    line,
    report(event) {
      switch (event.kind) {
        case "funded":
          row("funded", `${coins(event.total)} ${coin} for stakes, rewards and gas`);
          return;
        case "published":
          row("published", `source ${event.source}: ${event.name}, from ${formatEther(event.floorPrice)} ${coin}`);
          return;
        case "joined": {
          const { name, stake, parallel, niceness, asking } = event.plan;
          const asks = `asks ${((asking - 1_000) / 10).toFixed(1)} % above the floor`.replace(
            /(-)([\d.]+ %) above/,
            "$2 below",
          );
          row(name, `stake ${formatEther(stake)}, ${parallel} at a time, niceness ${niceness}, ${asks}`);
          return;
        }
        case "started":
          startedAt = Date.now();
          line(`\n${event.tasks} tasks`);
          bar?.start(event.tasks, 0, { open: 0, delivered: 0, prices: "" });
          active = bar !== undefined;
          return;
        case "moved": {
          const { task, standing } = event;
          if (task !== undefined) {
            const seconds = (ms: number | undefined) => `${((ms ?? 0) / 1_000).toFixed(1)} s`;
            const time = seconds(Date.now() - startedAt).padStart(8);
            const what = `${task.workload} ${task.part}`.padEnd(11);
            const saved = percent(savingsOf([task]).share, 0);
            const price = `${coins(task.price ?? 0n)} of ${formatEther(task.cap)} ${coin} (${saved} saved)`;
            const took = `delivered after ${seconds((task.deliveredAt ?? 0) - task.submittedAt)}`;
            const counts = `${standing.open} open, ${standing.delivered} delivered, ${standing.paid} paid`;
            const rest = bar === undefined ? `  ${counts}` : "";
            line(`${time}  ${what} ${winners(task).padEnd(13)} ${price}  ${took}, ${task.attempts} tried${rest}`);
          }
          bar?.update(standing.paid, { open: standing.open, delivered: standing.delivered });
          return;
        }
        case "disputed": {
          const { client, what, provider, fee } = event;
          row("disputed", `${what} of ${provider}, by ${client}; ${coins(fee)} ${coin} are held for the panel`);
          return;
        }
        case "ruled": {
          const { what, outcome, seats } = event;
          row("ruled", `${what}: ${outcome.toLowerCase()} by ${count(seats, "seat")}`);
          return;
        }
        case "priced": {
          const told = ticker.tell(event.sample);
          if (told !== undefined) row("market", told);
          bar?.update({ prices: pricesIn(event.sample, coin) });
          return;
        }
        case "trouble": {
          const number = (troubles.get(event.who) ?? 0) + 1;
          troubles.set(event.who, number);
          if (number <= MOST_TROUBLES)
            row(event.who, `${event.reason}${number === MOST_TROUBLES ? " (and so on)" : ""}`);
        }
      }
    },
    end() {
      active = false;
      bar?.stop();
    },
  };
}
