import { deliver } from "../protocol/actions/deliver.js";
import { disclose } from "../protocol/actions/disclose.js";
import { settle } from "../protocol/actions/settle.js";
import type { Order } from "../protocol/order.js";
import type { SigningProtocol } from "../protocol/protocol.js";
import { readBatch, read } from "../protocol/batch.js";
import type { Debt } from "./debts.js";
import type { Standing } from "./decide.js";

/** What the provider does to the world; everything else it does is thinking. */
export interface Effects {
  /** What the provider has in the pool of a source now; `undefined` if it is no member. */
  standing(source: number): Promise<Standing | undefined>;
  /** Runs the order's source on its input. Rejects when the signal ends the attempt. */
  perform(order: Order, signal: AbortSignal): Promise<Uint8Array>;
  /** Puts an output where the client can fetch it, and tells where that is. */
  publish(output: Uint8Array): Promise<string>;
  /** Hands an envelope to the client, off chain; gives up when the signal says so. */
  send(order: Order, envelope: string, signal: AbortSignal): Promise<void>;
  /** Seals a result on chain; tells the price, wei. */
  deliver(debt: Debt): Promise<bigint>;
  disclose(debt: Debt): Promise<void>;
  settle(order: Order): Promise<void>;
}

/** The effects that are the same for every provider: those on chain. */
export function chainEffects(
  protocol: SigningProtocol,
  provider: number,
): Pick<Effects, "standing" | "deliver" | "disclose" | "settle"> {
  return {
    async standing(source) {
      const { values } = await readBatch(protocol, [
        read("providerPool", "getMembership", provider, source),
        read("providerPool", "getProvider", provider),
        read("reputation", "scoreOf", provider),
      ]);
      const [{ slots, environments, gpuMemory }, { free }, score] = values;
      if (slots === 0n) return undefined;
      return {
        environments: Number(environments),
        gpuMemory: Number(gpuMemory),
        freeStake: free,
        score: Number(score),
      };
    },
    async deliver({ order, provider: sealer, sealed }) {
      return (await deliver(protocol, { order, provider: sealer, seal: sealed.seal })).price;
    },
    async disclose({ order, sealed }) {
      await disclose(protocol, { order, commitment: sealed.commitment, envelope: sealed.envelope });
    },
    async settle(order) {
      await settle(protocol, { order });
    },
  };
}
