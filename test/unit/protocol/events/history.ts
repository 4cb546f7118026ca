import { expect } from "chai";
import { executed } from "../../../../src/protocol/execute.js";
import { watch } from "../../../../src/protocol/events.js";
import { ethers, loadFixture } from "../../../helpers/network.js";
import { readerOf } from "../../../helpers/protocol.js";
import { deliveredTask, deployMarket } from "../../../helpers/suite.js";
import { all, inShort } from "../../../helpers/watching.js";

describe("watch: history", () => {
  const setUp = async () => {
    const market = await loadFixture(deployMarket);
    const task = await deliveredTask(market);
    await market.taskManager.connect(market.client).accept(task.packed);
    return { market, task, protocol: await readerOf(market) };
  };

  /** Every event of the suite by the receipts of all transactions. */
  const byReceipts = async ({ protocol }: Awaited<ReturnType<typeof setUp>>) => {
    const events = [];
    for (let number = 0; number <= protocol.head.number; number++) {
      const block = await ethers.provider.getBlock(number);
      for (const hash of block?.transactions ?? []) {
        const receipt = await ethers.provider.getTransactionReceipt(hash);
        if (receipt !== null) events.push(...executed(protocol, receipt).events);
      }
    }
    return events;
  };

  for (const [way, options] of [
    ["by ranges", { reorgDepth: 1, rangeSize: 3 }],
    ["in one range", { reorgDepth: 1 }],
    ["block by block", { reorgDepth: 1000 }],
    ["by ranges, then block by block", { reorgDepth: 7, rangeSize: 4 }],
  ] as const) {
    it(`replays every event of the suite once, in sequence, ${way}`, async () => {
      const suite = await setUp();
      const found = await all(watch(suite.protocol, { from: 0, to: suite.protocol.head.number, ...options }));
      const plain = found.map((event) =>
        Object.fromEntries(Object.entries(event).filter(([key]) => key !== "removed" && key !== "cursor")),
      );
      const expected = await byReceipts(suite);
      expect(expected.length).to.be.greaterThan(15);
      expect(plain).to.deep.equal(expected);
      for (const { removed, cursor, blockNumber, blockHash, logIndex } of found) {
        expect(removed).to.equal(false);
        expect(cursor).to.deep.equal({ blockNumber, blockHash, logIndex });
      }
    });
  }

  it("begins and ends with the blocks given", async () => {
    const suite = await setUp();
    const { number } = suite.protocol.head;
    const expected = (await byReceipts(suite)).filter(
      ({ blockNumber }) => blockNumber >= number - 2 && blockNumber < number,
    );
    const found = await all(watch(suite.protocol, { from: number - 2, to: number - 1 }));
    expect(inShort(found)).to.deep.equal(
      expected.map(({ name, args }) => `+${name}${"amount" in args ? ` ${args.amount}` : ""}`),
    );
    expect(found.map(({ name }) => name)).to.include.members(["TaskSubmitted", "TaskDelivered"]);
    expect(found.map(({ name }) => name)).to.not.include("TaskSettled");
  });

  it("waits for the confirmations of the last block", async () => {
    const { market, protocol } = await setUp();
    const to = protocol.head.number;
    const iterator = watch(protocol, { events: ["taskManager.TaskSettled"], from: to, to, confirmations: 3 });
    const found = all(iterator);
    await ethers.provider.send("evm_mine", []);
    expect(await Promise.race([found, new Promise((resolve) => setTimeout(resolve, 100, "waiting"))])).to.equal(
      "waiting",
    );
    await market.escrow.connect(market.client).deposit({ value: 1n });
    expect(inShort(await found)).to.deep.equal(["+TaskSettled"]);
  });
});
