import { AbiCoder, concat, type Result } from "ethers";
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

/** Values of reads, in their sequence. */
type Values<R extends readonly Read<unknown>[]> = { -readonly [I in keyof R]: R[I] extends Read<infer V> ? V : never };

/**
 * Makes many reads in one request, all of one block, which is not older than any block that this connection has seen:
 * a node behind it is asked again. The answers together must fit in 24,576 bytes.
 *
 * @throws {RevertError} of the first read that is refused.
 * @throws {NodeError} if the node does not answer or stays behind.
 */
export async function readBatch<const R extends readonly Read<unknown>[]>(
  protocol: Protocol,
  reads: R,
): Promise<Batch<Values<R>>> {
  const calls = reads.map(({ contract, method, args }) => ({
    target: protocol.addresses[contract],
    data: INTERFACES[contract].encodeFunctionData(method, args),
  }));
  const coder = AbiCoder.defaultAbiCoder();
  const data = concat([CallBatch__factory.bytecode, coder.encode(["tuple(address target, bytes data)[]"], [calls])]);
  const { provider, patience, head } = protocol;
  const end = Date.now() + patience.requests;
  for (;;) {
    const answer = await ask();
    const [number, timestamp, answers] = decode(answer);
    if (Number(number) >= head.number) {
      head.number = Number(number);
      const values = reads.map((one, index) => valueOf(one, answers[index]));
      return { blockNumber: Number(number), timestamp: Number(timestamp), values: values as Values<R> };
    }
    if (Date.now() >= end) throw new NodeError("eth_call", `it is at block ${number}, behind block ${head.number}`);
    await pause(patience.interval);
  }

  async function ask(): Promise<string> {
    try {
      return await persist("eth_call", () => provider.call({ data }), patience.requests);
    } catch (error) {
      throw revertOf(error, "a batch of reads") ?? error;
    }
  }

  function decode(answer: string): [bigint, bigint, { success: boolean; data: string }[]] {
    try {
      const types = ["uint256", "uint256", "tuple(bool success, bytes data)[]"];
      return coder.decode(types, answer).toArray() as [bigint, bigint, { success: boolean; data: string }[]];
    } catch (error) {
      throw new OpenGpuError(`The node does not run reads in batches: it answered ${answer.slice(0, 66)}.`, {
        cause: error,
      });
    }
  }
}

function valueOf({ contract, method }: Read<unknown>, answer: { success: boolean; data: string } | undefined): unknown {
  if (answer === undefined) throw new OpenGpuError(`The batch has no answer to ${contract}.${method}.`);
  if (!answer.success) throw decodeRevert(answer.data, `${contract}.${method}`);
  const result: Result = INTERFACES[contract].decodeFunctionResult(method, answer.data);
  return result.length === 1 ? (result[0] as unknown) : result;
}
