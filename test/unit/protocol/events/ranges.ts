import { expect } from "chai";
import { makeError } from "ethers";
import { NodeError, TimeoutError } from "../../../../src/protocol/errors.js";
import { watch } from "../../../../src/protocol/events.js";
import { isTooMuch } from "../../../../src/protocol/events/reader.js";
import { type FakeNode, fakeNode, grow, pathOf, watchableOf } from "../../../helpers/fakeChain.js";
import { all, failureOf, take } from "../../../helpers/watching.js";

const LENGTH = 120;
/** A chain of 120 blocks above the first, with a deposit of its number in every third. */
const chain = () =>
  grow(undefined, [
    [],
    ...Array.from({ length: LENGTH }, (_, index) => ((index + 1) % 3 === 0 ? [BigInt(index + 1)] : [])),
  ]);
const expected = (to: number) => Array.from({ length: Math.floor(to / 3) }, (_, index) => BigInt(3 * (index + 1)));

/** The ranges that were asked for. */
const rangesOf = ({ asked }: FakeNode) =>
  asked
    .filter(({ method, params: [filter] }) => method === "eth_getLogs" && "fromBlock" in (filter as object))
    .map(({ params: [filter] }) => {
      const { fromBlock, toBlock } = filter as { fromBlock: string; toBlock: string };
      return [Number(fromBlock), Number(toBlock)] as const;
    });

const amounts = (events: { args: object }[]) => events.map(({ args }) => (args as { amount: bigint }).amount);
const OPTIONS = { events: ["escrow.Deposited"], from: 0, to: 100, reorgDepth: 20 } as const;

describe("watch: ranges", () => {
  it("asks for no more blocks at once than it may, each once", async () => {
    const node = fakeNode(chain());
    expect(amounts(await all(watch(watchableOf(node), { ...OPTIONS, rangeSize: 30 })))).to.deep.equal(expected(100));
    expect(rangesOf(node)).to.deep.equal([
      [0, 29],
      [30, 59],
      [60, 89],
      [90, 100],
    ]);
  });

  it("halves a range that the node refuses", async () => {
    const node = fakeNode(chain());
    node.rangeLimit = 14;
    expect(amounts(await all(watch(watchableOf(node), { ...OPTIONS, rangeSize: 50 })))).to.deep.equal(expected(100));
    const ranges = rangesOf(node);
    expect(ranges.slice(0, 4)).to.deep.equal([
      [0, 49],
      [0, 24],
      [0, 12],
      [13, 25],
    ]);
    expect(ranges.at(-1)?.[1]).to.equal(100);
  });

  it("tries larger ranges again after a while", async () => {
    const node = fakeNode(chain());
    node.rangeLimit = 4;
    const iterator = watch(watchableOf(node), { ...OPTIONS, rangeSize: 4 });
    await take(iterator, 1);
    node.rangeLimit = 1;
    await take(iterator, 2);
    node.rangeLimit = Infinity;
    await all(iterator);
    const sizes = rangesOf(node).map(([from, to]) => to - from + 1);
    expect(sizes).to.include(1);
    expect(sizes.lastIndexOf(4)).to.be.greaterThan(sizes.lastIndexOf(1));
    expect(Math.max(...sizes)).to.equal(4);
  });

  it("gives up if a single block is refused", async () => {
    const node = fakeNode(chain());
    node.rangeLimit = 0;
    const error = await failureOf(watch(watchableOf(node), OPTIONS));
    expect(error).to.be.instanceOf(NodeError);
    expect((error as Error).message).to.include("the logs of block 0: it refuses even a single block as too large");
  });

  it("does not believe a node that lacks the blocks", async () => {
    const tip = chain();
    const node = fakeNode(tip, 2);
    const [, lagging] = node.replicas;
    if (lagging !== undefined) lagging.tip = pathOf(tip)[90] as typeof tip;
    let turn = 0;
    node.pick = (replicas) => replicas[turn++ % 2] as never;
    const found = await all(watch(watchableOf(node), { ...OPTIONS, rangeSize: 100 }));
    expect(amounts(found)).to.deep.equal(expected(100));
  });

  it("does not believe a node that has them on a branch that was replaced", async () => {
    const trunk = pathOf(chain())[95];
    // Its tip is above the range, but not so far that the range could not be replaced.
    const old = grow(
      trunk,
      Array.from({ length: 15 }, () => [777n]),
    );
    const node = fakeNode(
      grow(
        trunk,
        Array.from({ length: 25 }, (_, index) => ((96 + index) % 3 === 0 ? [BigInt(96 + index)] : [])),
      ),
    );
    node.replicas.push({ tip: old, remembers: true });
    let batches = 0;
    node.pick = (replicas) => replicas[++batches === 2 ? 1 : 0] as never;
    expect(amounts(await all(watch(watchableOf(node), OPTIONS)))).to.deep.equal(expected(100));
    expect(rangesOf(node)).to.deep.equal([
      [0, 100],
      [0, 100],
    ]);
  });

  it("asks near the head block by block, by hash, and only for blocks with transactions", async () => {
    const node = fakeNode(chain());
    expect(amounts(await all(watch(watchableOf(node), { ...OPTIONS, from: 101, to: LENGTH })))).to.deep.equal(
      expected(LENGTH).filter((amount) => amount > 100n),
    );
    expect(rangesOf(node)).to.deep.equal([]);
    expect(node.asked.filter(({ method }) => method === "eth_getLogs")).to.have.length(7);
  });

  it("reads no further ahead than its consumer follows", async () => {
    const node = fakeNode(chain());
    const iterator = watch(watchableOf(node), { ...OPTIONS, rangeSize: 10 });
    await take(iterator, 1);
    const asked = node.asked.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(node.asked).to.have.length(asked);
    expect(rangesOf(node)).to.deep.equal([[0, 9]]);
    await iterator.return();
  });

  for (const [message, refused] of [
    ["query returned more than 10000 results", true],
    ["Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range", true],
    ["eth_getLogs is limited to a 10,000 range", true],
    ["block range is too wide", true],
    ["exceed maximum block range: 5000", true],
    ["query block range exceeds server limit", true],
    ["Requested range exceeds maximum RPC range limit", true],
    ["requested too many blocks from 1 to 5000, maximum is set to 2048", true],
    ["ranges over 10000 blocks are not supported on freetier", true],
    ["https://node/… answered 413 Payload Too Large", true],
    ["block range extends beyond current head block", false],
    ["invalid block range params", false],
    ["too many requests", false],
    ["daily request count exceeded, request rate limited", false],
    ["unknown block", false],
    ["internal error", false],
  ] as const) {
    it(`takes ${JSON.stringify(message)} for ${refused ? "a range too large" : "another failure"}`, () => {
      const payload = {
        method: "eth_getLogs",
        params: [{ fromBlock: "0x1", toBlock: "0x2" }],
        id: 1,
        jsonrpc: "2.0" as const,
      };
      const error = makeError("could not coalesce error", "UNKNOWN_ERROR", {
        error: { code: -32005, message },
        payload,
      });
      expect(isTooMuch(error)).to.equal(refused);
      expect(isTooMuch(new Error(message))).to.equal(refused);
    });
  }
});

describe("watch: a node that fails", () => {
  it("goes on after an outage", async () => {
    const tip = chain();
    const node = fakeNode(tip);
    const iterator = watch(watchableOf(node), { events: ["escrow.Deposited"], from: LENGTH, reorgDepth: 4 });
    await take(iterator, 1);
    const failure = makeError("connection refused", "NETWORK_ERROR", { event: "connect" });
    node.fail = () => failure;
    const next = take(iterator, 2);
    const [replica] = node.replicas;
    // More than may be replaced, so it catches up by ranges.
    if (replica !== undefined) replica.tip = grow(tip, [[121n], [], [], [], [], [], [], [], [], [130n]]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    node.fail = () => undefined;
    expect(amounts(await next)).to.deep.equal([121n, 130n]);
    await iterator.return();
  });

  it("gives up after the outage that is allowed", async () => {
    const node = fakeNode(chain());
    const iterator = watch(watchableOf(node), { events: ["escrow.Deposited"], from: LENGTH, outage: 200 });
    await take(iterator, 1);
    node.fail = () => makeError("connection refused", "NETWORK_ERROR", { event: "connect" });
    const error = await failureOf(iterator);
    expect(error).to.be.instanceOf(NodeError).and.include({ request: "eth_blockNumber" });
    expect((error as Error).message).to.include("connection refused");
  });

  it("repeats a request that gets no answer", async () => {
    const node = fakeNode(chain());
    const protocol = watchableOf(node, 50);
    const { provider } = protocol;
    const send = provider._send.bind(provider);
    let silent = 2;
    provider._send = (payload) => (silent-- > 0 ? new Promise<never>(() => undefined) : send(payload));
    expect(amounts(await all(watch(protocol, OPTIONS)))).to.deep.equal(expected(100));
    silent = Infinity;
    const error = await failureOf(watch(protocol, { ...OPTIONS, outage: 150 }));
    expect(error).to.be.instanceOf(NodeError);
    expect((error as NodeError).cause).to.be.instanceOf(TimeoutError);
  });
});
