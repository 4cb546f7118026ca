import { reopen } from "../protocol/actions/reopen.js";
import { read, readBatch } from "../protocol/batch.js";
import type { SigningProtocol } from "../protocol/protocol.js";
import { pause } from "../protocol/retry.js";
import { isRevert } from "../protocol/reverts.js";
import { snapshot } from "../protocol/snapshot.js";
import { leaveSeats } from "./join.js";
import { type Held, heldTasks, reservationOf } from "./reservations.js";

export interface LeaveOptions {
  /** Number of the provider. */
  provider: number;
  /** Sources whose pools are left. */
  sources: readonly number[];
  /** First block whose tasks can still be open. */
  from: number;
  /** Told of a pool that was left. */
  left?: (source: number) => void;
  signal: AbortSignal;
}

/**
 * Leaves pools as soon as the provider holds nothing there any more; whoever runs meanwhile delivers. A reservation whose
 * time is over is given up, which costs its penalty: as long as it is held, its pool cannot be left.
 *
 * @throws the signal's reason.
 * @throws {NodeError} if the node does not answer.
 */
export async function leavePools(protocol: SigningProtocol, options: LeaveOptions): Promise<void> {
  const { provider, sources, from, left, signal } = options;
  const held = await heldTasks(protocol, provider, from, signal);
  for (;;) {
    signal.throwIfAborted();
    for (const task of held) await giveUp(protocol, task, provider);
    for (const source of await leaveSeats(protocol, provider, sources)) left?.(source);
    const asked = sources.map((source) => read("providerPool", "getMembership", provider, source));
    const { values } = await readBatch(protocol, asked);
    if (values.every(({ slots }) => slots === 0n)) return;
    await pause(protocol.patience.interval, signal);
  }
}

/** Ends a hold whose time is over. */
async function giveUp(protocol: SigningProtocol, { order }: Held, provider: number): Promise<void> {
  const held = await reservationOf(protocol, order, provider);
  if (held === undefined || (await snapshot(protocol, "suite")).timestamp <= held.until) return;
  try {
    await reopen(protocol, { order });
  } catch (error) {
    // Somebody else may have done it.
    if (!isRevert(error)) throw error;
  }
}
