import { NodeError } from "../errors.js";
import type { ProtocolEvent } from "../execute.js";
import { persist } from "../retry.js";
import { createBranch, type Link } from "./branch.js";
import { ReorgTooDeepError } from "./errors.js";
import type { HeadWatch } from "./heads.js";
import type { Plan } from "./options.js";
import type { Header, Reader, Watchable } from "./reader.js";
import { resume } from "./resume.js";
import type { Watched } from "./types.js";

/** Blocks that are asked for at a time near the head. */
const WINDOW = 16;
/** A range that a node refused is halved; after so many that it took, doubled again. */
const RANGES_UNTIL_LARGER = 10;

export interface Followed {
  protocol: Watchable;
  reader: Reader;
  plan: Plan;
  /** First block if the plan names none. */
  first: number;
  heads: HeadWatch;
  signal: AbortSignal;
}

/** New blocks of the branch to follow, from the lowest up, and the highest block that stays below them. */
interface Extension {
  fork: number;
  headers: Header[];
}

/**
 * Follows the chain. Every call of the function that it returns brings what comes next, which may be nothing, or
 * `undefined` at the end of the plan. A call changes what is remembered only once its requests have all succeeded, so
 * they can be repeated at will.
 *
 * Old blocks are read by ranges, and only from a node that has so many blocks above the range that it cannot change.
 * Newer ones are read one by one: the header by number, which must be the child of the block before; then, when enough
 * blocks stand on it, its logs by hash, for which a node that does not know the block cannot answer too few. Another
 * branch counts when it is longer than the one followed and no lower than any block seen: what is lower comes from a node
 * that lags behind.
 */
export function createFollower({ protocol, reader, plan, first, heads, signal }: Followed) {
  const { head } = protocol;
  const { from = first, to, confirmations, reorgDepth, outage } = plan;
  /** Blocks below the head that may still change, or that are not confirmed. */
  const depth = Math.max(reorgDepth, confirmations);
  const branch = createBranch();
  /** First block, as long as it is remembered: if it is replaced, what is before it does not matter. */
  let origin = typeof from === "number" ? from : undefined;
  /** First block whose events have not been yielded. */
  let next = typeof from === "number" ? from : from.blockNumber + 1;
  let size = plan.rangeSize;
  let accepted = 0;
  let started = false;

  const insist = <T>(request: string, ask: () => Promise<T>) => persist(request, ask, outage, signal);
  const saw = (number: number) => {
    head.number = Math.max(head.number, number);
  };

  return async function step(): Promise<Watched[] | undefined> {
    if (!started) {
      const rest = await start();
      started = true;
      return rest;
    }
    const due = branch.due(Math.min(to, (branch.tip?.number ?? 0) - confirmations + 1), WINDOW);
    if (due.length > 0) return deliver(due);
    if (next > to) return undefined;
    const base = branch.tip?.number ?? next - 1;
    if (head.number <= base) saw(await insist("eth_blockNumber", () => reader.headNumber()));
    if (head.number <= base) {
      await heads.wait(signal);
      return [];
    }
    return head.number - depth > base ? readRange() : extend(base);
  };

  /** What follows the cursor in its own block. */
  async function start(): Promise<Watched[]> {
    if (typeof from === "number") {
      saw(await insist("eth_blockNumber", () => reader.headNumber()));
      return [];
    }
    const header = await resume(branch, reader, protocol, { cursor: from, depth, outage, signal });
    const { logIndex } = from;
    if (logIndex === null) return [];
    const events = await insist("the logs of the cursor's block", () => reader.eventsOf(header));
    const rest = (events ?? []).filter((event) => event.logIndex > logIndex);
    branch.at(header.number)?.events?.push(...rest);
    return rest.map(added);
  }

  /** Events of blocks that will not change. */
  async function readRange(): Promise<Watched[]> {
    const top = Math.min(head.number - depth, next + size - 1, to);
    const base = branch.tip;
    const answer = await insist(`the logs of blocks ${next} to ${top}`, () => reader.eventsIn(next, top, depth, base));
    if (answer === "refused") {
      if (size === 1) throw new NodeError(`the logs of block ${next}`, "it refuses even a single block as too large");
      size = Math.ceil((top - next + 1) / 2);
      accepted = 0;
      return [];
    }
    if ("instead" in answer) {
      return apply(await insist("the new branch", () => divergence(answer.instead)));
    }
    if (++accepted % RANGES_UNTIL_LARGER === 0) size = Math.min(size * 2, plan.rangeSize);
    branch.restart(answer.top);
    origin = undefined;
    next = top + 1;
    saw(top);
    return answer.events.map(added);
  }

  /** The next headers, whether of the branch followed or of another. */
  async function extend(base: number): Promise<Watched[]> {
    const numbers = Array.from({ length: Math.min(head.number - base, WINDOW) }, (_, index) => base + 1 + index);
    return apply(
      await insist(`block ${base + 1}`, async () => {
        const [height, child, ...others] = await Promise.all([
          reader.headNumber(),
          ...numbers.map((number) => reader.header(number)),
        ]);
        if (child == null) throw new NodeError(`block ${base + 1}`, "it does not know that block yet");
        if (branch.tip !== undefined && branch.tip.hash !== child.parentHash) {
          if (height >= head.number) return divergence(child);
          throw new NodeError(`block ${base + 1}`, "the node that answered has an older branch");
        }
        const headers = [child];
        for (const header of others) {
          if (header?.parentHash !== headers.at(-1)?.hash) break;
          if (header != null) headers.push(header);
        }
        return { fork: base, headers };
      }),
    );
  }

  /** Changes over to other blocks; yields what that takes back. */
  function apply({ fork, headers }: Extension): Watched[] {
    const back = branch.cut(fork).flatMap(takenBack);
    next = Math.min(next, fork + 1);
    branch.push(...headers.map((header) => ({ header, events: undefined })));
    saw(headers.at(-1)?.number ?? 0);
    return back;
  }

  /** Events of blocks whose turn has come. */
  async function deliver(due: Link[]): Promise<Watched[]> {
    const found = await insist(`the logs of block ${next}`, () =>
      Promise.all(due.map(({ header }) => reader.eventsOf(header))),
    );
    const items: Watched[] = [];
    for (const [index, link] of due.entries()) {
      const events = found[index];
      if (events === undefined) {
        // Replaced before anything of it was yielded, and forgotten: look at the chain again.
        branch.cut(link.header.number - 1);
        if (items.length === 0) await heads.wait(signal);
        break;
      }
      link.events = events;
      next = link.header.number + 1;
      items.push(...events.map(added));
    }
    branch.trim(depth + 1);
    return items;
  }

  /** Walks a new branch down to where it leaves the one followed. */
  async function divergence(top: Header): Promise<Extension> {
    const headers = [top];
    let low = top;
    while (branch.at(low.number - 1)?.header.hash !== low.parentHash && low.number !== origin) {
      if (low.number <= (branch.lowest ?? 0)) throw new ReorgTooDeepError(low.number, reorgDepth);
      const parent = await reader.known(low.parentHash);
      if (parent === null) throw new NodeError(`block ${low.number - 1}`, "it does not know that block yet");
      headers.unshift(parent);
      low = parent;
    }
    return { fork: low.number - 1, headers };
  }
}

const added = (event: ProtocolEvent): Watched => ({
  ...event,
  removed: false,
  cursor: { blockNumber: event.blockNumber, blockHash: event.blockHash, logIndex: event.logIndex },
});

/** The events of a block in reverse; the cursor of each stands before it. */
function takenBack({ header, events = [] }: Link): Watched[] {
  return events
    .map((event, index) => {
      const before = events[index - 1];
      const cursor =
        before === undefined
          ? { blockNumber: header.number - 1, blockHash: header.parentHash, logIndex: null }
          : { blockNumber: before.blockNumber, blockHash: before.blockHash, logIndex: before.logIndex };
      return { ...event, removed: true, cursor };
    })
    .reverse();
}
