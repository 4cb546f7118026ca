import { expect } from "chai";
import type { WorkEvent } from "../../../../src/client/work.js";
import { createTimeline } from "../../../../src/market/benchmark/timeline.js";
import { draftOrder } from "../../../../src/protocol/order.js";

const TASK = `0x${"aa".repeat(32)}`;
const CLIENT = `0x${"11".repeat(20)}`;
const inputDigest = `0x${"22".repeat(32)}`;
const order = draftOrder({ client: CLIENT, source: 1, maxReward: 5n, deadline: 9, inputDigest });

describe("market.benchmark.createTimeline", () => {
  let clock = 0;
  const timeline = () =>
    createTimeline(
      (provider) => `provider ${provider}`,
      () => clock,
    );
  const told = (line: ReturnType<typeof timeline>, event: object, at: number) => {
    clock = at;
    line.work({ part: 0, taskId: TASK, at, ...event } as WorkEvent);
  };

  it("tells where the time of a task went, in parts that add up to it", () => {
    const line = timeline();
    // 30 ms for the input, sent at 100, in a block 50 later.
    line.put(0, 30);
    told(line, { kind: "submitted", order, startPrice: 5n }, 100);
    clock = 150;
    line.work({ kind: "submitted", part: 0, taskId: TASK, at: 100, order, startPrice: 5n });
    // Fetched from 400 on, executed from 420 to 520, stored until 530, sealed at 700.
    line.provider("provider 2", { kind: "attempted", taskId: TASK, at: 400 });
    line.provider("provider 2", { kind: "executed", taskId: TASK, at: 520, duration: 100 });
    line.provider("provider 2", { kind: "stored", taskId: TASK, at: 530, duration: 10 });
    line.provider("provider 2", { kind: "delivered", taskId: TASK, at: 700 });
    told(line, { kind: "delivered", provider: 2, price: 5n }, 760);
    clock = 800;
    line.got(0, 15);
    told(line, { kind: "paid", provider: 2, price: 5n }, 900);
    expect(line.traces()).to.deep.equal([
      {
        ...{ taskId: TASK, part: 0, retries: 0, attempts: 1, winner: "provider 2", price: 5n },
        ...{ delivery: 690, payment: 830 },
        // 50 + (700 - 530) + 100; 30 + 20 + 10 + 15; what is left of 830.
        split: { chain: 320, storage: 75, execution: 100, waiting: 335 },
      },
    ]);
  });

  it("counts once what happens at the same time", () => {
    const line = timeline();
    clock = 300;
    line.work({ kind: "submitted", part: 0, taskId: TASK, at: 100, order, startPrice: 5n });
    // The provider saw the order before its client knew that it was in a block, and so on.
    line.provider("provider 1", { kind: "attempted", taskId: TASK, at: 150 });
    line.provider("provider 1", { kind: "executed", taskId: TASK, at: 250, duration: 100 });
    line.provider("provider 1", { kind: "stored", taskId: TASK, at: 260, duration: 10 });
    told(line, { kind: "delivered", provider: 1, price: 5n }, 280);
    clock = 290;
    line.got(0, 5);
    line.provider("provider 1", { kind: "delivered", taskId: TASK, at: 400 });
    told(line, { kind: "paid", provider: 1, price: 5n }, 310);
    const [trace] = line.traces();
    expect(trace?.split).to.deep.equal({ chain: 50 + 20 + 20, storage: 15, execution: 100, waiting: 5 });
  });

  it("begins when the input was first to be stored, and when a piece was first ordered", () => {
    const line = timeline();
    // The store failed at 10, and took 5 ms until 40 at last.
    told(line, { kind: "trouble", reason: "the store is away" }, 20);
    line.put(0, 5, 10);
    told(line, { kind: "submitted", order, startPrice: 5n }, 40);
    // Nobody did it; ordered again, its input is there.
    const again = `0x${"bb".repeat(32)}`;
    line.put(0, 1, 10);
    told(line, { kind: "submitted", taskId: again, order, startPrice: 5n }, 1_000);
    told(line, { kind: "delivered", taskId: again, provider: 1, price: 5n }, 1_500);
    told(line, { kind: "paid", taskId: again, provider: 1, price: 5n }, 1_600);
    const [first, second] = line.traces();
    expect(first).to.deep.include({ taskId: TASK, retries: 1 }).and.not.have.property("payment");
    expect(second).to.deep.include({ taskId: again, retries: 0, delivery: 1_490, payment: 1_590 });
  });

  it("knows the work of others, who was paid, and what was got over", () => {
    const line = timeline();
    told(line, { kind: "trouble", reason: "the store is away" }, 10);
    told(line, { kind: "submitted", order, startPrice: 5n }, 20);
    for (const name of ["provider 1", "provider 2"]) line.provider(name, { kind: "attempted", taskId: TASK, at: 30 });
    line.provider("provider 1", { kind: "trouble", taskId: TASK, at: 40 });
    told(line, { kind: "trouble", reason: "the node is away" }, 50);
    const [open] = line.traces();
    expect(open).to.deep.equal({ taskId: TASK, part: 0, retries: 3, attempts: 2 });
    told(line, { kind: "delivered", provider: 1, price: 5n }, 60);
    // Its holder did not disclose, and another one was paid.
    told(line, { kind: "paid", provider: 2, price: 6n }, 90);
    expect(line.traces()[0]).to.include({ winner: "provider 2", price: 6n, payment: 70, retries: 4 });
  });
});
