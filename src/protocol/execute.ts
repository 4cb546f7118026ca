import { Interface, type Log, type TransactionReceipt } from "ethers";
import { escrowAbi } from "../../typechain-types/abi/Escrow.js";
import type { EventArguments } from "../../typechain-types/abi/events.js";
import { providerPoolAbi } from "../../typechain-types/abi/ProviderPool.js";
import { reputationAbi } from "../../typechain-types/abi/Reputation.js";
import { sourceRegistryAbi } from "../../typechain-types/abi/SourceRegistry.js";
import { taskManagerAbi } from "../../typechain-types/abi/TaskManager.js";
import { argumentsOf } from "./decode.js";
import { OpenGpuError, ReadOnlyError } from "./errors.js";
import type { Protocol, SuiteContracts, SuiteKey } from "./protocol.js";
import type { SendOptions } from "./sender.js";

/** Interfaces of the contracts by their name in this library. */
export const INTERFACES: Record<SuiteKey, Interface> = {
  escrow: /* @__PURE__ */ new Interface(escrowAbi),
  sourceRegistry: /* @__PURE__ */ new Interface(sourceRegistryAbi),
  providerPool: /* @__PURE__ */ new Interface(providerPoolAbi),
  reputation: /* @__PURE__ */ new Interface(reputationAbi),
  taskManager: /* @__PURE__ */ new Interface(taskManagerAbi),
};

/** Where in the chain an event is. */
export interface EventPlace {
  readonly blockNumber: number;
  readonly blockHash: string;
  readonly transactionHash: string;
  /** Place among the logs of its block. */
  readonly logIndex: number;
}

/** An event of one contract with its arguments. */
export type EventOf<K extends SuiteKey, N extends keyof EventArguments[K] = keyof EventArguments[K]> = {
  [M in N]: EventPlace & { readonly contract: K; readonly name: M; readonly args: EventArguments[K][M] };
}[N];

/** An event of any contract of the suite: narrow by `contract` and `name`. */
export type ProtocolEvent = { [K in SuiteKey]: EventOf<K> }[SuiteKey];

/** A mined transaction. */
export interface Executed {
  readonly transactionHash: string;
  readonly blockNumber: number;
  readonly gasUsed: bigint;
  /** Paid for the gas, wei. */
  readonly cost: bigint;
  /** All events of the suite in it. */
  readonly events: ProtocolEvent[];
}

/** Names of the functions of a contract. */
export type Method<K extends SuiteKey> = Extract<keyof SuiteContracts[K], string>;
/** Arguments of a function of a contract. */
export type Arguments<C, M extends keyof C> = C[M] extends { staticCall: (...args: infer A) => unknown } ? A : never;

/**
 * Sends one call of a contract of the suite and waits until it is mined.
 *
 * @param args Arguments of the method, without overrides.
 * @param value Wei to send along.
 * @throws {ReadOnlyError} and whatever {@link Sender.send} throws.
 */
export async function execute<K extends SuiteKey, M extends Method<K>>(
  protocol: Protocol,
  contract: K,
  method: M,
  args: Arguments<SuiteContracts[K], M>,
  { value, ...options }: SendOptions & { value?: bigint } = {},
): Promise<Executed> {
  if (protocol.sender === undefined) throw new ReadOnlyError();
  const call = {
    to: protocol.addresses[contract],
    data: INTERFACES[contract].encodeFunctionData(method, args),
    ...(value !== undefined && { value }),
  };
  const receipt = await protocol.sender.send(call, `${contract}.${method}`, options);
  return executed(protocol, receipt);
}

/** What a mined transaction did to the suite. */
export function executed(protocol: Protocol, receipt: TransactionReceipt): Executed {
  return {
    transactionHash: receipt.hash,
    blockNumber: receipt.blockNumber,
    gasUsed: receipt.gasUsed,
    cost: receipt.fee,
    events: receipt.logs.flatMap((log) => decodeLog(protocol, log) ?? []),
  };
}

/** The event of the suite that a log is, or `undefined` if it is of another contract. */
export function decodeLog({ addresses }: Pick<Protocol, "addresses">, log: Log): ProtocolEvent | undefined {
  for (const [key, address] of Object.entries(addresses) as [SuiteKey, string][]) {
    if (address.toLowerCase() !== log.address.toLowerCase()) continue;
    const description = INTERFACES[key].parseLog(log);
    if (description === null) return undefined;
    return {
      contract: key,
      name: description.name,
      args: argumentsOf(description.fragment.inputs, description.args),
      blockNumber: log.blockNumber,
      blockHash: log.blockHash,
      transactionHash: log.transactionHash,
      logIndex: log.index,
    } as unknown as ProtocolEvent;
  }
  return undefined;
}

/**
 * The arguments of an event that a transaction must have emitted.
 *
 * @throws {OpenGpuError} if it has not: the contract there is another one than it should be.
 */
export function emitted<K extends SuiteKey, N extends keyof EventArguments[K] & string>(
  { events, transactionHash }: Executed,
  contract: K,
  name: N,
): EventArguments[K][N] {
  const found = events.find((event) => event.contract === contract && event.name === name);
  if (found === undefined) throw new OpenGpuError(`Transaction ${transactionHash} emitted no ${contract}.${name}.`);
  return found.args as EventArguments[K][N];
}
