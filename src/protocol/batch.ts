import { AbiCoder, concat, type ParamType, type Result } from "ethers";
import { CallBatch__factory } from "../../typechain-types/factories/lens/CallBatch__factory.js";
import { NodeError, OpenGpuError } from "./errors.js";
import { type Arguments, INTERFACES, type Method } from "./execute.js";
import type { Protocol, SuiteContracts, SuiteKey } from "./protocol.js";
import { pause, persist } from "./retry.js";
import { decodeRevert, revertOf } from "./reverts.js";

type Returned<C, M extends keyof C> = C[M] extends { staticCall: (...args: infer _A) => Promise<infer R> } ? R : never;

/** One read of a batch, typed by what it returns. */
export interface Read<R> {
  readonly contract: SuiteKey;
  readonly method: string;
  readonly args: readonly unknown[];
  /** Only for the compiler. */
  readonly returns?: R;
}

/** A read to be made in a batch. */
export function read<K extends SuiteKey, M extends Method<K>>(
  contract: K,
  method: M,
  ...args: Arguments<SuiteContracts[K], M>
): Read<Returned<SuiteContracts[K], M>> {
  return { contract, method, args };
}

/** Answers of a batch, all of the same block. */
export interface Batch<T> {
  readonly blockNumber: number;
  /** Unix time of the block, seconds. */
  readonly timestamp: number;
  readonly values: T;
}

/** What a contract returned, or what it reverted with. */
interface Answer {
  readonly success: boolean;
  readonly data: string;
}

/** Values of reads, in their sequence. */
type Values<R extends readonly Read<unknown>[]> = { -readonly [I in keyof R]: R[I] extends Read<infer V> ? V : never };

/** Bytes that the answers to one request may have together: what a node may return is as long as code may be. */
const ROOM = 24_000;
/** Bytes that are kept for an answer whose length is not known before. */
const UNKNOWN_LENGTH = 4_096;
/** Bytes of an answer beside what the contract returned. */
const AROUND = 4 * 32;

/**
 * Makes many reads of one block, which is not older than any block that this connection has seen: a node behind it is
 * asked again. They are one request, or, if their answers are too long for one, several about the block of this number:
 * only if it is replaced in between can they be of two chains.
 *
 * @throws {RevertError} of the first read that is refused.
 * @throws {NodeError} if the node does not answer or stays behind.
 */
export async function readBatch<const R extends readonly Read<unknown>[]>(
  protocol: Protocol,
  reads: R,
): Promise<Batch<Values<R>>> {
  const { patience, head } = protocol;
  const [first = [], ...others] = requestsOf(reads);
  const end = Date.now() + patience.requests;
  for (;;) {
    const { blockNumber, timestamp, values: answers } = await ask(protocol, first);
    if (blockNumber >= head.number) {
      head.number = blockNumber;
      for (const other of others) answers.push(...(await ask(protocol, other, blockNumber)).values);
      const values = reads.map((one, index) => valueOf(one, answers[index]));
      return { blockNumber, timestamp, values: values as Values<R> };
    }
    if (Date.now() >= end)
      throw new NodeError("eth_call", `it is at block ${blockNumber}, behind block ${head.number}`);
    await pause(patience.interval);
  }
}

/** Parts of the reads whose answers fit in one request each. */
function requestsOf(reads: readonly Read<unknown>[]): Read<unknown>[][] {
  const requests: Read<unknown>[][] = [[]];
  let left = ROOM;
  for (const one of reads) {
    const length = AROUND + lengthOf(one);
    if (length > left && left < ROOM) {
      requests.push([]);
      left = ROOM;
    }
    requests.at(-1)?.push(one);
    left -= length;
  }
  return requests;
}

/** Bytes that a read returns. */
function lengthOf({ contract, method }: Read<unknown>): number {
  const outputs = INTERFACES[contract].getFunction(method)?.outputs ?? [];
  return outputs.reduce((sum, output) => sum + (sizeOf(output) ?? UNKNOWN_LENGTH), 0);
}

/** Bytes of a type in the ABI's encoding; `undefined` if they depend on the value. */
function sizeOf({ baseType, arrayLength, arrayChildren, components }: ParamType): number | undefined {
  if (baseType === "string" || baseType === "bytes" || arrayLength === -1) return undefined;
  if (baseType === "array") {
    const each = arrayChildren === null ? undefined : sizeOf(arrayChildren);
    return each === undefined ? undefined : each * (arrayLength ?? 0);
  }
  if (baseType !== "tuple") return 32;
  const sizes = (components ?? []).map(sizeOf);
  return sizes.reduce((sum, size) => (sum === undefined || size === undefined ? undefined : sum + size), 0);
}

/** Makes reads in one request, of the newest block or of one with this number. */
async function ask(
  { provider, patience, addresses }: Protocol,
  reads: readonly Read<unknown>[],
  block?: number,
): Promise<Batch<Answer[]>> {
  const calls = reads.map(({ contract, method, args }) => ({
    target: addresses[contract],
    data: INTERFACES[contract].encodeFunctionData(method, args),
  }));
  const coder = AbiCoder.defaultAbiCoder();
  const data = concat([CallBatch__factory.bytecode, coder.encode(["tuple(address target, bytes data)[]"], [calls])]);
  const request = block === undefined ? { data } : { data, blockTag: block };
  let answer: string;
  try {
    answer = await persist("eth_call", () => provider.call(request), patience.requests);
  } catch (error) {
    throw revertOf(error, "a batch of reads") ?? error;
  }
  const [number, timestamp, values] = decode(answer);
  return { blockNumber: Number(number), timestamp: Number(timestamp), values: [...values] };

  function decode(text: string): [bigint, bigint, Answer[]] {
    try {
      const types = ["uint256", "uint256", "tuple(bool success, bytes data)[]"];
      return coder.decode(types, text).toArray() as [bigint, bigint, Answer[]];
    } catch (error) {
      throw new OpenGpuError(`The node does not run reads in batches: it answered ${text.slice(0, 66)}.`, {
        cause: error,
      });
    }
  }
}

function valueOf({ contract, method }: Read<unknown>, answer: Answer | undefined): unknown {
  if (answer === undefined) throw new OpenGpuError(`The batch has no answer to ${contract}.${method}.`);
  if (!answer.success) throw decodeRevert(answer.data, `${contract}.${method}`);
  const result: Result = INTERFACES[contract].decodeFunctionResult(method, answer.data);
  return result.length === 1 ? (result[0] as unknown) : result;
}
