import { join } from "node:path";
import { orderWork, type WorkEvent } from "../../client/work.js";
import type { Inbox } from "../../content/inbox.js";
import type { ContentStore } from "../../content/store.js";
import { fileJournal } from "../../files/orderJournal.js";
import { OpenGpuError } from "../../protocol/errors.js";
import type { WorkloadName } from "../summary.js";
import { type JobPart, pieceOf } from "./job.js";
import { MOST_ORDERS } from "./plans.js";
import type { Stage } from "./stage.js";

/** Outputs by workload and part. */
export type Outputs = Record<WorkloadName, Map<number, Uint8Array>>;

export interface Ordering {
  stage: Stage;
  /** What each client orders. */
  shares: readonly (readonly JobPart[])[];
  store: ContentStore;
  inbox: Inbox;
  /** Where each client keeps its journal. */
  folder: string;
  /** Most tasks of each client that are open at a time. */
  window: number;
  /** Seconds that a provider has to disclose. */
  discloseWindow: number;
  report: (event: WorkEvent, who: { client: string; workload: WorkloadName; part: number }) => void;
  signal: AbortSignal;
}

/** What a client is called. */
export const clientName = (index: number): string => `client ${index + 1}`;

/** Lets every client order its share at the same time, and collects what comes. */
export async function orderShares(ordering: Ordering): Promise<Outputs> {
  const { stage, shares, store, inbox, folder, window, discloseWindow, report, signal } = ordering;
  const outputs: Outputs = { render: new Map(), digits: new Map() };
  await Promise.all(
    shares.map(async (share, index) => {
      const client = stage.clients[index];
      if (client === undefined) throw new OpenGpuError(`There is no ${clientName(index)}.`);
      const pieces = share.map((part) => pieceOf(part, sourceOf(stage, part.workload)));
      const partOf = (at: number): JobPart => share[at] ?? unknownPart(at);
      const collected = await orderWork(client, pieces, {
        ...{ store, window, discloseWindow, signal, orders: MOST_ORDERS },
        journal: fileJournal(join(folder, `client-${index + 1}.jsonl`)),
        envelopes: (taskId) => inbox.list(taskId),
        judge: (output, at) => partOf(at).isWhole(output),
        report: (event) => {
          const { workload, part } = partOf(event.part);
          if (event.kind === "paid" || event.kind === "refunded") inbox.forget(event.taskId);
          report(event, { client: clientName(index), workload, part });
        },
      });
      for (const [at, one] of collected.entries()) {
        const { workload, part } = partOf(at);
        if (one.outcome === "paid" && one.output !== undefined) outputs[workload].set(part, one.output);
      }
    }),
  );
  return outputs;
}

function sourceOf({ sources }: Stage, workload: WorkloadName) {
  const found = sources.find(({ name }) => name === workload);
  if (found === undefined) throw new OpenGpuError(`The workload ${workload} was not published.`);
  return found;
}

function unknownPart(at: number): never {
  throw new OpenGpuError(`There is no piece ${at}.`);
}
