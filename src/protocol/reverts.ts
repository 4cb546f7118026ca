import { Interface, isCallException, isError, isHexString } from "ethers";
import { errorsAbi, type RevertArguments } from "../../typechain-types/abi/errors.js";
import { argumentsOf } from "./decode.js";
import { OpenGpuError } from "./errors.js";
import { SENTENCES } from "./sentences.js";

/** Names of the custom errors that calls of the suite can end with. */
export type RevertName = keyof RevertArguments;

/**
 * A contract refused a call; nothing changed. Narrow by {@link revert}, e.g.
 * `if (error instanceof RevertError && error.is("CapBelowFloor")) error.args.floorPrice`.
 */
export class RevertError<N extends RevertName = RevertName> extends OpenGpuError {
  override readonly name = "RevertError";
  /** Name of the custom error. */
  readonly revert: N;
  readonly args: RevertArguments[N];
  /** What was attempted, e.g. `taskManager.submit`. */
  readonly action: string;

  /**
   * @param revert Name of the custom error.
   * @param args Its arguments.
   * @param action What was attempted.
   */
  constructor(revert: N, args: RevertArguments[N], action: string, options?: ErrorOptions) {
    super(SENTENCES[revert](args), options);
    this.revert = revert;
    this.args = args;
    this.action = action;
  }

  /** What any class has, but typed: else `instanceof` would make the names `any`, and {@link is} would tell nothing. */
  static override [Symbol.hasInstance](value: unknown): value is RevertError {
    return Function.prototype[Symbol.hasInstance].call(this, value);
  }

  /** Whether it is one of these, for the compiler too. */
  is<K extends N>(...names: K[]): this is RevertError<K> {
    return names.some((name) => name === this.revert);
  }
}

/** A contract refused a call without one of the suite's errors: a panic, a plain reason, or nothing at all. */
export class UnknownRevertError extends OpenGpuError {
  override readonly name = "UnknownRevertError";
  readonly action: string;
  /** What the call reverted with, hexadecimal; `undefined` if the node did not tell. */
  readonly data: string | undefined;

  /**
   * @param action What was attempted.
   * @param reason Reason in words, as far as known.
   * @param data Revert data.
   */
  constructor(action: string, reason: string, data: string | undefined, options?: ErrorOptions) {
    super(`${action} was refused: ${reason}.`, options);
    this.action = action;
    this.data = data;
  }
}

const ERRORS = /* @__PURE__ */ new Interface(errorsAbi);

/** Whether it is a selector and whole words behind it, in hexadecimal: no hash or address has that length. */
const isRevertData = (value: unknown): value is string =>
  isHexString(value) && value.length >= 10 && (value.length - 10) % 64 === 0;

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/** Finds revert data in whatever a node or a wallet made of it. */
export function revertDataIn(error: unknown): string | undefined {
  const queue: unknown[] = [error];
  const seen = new Set<unknown>();
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
    if (!isObject(item) || seen.has(item)) continue;
    seen.add(item);
    const parts = item as Record<string, unknown>;
    const data = [parts["data"], parts["result"], parts["return"]].find(isRevertData);
    if (data !== undefined) return data;
    queue.push(...["data", "error", "info", "cause", "result", "value"].map((key) => parts[key]).filter(isObject));
    // Ganache keys what reverted by the transaction's hash.
    if (isObject(parts["data"])) queue.push(...Object.values(parts["data"]).filter(isObject));
  }
  return undefined;
}

/**
 * Turns revert data into a typed error.
 *
 * @param data Revert data, hexadecimal; empty or unknown data gives an {@link UnknownRevertError}.
 * @param action What was attempted, e.g. `taskManager.submit`.
 */
export function decodeRevert(data: string | undefined, action: string, options?: ErrorOptions): OpenGpuError {
  if (data === undefined || data === "0x") {
    return new UnknownRevertError(action, "the contract gave no reason", data, options);
  }
  try {
    const description = ERRORS.parseError(data);
    if (description?.name === "Error")
      return new UnknownRevertError(action, String(description.args[0]), data, options);
    if (description?.name === "Panic") {
      return new UnknownRevertError(action, `panic ${String(description.args[0])}`, data, options);
    }
    if (description) {
      const name = description.name as RevertName;
      const args = argumentsOf(description.fragment.inputs, description.args) as RevertArguments[RevertName];
      return new RevertError(name, args, action, options);
    }
  } catch {
    // Falls through: data that only looks like one of the errors.
  }
  return new UnknownRevertError(action, `it reverted with ${data}`, data, options);
}

/**
 * The typed error for a failed call, or `undefined` if the failure was not a revert.
 *
 * @param error What ethers threw.
 * @param action What was attempted.
 */
export function revertOf(error: unknown, action: string): OpenGpuError | undefined {
  const data = revertDataIn(error);
  if (data !== undefined) return decodeRevert(data, action, { cause: error });
  if (isCallException(error)) {
    return error.reason === null
      ? decodeRevert(undefined, action, { cause: error })
      : new UnknownRevertError(action, error.reason, undefined, { cause: error });
  }
  // Nodes that tell a revert without data say so in words.
  if (isError(error, "UNKNOWN_ERROR") && /revert/i.test(error.message))
    return decodeRevert(undefined, action, { cause: error });
  return undefined;
}

/** Whether a contract refused, for a known reason or an unknown one. */
export function isRevert(error: unknown): error is RevertError | UnknownRevertError {
  return error instanceof RevertError || error instanceof UnknownRevertError;
}
