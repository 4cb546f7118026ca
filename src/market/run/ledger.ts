import type { WorkEvent } from "../../client/work.js";
import { LOST_RACE } from "../../provider/loop.js";
import type { TaskSummary, WorkloadName } from "../summary.js";
import type { FleetEvent } from "./fleet.js";

/** What one provider did with one task, unix milliseconds. */
export interface AttemptSpan {
  readonly provider: string;
  readonly from: number;
  /** Missing while it lasts. */
  to?: number;
  /** Why it ended without a delivery, if it did. */
  reason?: string;
}

/** How a task stands, as its client sees it. */
export type LedgerTask = Omit<TaskSummary, "attempts" | "overlapped">;

/** How the market stands. */
export interface Standing {
  readonly ordered: number;
  /** Submitted, and nobody has delivered. */
  readonly open: number;
  /** Delivered, disputed ones too, and not paid yet. */
  readonly delivered: number;
  readonly paid: number;
}

/** What clients and providers told, put together. */
export interface Ledger {
  work(event: WorkEvent, who: { client: string; workload: WorkloadName; part: number }): void;
  provider(name: string, event: FleetEvent): void;
  tasks(): TaskSummary[];
  task(taskId: string): TaskSummary | undefined;
  /** Attempts of a provider, and how many of them another one was faster at. */
  attemptsOf(name: string): { attempts: number; lost: number };
  /** Share of the tasks, 0 to 1, on which attempts overlapped; 0 if there are none. */
  overlap(): number;
  standing(): Standing;
}

/** @param nameOf What the provider of a number is called. */
export function createLedger(nameOf: (provider: number) => string): Ledger {
  const tasks = new Map<string, LedgerTask>();
  const spans = new Map<string, AttemptSpan[]>();
  const spansOf = (taskId: string): AttemptSpan[] => spans.get(taskId) ?? [];
  const change = (taskId: string, changes: Partial<LedgerTask>) => {
    const known = tasks.get(taskId);
    if (known !== undefined) tasks.set(taskId, { ...known, ...changes });
  };
  /** What a holder promised and did not keep is forgotten. */
  const withoutHolder = (taskId: string, state: string) => {
    const known = tasks.get(taskId);
    if (known === undefined) return;
    const { workload, part, client, cap, startPrice, submittedAt } = known;
    tasks.set(taskId, { taskId, workload, part, client, cap, startPrice, state, submittedAt });
  };
  const summaryOf = (task: LedgerTask): TaskSummary => ({
    ...task,
    attempts: new Set(spansOf(task.taskId).map(({ provider }) => provider)).size,
    overlapped: overlaps(spansOf(task.taskId)),
  });
  const summaries = (): TaskSummary[] => [...tasks.values()].map(summaryOf);

  return {
    work(event, { client, workload, part }) {
      const { taskId, at } = event;
      switch (event.kind) {
        case "submitted": {
          const { startPrice, order } = event;
          const { maxReward: cap } = order;
          tasks.set(taskId, { taskId, workload, part, client, cap, startPrice, state: "Open", submittedAt: at });
          return;
        }
        case "reserved":
          change(taskId, { state: "Reserved" });
          return;
        case "delivered":
          change(taskId, { state: "Delivered", deliveredAt: at, price: event.price });
          return;
        case "disputed":
          change(taskId, { state: "Disputed" });
          return;
        case "sealed":
          // The panel of a dispute: what it is about was delivered before.
          if (tasks.get(taskId)?.state === "Disputed") return;
          change(taskId, { state: "Round", deliveredAt: at, price: event.price });
          return;
        case "paid": {
          const { price, provider, executions } = event;
          const paid = { state: "Settled", paidAt: at, price, winner: nameOf(provider) };
          change(taskId, { ...paid, ...(executions !== undefined && { executions }) });
          return;
        }
        case "reopened":
          withoutHolder(taskId, "Open");
          return;
        case "refunded":
          withoutHolder(taskId, "Refunded");
          return;
        case "opened":
        case "decided":
        case "trouble":
      }
    },
    provider(name, { kind, taskId, at, reason }) {
      if (taskId === undefined) return;
      const known = spansOf(taskId);
      if (kind === "attempted") {
        spans.set(taskId, [...known, { provider: name, from: at }]);
        return;
      }
      // Who has a seat in a round has done its work.
      if (kind !== "delivered" && kind !== "seated" && kind !== "abandoned") return;
      const span = known.findLast(({ provider, to }) => provider === name && to === undefined);
      if (span === undefined) return;
      span.to = at;
      if (kind === "abandoned" && reason !== undefined) span.reason = reason;
    },
    tasks: summaries,
    task(taskId) {
      const known = tasks.get(taskId);
      return known === undefined ? undefined : summaryOf(known);
    },
    attemptsOf(name) {
      const own = [...spans].flatMap(([taskId, all]) =>
        all.filter(({ provider }) => provider === name).map((span) => ({ taskId, span })),
      );
      const isLost = ({ taskId, span }: (typeof own)[number]): boolean => {
        const winner = tasks.get(taskId)?.winner;
        return span.reason !== undefined && (span.reason === LOST_RACE || (winner !== undefined && winner !== name));
      };
      return { attempts: own.length, lost: own.filter(isLost).length };
    },
    overlap() {
      const all = summaries();
      return all.length === 0 ? 0 : all.filter(({ overlapped }) => overlapped).length / all.length;
    },
    standing() {
      const count = (state: string) => [...tasks.values()].filter((task) => task.state === state).length;
      return {
        ordered: tasks.size,
        open: count("Open") + count("Reserved"),
        delivered: count("Delivered") + count("Round") + count("Disputed"),
        paid: count("Settled"),
      };
    },
  };
}

/** Whether two providers were at work at the same moment. */
export function overlaps(spans: readonly AttemptSpan[]): boolean {
  return spans.some((one, index) =>
    spans
      .slice(index + 1)
      .some(
        (other) =>
          one.provider !== other.provider && one.from < (other.to ?? Infinity) && other.from < (one.to ?? Infinity),
      ),
  );
}
