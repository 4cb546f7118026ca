import { NodeError } from "../errors.js";
import type { ProtocolEvent } from "../execute.js";
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
  const patient = remembering(reader);
  for (;;) {
    const links = await persist(
      `block ${cursor.blockNumber}`,
      async () => {
        head.number = Math.max(head.number, await reader.headNumber());
        if (head.number < cursor.blockNumber) throw unknownYet(cursor.blockNumber);
        const base = cursor.blockNumber <= head.number - depth ? await baseOf(reader, cursor, depth) : undefined;
        return base ?? linksOf(patient, cursor, Math.max(cursor.blockNumber - depth, 0));
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
async function linksOf(
  reader: Pick<Reader, "header" | "eventsOf">,
  cursor: Cursor,
  lowest: number,
): Promise<Link[] | undefined> {
  const numbers = Array.from({ length: cursor.blockNumber - lowest + 1 }, (_, index) => lowest + index);
  const canonical = await inBatches(numbers, (number) => reader.header(number));
  const headers: Header[] = [];
  let wanted = cursor.blockHash;
  for (const found of canonical.reverse()) {
    const header = found?.hash === wanted ? found : await reader.header(wanted);
    if (header === null && found === null) throw unknownYet(cursor.blockNumber);
    if (header === null || header.number !== cursor.blockNumber - headers.length) return undefined;
    headers.unshift(header);
    wanted = header.parentHash;
  }
  const events = await inBatches(headers, (header) => reader.eventsOf(header));
  const links = headers.map((header, index) => ({ header, events: events[index] }));
  return links.some((link) => link.events === undefined) ? undefined : links;
}

/** A reader that never asks twice for what it was told of a block by its hash: each replica may know but a part. */
function remembering(reader: Reader): Pick<Reader, "header" | "eventsOf"> {
  const headers = new Map<number | string, Header>();
  const events = new Map<string, ProtocolEvent[]>();
  return {
    async header(at) {
      const header = headers.get(at) ?? (await reader.header(at));
      if (header !== null) headers.set(header.hash, header);
      return header;
    },
    async eventsOf(header) {
      const found = events.get(header.hash) ?? (await reader.eventsOf(header));
      if (found !== undefined) events.set(header.hash, found);
      return found;
    },
  };
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
