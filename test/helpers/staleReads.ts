import { toBeHex } from "ethers";

export interface RpcRequest {
  jsonrpc: string;
  id: unknown;
  method: string;
  params?: unknown[];
}

export interface RpcResponse {
  jsonrpc: string;
  id: unknown;
  result?: unknown;
  error?: { code: number; message: string };
}

/** Passes one request on to the node. */
export type Forward = (request: RpcRequest) => Promise<RpcResponse>;

/** Where each method that reads a state takes the block. */
const STATE_READS: Record<string, number> = {
  eth_call: 1,
  eth_estimateGas: 1,
  eth_getBalance: 1,
  eth_getCode: 1,
  eth_getTransactionCount: 1,
  eth_getStorageAt: 2,
};
const RECORDS = ["eth_getTransactionReceipt", "eth_getTransactionByHash", "eth_getBlockByHash"];
const OTHERS = ["eth_blockNumber", "eth_getBlockByNumber", "eth_getLogs"];

/** Whether a node that is behind could answer a method differently. */
export const canBeStale = (method: string): boolean =>
  method in STATE_READS || RECORDS.includes(method) || OTHERS.includes(method);

/** What a node answers that has seen no block after `newest`. */
export async function answerStale(request: RpcRequest, newest: number, forward: Forward): Promise<RpcResponse> {
  const { id, method, params = [] } = request;
  const result = (value: unknown): RpcResponse => ({ jsonrpc: "2.0", id, result: value });
  const unknown: RpcResponse = { jsonrpc: "2.0", id, error: { code: -32000, message: "header not found" } };
  const withParameter = (place: number, value: unknown): RpcRequest => {
    const changed = [...params];
    changed[place] = value;
    return { ...request, params: changed };
  };
  /** The number that a tag means to this node; `undefined` if it does not know the block. */
  const resolve = async (tag: unknown): Promise<number | undefined> => {
    const { blockHash, blockNumber } = (typeof tag === "object" && tag !== null ? tag : {}) as Record<string, unknown>;
    const number = blockNumber ?? (typeof blockHash === "string" ? await numberOf(blockHash, forward) : tag);
    if (typeof number !== "string" || !number.startsWith("0x")) return number === "earliest" ? 0 : newest;
    return Number(number) > newest ? undefined : Number(number);
  };

  if (method === "eth_blockNumber") return result(toQuantity(newest));
  const place = STATE_READS[method];
  if (place !== undefined) {
    const block = await resolve(params[place]);
    return block === undefined ? unknown : forward(withParameter(place, toQuantity(block)));
  }
  if (method === "eth_getBlockByNumber") {
    const block = await resolve(params[0]);
    return block === undefined ? result(null) : forward(withParameter(0, toQuantity(block)));
  }
  if (method === "eth_getLogs") {
    const filter = params[0] as Record<string, unknown>;
    if ("blockHash" in filter) return (await resolve(filter)) === undefined ? unknown : forward(request);
    const [from, to] = await Promise.all([resolve(filter["fromBlock"]), resolve(filter["toBlock"])]);
    if (from === undefined || to === undefined) return unknown;
    return forward(withParameter(0, { ...filter, fromBlock: toQuantity(from), toBlock: toQuantity(to) }));
  }
  const answer = await forward(request);
  const record = answer.result as { blockNumber?: string | null; number?: string } | null | undefined;
  const block = record?.blockNumber ?? record?.number;
  return typeof block === "string" && Number(block) > newest ? result(null) : answer;
}

/** Number of a block, hexadecimal, as the node knows it; one that nobody reaches if it does not. */
async function numberOf(blockHash: string, forward: Forward): Promise<string> {
  const { result } = await forward({ jsonrpc: "2.0", id: 0, method: "eth_getBlockByHash", params: [blockHash, false] });
  return (result as { number?: string } | null)?.number ?? "0xffffffff";
}

/** The form of numbers in JSON-RPC, without leading zeros. */
const toQuantity = (value: number): string => toBeHex(value).replace(/^0x0(?=.)/, "0x");
