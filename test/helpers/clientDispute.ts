import { keccak256 } from "ethers";
import { digestOf } from "../../src/content/digest.js";
import { MIN_WEIGHT, SEED_DELAY, seatsOf } from "../../src/protocol/consensus.js";
import { type SealedEnvelope, sealEnvelope } from "../../src/protocol/envelope.js";
import { packOrder } from "../../src/protocol/order.js";
import { sealOf } from "../../src/protocol/seal.js";
import { holderOf, type Ordered, sealFor } from "./holders.js";
import { networkHelpers, time } from "./network.js";
import { ownerOf, type Panel } from "./rounds.js";
import { CAP } from "./suite.js";

/** Trust of the orders: three seats. */
export const TRUST = 2;
/** Seconds that the client may look at what was disclosed. */
export const REVIEW = 600;

/** A seat that the test took for a member, and what opens it. */
export interface PanelMember {
  readonly provider: number;
  readonly seat: number;
  readonly sealed: SealedEnvelope;
}

/** What an order with a panel says more than others. */
export const PANEL_TERMS = {
  ...{ source: 1, maxReward: CAP, bond: BigInt(seatsOf(TRUST)) * CAP, rampDuration: 0 },
  ...{ trust: TRUST, reviewPeriod: REVIEW },
};

/** All that others than the client do in the dispute of a task; what they seal, the client can open. */
export function courtOf(panel: Panel, { taskId, order }: Ordered) {
  const { taskManager, agent, stranger } = panel;
  const packed = packOrder(order);
  const holder = holderOf(panel);
  const task = { taskId, order };
  let delivery: SealedEnvelope | undefined;
  const sealedBy = (provider: number, resultDigest: string) =>
    sealEnvelope({ taskId, provider }, order.clientKey, { resultDigest, location: "here" });
  const seats: PanelMember[] = [];
  const misdeliver = async (output: Uint8Array, envelope: string): Promise<void> => {
    const sealed = sealFor(task, output);
    const envelopeHash = keccak256(envelope);
    const seal = sealOf({ taskId, provider: 1, commitment: sealed.commitment, envelopeHash });
    delivery = { ...sealed, envelope, envelopeHash, seal };
    await taskManager.connect(agent).deliver(packed, 1, seal);
    await holder.disclose(task, delivery);
  };

  const court = {
    /** The market's provider delivers and discloses. */
    async disclose(output: Uint8Array): Promise<SealedEnvelope> {
      delivery = await holder.deliver(task, output);
      await holder.disclose(task, delivery);
      return delivery;
    },
    /** The same, with an envelope that nobody can open. */
    withhold: (output: Uint8Array) => misdeliver(output, `0x01${"5a".repeat(150)}`),
    /** The same, with an envelope that tells another output than the seal. */
    contradict: (output: Uint8Array, shown: Uint8Array) => misdeliver(output, sealFor(task, shown).envelope),
    /** Members take seats, the second of the pool the first, one for each result. */
    async sit(digests: readonly string[]): Promise<PanelMember[]> {
      await networkHelpers.mine(SEED_DELAY + 1, { interval: 1 });
      const { dispute } = await taskManager.getRound(taskId);
      const [from, until] = [Number(dispute.sealingFrom), Number(dispute.sealingUntil)];
      const entry = from + Math.ceil(((until - from) * 3) / 4);
      if ((await time.latest()) < entry) await time.increaseTo(entry);
      const members = [...panel.members.keys()].slice(1);
      for (const digest of digests) {
        const seat = seats.length;
        const provider = members[seat] ?? 0n;
        const sealed = sealedBy(Number(provider), digest);
        await taskManager.connect(ownerOf(panel, provider)).takeSeat(packed, provider, MIN_WEIGHT, sealed.seal);
        seats.push({ provider: Number(provider), seat, sealed });
      }
      return seats;
    },
    /** Lets sealing end with its clock. */
    async passSealing(): Promise<void> {
      const { closedAt, dispute } = await taskManager.getRound(taskId);
      if (closedAt === 0n) await time.increaseTo(dispute.sealingUntil + 1n);
    },
    /** The disputed provider opens its delivery. */
    async reveal(): Promise<void> {
      if (delivery === undefined) throw new Error("nothing was delivered");
      const { resultDigest, salt, envelopeHash, envelopeSecret } = delivery;
      await taskManager.connect(agent).openDelivery(packed, resultDigest, salt, envelopeHash, envelopeSecret);
    },
    async vote({ seat, provider, sealed }: PanelMember, available = true): Promise<void> {
      const { resultDigest, salt, envelopeHash } = sealed;
      const manager = taskManager.connect(ownerOf(panel, BigInt(provider)));
      await manager.openVote(taskId, seat, resultDigest, salt, envelopeHash, available);
    },
    /** Members sit with these outputs, the provider opens, and they do. */
    async decide(outputs: readonly Uint8Array[]): Promise<PanelMember[]> {
      await court.sit(outputs.map(digestOf));
      await court.passSealing();
      await court.reveal();
      for (const seat of seats) await court.vote(seat);
      return seats;
    },
    claim: ({ seat, sealed }: PanelMember) => taskManager.connect(stranger).claimSeat(packed, seat, sealed.envelope),
    settle: () => taskManager.connect(stranger).settle(packed),
  };
  return court;
}

export type Court = ReturnType<typeof courtOf>;

/** A member of a list that must be there. */
export function nth<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new Error(`there is no ${index}`);
  return found;
}
