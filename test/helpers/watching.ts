import type { Watched } from "../../src/protocol/events.js";

/** The next so many items of an iterator, fewer if it ends. */
export async function take<T>(iterator: AsyncIterator<T, unknown>, count: number): Promise<T[]> {
  const items: T[] = [];
  while (items.length < count) {
    const { done, value } = await iterator.next();
    if (done === true) break;
    items.push(value);
  }
  return items;
}

/** All items of an iterator that ends. */
export const all = <T>(iterator: AsyncIterator<T, unknown>): Promise<T[]> => take(iterator, Infinity);

/** What an iterator throws. */
export async function failureOf(iterator: AsyncIterator<unknown, unknown>): Promise<unknown> {
  try {
    await all(iterator);
  } catch (error) {
    return error;
  }
  return undefined;
}

/** Events in short: `+` or `-`, name, and the amount if it has one. */
export const inShort = (events: Watched[]): string[] =>
  events.map(({ removed, name, args }) => `${removed ? "-" : "+"}${name}${"amount" in args ? ` ${args.amount}` : ""}`);
