import { captureSeed } from "../protocol/actions/captureSeed.js";
import { claimSeat } from "../protocol/actions/claimSeat.js";
import { deliver } from "../protocol/actions/deliver.js";
import { deliverAndDisclose } from "../protocol/actions/deliverAndDisclose.js";
import { disclose } from "../protocol/actions/disclose.js";
import { openDelivery } from "../protocol/actions/openDelivery.js";
import { openSeat } from "../protocol/actions/openSeat.js";
import { openVote } from "../protocol/actions/openVote.js";
import { reserve } from "../protocol/actions/reserve.js";
import { settle } from "../protocol/actions/settle.js";
import { takeSeat } from "../protocol/actions/takeSeat.js";
import { affordableWeight, MIN_WEIGHT } from "../protocol/consensus.js";
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
  /** Puts the output of a task where the client can fetch it, and tells where that is. */
  publish(output: Uint8Array, taskId: string): Promise<string>;
  /** Whether an envelope can be handed to the client off chain, as far as is known; it can if left out. */
  reaches?(client: string): boolean;
  /**
   * Whether the output of an order that has this digest can be fetched, where clients do; throws what may pass. If left
   * out, no seat in a panel is taken.
   */
  holds?(order: Order, digest: string, signal: AbortSignal): Promise<boolean>;
  /**
   * Lets the source's judge say whether the output of that digest is valid. Rejects when the signal ends it; who has no such
   * thing takes no seat among judges.
   */
  judge?(order: Order, digest: string, signal: AbortSignal): Promise<boolean>;
  /** Hands an envelope to the client, off chain; gives up when the signal says so. */
  send(order: Order, envelope: string, signal: AbortSignal): Promise<void>;
  /** Takes a task before there is a result. */
  reserve(order: Order): Promise<Reservation>;
  /** Seals a result on chain; tells the price, wei. */
  deliver(debt: Debt): Promise<bigint>;
  /** Seals the result of a reserved task and discloses it at one stroke; tells the price, wei. */
  deliverAndDisclose(debt: Debt): Promise<bigint>;
  disclose(debt: Debt): Promise<void>;
  /** Opens a delivery that is disputed. */
  openDelivery(debt: Debt): Promise<void>;
  /** Fixes the seed of a round or of a panel. */
  captureSeed(taskId: string): Promise<void>;
  /**
   * Takes a seat in the round of a Quorum task, or in the panel of a dispute, with as much weight as half of the stake
   * that would be left allows.
   */
  takeSeat(debt: Debt): Promise<{ seat: number; weight: number }>;
  openSeat(debt: Debt, seat: number): Promise<void>;
  /** Opens a seat of a panel, and tells whether the disputed envelope can be read. */
  openVote(debt: Debt, seat: number, available: boolean): Promise<void>;
  claimSeat(debt: Debt, seat: number): Promise<void>;
  settle(order: Order): Promise<void>;
}

/** The effects that are the same for every provider: those on chain. */
export function chainEffects(
  protocol: SigningProtocol,
  provider: number,
): Omit<Effects, "perform" | "prepare" | "publish" | "holds" | "judge" | "reaches" | "send"> {
  return {
    async standing(source) {
      const { values } = await readBatch(protocol, [
        read("providerPool", "getMembership", provider, source),
        read("providerPool", "getProvider", provider),
        read("reputation", "scoreOf", provider),
      ]);
      const [{ slots, reserved, environments, gpuMemory, joinedAt }, { free }, score] = values;
      if (slots === 0n) return undefined;
      return {
        environments: Number(environments),
        gpuMemory: Number(gpuMemory),
        freeStake: free,
        score: Number(score),
        slots: Number(slots),
        freeSlots: Number(slots - reserved),
        joinedAt: Number(joinedAt),
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
    async openDelivery({ order, sealed: { resultDigest, salt, envelopeHash, envelopeSecret } }) {
      await openDelivery(protocol, { order, resultDigest, salt, envelopeHash, envelopeSecret });
    },
    async captureSeed(taskId) {
      await captureSeed(protocol, { taskId });
    },
    async takeSeat({ order, provider: sealer, sealed }) {
      const { values } = await readBatch(protocol, [
        read("providerPool", "getProvider", sealer),
        read("reputation", "scoreOf", sealer),
        read("taskManager", "WEIGHT_UNIT"),
      ]);
      const [{ free }, score, unit] = values;
      // More weight makes it likelier that its group wins, and locks stake that other tasks need.
      const spared = order.bond + (free - order.bond) / 2n;
      const weight = affordableWeight(score, spared, order.bond, unit) ?? MIN_WEIGHT;
      const { seat } = await takeSeat(protocol, { order, provider: sealer, weight, seal: sealed.seal });
      return { seat, weight };
    },
    async openSeat({ taskId, sealed: { resultDigest, salt, envelopeHash } }, seat) {
      await openSeat(protocol, { taskId, seat, resultDigest, salt, envelopeHash });
    },
    async openVote({ taskId, sealed: { resultDigest, salt, envelopeHash } }, seat, available) {
      await openVote(protocol, { taskId, seat, resultDigest, salt, envelopeHash, available });
    },
    async claimSeat({ order, sealed }, seat) {
      await claimSeat(protocol, { order, seat, envelope: sealed.envelope });
    },
    async settle(order) {
      await settle(protocol, { order });
    },
  };
}
