import type { EventArguments } from "../../../typechain-types/abi/events.js";
import type { escrowAbi } from "../../../typechain-types/abi/Escrow.js";
import type { providerPoolAbi } from "../../../typechain-types/abi/ProviderPool.js";
import type { reputationAbi } from "../../../typechain-types/abi/Reputation.js";
import type { sourceRegistryAbi } from "../../../typechain-types/abi/SourceRegistry.js";
import type { taskManagerAbi } from "../../../typechain-types/abi/TaskManager.js";
import type { EventOf, ProtocolEvent } from "../execute.js";
import type { SuiteKey } from "../protocol.js";

/** Where in the chain a reader stands: just after a log. Plain JSON. */
export interface Cursor {
  readonly blockNumber: number;
  readonly blockHash: string;
  /** Place of that log in its block; `null`: after all of the block. */
  readonly logIndex: number | null;
}

/** An event as a watcher yields it. */
export type Watched<E extends ProtocolEvent = ProtocolEvent> = E & {
  /** Whether the chain has dropped the block of this event, which was yielded before. */
  readonly removed: boolean;
  /** From here a restarted program goes on. */
  readonly cursor: Cursor;
};

/** Full name of an event, e.g. `taskManager.TaskSubmitted`. */
export type EventName = { [K in SuiteKey]: `${K}.${keyof EventArguments[K] & string}` }[SuiteKey];
/** Full name of an event, or e.g. `escrow.*` for all of one contract. */
export type EventPattern = EventName | `${SuiteKey}.*`;

/** The events that a pattern names. */
export type EventNamed<P extends EventPattern> = P extends `${infer K extends SuiteKey}.${infer N}`
  ? N extends "*"
    ? EventOf<K>
    : N extends keyof EventArguments[K]
      ? EventOf<K, N>
      : never
  : never;

interface Abis {
  escrow: typeof escrowAbi;
  sourceRegistry: typeof sourceRegistryAbi;
  providerPool: typeof providerPoolAbi;
  reputation: typeof reputationAbi;
  taskManager: typeof taskManagerAbi;
}
type Inputs<K extends SuiteKey, N> = Extract<Abis[K][number], { type: "event"; name: N }>["inputs"][number];
/** Names of the indexed arguments of an event. */
type Indexed<E> = E extends { contract: infer K extends SuiteKey; name: infer N }
  ? Extract<Inputs<K, N>, { indexed: true }>["name"]
  : never;
type Argument<E, A extends string> = E extends { args: { readonly [X in A]: infer V } } ? V : never;
type Given<V> = V extends bigint ? bigint | number : V;

/** Values that indexed arguments must have: one, or one of several. */
export type Where<P extends EventPattern> = {
  readonly [A in Indexed<EventNamed<P>>]?: OneOf<Given<Argument<EventNamed<P>, A>>> | undefined;
};
type OneOf<V> = V | readonly V[];

/** What to watch and how. */
export interface WatchOptions<P extends EventPattern = EventPattern> {
  /** Names of events, e.g. `taskManager.TaskSubmitted` or `escrow.*`; all of the suite if left out. */
  readonly events?: readonly P[] | undefined;
  /** Values of indexed arguments. Only events that have all of these arguments are yielded. */
  readonly where?: Where<P> | undefined;
  /** First block, or where another watcher with the same filter stopped; by default the next block to be mined. */
  readonly from?: number | Cursor | undefined;
  /** Last block: when it has its confirmations, the iterator ends. */
  readonly to?: number | undefined;
  /** Blocks that must stand on a block, itself included, before its events are yielded; 1 by default. */
  readonly confirmations?: number | undefined;
  /** How many blocks the chain may replace, counted from the newest; 64 by default. */
  readonly reorgDepth?: number | undefined;
  /** Most blocks in one request for old logs; 2,000 by default, fewer where the node refuses. */
  readonly rangeSize?: number | undefined;
  /** For how long the node may be unreachable or behind, milliseconds; ten minutes by default. */
  readonly outage?: number | undefined;
  /** Ends the iterator. */
  readonly signal?: AbortSignal | undefined;
}
