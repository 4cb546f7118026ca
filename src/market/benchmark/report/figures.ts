import type { Column, Figures } from "../../report/figures.js";
import { amount, count, NONE, plain, seconds } from "../../report/format.js";
import { gasOf } from "../costs.js";
import { addedBy, PARTS } from "../overhead.js";
import type { BatchResult, BenchmarkResult } from "../result.js";
import { interquartileRange, type Latency } from "../statistics.js";
import { figure, secondsOf } from "./format.js";

export const text = (title: string): Column => ({ title, align: "left" });
export const number = (title: string): Column => ({ title, align: "right" });

const nameOf = ({ workload, unit, units }: BatchResult): string[] => [plain(workload), count(units, plain(unit))];
const quantiles = ({ samples, p50, p90, p99, most }: Latency): string[] => [
  String(samples),
  ...[p50, p90, p99, most].map(seconds),
];

/** How long a client waits for one task. */
export function latencyFigures({ batches }: BenchmarkResult): Figures {
  return {
    title: "One task at a time: from the storing of its input, measured",
    columns: [
      ...["workload", "task", "until"].map(text),
      ...["repetitions", "samples", "p50", "p90", "p99", "most"].map(number),
    ],
    rows: batches.flatMap((batch) =>
      (["delivery", "payment"] as const).map((until) => [
        ...nameOf(batch),
        until,
        String(batch.repetitions),
        ...quantiles(batch[until]),
      ]),
    ),
  };
}

/** What the market adds to the same execution without it. */
export function overheadFigures({ batches }: BenchmarkResult): Figures {
  return {
    title: "Overhead against direct execution of the same module, measured",
    columns: [
      ...["workload", "task"].map(text),
      ...["direct", "market", "least", "most", "middle half", "factor", "added to a unit"].map(number),
    ],
    rows: batches.map((batch) => {
      const { direct, market } = batch.overhead;
      const added = addedBy(batch);
      return [
        ...nameOf(batch),
        ...[direct.median, market.median, market.least, market.most, interquartileRange(market)].map(secondsOf),
        added.factor === undefined ? NONE : `× ${figure(added.factor)}`,
        secondsOf(added.unit),
      ];
    }),
  };
}

/** Where the time of a task goes. */
export function splitFigures({ batches }: BenchmarkResult): Figures {
  return {
    title: "Where the time of a task in the market goes, mean, measured",
    columns: [...["workload", "task"].map(text), ...PARTS.map(number)],
    rows: batches.map((batch) => [...nameOf(batch), ...PARTS.map((part) => secondsOf(batch.overhead.split[part]))]),
  };
}

/** What the protocol takes for a task. */
export function costFigures({ batches, network }: BenchmarkResult): Figures {
  return {
    title: `What one task costs, measured; amounts in ${plain(network.coin)}`,
    columns: [
      ...["workload", "task"].map(text),
      ...["price", "of it fee", "of it royalty", "gas of the client", "of the provider", "gas in coin"].map(number),
    ],
    rows: batches.map((batch) => {
      const { price, fee, royalty } = batch.cost;
      const [client, provider] = [gasOf(batch.cost, "client"), gasOf(batch.cost, "provider")];
      return [
        ...nameOf(batch),
        ...[price, fee, royalty].map(amount),
        ...[client, provider].map(String),
        amount((client + provider) * network.gasPrice),
      ];
    }),
  };
}

/** What each operation costs. */
export function gasFigures({ batches }: BenchmarkResult): Figures {
  return {
    title: "Gas for one task by operation, measured",
    columns: [...["workload", "task", "operation", "payer"].map(text), number("gas")],
    rows: batches.flatMap((batch) =>
      batch.cost.gas.map(({ operation, payer, gas, refused }) => [
        ...nameOf(batch),
        `${plain(operation)}${refused === true ? ", refused" : ""}`,
        ...[payer, String(gas)],
      ]),
    ),
  };
}

/** How much the whole machine does without a market. */
export function rateFigures({ rates }: BenchmarkResult): Figures {
  return {
    title: "The whole machine without a market, measured",
    columns: [...["workload", "task"].map(text), ...["at a time", "units/s", "least", "most"].map(number)],
    rows: rates.map(({ workload, unit, units, parallel, rate }) => [
      ...[plain(workload), count(units, plain(unit)), String(parallel)],
      ...[rate.median, rate.least, rate.most].map(figure),
    ]),
  };
}

/** How much goes through. */
export function loadFigures({ loads }: BenchmarkResult): Figures {
  return {
    title: "Throughput, measured",
    columns: [
      text("workload"),
      ...["units in a task", "in flight", "tasks", "tasks/s", "least", "most", "units/s"].map(number),
      ...["payment p50", "p90", "p99", "failures", "retries"].map(number),
    ],
    rows: loads.map(({ workload, units, inFlight, tasks, throughput, unitRate, payment, failures, retries }) => [
      plain(workload),
      ...[units, inFlight, tasks].map(String),
      ...[throughput.median, throughput.least, throughput.most, unitRate.median].map(figure),
      ...quantiles(payment).slice(1, 4),
      ...[failures, retries].map(String),
    ]),
  };
}

/** What is lost, and how much longer it takes, when something fails. */
export function scenarioFigures({ scenarios }: BenchmarkResult): Figures {
  const times = (factor: number | undefined) => (factor === undefined ? NONE : `× ${figure(factor)}`);
  return {
    title: "Reliability: until the payment, measured",
    columns: [
      ...["scenario", "workload"].map(text),
      ...["tasks", "faults", "lost", "retries", "p50", "p90", "p99", "most", "p50 grew", "p90 grew", "p99 grew"].map(
        number,
      ),
    ],
    rows: scenarios.map(({ scenario, workload, tasks, faults, lost, retries, payment, growth }) => [
      ...[scenario, plain(workload)],
      ...[tasks, faults, lost, retries].map(String),
      // As many samples as were not lost.
      ...quantiles(payment).slice(1),
      ...[growth.p50, growth.p90, growth.p99].map(times),
    ]),
  };
}
