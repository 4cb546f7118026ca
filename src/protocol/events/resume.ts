import { NodeError } from "../errors.js";
import { pause, persist } from "../retry.js";
import type { Branch, Link } from "./branch.js";
import { CursorOrphanedError } from "./errors.js";
import type { Header, Reader, Watchable } from "./reader.js";
import type { Cursor } from "./types.js";

/** Requests that one batch may hold. */
const BATCH = 16;

export interface ResumeOptions {
  cursor: Cursor;
  /** Blocks that may be replaced. */
  depth: number;
  /** Milliseconds. */
  outage: number;
  signal: AbortSignal;
}

/**
 * Rebuilds the branch that a watcher followed when it stopped, up to the block of its cursor, with the events it had
 * yielded; so if some of these blocks have been or will be replaced, their events can be taken back.
 *
 * @returns The block of the cursor; its events after the cursor are still to be yielded, and are not on the branch.
 * @throws {CursorOrphanedError} if the block was replaced and the node does not tell what was in it.
 */
export async function resume(
  branch: Branch,
  reader: Reader,
  { head, patience }: Watchable,
  { cursor, depth, outage, signal }: ResumeOptions,
): Promise<Header> {
  const end = Date.now() + patience.requests;
  for (;;) {
    const links = await persist(
      `block ${cursor.blockNumber}`,
      async () => {
        head.number = Math.max(head.number, await reader.headNumber());
        if (head.number < cursor.blockNumber) throw unknownYet(cursor.blockNumber);
        const base = cursor.blockNumber <= head.number - depth ? await baseOf(reader, cursor, depth) : undefined;
        return base ?? linksOf(reader, cursor, Math.max(cursor.blockNumber - depth, 0));
      },
      outage,
      signal,
    );
    const last = links?.at(-1);
    if (links !== undefined && last !== undefined) {
      const { logIndex } = cursor;
      if (logIndex !== null) last.events = last.events?.filter((event) => event.logIndex <= logIndex);
      branch.push(...links);
      return last.header;
    }
    // Another replica may still know it.
    if (Date.now() >= end) throw new CursorOrphanedError(cursor);
    await pause(patience.interval, signal);
  }
}

/** A block so deep that it is never replaced, alone; `undefined` if it was. */
async function baseOf(reader: Reader, cursor: Cursor, depth: number): Promise<Link[] | undefined> {
  const [header, number] = await Promise.all([reader.header(cursor.blockNumber), reader.headNumber()]);
  if (header === null || number < cursor.blockNumber + depth) throw unknownYet(cursor.blockNumber);
  return header.hash === cursor.blockHash ? [{ header, events: [] }] : undefined;
}

/** The block of a cursor and its ancestors down to a number; `undefined` if the node has other blocks in their place. */
async function linksOf(reader: Reader, cursor: Cursor, lowest: number): Promise<Link[] | undefined> {
  const numbers = Array.from({ length: cursor.blockNumber - lowest + 1 }, (_, index) => lowest + index);
  const canonical = await inBatches(numbers, (number) => reader.header(number));
  const headers: Header[] = [];
  let wanted = cursor.blockHash;
  for (const found of canonical.reverse()) {
    const header = found?.hash === wanted ? found : await reader.header(wanted);
    if (header === null && found === null) throw unknownYet(cursor.blockNumber);
    if (header === null) return undefined;
    headers.unshift(header);
    wanted = header.parentHash;
  }
  const events = await inBatches(headers, (header) => reader.eventsOf(header));
  const links = headers.map((header, index) => ({ header, events: events[index] }));
  return links.some((link) => link.events === undefined) ? undefined : links;
}

async function inBatches<A, B>(list: readonly A[], work: (item: A) => Promise<B>): Promise<B[]> {
  const results: B[] = [];
  for (let at = 0; at < list.length; at += BATCH) {
    results.push(...(await Promise.all(list.slice(at, at + BATCH).map(work))));
  }
  return results;
}

const unknownYet = (number: number) =>
  new NodeError(`block ${number}`, "the node that answered does not know that block yet");
