import type { Block, Log } from "ethers";
import { NodeError } from "../errors.js";
import { decodeLog, type ProtocolEvent } from "../execute.js";
import type { Protocol } from "../protocol.js";
import { within } from "../retry.js";
import type { LogFilter } from "./filter.js";

/** What a watcher needs of a block. */
export interface Header {
  readonly number: number;
  readonly hash: string;
  readonly parentHash: string;
  /** Whether it has no transactions, hence no logs. Blooms say nothing: some chains leave them zero. */
  readonly empty: boolean;
}

/** The part of a connection that watching needs. */
export type Watchable = Pick<Protocol, "addresses" | "provider" | "patience" | "head">;

/** Asks the node, once each; failures are repeated by the caller, with all that depends on them. */
export interface Reader {
  headNumber(): Promise<number>;
  /** A block by number or hash; `null` if the node that answers does not know it. */
  header(at: number | string): Promise<Header | null>;
  /** A block by its hash, asked for a few times: where replicas take turns, one of them may know it. */
  known(hash: string): Promise<Header | null>;
  /**
   * The events in a block; `undefined` if the chain has another block in its place.
   *
   * @throws {NodeError} if the node that answers does not know the block.
   */
  eventsOf(header: Header): Promise<ProtocolEvent[] | undefined>;
  /**
   * The events in a range of blocks with the last block's header, of a node that has `depth` blocks above it.
   *
   * @param base A block that must be part of the same chain.
   * @throws {NodeError} if the node that answers is behind.
   */
  eventsIn(from: number, to: number, depth: number, base?: Header): Promise<RangeAnswer>;
}

export type RangeAnswer =
  | { readonly events: ProtocolEvent[]; readonly top: Header }
  /** Too many blocks or logs for this node. */
  | "refused"
  /** What the chain has in the base's place. */
  | { readonly instead: Header };

/** How often a block by its hash is asked for in a row. */
const LOOKS = 3;

const TOO_MUCH =
  /more than [\d,]+ (?:results|logs)|too many (?:results|logs|blocks)|(?:block )?range (?:is )?(?:too|exceed|limit)|(?:block|max\w*) range|range of blocks|limited to|ranges over|exceeds? (?:the |max\w* |block |log )?(?:range|limit|results|response)|(?:logs?|response|result) (?:\w+ )*(?:size|limit)|too large|query timeout|\b413\b/i;
const NOT_TOO_MUCH = /beyond|head block|rate.?limit|too many requests|unknown block|invalid block range/i;

/** Whether a node refuses a range of logs because of its size. */
export function isTooMuch(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // What ethers appends to a message repeats the request.
  const text = error.message.split(", payload=")[0] ?? "";
  return TOO_MUCH.test(text) && !NOT_TOO_MUCH.test(text);
}

/** Whether a node did not answer in time. */
function isTooSlow(error: unknown): boolean {
  return error instanceof Error && /did not answer within|timed? ?out|Waited/i.test(error.message);
}

/** A reader of a connection's events that match a filter. */
export function createReader({ addresses, provider, patience }: Watchable, filter: LogFilter): Reader {
  /** No single request may take as long as an outage. */
  const ask = <T>(name: string, request: Promise<T>) => within(name, request, patience.requests);
  const behind = (what: string) => new NodeError(what, "the node that answered is behind the others");

  const headNumber = () => ask("eth_blockNumber", provider.getBlockNumber());
  const header = async (at: number | string) => {
    const block: Block | null = await ask("a block", provider.getBlock(at));
    if (block?.hash == null) return null;
    const { number, hash, parentHash, transactions } = block;
    return { number, hash, parentHash, empty: transactions.length === 0 };
  };
  /** Logs, or why there are none, so that what was asked along with them can be looked at first. */
  const logs = (where: { blockHash: string } | { fromBlock: number; toBlock: number }): Promise<Log[] | Error> =>
    ask(
      "eth_getLogs",
      provider.getLogs({ ...where, address: [...filter.address], topics: filter.topics.map(copy) }),
    ).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
  const events = (found: Log[]) =>
    found
      .filter(filter.matches)
      .sort((a, b) => a.blockNumber - b.blockNumber || a.index - b.index)
      .flatMap((log) => decodeLog({ addresses }, log) ?? []);

  const eventsAt = (hash: string, found: Log[] | Error) => {
    if (found instanceof Error) throw found;
    if (found.some((log) => log.blockHash !== hash)) {
      throw new NodeError(`the logs of block ${hash}`, "it answered with logs of another block");
    }
    return events(found);
  };

  return {
    headNumber,
    async known(hash) {
      for (let look = 1; ; look++) {
        const found = await header(hash);
        if (found !== null || look === LOOKS) return found;
      }
    },
    header,

    async eventsOf({ number, hash, empty }) {
      if (empty) return [];
      for (let look = 1; ; look++) {
        // Asked in one tick, so in one batch: the same replica answers both.
        const [known, found] = await Promise.all([header(hash), logs({ blockHash: hash })]);
        if (known === null && look < LOOKS) continue;
        if (known !== null) return eventsAt(hash, found);
        const other = await header(number);
        if (other !== null && other.hash !== hash) return undefined;
        throw behind(`the logs of block ${number}`);
      }
    },

    async eventsIn(from, to, depth, base) {
      const rest = Promise.all([base === undefined ? undefined : header(base.number), header(to), headNumber()]);
      const logsFound = logs({ fromBlock: from, toBlock: to });
      rest.catch(() => undefined);
      const found = await logsFound;
      // A batch that is too large or too slow as a whole fails as a whole.
      if (isTooMuch(found) || (to > from && isTooSlow(found))) return "refused";
      const [below, top, head] = await rest;
      if (top === null || below === null || head < to + depth) throw behind(`the logs of blocks ${from} to ${to}`);
      if (below !== undefined && below.hash !== base?.hash) return { instead: below };
      if (found instanceof Error) throw found;
      if (found.some((log) => log.blockNumber < from || log.blockNumber > to)) {
        throw new NodeError(`the logs of blocks ${from} to ${to}`, "it answered with logs of other blocks");
      }
      return { events: events(found), top };
    },
  };
}

const copy = (topics: string[] | null) => (topics === null ? null : [...topics]);
