import { hexlify, randomBytes } from "ethers";
import { openSeat } from "../../../protocol/actions/openSeat.js";
import { takeSeat } from "../../../protocol/actions/takeSeat.js";
import { MIN_WEIGHT } from "../../../protocol/consensus.js";
import { sealEnvelope, type SealedEnvelope } from "../../../protocol/envelope.js";
import { INTERFACES } from "../../../protocol/execute.js";
import { type Order, unpackOrder, Verification } from "../../../protocol/order.js";
import { persist } from "../../../protocol/retry.js";
import { readRound } from "../../../protocol/round.js";
import { drawFor } from "../../../provider/draws.js";
import type { Mischief, MischiefOptions, RoundBehaviour } from "./mischief.js";

/** A round that the adversary has a seat in, or wants one. */
interface Target {
  readonly order: Order;
  /** What it sealed, or, if that is copied, whose. */
  sealed?: SealedEnvelope;
  copied?: number;
  /** Others' seals by provider, and their openings. */
  readonly seals: Map<number, string>;
  opening?: { resultDigest: string; salt: string; envelopeHash: string };
  isOver: boolean;
}

/** Takes seats in the rounds of critical tasks without doing their work. */
export function spoilRounds(behaviour: RoundBehaviour, options: MischiefOptions): Mischief {
  const { protocol, provider, slots, isMine, report } = options;
  const targets = new Map<string, Target>();

  const sit = async (taskId: string, target: Target) => {
    const { order } = target;
    const draw = await drawFor(protocol, provider, { order }, { slots: slots.get(order.source) ?? 0 });
    // At the very moment: it has nothing to compute.
    if (draw === undefined || draw.round.timestamp < draw.entry) return;
    const [other] = target.seals;
    if (behaviour === "copier" && other === undefined) return;
    const junk = { resultDigest: hexlify(randomBytes(32)), location: "ipfs://nowhere" };
    const sealed = sealEnvelope({ taskId, provider }, order.clientKey, junk);
    const seal = behaviour === "copier" ? (other?.[1] ?? "") : sealed.seal;
    const { seat } = await takeSeat(protocol, { order, provider, weight: MIN_WEIGHT, seal });
    target.sealed = sealed;
    if (other !== undefined && behaviour === "copier") target.copied = other[0];
    report({ kind: "seated", at: Date.now(), taskId, seat });
  };
  const open = async (taskId: string, target: Target) => {
    if (behaviour === "silent") return;
    const opening = behaviour === "copier" ? target.opening : target.sealed;
    if (opening === undefined) return;
    const round = await readRound(protocol, target.order);
    const seat = round.seats.findIndex((one) => one.provider === provider);
    if (round.sealedAt === undefined || seat < 0 || round.seats[seat]?.result !== undefined) return;
    const { resultDigest, salt, envelopeHash } = opening;
    await openSeat(protocol, { taskId, seat, resultDigest, salt, envelopeHash });
  };

  return {
    pending: () => [...targets].flatMap(([taskId, { isOver }]) => (isOver ? [] : [taskId])),
    async act(taskId) {
      const target = targets.get(taskId);
      if (target === undefined) return;
      await (target.sealed === undefined ? sit(taskId, target) : open(taskId, target));
    },
    async learn({ args, name, transactionHash }) {
      if (name === "TaskSubmitted") {
        const order = unpackOrder(args.order);
        if (order.verification !== Verification.Quorum || !slots.has(order.source)) return;
        if (isMine()) targets.set(args.taskId, { order, seals: new Map(), isOver: false });
        return;
      }
      const target = targets.get(args.taskId);
      if (target === undefined) return;
      if (name === "RoundEnded") target.isOver = true;
      if (name === "SeatTaken" && Number(args.provider) !== provider) {
        target.seals.set(Number(args.provider), args.seal);
      }
      if (name === "SeatOpened" && Number(args.provider) === target.copied) {
        // All that the chain tells of how the copied seal was opened.
        const sent = await persist(
          "eth_getTransactionByHash",
          () => protocol.provider.getTransaction(transactionHash),
          protocol.patience.requests,
        );
        const call = sent === null ? null : INTERFACES.taskManager.parseTransaction(sent);
        const { resultDigest, envelopeHash } = args;
        if (call?.name === "openSeat") target.opening = { resultDigest, envelopeHash, salt: String(call.args["salt"]) };
      }
    },
  };
}
