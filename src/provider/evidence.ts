import { type Opening, openShownEnvelope } from "../protocol/envelope.js";
import { watch } from "../protocol/events.js";
import type { Order } from "../protocol/order.js";
import type { PanelSnapshot } from "../protocol/panel.js";
import type { Protocol } from "../protocol/protocol.js";
import type { Effects } from "./effects.js";
import { EvidenceMissingError } from "./errors.js";

/** What a look at a disputed delivery needs. */
export interface EvidenceOptions {
  effects: Pick<Effects, "holds">;
  /** First block whose tasks can still be disputed. */
  from: number;
  signal: AbortSignal;
}

/**
 * Whether what a disputed provider disclosed is of any use to its client: the envelope opens with the secret that was
 * shown, holds what was sealed, and the output can be fetched.
 *
 * @param panel Its dispute, in which the delivery is opened.
 * @throws {EvidenceMissingError} if the node does not have the logs.
 * @throws whatever store or node throw for what may pass, and the signal's reason.
 */
export async function isReadable(
  protocol: Protocol,
  order: Order,
  panel: PanelSnapshot,
  { effects, from, signal }: EvidenceOptions,
): Promise<boolean> {
  const { taskId, provider, blockNumber } = panel;
  let envelope: string | undefined;
  let shown: (Pick<Opening, "resultDigest" | "salt"> & { secret: string }) | undefined;
  const events = ["taskManager.TaskDisclosed", "taskManager.DeliveryOpened"] as const;
  const range = { from, to: blockNumber, signal };
  for await (const { name, args, removed } of watch(protocol, { events, where: { taskId, provider }, ...range })) {
    if (name === "TaskDisclosed") envelope = removed ? undefined : args.envelope;
    else shown = removed ? undefined : args;
  }
  signal.throwIfAborted();
  if (envelope === undefined || shown === undefined) throw new EvidenceMissingError(taskId);

  const { resultDigest, salt, secret } = shown;
  const opening = openingOf(() => openShownEnvelope({ taskId, provider }, envelope, order.clientKey, secret));
  if (opening?.resultDigest !== resultDigest || opening.salt !== salt) return false;
  return (await effects.holds?.(order, resultDigest, signal)) ?? false;
}

/** What is in an envelope; `undefined` if nothing, whatever its provider has made of it. */
function openingOf(open: () => Opening): Opening | undefined {
  try {
    return open();
  } catch {
    return undefined;
  }
}
