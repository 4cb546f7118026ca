import { JsonRpcApiProvider, type JsonRpcPayload, type JsonRpcResult, type Network } from "ethers";
import type { HeadSource } from "./events/heads.js";
import type { NodeSocket } from "./socket.js";

/**
 * A connection to a node over a WebSocket that outlives its socket: when that breaks, requests under way fail with a
 * NodeError, which is safe to repeat for what only reads, and a new one is opened. It holds a socket open, and with it the
 * program, until `destroy()`.
 */
export class SocketProvider extends JsonRpcApiProvider implements HeadSource {
  readonly #socket: NodeSocket;

  /**
   * @param socket Its connection, which it closes in the end.
   * @param network The chain that the node serves.
   */
  constructor(socket: NodeSocket, network: Network) {
    super(network, { staticNetwork: network, cacheTimeout: -1, batchMaxCount: 1 });
    this.#socket = socket;
    this._start();
  }

  /** Tells the number of every new block as soon as the node does; returns a function that ends it. */
  onHead(listener: (number: number) => void): () => void {
    return this.#socket.onHead(listener);
  }

  override async _send(payload: JsonRpcPayload | JsonRpcPayload[]): Promise<JsonRpcResult[]> {
    const answers = await Promise.all([payload].flat().map((one) => this.#socket.request(one)));
    // ethers looks for errors among the results.
    return answers as JsonRpcResult[];
  }

  override destroy(): void {
    this.#socket.close();
    super.destroy();
  }
}
