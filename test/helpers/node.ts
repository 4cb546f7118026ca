import {
  type JsonRpcApiProviderOptions,
  JsonRpcApiProvider,
  type JsonRpcError,
  type JsonRpcPayload,
  type JsonRpcResult,
  Network,
} from "ethers";

/** Something that answers JSON-RPC requests. */
export interface Answering {
  request(request: { method: string; params: unknown[] }): Promise<unknown>;
}

/** What stands between a program and a node: may answer itself, fail, or pass a request on with `next`. */
export type Interception = (
  method: string,
  params: unknown[],
  next: (params?: unknown[]) => Promise<unknown>,
) => Promise<unknown>;

const pass: Interception = (_method, _params, next) => next();

/** A provider over a chain in this process whose answers a test can spoil. */
export class InterceptedProvider extends JsonRpcApiProvider {
  /** Methods asked for, in sequence. */
  readonly asked: string[] = [];

  constructor(
    private readonly node: Answering,
    chainId: bigint,
    private readonly intercept: Interception = pass,
  ) {
    const network = Network.from(chainId);
    const options: JsonRpcApiProviderOptions = { staticNetwork: network, cacheTimeout: -1 };
    super(network, options);
  }

  override async send(method: string, params: unknown[]): Promise<unknown> {
    this.asked.push(method);
    try {
      return await this.intercept(method, params, (changed = params) => this.node.request({ method, params: changed }));
    } catch (error) {
      const { code = -32_000, message, data } = error as { code?: number; message: string; data?: unknown };
      // ethers makes its own errors of what nodes answer, and lets failures to reach one through.
      if (typeof code !== "number") throw error;
      const payload = { id: 1, jsonrpc: "2.0", method, params } as JsonRpcPayload;
      throw this.getRpcError(payload, { id: 1, error: { code, message, data } });
    }
  }

  override _send(): Promise<(JsonRpcResult | JsonRpcError)[]> {
    throw new Error("requests go through send");
  }
}

/** A failure to reach a node. */
export function unreachable(): Error {
  return Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
}
