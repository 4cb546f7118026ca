import type { Signer } from "ethers";
import type { JournalEntry } from "../../src/client/journal.js";
import { digestOf } from "../../src/content/digest.js";
import { type SealedEnvelope, sealEnvelope } from "../../src/protocol/envelope.js";
import { packOrder } from "../../src/protocol/order.js";
import { pause } from "../../src/protocol/retry.js";
import type { Market } from "./suite.js";

/** What a client keeps of a task, as far as its provider may know it. */
export type Ordered = Pick<JournalEntry, "taskId" | "order">;

/** The envelope of a result that the client of the task can open, and the seal that commits to it. */
export function sealFor({ taskId, order }: Ordered, output: Uint8Array, provider = 1): SealedEnvelope {
  const opening = { resultDigest: digestOf(output), location: "here" };
  return sealEnvelope({ taskId, provider }, order.clientKey, opening);
}

/** A provider whose every step the test decides; by default the market's own. */
export function holderOf(market: Market, provider = 1, signer: Signer = market.agent) {
  const manager = market.taskManager.connect(signer);
  return {
    /** Seals a result; tells what the client needs to open it. */
    async deliver(task: Ordered, output: Uint8Array): Promise<SealedEnvelope> {
      const sealed = sealFor(task, output, provider);
      await manager.deliver(packOrder(task.order), provider, sealed.seal);
      return sealed;
    },
    disclose: ({ order }: Ordered, { commitment, envelope }: SealedEnvelope) =>
      manager.disclose(packOrder(order), commitment, envelope),
    settle: ({ order }: Ordered) => manager.settle(packOrder(order)),
    reopen: ({ order }: Ordered) => manager.reopen(packOrder(order)),
    refund: ({ order }: Ordered) => manager.refund(packOrder(order)),
  };
}

/** Looks again and again until something is so, for at most 20 seconds. */
export async function until(what: string, look: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await look())) {
    if (Date.now() > end) throw new Error(`${what} did not happen`);
    await pause(10);
  }
}
