import { read, readBatch } from "../protocol/batch.js";
import { watch } from "../protocol/events.js";
import { type Order, unpackOrder } from "../protocol/order.js";
import type { Protocol } from "../protocol/protocol.js";
import { persist } from "../protocol/retry.js";
import { isRevert, RevertError } from "../protocol/reverts.js";
import { snapshot } from "../protocol/snapshot.js";
import { TaskState } from "../protocol/states.js";
import type { Effects } from "./effects.js";

/** What a provider is promised with a reservation. */
export interface Reservation {
  /** What the task costs its client, wei. */
  readonly price: bigint;
  /** Last second in which the provider may deliver, unix time. */
  readonly until: number;
}

/** A task that a provider holds before it has a result. */
export interface Held extends Reservation {
  readonly taskId: string;
  readonly order: Order;
}

/** What a provider holds of a task now, its time over or not; `undefined` if it does not hold it, or has delivered. */
export async function reservationOf(protocol: Protocol, order: Order, provider: number): Promise<Held | undefined> {
  const task = await snapshot(protocol, { task: order });
  if (task.state !== "Reserved" || task.provider !== provider) return undefined;
  return { taskId: task.taskId, order, price: task.price ?? 0n, until: (task.clearedAt ?? 0) + order.reservation };
}

/**
 * Reserves a task. An answer may be lost although the transaction arrived, so the chain is asked where it can be so.
 *
 * @throws {ReserveRevert} `WrongState` if the task is another's or nobody's any more.
 * @throws whatever failed; the reservation may then still arrive.
 */
export async function reserveTask(
  protocol: Protocol,
  effects: Pick<Effects, "reserve">,
  { taskId, order }: Pick<Held, "taskId" | "order">,
  provider: number,
): Promise<Held> {
  try {
    return { taskId, order, ...(await effects.reserve(order)) };
  } catch (error) {
    if (isRevert(error) && !(error instanceof RevertError && error.is("WrongState"))) throw error;
    const held = await reservationOf(protocol, order, provider);
    if (held === undefined) throw error;
    return held;
  }
}

/**
 * Finds what a provider holds, also what an earlier run has reserved and not delivered: the chain alone knows of it.
 * Those whose time is over are among them, until somebody reopens the task.
 *
 * @param from First block whose tasks can still be open.
 * @param signal Ends the search, with what was found by then.
 * @throws {NodeError} if the node does not answer.
 */
export async function heldTasks(
  protocol: Protocol,
  provider: number,
  from: number,
  signal?: AbortSignal,
): Promise<Held[]> {
  const node = protocol.provider;
  const head = await persist("eth_blockNumber", () => node.getBlockNumber(), protocol.patience.requests);
  const range = { from, to: Math.max(from, head, protocol.head.number), signal };
  const reserved = new Set<string>();
  const events = ["taskManager.TaskReserved"] as const;
  for await (const { args } of watch(protocol, { events, where: { provider }, ...range })) reserved.add(args.taskId);

  const taskIds = [...reserved];
  const { values } = await readBatch(
    protocol,
    taskIds.map((taskId) => read("taskManager", "getTask", taskId)),
  );
  const isHeld = (index: number) =>
    Number(values[index]?.state) === TaskState.Reserved && Number(values[index]?.provider) === provider;
  const holding = taskIds.filter((_, index) => isHeld(index));
  if (holding.length === 0) return [];

  const held: Held[] = [];
  const submissions = watch(protocol, {
    events: ["taskManager.TaskSubmitted"],
    where: { taskId: holding },
    ...range,
  });
  for await (const { args } of submissions) {
    const found = await reservationOf(protocol, unpackOrder(args.order), provider);
    if (found !== undefined) held.push(found);
  }
  return held;
}
