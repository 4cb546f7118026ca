import { hexlify, randomBytes } from "ethers";
import { openSeat } from "../../protocol/actions/openSeat.js";
import { takeSeat } from "../../protocol/actions/takeSeat.js";
import { MIN_WEIGHT } from "../../protocol/consensus.js";
import type { Deployment } from "../../protocol/deployment.js";
import { sealEnvelope, type SealedEnvelope } from "../../protocol/envelope.js";
import { watch, type Watched } from "../../protocol/events.js";
import { INTERFACES } from "../../protocol/execute.js";
import { type Order, unpackOrder, Verification } from "../../protocol/order.js";
import type { SigningProtocol } from "../../protocol/protocol.js";
import { messageOf, pause, persist } from "../../protocol/retry.js";
import { readRound } from "../../protocol/round.js";
import { environmentsOf, type ProviderConfig } from "../../provider/config.js";
import { drawFor } from "../../provider/draws.js";
import { establish, type IdentityBook } from "../../provider/identity.js";
import { suitableVersion, takeSeat as joinAs } from "../../provider/join.js";

/**
 * How a provider misbehaves in rounds: it seals whatever it likes and opens that; it seals and never opens; it seals what
 * another one has sealed.
 */
export const BEHAVIOURS = ["liar", "silent", "copier"] as const;
export type Behaviour = (typeof BEHAVIOURS)[number];

/** What an adversary tells. Moments in unix milliseconds. */
export type AdversaryEvent =
  | { readonly kind: "ready"; readonly at: number; readonly provider: number }
  | { readonly kind: "seated"; readonly at: number; readonly taskId: string; readonly seat: number }
  | { readonly kind: "trouble"; readonly at: number; readonly taskId: string; readonly reason: string };

export interface AdversaryOptions {
  protocol: SigningProtocol;
  deployment: Pick<Deployment, "contracts">;
  config: ProviderConfig;
  identity: IdentityBook;
  behaviour: Behaviour;
  /** It takes part in every so many-th round only, `turn` of them passing by first; in all if left out. */
  every?: number;
  turn?: number;
  report: (event: AdversaryEvent) => void;
  signal: AbortSignal;
}

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

const EVENTS = [
  "taskManager.TaskSubmitted",
  "taskManager.SeatTaken",
  "taskManager.SeatOpened",
  "taskManager.RoundEnded",
] as const;

/** Takes part in the rounds of the configuration's sources without doing their work, until the signal ends it. */
export async function misbehave(options: AdversaryOptions): Promise<void> {
  const { protocol, deployment, config, identity, behaviour, report, signal, every = 1, turn = 0 } = options;
  const from = deployment.contracts.TaskManager.block;
  const provider = await establish(protocol, { ...config, book: identity, from });
  const hardware = { environments: environmentsOf(config), gpuMemory: config.hardware.gpuMemory };
  const slots = new Map<number, number>();
  for (const seat of config.sources) {
    const version = await suitableVersion(protocol, seat.source, hardware);
    await joinAs(protocol, { provider, ...seat, ...hardware }, version);
    slots.set(seat.source, seat.slots);
  }
  report({ kind: "ready", at: Date.now(), provider });

  const targets = new Map<string, Target>();
  let rounds = 0;
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
  const tick = async () => {
    const said = new Set<string>();
    for (;;) {
      for (const [taskId, target] of targets) {
        if (target.isOver) continue;
        try {
          await (target.sealed === undefined ? sit(taskId, target) : open(taskId, target));
        } catch (error) {
          signal.throwIfAborted();
          const reason = messageOf(error);
          if (!said.has(taskId + reason)) report({ kind: "trouble", at: Date.now(), taskId, reason });
          said.add(taskId + reason);
        }
      }
      await pause(config.interval, signal);
    }
  };
  const learn = async ({ args, name, transactionHash }: Watched) => {
    if (name === "TaskSubmitted") {
      const order = unpackOrder(args.order);
      if (order.verification !== Verification.Quorum || !slots.has(order.source)) return;
      if (rounds++ % every !== turn) return;
      targets.set(args.taskId, { order, seals: new Map(), isOver: false });
      return;
    }
    const target = "taskId" in args ? targets.get(args.taskId) : undefined;
    if (target === undefined) return;
    if (name === "RoundEnded") target.isOver = true;
    if (name === "SeatTaken" && Number(args.provider) !== provider) target.seals.set(Number(args.provider), args.seal);
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
  };
  const ticking = tick();
  ticking.catch(() => undefined);
  const watching = async () => {
    for await (const event of watch(protocol, { events: EVENTS, from: protocol.head.number, signal })) {
      await learn(event);
    }
  };
  await Promise.race([watching(), ticking]);
}
