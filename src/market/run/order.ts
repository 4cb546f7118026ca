import { join } from "node:path";
import { orderWork, type WorkEvent } from "../../client/work.js";
import { digestOf } from "../../content/digest.js";
import type { Inbox } from "../../content/inbox.js";
import type { ContentStore } from "../../content/store.js";
import { fileJournal } from "../../files/orderJournal.js";
import { OpenGpuError } from "../../protocol/errors.js";
import type { SigningProtocol } from "../../protocol/protocol.js";
import type { WorkloadName } from "../summary.js";
import type { Checks } from "./checks.js";
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
  /** How the clients check the parts that are to be checked. */
  checks: Checks;
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
  const { stage, shares } = ordering;
  const outputs: Outputs = { render: new Map(), digits: new Map() };
  await Promise.all(
    shares.map(async (share, index) => {
      const client = stage.clients[index];
      if (client === undefined) throw new OpenGpuError(`There is no ${clientName(index)}.`);
      let left = share;
      // A part whose panel was silent is paid although it is wrong; it is ordered once more.
      for (let round = 0; left.length > 0 && round < MOST_ORDERS; round++) {
        left = await orderShare(ordering, client, index, left, outputs);
      }
    }),
  );
  return outputs;
}

/** Lets a client order some parts; returns those that it has paid for in vain. */
async function orderShare(
  { stage, store, inbox, checks, folder, window, discloseWindow, report, signal }: Ordering,
  client: SigningProtocol,
  index: number,
  share: readonly JobPart[],
  outputs: Outputs,
): Promise<JobPart[]> {
  const pieces = share.map((part) => pieceOf(part, sourceOf(stage, part.workload)));
  const partOf = (at: number): JobPart => share[at] ?? unknownPart(at);
  const collected = await orderWork(client, pieces, {
    ...{ store, window, discloseWindow, signal, orders: MOST_ORDERS, spotCheck: checks.spotCheck },
    journal: fileJournal(join(folder, `client-${index + 1}.jsonl`)),
    envelopes: (taskId) => inbox.list(taskId),
    judge: (output, at) => {
      const part = partOf(at);
      if (part.checked === true) checks.came(digestOf(part.input), output);
      return part.isWhole(output);
    },
    report: (event) => {
      const { workload, part, input } = partOf(event.part);
      if (event.kind === "disputed") checks.disputed(digestOf(input));
      if (event.kind === "paid" || event.kind === "refunded") inbox.forget(event.taskId);
      report(event, { client: clientName(index), workload, part });
    },
  });
  const inVain: JobPart[] = [];
  for (const [at, one] of collected.entries()) {
    const part = partOf(at);
    if (one.outcome !== "paid") continue;
    const { output } = one;
    const isGood =
      part.checked !== true || (output !== undefined && (await checks.isRight(digestOf(part.input), output)));
    if (!isGood) inVain.push(part);
    else if (output !== undefined) outputs[part.workload].set(part.part, output);
  }
  return inVain;
}

function sourceOf({ sources }: Stage, workload: WorkloadName) {
  const found = sources.find(({ name }) => name === workload);
  if (found === undefined) throw new OpenGpuError(`The workload ${workload} was not published.`);
  return found;
}

function unknownPart(at: number): never {
  throw new OpenGpuError(`There is no piece ${at}.`);
}
