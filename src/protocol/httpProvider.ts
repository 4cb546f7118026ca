import {
  FetchRequest,
  type FetchResponse,
  isError,
  type JsonRpcPayload,
  JsonRpcProvider,
  type JsonRpcResult,
} from "ethers";
import type { Network } from "ethers";
import { NodeError } from "./errors.js";
import type { NodeUrl } from "./nodeUrl.js";
import { firstLine, millisecondsIn } from "./retry.js";
import type { Answer } from "./socket.js";

/** What came of a request over HTTP: answers, or in words what came instead. */
export type Posted = { answers: Answer[] } | { problem: string; passing: boolean; retryAfter?: number };

/** A connection to a node over HTTP whose failures are typed and name the node without its keys. */
export class HttpProvider extends JsonRpcProvider {
  readonly #url: NodeUrl;
  readonly #timeout: number;

  /**
   * @param timeout Milliseconds after which a request is given up.
   * @param network The chain that the node serves.
   */
  constructor(url: NodeUrl, timeout: number, network: Network) {
    super(requestTo(url, timeout), network, { staticNetwork: network, cacheTimeout: -1 });
    this.#url = url;
    this.#timeout = timeout;
  }

  override async _send(payload: JsonRpcPayload | JsonRpcPayload[]): Promise<JsonRpcResult[]> {
    const posted = await post(this.#url, this.#timeout, payload);
    const [{ method }] = Array.isArray(payload) ? (payload as [JsonRpcPayload]) : [payload];
    if ("problem" in posted) throw new NodeError(method, posted.problem, posted);
    const { answers } = posted;
    const whole = answers.length === 1 ? answers[0] : undefined;
    if (Array.isArray(payload) && payload.length > 1 && whole !== undefined) {
      // A node that takes no batches, or none of this size, says so once for all of them.
      const each = await Promise.all(payload.map((one) => this._send(one)));
      return each.flat();
    }
    if (!Array.isArray(payload) && whole !== undefined && "error" in whole) {
      // Some nodes do not say which request they refuse.
      return [{ ...whole, id: payload.id } as unknown as JsonRpcResult];
    }
    // ethers looks for errors among the results.
    return answers as JsonRpcResult[];
  }
}

/** Sends requests once; only a node that asks for patience is asked again. */
export async function post(url: NodeUrl, timeout: number, payload: JsonRpcPayload | JsonRpcPayload[]): Promise<Posted> {
  const request = requestTo(url, timeout);
  request.body = JSON.stringify(payload);
  request.setHeader("content-type", "application/json");
  let response: FetchResponse;
  try {
    response = await request.send();
  } catch (error) {
    return { problem: `${url.shown} ${unreachable(error, timeout)}`, passing: true };
  }
  const answers = answersIn(response);
  const { statusCode: status, statusMessage } = response;
  if (answers !== undefined && ![401, 403, 429].includes(status)) return { answers };
  const said = `${url.shown} answered ${status} ${statusMessage}`.trimEnd();
  if (status === 401 || status === 403) return { problem: `${said}, so it wants a key, or another`, passing: false };
  if (status === 429) {
    const retryAfter = millisecondsIn(response.headers["retry-after"]);
    return { problem: `${said}, so it allows fewer requests`, passing: true, retryAfter };
  }
  if (status >= 400 && status < 500 && status !== 408 && status !== 413) {
    return { problem: `${said}, so it is no node, or not under that path`, passing: false };
  }
  if (status < 200 || status >= 300) return { problem: said, passing: true };
  const body = text(response).trimStart();
  const what = body === "" ? "with nothing" : body.startsWith("<") ? "with a web page" : "with no JSON-RPC";
  return { problem: `${url.shown} answered ${what}, so it is no node, or not under that path`, passing: false };
}

function requestTo({ href, credentials }: NodeUrl, timeout: number): FetchRequest {
  const request = new FetchRequest(href);
  request.timeout = timeout;
  // Repeating is for those who know what is safe to repeat.
  request.retryFunc = () => Promise.resolve(false);
  if (credentials !== undefined) {
    // Whoever writes them into an address without TLS means it.
    request.allowInsecureAuthentication = true;
    request.setCredentials(credentials.user, credentials.password);
  }
  return request;
}

/** Why there was no response at all, in words that hold no key. */
function unreachable(error: unknown, timeout: number): string {
  if (isError(error, "TIMEOUT")) return `did not answer within ${timeout / 1000} s`;
  if (!(error instanceof Error)) return "cannot be reached";
  const { code } = error as { code?: unknown };
  const why =
    typeof code === "string" && code.startsWith("E") ? code : firstLine(error.message).replace(/\S*:\/\/\S*/g, "…");
  return why === "" ? "cannot be reached" : `cannot be reached (${why})`;
}

/** The answers in a response, as far as it is one of JSON-RPC. */
function answersIn(response: FetchResponse): Answer[] | undefined {
  try {
    const body: unknown = JSON.parse(text(response));
    const list: unknown[] = Array.isArray(body) ? body : [body];
    return list.length > 0 && list.every(isAnswer) ? list : undefined;
  } catch {
    return undefined;
  }
}

function isAnswer(value: unknown): value is Answer {
  return typeof value === "object" && value !== null && ("result" in value || "error" in value);
}

/** What was sent, or nothing if it is no text. */
function text(response: FetchResponse): string {
  try {
    return response.hasBody() ? response.bodyText : "";
  } catch {
    return "";
  }
}
