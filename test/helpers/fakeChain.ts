import {
  JsonRpcApiProvider,
  type JsonRpcPayload,
  type JsonRpcResult,
  keccak256,
  Network,
  toQuantity,
  toUtf8Bytes,
  ZeroHash,
} from "ethers";
import type { Watchable } from "../../src/protocol/events/reader.js";
import { INTERFACES } from "../../src/protocol/execute.js";

const address = (digits: string) => `0x${digits.repeat(20)}`;
/** Where the fake suite is. */
export const ADDRESSES = {
  escrow: address("e1"),
  sourceRegistry: address("e2"),
  providerPool: address("e3"),
  reputation: address("e4"),
  taskManager: address("e5"),
};
export const ACCOUNT = address("a1");

interface FakeLog {
  address: string;
  topics: string[];
  data: string;
}

export interface FakeBlock {
  number: number;
  hash: string;
  parent: FakeBlock | undefined;
  logs: FakeLog[];
  /** Amounts of its deposits, which tell events apart. */
  amounts: bigint[];
}

/** The blocks of a branch by number. */
const paths = new WeakMap<FakeBlock, FakeBlock[]>();
export function pathOf(tip: FakeBlock): FakeBlock[] {
  let path = paths.get(tip);
  if (path === undefined) {
    path = [];
    for (let block: FakeBlock | undefined = tip; block !== undefined; block = block.parent) path.unshift(block);
    paths.set(tip, path);
  }
  return path;
}

let blocks = 0;

/** A block on another, with one deposit for each amount, between logs of no interest. */
export function block(parent: FakeBlock | undefined, amounts: bigint[]): FakeBlock {
  const other = INTERFACES.escrow.encodeEventLog("Withdrawn", [ACCOUNT, ACCOUNT, 1n]);
  const logs = amounts.flatMap((amount) => [
    { address: ADDRESSES.escrow, ...other },
    { address: ADDRESSES.escrow, ...INTERFACES.escrow.encodeEventLog("Deposited", [ACCOUNT, ACCOUNT, amount]) },
  ]);
  const number = parent === undefined ? 0 : parent.number + 1;
  return { number, hash: keccak256(toUtf8Bytes(`block ${blocks++}`)), parent, logs, amounts };
}

/** A branch of blocks on another block, from lists of amounts; tells its tip. */
export const grow = (parent: FakeBlock | undefined, amounts: bigint[][]): FakeBlock =>
  amounts.reduce<FakeBlock | undefined>(block, parent) ?? block(parent, []);

/** One of the machines behind a node's address, with its own idea of the chain. */
export interface Replica {
  tip: FakeBlock;
  /** Whether it still knows blocks that were replaced. */
  remembers: boolean;
}

export interface FakeNode {
  replicas: Replica[];
  /** Which replica answers the next batch. */
  pick: (replicas: Replica[]) => Replica;
  /** What happens to the next batch instead of an answer: an error to throw. */
  fail: () => Error | undefined;
  /** Most blocks in a range; more are refused with these words. */
  rangeLimit: number;
  refusal: string;
  /** All that was asked. */
  asked: { method: string; params: unknown[] }[];
}

/** A node of a fake chain. */
export function fakeNode(tip: FakeBlock, count = 1): FakeNode {
  return {
    replicas: Array.from({ length: count }, () => ({ tip, remembers: true })),
    pick: ([first]) => first as Replica,
    fail: () => undefined,
    rangeLimit: Infinity,
    refusal: "query returned more than 10000 results",
    asked: [],
  };
}

const rpc = (code: number, message: string) => ({ error: { code, message } });
const known = new WeakMap<Replica, Set<FakeBlock>>();

/** A provider over a fake node. */
export class FakeProvider extends JsonRpcApiProvider {
  constructor(
    readonly node: FakeNode,
    batchMaxCount: number,
  ) {
    const network = Network.from(31337);
    super(network, { staticNetwork: network, cacheTimeout: -1, batchStallTime: 0, batchMaxCount });
    this._start();
  }

  override async _send(payload: JsonRpcPayload | JsonRpcPayload[]): Promise<JsonRpcResult[]> {
    const { node } = this;
    const failure = node.fail();
    const replica = node.pick(node.replicas);
    // Answers come of the chain as it is when they are made.
    await new Promise((resolve) => setTimeout(resolve, 0));
    if (failure !== undefined) throw failure;
    return [payload].flat().map(({ id, method, params }) => {
      node.asked.push({ method, params: params as unknown[] });
      return { id, ...answer(node, replica, method, params as never) } as unknown as JsonRpcResult;
    });
  }
}

interface LogFilter {
  blockHash?: string;
  fromBlock?: string;
  toBlock?: string;
  address: string[];
  topics: (string[] | null)[];
}

function answer(node: FakeNode, replica: Replica, method: string, [first]: [string & LogFilter]) {
  const path = pathOf(replica.tip);
  const seen = known.get(replica) ?? new Set();
  known.set(replica, seen);
  for (const one of path) seen.add(one);
  const byHash = (hash: string) => [...(replica.remembers ? seen : path)].find((one) => one.hash === hash);

  switch (method) {
    case "eth_blockNumber":
      return { result: toQuantity(replica.tip.number) };
    case "eth_getBlockByNumber":
      return { result: blockJson(path[Number(first)]) };
    case "eth_getBlockByHash":
      return { result: blockJson(byHash(first)) };
    case "eth_getLogs": {
      if (first.blockHash !== undefined) {
        const one = byHash(first.blockHash);
        return one === undefined ? rpc(-32000, "unknown block") : { result: logsJson(one, first) };
      }
      const [from, to] = [Number(first.fromBlock), Number(first.toBlock)];
      if (to - from + 1 > node.rangeLimit) return rpc(-32005, node.refusal);
      // What a replica does not know yet it leaves out without a word.
      return { result: path.slice(from, to + 1).flatMap((one) => logsJson(one, first)) };
    }
    default:
      return rpc(-32601, `the method ${method} does not exist`);
  }
}

const transactionOf = ({ hash }: FakeBlock) => keccak256(hash);

function blockJson(one: FakeBlock | undefined) {
  if (one === undefined) return null;
  return {
    number: toQuantity(one.number),
    hash: one.hash,
    parentHash: one.parent?.hash ?? ZeroHash,
    timestamp: toQuantity(1_700_000_000 + one.number),
    difficulty: "0x2",
    gasLimit: "0x1c9c380",
    gasUsed: "0x0",
    miner: address("00"),
    extraData: "0x",
    nonce: "0x0000000000000000",
    // As of a chain that leaves it zero, so nobody may rely on it.
    logsBloom: `0x${"00".repeat(256)}`,
    transactions: one.logs.length === 0 ? [] : [transactionOf(one)],
  };
}

function logsJson(one: FakeBlock, { address: addresses, topics }: LogFilter) {
  return one.logs.flatMap((log, index) => {
    const fits =
      addresses.includes(log.address) &&
      topics.every((any, place) => any === null || any.includes(log.topics[place] ?? ""));
    if (!fits) return [];
    return {
      ...log,
      blockNumber: toQuantity(one.number),
      blockHash: one.hash,
      transactionHash: transactionOf(one),
      transactionIndex: "0x0",
      logIndex: toQuantity(index),
      removed: false,
    };
  });
}

/**
 * As much of a connection as watching needs, to a fake node.
 *
 * @param batch Most requests that go to the same replica together.
 */
export function watchableOf(node: FakeNode, requests = 5_000, batch = 100): Watchable & { provider: FakeProvider } {
  return {
    addresses: ADDRESSES,
    provider: new FakeProvider(node, batch),
    patience: { requests, mining: 1_000, interval: 2 },
    head: { number: 0 },
  };
}
