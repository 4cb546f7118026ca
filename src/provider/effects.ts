import { deliver } from "../protocol/actions/deliver.js";
import { deliverAndDisclose } from "../protocol/actions/deliverAndDisclose.js";
import { disclose } from "../protocol/actions/disclose.js";
import { reserve } from "../protocol/actions/reserve.js";
import { settle } from "../protocol/actions/settle.js";
import type { Order } from "../protocol/order.js";
import type { SigningProtocol } from "../protocol/protocol.js";
import { readBatch, read } from "../protocol/batch.js";
import type { Debt } from "./debts.js";
import type { Standing } from "./decide.js";
import type { Reservation } from "./reservations.js";

/** Does the work of one order. Rejects when the signal ends the attempt. */
export type Perform = (signal: AbortSignal) => Promise<Uint8Array>;

/** What the provider does to the world; everything else it does is thinking. */
export interface Effects {
  /** What the provider has in the pool of a source now; `undefined` if it is no member. */
  standing(source: number): Promise<Standing | undefined>;
  /** Runs the order's source on its input. Rejects when the signal ends the attempt. */
  perform(order: Order, signal: AbortSignal): Promise<Uint8Array>;
  /**
   * Gets all that an order needs before it is reserved, and tells how to do it then; if left out, a task is reserved
   * although what it needs may be missing.
   */
  prepare?(order: Order, signal: AbortSignal): Promise<Perform>;
  /** Puts an output where the client can fetch it, and tells where that is. */
  publish(output: Uint8Array): Promise<string>;
  /** Whether an envelope can be handed to the client off chain, as far as is known; it can if left out. */
  reaches?(client: string): boolean;
  /** Hands an envelope to the client, off chain; gives up when the signal says so. */
  send(order: Order, envelope: string, signal: AbortSignal): Promise<void>;
  /** Takes a task before there is a result. */
  reserve(order: Order): Promise<Reservation>;
  /** Seals a result on chain; tells the price, wei. */
  deliver(debt: Debt): Promise<bigint>;
  /** Seals the result of a reserved task and discloses it at one stroke; tells the price, wei. */
  deliverAndDisclose(debt: Debt): Promise<bigint>;
  disclose(debt: Debt): Promise<void>;
  settle(order: Order): Promise<void>;
}

/** The effects that are the same for every provider: those on chain. */
export function chainEffects(
  protocol: SigningProtocol,
  provider: number,
): Pick<Effects, "standing" | "reserve" | "deliver" | "deliverAndDisclose" | "disclose" | "settle"> {
  return {
    async standing(source) {
      const { values } = await readBatch(protocol, [
        read("providerPool", "getMembership", provider, source),
        read("providerPool", "getProvider", provider),
        read("reputation", "scoreOf", provider),
      ]);
      const [{ slots, reserved, environments, gpuMemory }, { free }, score] = values;
      if (slots === 0n) return undefined;
      return {
        environments: Number(environments),
        gpuMemory: Number(gpuMemory),
        freeStake: free,
        score: Number(score),
        freeSlots: Number(slots - reserved),
      };
    },
    async reserve(order) {
      const { price, until } = await reserve(protocol, { order, provider });
      return { price, until };
    },
    async deliver({ order, provider: sealer, sealed }) {
      return (await deliver(protocol, { order, provider: sealer, seal: sealed.seal })).price;
    },
    async deliverAndDisclose({ order, provider: sealer, sealed: { commitment, envelope } }) {
      return (await deliverAndDisclose(protocol, { order, provider: sealer, commitment, envelope })).price;
    },
    async disclose({ order, sealed }) {
      await disclose(protocol, { order, commitment: sealed.commitment, envelope: sealed.envelope });
    },
    async settle(order) {
      await settle(protocol, { order });
    },
  };
}
