import type { Result } from "ethers";
import type { TaskManager } from "../../typechain-types/TaskManager.js";
import { FieldFormatError, TimeoutError } from "./errors.js";
import { watch } from "./events.js";
import { watchHeads } from "./events/heads.js";
import type { EventNamed, EventPattern, Watched, WatchOptions } from "./events/types.js";
import type { Protocol } from "./protocol.js";
import { persist } from "./retry.js";
import { TASK_STATES, type TaskStateName } from "./states.js";

/** All that the chain tells of a task; times in unix seconds, the state as its place in {@link TASK_STATES}. */
export type TaskView = { readonly [K in Exclude<keyof Answer, keyof unknown[] | `${number}`>]: Answer[K] };
type Answer = Awaited<ReturnType<TaskManager["getTask"]>>;

export interface WaitOptions {
  /** Milliseconds. */
  timeout?: number;
  /** Ends the wait, which then rejects with its reason. */
  signal?: AbortSignal;
}

const TWO_MINUTES = 120_000;

/**
 * Waits until a task is in one of some states, or as a condition wants it. The task is read as of the newest block that
 * is known, so a node that lags behind is asked again instead of believed.
 *
 * @param taskId Id of the task, 32 bytes in hexadecimal.
 * @param wanted Names of states, or a condition.
 * @returns the task as it was then.
 * @throws {TimeoutError} if it does not happen in time.
 * @throws {NodeError} if the node does not answer.
 * @example
 * const task = await waitForTask(protocol, taskId, ["Settled", "Refunded"], { timeout: 3_600_000 });
 */
export async function waitForTask(
  protocol: Protocol,
  taskId: string,
  wanted: TaskStateName | readonly TaskStateName[] | ((task: TaskView) => boolean),
  { timeout = TWO_MINUTES, signal }: WaitOptions = {},
): Promise<TaskView> {
  checkTimeout(timeout);
  const { head, patience, provider } = protocol;
  const { taskManager } = protocol.contracts;
  const names: readonly unknown[] = [wanted].flat();
  const fits =
    typeof wanted === "function" ? wanted : (task: TaskView) => names.includes(TASK_STATES[Number(task.state)]);
  const what = typeof wanted === "function" ? "as it should be" : names.join(" or ");
  return bounded(`task ${taskId} to be ${what}`, timeout, signal, async (ended) => {
    const heads = watchHeads(provider, head, patience.interval);
    try {
      for (;;) {
        const number = await persist("eth_blockNumber", () => provider.getBlockNumber(), timeout, ended);
        head.number = Math.max(head.number, number);
        const answer = await persist(
          "taskManager.getTask",
          () => taskManager.getTask(taskId, { blockTag: head.number }),
          timeout,
          ended,
        );
        const task = (answer as unknown as Result).toObject() as unknown as TaskView;
        if (fits(task)) return task;
        await heads.wait(ended);
      }
    } finally {
      heads.stop();
    }
  });
}

/**
 * Waits for the first event that fits, from the next block on unless the options say otherwise. What is sent after this
 * was called is not missed. An event that the chain takes back before it is looked at does not count; ask for
 * `confirmations` if one that is taken back later should not either.
 *
 * @param fits Condition on the event.
 * @param timeout Milliseconds.
 * @throws {TimeoutError} if none comes in time, and whatever {@link watch} throws.
 * @example
 * const paid = await waitForEvent(protocol, { events: ["taskManager.TaskSettled"], where: { taskId } });
 */
export async function waitForEvent<const P extends EventPattern = EventPattern>(
  protocol: Protocol,
  options: Omit<WatchOptions<P>, "to">,
  fits: (event: Watched<EventNamed<P>>) => boolean = () => true,
  timeout: number = TWO_MINUTES,
): Promise<Watched<EventNamed<P>>> {
  checkTimeout(timeout);
  const { signal, ...others } = options;
  const wanted = options.events?.join(" or ") ?? "an event";
  return bounded(wanted, timeout, signal, async (ended) => {
    for await (const event of watch<P>(protocol, { ...others, signal: ended })) {
      if (!event.removed && fits(event)) return event;
    }
    throw ended.reason as Error;
  });
}

/** Does work that ends by a signal: the caller's or the one that its time is over. */
async function bounded<T>(
  awaited: string,
  timeout: number,
  signal: AbortSignal | undefined,
  work: (ended: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const end = new AbortController();
  const passOn = () => {
    end.abort(signal?.reason);
  };
  signal?.addEventListener("abort", passOn);
  const timer = setTimeout(() => {
    end.abort(new TimeoutError(awaited, timeout));
  }, timeout);
  const ended = new Promise<never>((_, reject) => {
    end.signal.addEventListener("abort", () => {
      reject(end.signal.reason as Error);
    });
  });
  try {
    return await Promise.race([work(end.signal), ended]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", passOn);
    // Ends what the work left running.
    end.abort();
  }
}

function checkTimeout(timeout: number): void {
  // More than fits into a timer's 32 bits would end at once.
  if (!Number.isSafeInteger(timeout) || timeout < 1 || timeout >= 2 ** 31) {
    throw new FieldFormatError("timeout", String(timeout), "a whole number of milliseconds from 1 to 2147483647");
  }
}
