import { FetchRequest, JsonRpcProvider, Network } from "ethers";
import { DocumentFormatError, NodeError, WrongChainError } from "./errors.js";
import { DEFAULT_PATIENCE, persist } from "./retry.js";

/** How to reach a node. */
export interface NodeOptions {
  /** Chain that it must serve; any if left out. */
  chainId?: bigint;
  /** Milliseconds after which one request is given up (and repeated, if that is safe). */
  timeout?: number;
  /** For how long an unreachable node is tried at the start, milliseconds. */
  patience?: number;
}

/**
 * Connects to a node over HTTP and checks the chain that it serves. Answers are never cached, so two looks at the chain
 * are two looks.
 *
 * @param url Address of the node, `http://` or `https://`.
 * @throws {DocumentFormatError} if the address is none.
 * @throws {NodeError} if nothing answers there.
 * @throws {WrongChainError} if it serves another chain.
 */
export async function connectNode(url: string, options: NodeOptions = {}): Promise<JsonRpcProvider> {
  const { chainId, timeout = 10_000, patience = DEFAULT_PATIENCE.requests } = options;
  if (!/^https?:\/\/[^\s/]+/.test(url)) {
    throw new DocumentFormatError(`The node's address ${url}`, "it must begin with http:// or https://");
  }
  const found = await persist("eth_chainId", () => chainIdAt(url, timeout), patience);
  if (chainId !== undefined && found !== chainId) throw new WrongChainError(chainId, found);
  const network = Network.from(found);
  return new JsonRpcProvider(requestTo(url, timeout), network, { staticNetwork: network, cacheTimeout: -1 });
}

function requestTo(url: string, timeout: number): FetchRequest {
  const request = new FetchRequest(url);
  request.timeout = timeout;
  // Else ethers itself repeats what was refused with 429, and takes the seconds of Retry-After for milliseconds.
  request.retryFunc = () => Promise.resolve(false);
  return request;
}

/** Asks once, without ethers' own detection of the network, which would repeat for ever and print. */
async function chainIdAt(url: string, timeout: number): Promise<bigint> {
  const request = requestTo(url, timeout);
  request.body = { jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] };
  const response = await request.send();
  response.assertOk();
  const { result } = response.bodyJson as { result?: unknown };
  if (typeof result !== "string" || !/^0x[0-9a-f]+$/i.test(result)) {
    throw new NodeError("eth_chainId", `${url} answered ${response.bodyText.slice(0, 80)}, which is no chain id`);
  }
  return BigInt(result);
}
