import { expect } from "chai";
import { BenchmarkError } from "../../../../src/market/benchmark/errors.js";
import {
  type Bench,
  gasOfTask,
  measureBatch,
  measureLoad,
  measureScenario,
  type Prepared,
} from "../../../../src/market/benchmark/measure.js";
import { averagePrice } from "../../../../src/market/benchmark/run.js";
import type { Session, SessionResult, SessionWork } from "../../../../src/market/benchmark/session.js";
import type { TaskTrace } from "../../../../src/market/benchmark/timeline.js";
import type { SuiteTransaction } from "../../../../src/market/run/gas.js";

const CLIENT = `0x${"Aa".repeat(20)}`;
const PROVIDER = `0x${"bb".repeat(20)}`;
const sent = (from: string, operation: string, gas: bigint, reverted = false): SuiteTransaction => ({
  ...{ from, operation, gas, reverted, cost: gas * 3n },
});
const trace = (part: number, payment: number, changes: Partial<TaskTrace> = {}): TaskTrace => ({
  ...{ taskId: `task ${part}`, part, attempts: 2, retries: 0, price: 1_000n, payment, delivery: payment / 2 },
  split: { chain: payment / 2, storage: payment / 8, execution: payment / 4, waiting: payment / 8 },
  ...changes,
});

/** A session in which each work comes out as the next of these says. */
function benchOf(results: Partial<SessionResult>[], transactions: SuiteTransaction[] = []) {
  const works: SessionWork[] = [];
  const session = {
    client: { sender: { address: CLIENT } },
    measure: (work: SessionWork) => {
      const result = {
        traces: [],
        duration: 1_000,
        lost: 0,
        wrong: 0,
        blocks: { from: 1, to: 2 },
        ...results[works.length],
      };
      works.push(work);
      return Promise.resolve(result);
    },
    transactions: () => Promise.resolve(transactions),
  } as unknown as Session;
  const bench: Bench = { session, feeBps: 250 };
  return { bench, works };
}

const bytes = (count: number) => Array.from({ length: count }, (_, index) => Uint8Array.of(index));
const prepared = (count: number): Prepared => ({
  ...{ workload: "digits", unit: "image", units: 100, inputs: bytes(count), outputs: bytes(count) },
  seconds: Array.from({ length: count }, (_, index) => (index + 1) / 10),
});

describe("market.benchmark.measureBatch", () => {
  it("orders one task at a time, and sets them beside the direct runs", async () => {
    const gas = [
      ...[sent(CLIENT.toLowerCase(), "taskManager.submit", 100n), sent(CLIENT, "taskManager.accept", 51n)],
      sent(PROVIDER, "taskManager.deliver", 80n),
    ];
    const { bench, works } = benchOf(
      [{ traces: [trace(0, 800), trace(1, 1_600)] }, { traces: [trace(0, 2_400), trace(1, 3_200)], wrong: 1 }],
      gas,
    );
    const { result, problems } = await measureBatch(bench, prepared(4), 2);
    expect(works.map(({ inFlight, inputs }) => [inFlight, inputs.length])).to.deep.equal([
      [1, 2],
      [1, 2],
    ]);
    expect(result).to.deep.include({ workload: "digits", unit: "image", units: 100, repetitions: 2 });
    expect(result.overhead.direct).to.include({ samples: 4, least: 0.1, median: 0.2, most: 0.4 });
    expect(result.overhead.market).to.include({ samples: 4, least: 0.8, median: 1.6, most: 3.2 });
    expect(result.overhead.split).to.deep.equal({ chain: 1, storage: 0.25, execution: 0.5, waiting: 0.25 });
    expect([result.delivery.least, result.payment.most]).to.deep.equal([400, 3_200]);
    // 2.5 % and 5 % of 1,000; two runs of the same transactions for four tasks, rounded up.
    expect(result.cost).to.deep.equal({
      ...{ price: 1_000n, fee: 25n, royalty: 50n },
      gas: [
        { operation: "taskManager.submit", payer: "client", gas: 50n },
        { operation: "taskManager.accept", payer: "client", gas: 26n },
        { operation: "taskManager.deliver", payer: "provider", gas: 40n },
      ],
    });
    expect(problems).to.deep.equal([
      "In digits with 100 units a task, 1 tasks had another output than the direct execution.",
    ]);
  });

  it("throws if nothing was paid", async () => {
    const { bench } = benchOf([{ traces: [], lost: 1 }]);
    const error = await measureBatch(bench, prepared(1), 1).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(BenchmarkError).and.include({ workload: "digits" });
  });
});

describe("market.benchmark.measureLoad", () => {
  it("tells what was paid a second, what was lost, and what was got over", async () => {
    const again = trace(0, 500, { taskId: "second order", retries: 2 });
    const { bench, works } = benchOf([
      { traces: [trace(0, 500), trace(1, 500), again], duration: 4_000 },
      { traces: [trace(0, 500)], duration: 500, lost: 1 },
    ]);
    const { result, problems } = await measureLoad(bench, prepared(4), 2, 8);
    expect(works.map(({ inFlight }) => inFlight)).to.deep.equal([8, 8]);
    expect(result).to.deep.include({ workload: "digits", units: 100, inFlight: 8, tasks: 4, failures: 1, retries: 3 });
    expect(result.throughput).to.include({ samples: 2, least: 0.5, most: 2 });
    expect(result.unitRate).to.include({ least: 50, most: 200 });
    expect(result.payment).to.include({ samples: 4, least: 500, most: 500 });
    expect(result.delivery).to.include({ samples: 4, least: 250 });
    expect(problems).to.deep.equal(["In digits with 8 tasks in flight, 1 tasks were not paid."]);
  });
});

describe("market.benchmark.measureScenario", () => {
  it("compares with the baseline, and says what was lost", async () => {
    const many = (payment: number) => Array.from({ length: 20 }, (_, part) => trace(part, payment, { retries: 1 }));
    const { bench } = benchOf([{ traces: many(1_000) }, { traces: many(2_500), lost: 2 }]);
    const baseline = (await measureScenario(bench, "baseline", prepared(20), { inFlight: 4 })).result;
    expect(baseline).to.deep.include({
      scenario: "baseline",
      units: 100,
      inFlight: 4,
      faults: 0,
      lost: 0,
      retries: 20,
      growth: {},
    });
    let delayed = 5;
    const faults = () => (delayed += 7);
    const settings = { inFlight: 4, faults };
    const { result, problems } = await measureScenario(bench, "slow-store", prepared(20), settings, baseline);
    expect(result).to.deep.include({ faults: 7, lost: 2, tasks: 20, growth: { p50: 2.5, p90: 2.5 } });
    expect(problems).to.deep.equal(["In the scenario slow-store, 2 tasks were not paid."]);
  });

  it("says so if nothing failed", async () => {
    const { bench } = benchOf([{ traces: [trace(0, 1_000)] }]);
    const settings = { inFlight: 4, faults: () => 3 };
    const { result, problems } = await measureScenario(bench, "lossy-rpc", prepared(1), settings);
    expect(result.faults).to.equal(0);
    expect(problems).to.deep.equal(["In the scenario lossy-rpc, nothing failed."]);
  });
});

describe("market.benchmark gas", () => {
  it("is told for one task by who pays, that of refused transactions apart", () => {
    const all = [
      ...[sent(PROVIDER, "taskManager.deliver", 10n), sent(PROVIDER, "taskManager.deliver", 5n, true)],
      sent(CLIENT, "taskManager.deliver", 1n),
    ];
    expect(gasOfTask(all, CLIENT, 2)).to.deep.equal([
      { operation: "taskManager.deliver", payer: "provider", gas: 5n },
      { operation: "taskManager.deliver", payer: "provider", gas: 3n, refused: true },
      { operation: "taskManager.deliver", payer: "client", gas: 1n },
    ]);
    expect(averagePrice(all)).to.equal(3n);
    expect(averagePrice([])).to.equal(0n);
  });
});
