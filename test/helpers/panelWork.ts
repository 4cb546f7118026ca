import { keccak256, toUtf8Bytes } from "ethers";
import { digestOf } from "../../src/content/digest.js";
import { SEED_DELAY } from "../../src/protocol/consensus.js";
import { type SealedEnvelope, sealEnvelope } from "../../src/protocol/envelope.js";
import { type Order, packOrder, taskIdOf } from "../../src/protocol/order.js";
import { sealOf } from "../../src/protocol/seal.js";
import type { Debt } from "../../src/provider/debts.js";
import { type DisclosedTask, panelOrder } from "./disputes.js";
import { networkHelpers, time } from "./network.js";
import type { Panel } from "./rounds.js";

/** A disclosed task with what its provider keeps of it. */
export interface DisclosedWork extends DisclosedTask {
  delivery: SealedEnvelope;
  debt: Debt;
}

/** What a provider owes of a task, with an envelope that can be opened. */
export function workOf(
  { taskId, order }: Pick<Debt, "taskId" | "order">,
  provider: number,
  output: string | Uint8Array = "truth",
): Debt {
  const resultDigest = digestOf(typeof output === "string" ? toUtf8Bytes(output) : output);
  const sealed = sealEnvelope({ taskId, provider }, order.clientKey, { resultDigest, location: "here" });
  return { taskId, order, provider, sealed };
}

/** The same for a seat in the panel of its dispute. */
export const panelWorkOf = (task: Pick<Debt, "taskId" | "order">, provider: number, output?: string): Debt => ({
  ...workOf(task, provider, output),
  panel: true,
});

/** The same result, sealed with another envelope. */
export function withEnvelope(debt: Debt, envelope: string, envelopeSecret = debt.sealed.envelopeSecret): Debt {
  const { taskId, provider, sealed } = debt;
  const envelopeHash = keccak256(envelope);
  const seal = sealOf({ taskId, provider, commitment: sealed.commitment, envelopeHash });
  return { ...debt, sealed: { ...sealed, envelope, envelopeHash, seal, envelopeSecret } };
}

/** The same result, sealed with an envelope that nobody can open. */
export const withRubbish = (debt: Debt): Debt => withEnvelope(debt, `0x${"ab".repeat(200)}`);

/** Posts an order with a panel, which the market's provider delivers half a minute later. */
export async function deliveredWork(
  panel: Panel,
  changes: Partial<Order> = {},
  made: (task: Pick<Debt, "taskId" | "order">) => Debt = (task) => workOf(task, 1),
): Promise<DisclosedWork> {
  const { taskManager, client, agent, provider, domain } = panel;
  const order = await panelOrder(panel, changes);
  const packed = packOrder(order);
  const taskId = taskIdOf(order, domain);
  const debt = made({ taskId, order });
  await time.setNextBlockTimestamp((await time.latest()) + 1);
  await taskManager.connect(client).submit(packed);
  await time.setNextBlockTimestamp((await time.latest()) + 30);
  await taskManager.connect(agent).deliver(packed, provider, debt.sealed.seal);
  return { order, packed, taskId, debt, delivery: debt.sealed, price: await taskManager.priceOf(packed) };
}

/** The same, disclosed a second later. */
export async function disclosedWork(...of: Parameters<typeof deliveredWork>): Promise<DisclosedWork> {
  const task = await deliveredWork(...of);
  const [{ taskManager, agent }] = of;
  await time.setNextBlockTimestamp((await time.latest()) + 1);
  await taskManager.connect(agent).disclose(task.packed, task.delivery.commitment, task.delivery.envelope);
  return task;
}

/** Disputes a task, whose seed can be captured then. */
export async function disputeWork({ taskManager, client }: Panel, { packed }: DisclosedTask): Promise<void> {
  await time.setNextBlockTimestamp((await time.latest()) + 1);
  await taskManager.connect(client).dispute(packed);
  await networkHelpers.mine(SEED_DELAY + 1, { interval: 1 });
}
