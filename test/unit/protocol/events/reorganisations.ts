import { expect } from "chai";
import { ReorgTooDeepError, watch } from "../../../../src/protocol/events.js";
import { block, fakeNode, grow, pathOf, watchableOf } from "../../../helpers/fakeChain.js";
import { ethers, loadFixture } from "../../../helpers/network.js";
import { readerOf } from "../../../helpers/protocol.js";
import { deployMarket } from "../../../helpers/suite.js";
import { all, failureOf, inShort, take } from "../../../helpers/watching.js";

const wait = (milliseconds: number) =>
  new Promise<"nothing">((resolve) => setTimeout(resolve, milliseconds, "nothing"));

describe("watch: reorganisations", () => {
  it("takes back what a replaced block held, last first, before what the new branch holds", async () => {
    const market = await loadFixture(deployMarket);
    const protocol = await readerOf(market);
    const deposit = (value: bigint) => market.escrow.connect(market.client).deposit({ value });
    const iterator = watch(protocol, { events: ["escrow.*"] });
    await deposit(1n);
    const snapshot: unknown = await ethers.provider.send("evm_snapshot", []);
    await deposit(2n);
    await deposit(3n);
    const before = await take(iterator, 3);
    expect(inShort(before)).to.deep.equal(["+Deposited 1", "+Deposited 2", "+Deposited 3"]);

    await ethers.provider.send("evm_revert", [snapshot]);
    await deposit(20n);
    await deposit(30n);
    await deposit(40n);
    const after = await take(iterator, 5);
    expect(inShort(after)).to.deep.equal([
      "-Deposited 3",
      "-Deposited 2",
      "+Deposited 20",
      "+Deposited 30",
      "+Deposited 40",
    ]);
    const [, second, third] = before;
    expect(after[0]).to.deep.equal({ ...third, removed: true, cursor: { ...second?.cursor, logIndex: null } });
    expect(after[1]).to.deep.equal({ ...second, removed: true, cursor: { ...before[0]?.cursor, logIndex: null } });
    await iterator.return();
  });

  /** A chain of 20 blocks with a deposit each, the number of its block, and a watcher that has seen all of them. */
  const followed = async (options: { reorgDepth?: number; confirmations?: number } = {}) => {
    const trunk = grow(undefined, [[], ...Array.from({ length: 20 }, (_, index) => [BigInt(index + 1)])]);
    const node = fakeNode(trunk);
    const iterator = watch(watchableOf(node), { events: ["escrow.Deposited"], from: 1, ...options });
    await take(iterator, 20 - (options.confirmations ?? 1) + 1);
    /** The chain from the block so many below the tip on anew. */
    const replace = (depth: number, amounts: bigint[][]) => {
      const [replica] = node.replicas;
      if (replica !== undefined) replica.tip = grow(pathOf(replica.tip)[replica.tip.number - depth], amounts);
    };
    return { iterator, replace, node, trunk };
  };
  const short = (sign: string, amounts: number[]) => amounts.map((amount) => `${sign}Deposited ${amount}`);

  it("survives one of just so many blocks as it was told", async () => {
    const { iterator, replace } = await followed({ reorgDepth: 5 });
    replace(5, [[], [160n], [], [180n, 181n], [], [200n]]);
    expect(inShort(await take(iterator, 9))).to.deep.equal([
      ...short("-", [20, 19, 18, 17, 16]),
      ...short("+", [160, 180, 181, 200]),
    ]);
    await iterator.return();
  });

  it("remembers no fewer blocks and no more after it has followed for a while", async () => {
    for (const depth of [5, 6]) {
      const { iterator, replace } = await followed({ reorgDepth: 5 });
      for (let number = 21; number <= 40; number++) {
        replace(0, [[BigInt(number)]]);
        await take(iterator, 1);
      }
      replace(depth, [[], [], [], [], [], [], [410n]]);
      if (depth === 5) {
        const amounts = [40, 39, 38, 37, 36];
        expect(inShort(await take(iterator, 6))).to.deep.equal([...short("-", amounts), "+Deposited 410"]);
        await iterator.return();
      } else {
        expect(await failureOf(iterator))
          .to.be.instanceOf(ReorgTooDeepError)
          .and.include({ blockNumber: 35 });
      }
    }
  });

  it("says so even if its first block is the one that was too deep to be replaced", async () => {
    const node = fakeNode(grow(undefined, [[], [1n], [2n], [3n], [4n], [5n]]));
    const iterator = watch(watchableOf(node), { events: ["escrow.Deposited"], from: 3, reorgDepth: 2 });
    await take(iterator, 3);
    const [replica] = node.replicas;
    if (replica !== undefined) replica.tip = grow(pathOf(replica.tip)[2], [[30n], [40n], [50n], [60n]]);
    expect(await failureOf(iterator))
      .to.be.instanceOf(ReorgTooDeepError)
      .and.include({ blockNumber: 3 });
  });

  it("says so if one is deeper", async () => {
    const { iterator, replace } = await followed({ reorgDepth: 5 });
    replace(6, [[], [], [], [], [], [], []]);
    const error = await failureOf(iterator);
    expect(error).to.be.instanceOf(ReorgTooDeepError).and.include({ blockNumber: 15, reorgDepth: 5 });
    expect((error as Error).message).to.equal(
      "The chain replaced block 15 and those above it, more than the 5 that reorgDepth allows for. Forget the events of these blocks and replay from below them.",
    );
  });

  it("survives one that goes below its first block", async () => {
    const node = fakeNode(grow(undefined, [[], [1n], [2n], [3n], [4n]]));
    const iterator = watch(watchableOf(node), { events: ["escrow.Deposited"], from: 3, reorgDepth: 10 });
    await take(iterator, 2);
    const [replica] = node.replicas;
    if (replica !== undefined) replica.tip = grow(pathOf(replica.tip)[1], [[20n], [30n], [], [50n]]);
    expect(inShort(await take(iterator, 4))).to.deep.equal([...short("-", [4, 3]), ...short("+", [30, 50])]);
    await iterator.return();
  });

  it("does not see one that is shallower than the confirmations", async () => {
    const { iterator, replace } = await followed({ confirmations: 4 });
    replace(3, [[180n], [190n], [200n], [210n]]);
    expect(inShort(await take(iterator, 1))).to.deep.equal(["+Deposited 180"]);
    replace(3, [[], [200n], [210n], [220n]]);
    const next = take(iterator, 1);
    replace(0, [[230n]]);
    expect(inShort(await next)).to.deep.equal(["+Deposited 200"]);
    await iterator.return();
  });

  it("takes a lower head for a node that lags behind", async () => {
    const { iterator, node, trunk } = await followed();
    const [replica] = node.replicas;
    const next = take(iterator, 1);
    if (replica !== undefined) replica.tip = pathOf(trunk)[12] as typeof trunk;
    expect(await Promise.race([next, wait(100)])).to.equal("nothing");
    if (replica !== undefined) replica.tip = block(trunk, [21n]);
    expect(inShort(await next)).to.deep.equal(["+Deposited 21"]);
    await iterator.return();
  });

  it("does not go back to an older branch that a node still has", async () => {
    const { iterator, node, trunk, replace } = await followed();
    const old = block(block(trunk, [21n]), [22n]);
    replace(2, [[190n], [200n], [210n], [220n], [230n]]);
    const [canonical] = node.replicas;
    await take(iterator, 7);
    // From now on every other answer comes from a node that stayed behind on the old branch.
    node.replicas.push({ tip: old, remembers: true });
    let turn = 0;
    node.pick = (replicas) => replicas[turn++ % 2] as never;
    const next = take(iterator, 1);
    expect(await Promise.race([next, wait(100)])).to.equal("nothing");
    if (canonical !== undefined) canonical.tip = block(canonical.tip, [240n]);
    expect(inShort(await next)).to.deep.equal(["+Deposited 240"]);
    await iterator.return();
  });

  it("does not turn to an older branch while it catches up", async () => {
    const trunk = grow(
      undefined,
      Array.from({ length: 16 }, () => []),
    );
    const old = grow(
      trunk,
      Array.from({ length: 5 }, (_, index) => [BigInt(index + 1)]),
    );
    const tip = grow(
      trunk,
      Array.from({ length: 11 }, (_, index) => [BigInt(100 + index)]),
    );
    const node = fakeNode(tip);
    node.replicas.push({ tip: old, remembers: true });
    // The number of the head and a range up to block 18 come from the one, the first looks beyond that from the other.
    let batches = 0;
    node.pick = (replicas) => replicas[[3, 4].includes(++batches) ? 1 : 0] as never;
    const found = await all(watch(watchableOf(node), { events: ["escrow.Deposited"], from: 0, to: 26, reorgDepth: 8 }));
    expect(inShort(found)).to.deep.equal(
      short(
        "+",
        Array.from({ length: 11 }, (_, index) => 100 + index),
      ),
    );
    expect(batches).to.be.greaterThan(4);
  });

  it("follows one branch where every header comes from another replica", async () => {
    const trunk = grow(undefined, [[], []]);
    const branches = [100n, 200n].map((first) =>
      grow(
        trunk,
        Array.from({ length: 4 }, (_, index) => [first + BigInt(index)]),
      ),
    );
    const [first = trunk, second = trunk] = branches;
    const node = fakeNode(second, 2);
    const [replica] = node.replicas;
    // It has followed the other branch before, so it knows all blocks of both.
    await watchableOf(node).provider.getBlockNumber();
    if (replica !== undefined) replica.tip = first;
    // The number of the head twice, block 2, and then block 3 of the other branch.
    let requests = 0;
    node.pick = (replicas) => replicas[++requests === 4 ? 1 : 0] as never;
    const options = { events: ["escrow.Deposited"], from: 2, to: 5 } as const;
    const found = await all(watch(watchableOf(node, 5_000, 1), options));
    expect(inShort(found)).to.deep.equal(short("+", [100, 101, 102, 103]));
  });

  it("reads a block again that was replaced before anything of it was yielded", async () => {
    const { iterator, node, trunk } = await followed();
    const [replica] = node.replicas;
    if (replica === undefined) throw new Error("no replica");
    replica.remembers = false;
    const first = block(trunk, [21n]);
    const second = block(trunk, [210n]);
    // The header comes from the one branch, everything after it from the other, which is no longer.
    let batches = 0;
    node.pick = () => {
      replica.tip = ++batches <= 2 ? first : second;
      return replica;
    };
    expect(inShort(await take(iterator, 1))).to.deep.equal(["+Deposited 210"]);
    await iterator.return();
  });
});
