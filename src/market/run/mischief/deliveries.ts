import { concat, hexlify, keccak256, randomBytes } from "ethers";
import { cidOf } from "../../../content/digest.js";
import type { ContentStore } from "../../../content/store.js";
import { deliver } from "../../../protocol/actions/deliver.js";
import { disclose } from "../../../protocol/actions/disclose.js";
import { sealEnvelope, type SealedEnvelope } from "../../../protocol/envelope.js";
import { type Order, unpackOrder } from "../../../protocol/order.js";
import { RevertError } from "../../../protocol/reverts.js";
import { sealOf } from "../../../protocol/seal.js";
import { snapshot, type TaskSnapshot } from "../../../protocol/snapshot.js";
import { canBeDisputed } from "../../../provider/decide.js";
import { defenceOf } from "../../../provider/defence.js";
import { chainEffects } from "../../../provider/effects.js";
import { forgedTile } from "./forgery.js";
import type { DeliveryBehaviour, Mischief, MischiefOptions } from "./mischief.js";

/** Bytes of an envelope in which nothing is. */
const RUBBISH_BYTES = 160;

/** A task that the adversary has delivered, or is about to. */
interface Target {
  readonly order: Order;
  sealed?: SealedEnvelope;
  /** Stands by what it delivered, as an honest provider would. */
  defend?: () => Promise<void>;
  isOver: boolean;
}

/** What it takes to deliver what was not ordered. */
export interface DeliveryOptions extends MischiefOptions {
  /** Where inputs are, and outputs go. */
  store: ContentStore;
  /** Told that another one was faster. */
  missed: () => void;
}

/**
 * Delivers tasks that their clients can dispute without doing their work, and stands by what it delivered: a forger has a
 * picture of the right size that shows something else, with everything about it in order; a withholder discloses an envelope
 * that nobody can open.
 */
export function spoilDeliveries(behaviour: DeliveryBehaviour, options: DeliveryOptions): Mischief {
  const { protocol, provider, slots, isMine, missed, store, report } = options;
  const targets = new Map<string, Target>();
  const effects = chainEffects(protocol, provider);

  const forge = async (taskId: string, { clientKey, inputDigest }: Order): Promise<SealedEnvelope> => {
    const { digest } = await store.put(forgedTile(await store.get(inputDigest)));
    return sealEnvelope({ taskId, provider }, clientKey, { resultDigest: digest, location: `ipfs://${cidOf(digest)}` });
  };
  const withhold = (taskId: string, { clientKey }: Order): SealedEnvelope => {
    const nothing = { resultDigest: hexlify(randomBytes(32)), location: "ipfs://nowhere" };
    const sealed = sealEnvelope({ taskId, provider }, clientKey, nothing);
    const envelope = concat(["0x01", randomBytes(RUBBISH_BYTES)]);
    const envelopeHash = keccak256(envelope);
    const seal = sealOf({ taskId, provider, commitment: sealed.commitment, envelopeHash });
    return { ...sealed, envelope, envelopeHash, seal };
  };
  const hand = async (taskId: string, { order }: Target, { commitment, envelope }: SealedEnvelope) => {
    await disclose(protocol, { order, commitment, envelope });
    report({ kind: "delivered", at: Date.now(), taskId });
  };
  /** Before anybody else: it has nothing to compute. */
  const take = async (taskId: string, target: Target) => {
    const { order } = target;
    target.sealed ??= await (behaviour === "forger" ? forge(taskId, order) : withhold(taskId, order));
    try {
      await deliver(protocol, { order, provider, seal: target.sealed.seal });
    } catch (error) {
      if (!(error instanceof RevertError) || !error.is("WrongState")) throw error;
      lose(target);
      return;
    }
    await hand(taskId, target, target.sealed);
  };
  const lose = (target: Target) => {
    target.isOver = true;
    missed();
  };
  const defend = (taskId: string, { order }: Target, sealed: SealedEnvelope) =>
    defenceOf(
      { taskId, order, provider, sealed },
      {
        ...{ protocol, effects, clock: () => Math.floor(Date.now() / 1_000) },
        attempt: async (_, effect) => {
          await effect();
          return true;
        },
        defended: () => {
          report({ kind: "defended", at: Date.now(), taskId });
        },
      },
    );
  const isOwn = ({ provider: holder, seal, disputed }: TaskSnapshot, { sealed }: Target) =>
    holder === provider && sealed !== undefined && (seal === sealed.seal || disputed);

  return {
    pending: () => [...targets].flatMap(([taskId, { isOver }]) => (isOver ? [] : [taskId])),
    async act(taskId) {
      const target = targets.get(taskId);
      if (target === undefined) return;
      const task = await snapshot(protocol, { task: target.order });
      const { sealed } = target;
      if (task.state === "Open" && task.timestamp <= task.deadline) await take(taskId, target);
      else if (sealed === undefined || !isOwn(task, target)) lose(target);
      else if (task.state === "Delivered") await hand(taskId, target, sealed);
      else if (task.state === "Round") await (target.defend ??= defend(taskId, target, sealed))();
      else if (task.state !== "Disclosed") target.isOver = true;
    },
    learn({ name, args }) {
      if (name === "TaskSubmitted") {
        const order = unpackOrder(args.order);
        const isOne = canBeDisputed(order) && order.reservation === 0 && slots.has(order.source);
        if (isOne && isMine()) targets.set(args.taskId, { order, isOver: false });
      }
      return Promise.resolve();
    },
  };
}
