import { type JsonRpcApiProvider, type JsonRpcPayload, Network } from "ethers";
import { DocumentFormatError, NodeError, WrongChainError } from "./errors.js";
import { HttpProvider, post } from "./httpProvider.js";
import { type NodeUrl, parseNodeUrl } from "./nodeUrl.js";
import { DEFAULT_PATIENCE, persist } from "./retry.js";
import { type Answer, openSocket } from "./socket.js";
import { SocketProvider } from "./socketProvider.js";

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
 * Connects to a node over HTTP or a WebSocket and checks the chain that it serves. Answers are never cached, so two looks
 * at the chain are two looks. A WebSocket is opened anew whenever it breaks; `destroy()` closes it, and until then it
 * keeps the program running.
 *
 * @param url Address of the node, `http://`, `https://`, `ws://` or `wss://`. Errors name it without credentials, path and
 * query, which may hold keys.
 * @throws {DocumentFormatError} if the address is none.
 * @throws {NodeError} if no node answers there.
 * @throws {WrongChainError} if it serves another chain.
 */
export async function connectNode(url: string, options: NodeOptions = {}): Promise<JsonRpcApiProvider> {
  const { chainId, timeout = 10_000, patience = DEFAULT_PATIENCE.requests } = options;
  const node = parseNodeUrl(url);
  return node.socket ? overSocket(node, chainId, timeout, patience) : overHttp(node, chainId, timeout, patience);
}

const CHAIN_ID: JsonRpcPayload = { jsonrpc: "2.0", id: 0, method: "eth_chainId", params: [] };

async function overHttp(node: NodeUrl, expected: bigint | undefined, timeout: number, patience: number) {
  const asked = await persist(
    CHAIN_ID.method,
    async () => {
      const posted = await post(node, timeout, CHAIN_ID);
      if ("problem" in posted && posted.passing) throw new NodeError(CHAIN_ID.method, posted.problem, posted);
      return posted;
    },
    patience,
  );
  if ("problem" in asked) throw new NodeError(CHAIN_ID.method, asked.problem);
  return new HttpProvider(node, timeout, networkOf(asked.answers[0], node, expected));
}

async function overSocket(node: NodeUrl, expected: bigint | undefined, timeout: number, patience: number) {
  if (node.credentials !== undefined) {
    throw new DocumentFormatError(`The node's address ${node.shown}`, "a WebSocket sends no name and password");
  }
  const socket = openSocket(node, timeout);
  try {
    const answer = await persist(CHAIN_ID.method, () => socket.request(CHAIN_ID), patience);
    return new SocketProvider(socket, networkOf(answer, node, expected));
  } catch (error) {
    socket.close();
    throw error;
  }
}

/** The network that a node says it serves. */
function networkOf(answer: Answer | undefined, { shown }: NodeUrl, expected: bigint | undefined): Network {
  const result: unknown = answer !== undefined && "result" in answer ? answer.result : undefined;
  if (typeof result !== "string" || !/^0x[0-9a-f]+$/i.test(result)) {
    const said = JSON.stringify(answer !== undefined && "error" in answer ? answer.error : result) as
      string | undefined;
    throw new NodeError(
      CHAIN_ID.method,
      `${shown} answered ${(said ?? "nothing").slice(0, 120)}, which is no chain id`,
    );
  }
  const found = BigInt(result);
  if (expected !== undefined && found !== expected) throw new WrongChainError(expected, found);
  return Network.from(found);
}
