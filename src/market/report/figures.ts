import type { Books, Quantiles, Summary } from "../summary.js";
import { amount, NONE, percent, plain, seconds, winners } from "./format.js";

/** What a table says, for a terminal and for a page alike. */
export interface Figures {
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
}

export interface Column {
  readonly title: string;
  readonly align: "left" | "right";
}

const text = (title: string): Column => ({ title, align: "left" });
const number = (title: string): Column => ({ title, align: "right" });

/** How the providers came out. */
export function providerFigures({ providers, chain }: Summary): Figures {
  return {
    title: `Providers, amounts in ${plain(chain.coin)}`,
    columns: [
      text("provider"),
      ...["id", "stake", "parallel", "niceness", "won", "lost", "earned"].map(number),
      ...["seats lost", "slashed", "wrong", "gas", "score"].map(number),
    ],
    rows: providers.map((provider) => [
      plain(provider.name),
      String(provider.id),
      amount(provider.stake),
      String(provider.parallel),
      String(provider.niceness),
      String(provider.won),
      String(provider.lost),
      amount(provider.earned),
      String(provider.seatsLost),
      amount(provider.slashed),
      String(provider.frauds),
      amount(provider.gasCost),
      provider.score.toFixed(6),
    ]),
  };
}

/** Which deliveries were disputed, how that ended, and what it cost whom. */
export function disputeFigures({ disputes, chain }: Summary): Figures {
  return {
    title: `Disputes, amounts in ${plain(chain.coin)}`,
    columns: [
      ...["task", "delivered by", "disputed by", "verdict", "because"].map(text),
      ...["seats", "provider lost", "client paid", "to the panel", "panel got"].map(number),
    ],
    rows: disputes.map((dispute) => [
      `${dispute.workload} ${dispute.part}`,
      plain(dispute.provider),
      plain(dispute.client),
      dispute.outcome,
      dispute.reason ?? NONE,
      String(dispute.seats),
      ...[dispute.slashed, dispute.price, dispute.cost, dispute.awarded].map(amount),
    ]),
  };
}

/** What the tasks of each workload cleared at, how its market moved, and what that saved against the caps. */
export function priceFigures({ workloads, chain }: Summary): Figures {
  const names = ["paid", "floor", "market first", "highest", "last", "cleared at", "least", "most", "saved", "of caps"];
  return {
    title: `Prices, amounts in ${plain(chain.coin)}`,
    columns: [text("workload"), ...names.map(number)],
    rows: workloads.map(({ name, paid, floorPrice, market, clearing, saved, savedShare }) => [
      name,
      String(paid),
      amount(floorPrice),
      ...[market?.start, market?.most, market?.end].map(amount),
      ...[clearing?.average, clearing?.least, clearing?.most].map(amount),
      amount(paid === 0 ? undefined : saved),
      paid === 0 ? NONE : percent(savedShare),
    ]),
  };
}

/** Whose the coin in Escrow is; strangers have no part in the run, and a chain of its own has none. */
export function booksFigures({ escrow, chain }: Summary): Figures {
  return {
    title: `Where the coin is, in ${plain(chain.coin)}`,
    columns: [text("account"), number("coin"), text("")],
    rows: [
      ["clients", amount(escrow.clients), ""],
      ["providers", amount(escrow.providers), ""],
      ["publisher", amount(escrow.publisher), ""],
      ["treasury", amount(escrow.treasury), ""],
      ["stakes", amount(escrow.stakes), ""],
      ["others", amount(escrow.others), "fees to collect"],
      ["strangers", amount(escrow.strangers), escrow.strangers === 0n ? "" : `${escrow.strangers} wei`],
      ["sum", amount(sumOf(escrow)), ""],
      ["in Escrow", amount(escrow.coin), verdictOn(escrow)],
    ],
  };
}

/** What is said of books on which nothing is missing. */
export const BALANCED = "to the wei";

/** Whether the accounts add up to the coin. Six decimals would hide a difference of some wei. */
export function verdictOn(books: Books): string {
  const missing = sumOf(books) - books.coin;
  if (missing === 0n) return books.balanced ? BALANCED : "DOES NOT BALANCE";
  return `DOES NOT BALANCE, ${missing > 0n ? `${missing} wei missing` : `${-missing} wei too much`}`;
}

/** What the tasks cost and who got it, in sentences. */
export function paymentSentences({ escrow, chain }: Summary): string[] {
  const { paid, caps, payments, royalties, fees, panels, fromBonds, slashed } = escrow;
  const coin = plain(chain.coin);
  const rest = paid - payments - royalties - fees;
  const share = caps === 0n ? "" : ` (${percent(Number((paid * 10_000n) / caps) / 10_000)})`;
  const shares = `payments ${amount(payments)} + royalties ${amount(royalties)} + fees ${amount(fees)}`;
  return [
    `Paid: ${amount(paid)} ${coin} of caps of ${amount(caps)} ${coin}${share}.`,
    `It went into ${shares} ${coin}${rest === 0n ? `, ${BALANCED}` : `; a rest of ${rest} wei did not`}.`,
    ...(panels + fromBonds === 0n
      ? []
      : [`Panels of disputes: ${amount(panels)} ${coin} from clients, ${amount(fromBonds)} ${coin} out of bonds.`]),
    ...(slashed === 0n
      ? []
      : [`Slashed: ${amount(slashed)} ${coin}, of which the protocol has ${amount(slashed - fromBonds)} ${coin}.`]),
  ];
}

/** What the transactions cost. */
export function gasFigures({ gas }: Summary): Figures {
  return {
    title: "Gas of the transactions",
    columns: [text("operation"), ...["count", "refused", "least", "median", "most"].map(number)],
    rows: gas.map(({ operation, count, reverted, least, median, most }) => [
      plain(operation),
      String(count),
      String(reverted),
      ...[least, median, most].map((value) => (count > reverted ? String(value) : NONE)),
    ]),
  };
}

/** How long the clients waited. */
export function latencyFigures({ delivery, payment }: Summary): Figures {
  const row = (name: string, { samples, p50, p90, p99, most }: Quantiles) => [
    name,
    String(samples),
    ...[p50, p90, p99, most].map(seconds),
  ];
  return {
    title: "From the submission of a task",
    columns: [text("until"), ...["samples", "p50", "p90", "p99", "most"].map(number)],
    rows: [row("delivery", delivery), row("payment", payment)],
  };
}

/** What was ordered. */
export function workloadFigures({ workloads, chain }: Summary): Figures {
  return {
    title: `Workloads, amounts in ${plain(chain.coin)}`,
    columns: [text("workload"), ...["source", "tasks", "floor"].map(number), text("manifest")],
    rows: workloads.map(({ name, source, tasks, floorPrice, manifestDigest }) => [
      name,
      String(source),
      String(tasks),
      amount(floorPrice),
      plain(manifestDigest),
    ]),
  };
}

/** Every task. */
export function taskFigures({ tasks, chain }: Summary): Figures {
  const since = (start: number, end?: number) => seconds(end === undefined ? undefined : end - start);
  return {
    title: `All tasks, amounts in ${plain(chain.coin)}`,
    columns: [
      text("workload"),
      number("part"),
      text("state"),
      text("winner"),
      ...["began at", "cleared at", "cap", "delivered", "paid", "attempts"].map(number),
      ...["overlapped", "client", "task"].map(text),
    ],
    rows: tasks.map((task) => [
      task.workload,
      String(task.part),
      plain(task.state),
      winners(task),
      amount(task.startPrice),
      amount(task.price),
      amount(task.cap),
      since(task.submittedAt, task.deliveredAt),
      since(task.submittedAt, task.paidAt),
      String(task.attempts),
      task.overlapped ? "yes" : "no",
      plain(task.client),
      plain(task.taskId),
    ]),
  };
}

function sumOf({ clients, providers, publisher, treasury, stakes, others, strangers }: Books): bigint {
  return clients + providers + publisher + treasury + stakes + others + strangers;
}
