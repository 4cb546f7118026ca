import { gasOfDone } from "./costs.js";
import type { BatchResult, BenchmarkResult, LoadResult, ScenarioResult } from "./result.js";
import type { Latency, Spread } from "./statistics.js";

/** What makes a figure another one although nothing in the project has changed. */
export type Depends = "machine" | "network" | "setup" | "gpu";

/** Of what is measured in a market. */
const IN_MARKET: readonly Depends[] = ["machine", "network", "setup"];

/** A figure of a result, as it is compared. */
export interface Figure {
  /** Tells it from all other figures of the result. */
  readonly name: string;
  readonly unit: "s" | "ms" | "gas" | "tasks/s" | "units/s" | "tasks" | "wei";
  readonly value: number;
  /** Where it may lie by chance; missing of figures that are not repeated. */
  readonly range?: readonly [from: number, to: number];
  /**
   * How a worse one is told: `ranges` and `tenth` by the rule of `compareResults`, `any` at once; `never` are those
   * that the run was asked for, e.g. by its prices.
   */
  readonly rule: "ranges" | "tenth" | "any" | "never";
  readonly better: "lower" | "higher";
  readonly depends: readonly Depends[];
}

/** All figures of a result that can be compared with those of another one. */
export function figuresIn({ rates, batches, loads, scenarios, gpu }: BenchmarkResult): Figure[] {
  return [
    ...rates.map(({ workload, units, rate }) =>
      spreadFigure(`${workload} of ${units} on the whole machine: rate`, "units/s", rate, {
        better: "higher",
        depends: ["machine"],
      }),
    ),
    ...batches.flatMap(batchFigures),
    ...loads.flatMap(loadFigures),
    ...scenarios.flatMap(scenarioFigures),
    ...(gpu.measured
      ? [
          spreadFigure(`${gpu.workload} of ${gpu.units} on the accelerator: rate`, "units/s", gpu.rate, {
            better: "higher",
            depends: ["gpu"],
          }),
        ]
      : []),
  ];
}

function batchFigures({ workload, units, delivery, payment, overhead, cost }: BatchResult): Figure[] {
  const name = `${workload} of ${units}`;
  const gas = (payer: "client" | "provider"): Figure => ({
    // How many providers are too late is a matter of chance.
    ...{
      name: `${name}: gas of the ${payer}, without refused transactions`,
      unit: "gas",
      value: Number(gasOfDone(cost, payer)),
    },
    ...{ rule: "tenth", better: "lower", depends: ["setup"] },
  });
  return [
    spreadFigure(`${name}: direct`, "s", overhead.direct, { better: "lower", depends: ["machine"] }),
    spreadFigure(`${name}: market`, "s", overhead.market, { better: "lower", depends: IN_MARKET }),
    ...latencyFigures(`${name}: delivery`, delivery),
    ...latencyFigures(`${name}: payment`, payment),
    gas("client"),
    gas("provider"),
    {
      ...{ name: `${name}: price`, unit: "wei", value: Number(cost.price) },
      ...{ rule: "never", better: "lower", depends: [] },
    },
  ];
}

function loadFigures(load: LoadResult): Figure[] {
  const { workload, units, inFlight, throughput, unitRate, payment, failures, retries } = load;
  const name = `${workload} of ${units}, ${inFlight} in flight`;
  const higher = { better: "higher", depends: IN_MARKET } as const;
  return [
    spreadFigure(`${name}: throughput`, "tasks/s", throughput, higher),
    spreadFigure(`${name}: unit rate`, "units/s", unitRate, higher),
    ...latencyFigures(`${name}: payment`, payment),
    counted(`${name}: failures`, failures, "any"),
    counted(`${name}: retries`, retries, "never"),
  ];
}

function scenarioFigures(result: ScenarioResult): Figure[] {
  const { scenario, workload, units, inFlight, lost, retries, payment } = result;
  const name = `${workload} of ${units}, ${inFlight} in flight, ${scenario}`;
  return [
    counted(`${name}: lost`, lost, "any"),
    counted(`${name}: retries`, retries, "never"),
    ...latencyFigures(`${name}: payment`, payment),
  ];
}

function counted(name: string, value: number, rule: "any" | "never"): Figure {
  return { name, unit: "tasks", value, rule, better: "lower", depends: [] };
}

function spreadFigure(
  name: string,
  unit: Figure["unit"],
  { lowerQuartile, median, upperQuartile }: Spread,
  how: Pick<Figure, "better" | "depends">,
): Figure {
  return { name, unit, value: median, range: [lowerQuartile, upperQuartile], rule: "ranges", ...how };
}

function latencyFigures(name: string, latency: Latency): Figure[] {
  return (["p50", "p90", "p99"] as const).flatMap((quantile) => {
    const [value, range] = [latency[quantile], latency.intervals[quantile]];
    if (value === undefined || range === undefined) return [];
    const figure: Figure = {
      ...{ name: `${name} ${quantile}`, unit: "ms", value, range },
      ...{ rule: "ranges", better: "lower", depends: IN_MARKET },
    };
    return [figure];
  });
}
