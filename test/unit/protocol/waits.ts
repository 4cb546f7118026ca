import { expect } from "chai";
import { FieldFormatError, TimeoutError } from "../../../src/protocol/errors.js";
import { waitForEvent, waitForTask } from "../../../src/protocol/waits.js";
import { ethers, loadFixture } from "../../helpers/network.js";
import { readerOf } from "../../helpers/protocol.js";
import { deliveredTask, deployMarket, openTask, resultFor } from "../../helpers/suite.js";

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("waitForTask", () => {
  const setUp = async () => {
    const market = await loadFixture(deployMarket);
    return { market, protocol: await readerOf(market) };
  };

  it("returns the task as it is if that is what is wanted", async () => {
    const { market, protocol } = await setUp();
    const { taskId, seal } = await deliveredTask(market);
    const task = await waitForTask(protocol, taskId, "Delivered");
    expect(task).to.include({ state: 3n, provider: 1n, seal });
    expect(protocol.head.number).to.equal(await ethers.provider.getBlockNumber());
  });

  it("waits until the task is in one of the states", async () => {
    const { market, protocol } = await setUp();
    const { taskId, packed } = await deliveredTask(market);
    const task = waitForTask(protocol, taskId, ["Settled", "Refunded"]);
    await market.taskManager.connect(market.client).accept(packed);
    expect((await task).state).to.equal(6n);
  });

  it("waits for a condition", async () => {
    const { market, protocol } = await setUp();
    const { taskId, packed } = await openTask(market);
    const task = waitForTask(protocol, taskId, ({ cancelled }) => cancelled);
    await market.taskManager.connect(market.client).cancel(packed);
    expect(await task).to.include({ state: 1n, cancelled: true });
  });

  it("does not believe a node that is behind what is known", async () => {
    const { market, protocol } = await setUp();
    const { taskId, packed } = await openTask(market);
    const snapshot: unknown = await ethers.provider.send("evm_snapshot", []);
    await market.taskManager.connect(market.agent).deliver(packed, 1, resultFor(taskId, 1n).seal);
    protocol.head.number = await ethers.provider.getBlockNumber();
    await ethers.provider.send("evm_revert", [snapshot]);
    // The node says Open, of a block before the newest one that is known.
    const found = waitForTask(protocol, taskId, () => true, { timeout: 5_000 });
    await new Promise((resolve) => setTimeout(resolve, 150));
    await market.taskManager.connect(market.agent).deliver(packed, 1, resultFor(taskId, 1n).seal);
    expect((await found).state).to.equal(3n);
  });

  it("says that it waited in vain", async () => {
    const { market, protocol } = await setUp();
    const { taskId } = await openTask(market);
    const error = await failureOf(waitForTask(protocol, taskId, ["Settled", "Refunded"], { timeout: 100 }));
    expect(error).to.be.instanceOf(TimeoutError).and.include({ waited: 100 });
    expect((error as Error).message).to.include(`task ${taskId} to be Settled or Refunded`);
  });

  it("ends by its signal", async () => {
    const { market, protocol } = await setUp();
    const { taskId } = await openTask(market);
    const reason = new Error("enough");
    const controller = new AbortController();
    const error = failureOf(waitForTask(protocol, taskId, "Settled", { signal: controller.signal }));
    controller.abort(reason);
    expect(await error).to.equal(reason);
    expect(await failureOf(waitForTask(protocol, taskId, "Open", { signal: AbortSignal.abort(reason) }))).to.equal(
      reason,
    );
  });

  it("passes on what the condition throws", async () => {
    const { market, protocol } = await setUp();
    const { taskId } = await openTask(market);
    const reason = new Error("no");
    const condition = () => {
      throw reason;
    };
    expect(await failureOf(waitForTask(protocol, taskId, condition))).to.equal(reason);
  });

  for (const timeout of [0, -1, NaN, Infinity, 2 ** 31]) {
    it(`refuses a timeout of ${timeout}`, async () => {
      const { protocol } = await setUp();
      const error = await failureOf(waitForTask(protocol, `0x${"11".repeat(32)}`, "Open", { timeout }));
      expect(error).to.be.instanceOf(FieldFormatError).and.include({ field: "timeout" });
    });
  }
});

describe("waitForEvent", () => {
  const setUp = async () => {
    const market = await loadFixture(deployMarket);
    const deposit = (value: bigint) => market.escrow.connect(market.client).deposit({ value });
    return { market, deposit, protocol: await readerOf(market) };
  };

  it("returns the first event that fits, of those mined after the call", async () => {
    const { deposit, protocol } = await setUp();
    await deposit(50n);
    const event = waitForEvent(protocol, { events: ["escrow.Deposited"] }, ({ args }) => args.amount > 10n);
    for (const amount of [5n, 20n, 30n]) await deposit(amount);
    const { args, removed } = await event;
    expect([args.amount, removed]).to.deep.equal([20n, false]);
  });

  it("finds what is mined already, if asked to", async () => {
    const { market, protocol } = await setUp();
    const from = protocol.head.number;
    const { taskId } = await deliveredTask(market);
    const event = await waitForEvent(protocol, { events: ["taskManager.TaskDelivered"], where: { taskId }, from });
    expect(event.args.provider).to.equal(1n);
  });

  it("says that it waited in vain", async () => {
    const { deposit, protocol } = await setUp();
    const event = waitForEvent(protocol, { events: ["escrow.Withdrawn"] }, undefined, 100);
    await deposit(1n);
    const error = await failureOf(event);
    expect(error).to.be.instanceOf(TimeoutError).and.include({ awaited: "escrow.Withdrawn", waited: 100 });
  });

  it("ends by its signal", async () => {
    const { protocol } = await setUp();
    const controller = new AbortController();
    const error = failureOf(waitForEvent(protocol, { signal: controller.signal }));
    const reason = new Error("enough");
    controller.abort(reason);
    expect(await error).to.equal(reason);
  });
});
