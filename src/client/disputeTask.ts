import { dispute, type DisputeParameters, type DisputeResult } from "../protocol/actions/dispute.js";
import { settle } from "../protocol/actions/settle.js";
import { OpenGpuError } from "../protocol/errors.js";
import { watch } from "../protocol/events.js";
import { toJson } from "../protocol/json.js";
import type { Order } from "../protocol/order.js";
import { type PanelSnapshot, readPanel } from "../protocol/panel.js";
import type { Protocol, SigningProtocol } from "../protocol/protocol.js";
import { pause } from "../protocol/retry.js";
import { isRevert } from "../protocol/reverts.js";
import type { SendOptions } from "../protocol/sender.js";
import { createRulings, type DatedRuling, type DisputeEnd, endOf, RULING_EVENTS } from "./rulings.js";

export interface PanelOptions {
  /** Told how the panel stands, whenever that has changed. */
  report?: (panel: PanelSnapshot) => void;
  signal?: AbortSignal;
}

/** How a dispute ended. */
export interface DisputeEnded extends DisputeEnd {
  /** Whom it paid, and all else. */
  readonly ruling: DatedRuling;
}

/**
 * How the panel of a dispute stands, now and whenever that has changed, until the dispute is over; the last one is of a
 * task that is paid or refunded.
 *
 * @throws {NodeError} while iterating, if the node does not answer.
 * @throws the signal's reason.
 * @example
 * for await (const { seats, outcome } of followPanel(protocol, order)) console.log(seats.length, outcome);
 */
export async function* followPanel(
  protocol: Protocol,
  order: Order,
  { signal }: Pick<PanelOptions, "signal"> = {},
): AsyncGenerator<PanelSnapshot, void, undefined> {
  for await (const { panel, isNew } of looks(protocol, order, signal)) if (isNew) yield panel;
}

/**
 * Waits for the end of a dispute, and brings it about where only a transaction is missing. Where a delivery is overturned,
 * the winners may first claim; whoever wants their output accepts in the meantime, as {@link collect} does.
 *
 * @param from Block in which it was disputed, or an earlier one.
 * @throws {NodeError} if the node does not answer.
 * @throws {OpenGpuError} if the task was not disputed, or not since that block.
 * @throws the signal's reason.
 */
export async function followDispute(
  protocol: SigningProtocol,
  { order, from }: { order: Order; from: number },
  { report = () => undefined, signal }: PanelOptions = {},
): Promise<DisputeEnded> {
  let last: PanelSnapshot | undefined;
  for await (const { panel, isNew } of looks(protocol, order, signal)) {
    last = panel;
    if (isNew) report(panel);
    if (mayEnd(panel)) await unlessRefused(() => settle(protocol, { order }));
  }
  const rulings = createRulings();
  const { taskId = "", blockNumber = from } = last ?? {};
  const to = Math.max(from, blockNumber);
  for await (const event of watch(protocol, {
    ...{ events: RULING_EVENTS, where: { taskId }, from, to },
    ...(signal !== undefined && { signal }),
  })) {
    rulings.hear(event);
  }
  signal?.throwIfAborted();
  const ruling = rulings.of(taskId);
  if (ruling === undefined) {
    throw new OpenGpuError(`No dispute of task ${taskId} ended from block ${from} to ${to}. Look from an earlier one.`);
  }
  return { ...endOf(ruling), ruling };
}

/**
 * Disputes a disclosed task, and waits for the end as {@link followDispute} does, by which a program that was stopped in
 * between goes on.
 *
 * @throws {DisputeRevert} and what {@link followDispute} throws.
 * @example
 * const { outcome, cost } = await disputeTask(protocol, { order }, { report: ({ seats }) => console.log(seats) });
 */
export async function disputeTask(
  protocol: SigningProtocol,
  parameters: DisputeParameters,
  { report, signal, ...options }: PanelOptions & SendOptions = {},
): Promise<DisputeEnded & { disputed: DisputeResult }> {
  const disputed = await dispute(protocol, parameters, options);
  const following = { ...(report !== undefined && { report }), ...(signal !== undefined && { signal }) };
  const ended = await followDispute(protocol, { order: parameters.order, from: disputed.blockNumber }, following);
  return { ...ended, disputed };
}

/** Looks at a panel until its dispute is over. */
async function* looks(
  protocol: Protocol,
  order: Order,
  signal: AbortSignal | undefined,
): AsyncGenerator<{ panel: PanelSnapshot; isNew: boolean }, void, undefined> {
  let before = "";
  for (;;) {
    signal?.throwIfAborted();
    const panel = await readPanel(protocol, order);
    const now = toJson({ ...panel, blockNumber: 0, timestamp: 0 });
    yield { panel, isNew: now !== before };
    if (panel.state !== "Round") return;
    before = now;
    await pause(protocol.patience.interval, signal);
  }
}

/** Whether anyone may end the dispute, and the client loses nothing by it. */
function mayEnd({ state, decided, outcome, timestamp, claimsUntil = 0 }: PanelSnapshot): boolean {
  return state === "Round" && decided && (outcome !== "Overturned" || timestamp > claimsUntil);
}

/** What the contracts refuse is decided by the next look at the chain. */
async function unlessRefused(act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!isRevert(error)) throw error;
  }
}
