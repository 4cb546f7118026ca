import { filterOf } from "./events/filter.js";
import { createFollower } from "./events/follow.js";
import { watchHeads } from "./events/heads.js";
import { planOf } from "./events/options.js";
import { createReader, type Watchable } from "./events/reader.js";
import type { EventNamed, EventPattern, Watched, WatchOptions } from "./events/types.js";
import { orAbort, persist } from "./retry.js";

export * from "./events/errors.js";
export type { Cursor, EventName, EventNamed, EventPattern, Watched, WatchOptions, Where } from "./events/types.js";

/**
 * The events of a suite, from a block on, in the sequence of the chain, without a gap and each once; then live.
 *
 * When the chain replaces blocks, their events are yielded once more with `removed: true`, last first, before those of
 * the new branch. With `confirmations` of n, what happens to fewer than n blocks is not seen. A program that keeps the
 * `cursor` of the last event it has dealt with goes on after it by `from: cursor`; if the block was replaced in the
 * meantime, the removals come first, as far as the node still knows that block. When it had first started only a few
 * blocks below, events from below that start may then be among what is taken back and added; ignore these.
 *
 * Nothing is read ahead but up to 16 blocks near the head, or one range of old ones. Leave a `for await` by `break`, or
 * end the iterator by the signal or by `return()` at any time.
 *
 * @throws {FieldRangeError | FieldFormatError | UnknownEventError} at once, if an option is wrong.
 * @throws {ReorgTooDeepError} while iterating, if more than `reorgDepth` blocks are replaced.
 * @throws {CursorOrphanedError} while iterating, if the block of the cursor is gone.
 * @throws {NodeError} while iterating, if the node is away or behind for longer than `outage`.
 * @example
 * for await (const event of watch(protocol, { events: ["taskManager.TaskSubmitted"], where: { source: 1 } })) {
 *   if (!event.removed) console.log(event.args.taskId, event.args.startPrice);
 * }
 */
export function watch<const P extends EventPattern = EventPattern>(
  protocol: Watchable,
  options: WatchOptions<P> = {},
): AsyncGenerator<Watched<EventNamed<P>>, void, undefined> {
  const plan = planOf(options);
  const reader = createReader(protocol, filterOf(protocol.addresses, options.events, options.where));
  const { head, patience, provider } = protocol;
  const stopped = new AbortController();
  const signal = options.signal === undefined ? stopped.signal : AbortSignal.any([stopped.signal, options.signal]);

  // Asked now, not when somebody begins to iterate, so that what is sent in between is not missed.
  const first = (async () => {
    if (plan.from !== undefined) return 0;
    const number = await persist("eth_blockNumber", () => reader.headNumber(), plan.outage, signal);
    head.number = Math.max(head.number, number);
    return head.number + 1;
  })();
  first.catch(() => undefined);

  async function* run(): AsyncGenerator<Watched, void, undefined> {
    const heads = watchHeads(provider, head, patience.interval);
    try {
      if (signal.aborted) return;
      const followed = { protocol, reader, plan, first: await orAbort(first, signal), heads, signal };
      const step = createFollower(followed);
      for (;;) {
        const items = await orAbort(step(), signal);
        if (items === undefined) return;
        for (const item of items) {
          yield item;
          if (isAborted(signal)) return;
        }
      }
    } catch (error) {
      if (!isAborted(signal)) throw error;
    } finally {
      heads.stop();
    }
  }

  const iterator = run();
  const finish = iterator.return.bind(iterator);
  // A generator that waits for a block could not be ended otherwise.
  iterator.return = (value) => {
    stopped.abort();
    return finish(value);
  };
  return iterator as AsyncGenerator<Watched<EventNamed<P>>, void, undefined>;
}

/** A function, because the compiler takes a flag that was false for false for ever. */
const isAborted = (signal: AbortSignal) => signal.aborted;
