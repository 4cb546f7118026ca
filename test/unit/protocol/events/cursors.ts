import { expect } from "chai";
import { type Cursor, CursorOrphanedError, watch } from "../../../../src/protocol/events.js";
import { fakeNode, grow, pathOf, watchableOf } from "../../../helpers/fakeChain.js";
import { ethers, loadFixture } from "../../../helpers/network.js";
import { readerOf } from "../../../helpers/protocol.js";
import { deliveredTask, deployMarket } from "../../../helpers/suite.js";
import { all, failureOf, inShort, take } from "../../../helpers/watching.js";

const stored = (cursor: Cursor | undefined) => JSON.parse(JSON.stringify(cursor)) as Cursor;

describe("watch: cursors", () => {
  for (const [where, reorgDepth] of [
    ["near the head", 64],
    ["deep in the past", 1],
  ] as const) {
    it(`goes on from any event without gap or duplicate, ${where}`, async () => {
      const market = await loadFixture(deployMarket);
      const { packed } = await deliveredTask(market);
      await market.taskManager.connect(market.client).accept(packed);
      const protocol = await readerOf(market);
      const to = protocol.head.number;
      const whole = await all(watch(protocol, { from: 0, to, reorgDepth }));
      expect(whole.length).to.be.greaterThan(15);
      for (const [index, { cursor }] of whole.entries()) {
        const rest = await all(watch(protocol, { from: stored(cursor), to, reorgDepth }));
        expect(rest, `after event ${index}`).to.deep.equal(whole.slice(index + 1));
      }
    });
  }

  it("says so if the block was replaced and the node has forgotten it", async () => {
    const market = await loadFixture(deployMarket);
    const protocol = await readerOf(market);
    const snapshot: unknown = await ethers.provider.send("evm_snapshot", []);
    const from = protocol.head.number + 1;
    await market.escrow.connect(market.client).deposit({ value: 1n });
    const [event] = await all(watch(protocol, { events: ["escrow.Deposited"], from, to: from }));
    await ethers.provider.send("evm_revert", [snapshot]);
    await market.escrow.connect(market.client).deposit({ value: 2n });
    const cursor = stored(event?.cursor);
    const impatient = { ...protocol, patience: { ...protocol.patience, requests: 100 } };
    const error = await failureOf(watch(impatient, { from: cursor, to: from }));
    expect(error).to.be.instanceOf(CursorOrphanedError).and.deep.include({ cursor });
    expect((error as Error).message).to.include(
      `Block ${from} (${cursor.blockHash}) of the cursor is no longer part of the chain.`,
    );
  });

  it("takes back what was yielded before the restart, as long as the node knows the old branch", async () => {
    const node = fakeNode(grow(undefined, [[], [1n], [2n, 3n], [4n, 5n], [6n]]));
    const options = { events: ["escrow.Deposited"] } as const;
    const before = await take(watch(watchableOf(node), { ...options, from: 0 }), 4);
    // The restarted program has seen half of block 3.
    const [replica] = node.replicas;
    const from = stored(before[3]?.cursor);
    await all(watch(watchableOf(node), { ...options, from: 0, to: 4 }));
    if (replica !== undefined) replica.tip = grow(pathOf(replica.tip)[1], [[20n], [], [40n], [50n]]);
    const iterator = watch(watchableOf(node), { ...options, from });
    const after = await take(iterator, 7);
    expect(inShort(after)).to.deep.equal([
      "+Deposited 5",
      "-Deposited 5",
      "-Deposited 4",
      "-Deposited 3",
      "-Deposited 2",
      "+Deposited 20",
      "+Deposited 40",
    ]);
    await iterator.return();

    // Stopped in the midst of the removals, it goes on with the rest of them.
    const again = watch(watchableOf(node), { ...options, from: stored(after[3]?.cursor) });
    expect(inShort(await take(again, 4))).to.deep.equal([
      "+Deposited 3",
      "-Deposited 3",
      "-Deposited 2",
      "+Deposited 20",
    ]);
    await again.return();
  });

  it("takes back what was yielded before the restart when the chain is reorganised after it", async () => {
    const node = fakeNode(grow(undefined, [[], [1n], [2n], [3n]]));
    const options = { events: ["escrow.Deposited"] } as const;
    const [, , third] = await take(watch(watchableOf(node), { ...options, from: 0 }), 3);
    const iterator = watch(watchableOf(node), { ...options, from: stored(third?.cursor) });
    const next = take(iterator, 3);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const [replica] = node.replicas;
    if (replica !== undefined) {
      replica.remembers = false;
      replica.tip = grow(pathOf(replica.tip)[1], [[20n], [], []]);
    }
    expect(inShort(await next)).to.deep.equal(["-Deposited 3", "-Deposited 2", "+Deposited 20"]);
    await iterator.return();
  });

  it("waits for a node that does not know the cursor's block yet", async () => {
    const tip = grow(undefined, [[], [1n], [2n], [3n]]);
    const node = fakeNode(tip);
    const options = { events: ["escrow.Deposited"] } as const;
    const [first, second] = await take(watch(watchableOf(node), { ...options, from: 0 }), 2);
    expect(first?.args.amount).to.equal(1n);
    const [replica] = node.replicas;
    if (replica !== undefined) replica.tip = pathOf(tip)[1] as typeof tip;
    const rest = all(watch(watchableOf(node, 300), { ...options, from: stored(second?.cursor), to: 3 }));
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (replica !== undefined) replica.tip = tip;
    expect(inShort(await rest)).to.deep.equal(["+Deposited 3"]);
  });

  it("refuses a cursor whose number and hash are of two blocks", async () => {
    const node = fakeNode(grow(undefined, [[], [1n], [2n], [3n]]));
    const events = await all(watch(watchableOf(node), { events: ["escrow.Deposited"], from: 0, to: 3 }));
    const from = { blockNumber: 3, blockHash: events[1]?.blockHash ?? "", logIndex: 1 };
    expect(await failureOf(watch(watchableOf(node, 50), { from }))).to.be.instanceOf(CursorOrphanedError);
  });
});
