import type { ContentStore } from "../../content/store.js";
import type { Deployment } from "../../protocol/deployment.js";
import { watch } from "../../protocol/events.js";
import type { SigningProtocol } from "../../protocol/protocol.js";
import { messageOf } from "../../protocol/retry.js";
import { createBell } from "../../provider/bell.js";
import { environmentsOf, type ProviderConfig } from "../../provider/config.js";
import { establish, type IdentityBook } from "../../provider/identity.js";
import { suitableVersion, takeSeat as joinAs } from "../../provider/join.js";
import { spoilDeliveries } from "./mischief/deliveries.js";
import { type AdversaryEvent, type Behaviour, createTurns, EVENTS, type Mischief } from "./mischief/mischief.js";
import { spoilRounds } from "./mischief/rounds.js";

export { type AdversaryEvent, type Behaviour, BEHAVIOURS } from "./mischief/mischief.js";

export interface AdversaryOptions {
  protocol: SigningProtocol;
  deployment: Pick<Deployment, "contracts">;
  config: ProviderConfig;
  identity: IdentityBook;
  /** Where inputs are, and outputs go. */
  store: ContentStore;
  behaviour: Behaviour;
  /** It takes part in every so many-th task of its kind only, `turn` of them passing by first; in all if left out. */
  every?: number;
  turn?: number;
  report: (event: AdversaryEvent) => void;
  signal: AbortSignal;
}

/**
 * Takes part in what the configuration's sources are asked to do without doing the work, until the signal ends it: in the
 * rounds of critical tasks, or by deliveries that their clients can dispute, as its behaviour says.
 */
export async function misbehave(options: AdversaryOptions): Promise<void> {
  const { protocol, deployment, config, identity, store, behaviour, report, signal, every = 1, turn = 0 } = options;
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

  const { isMine, miss } = createTurns(every, turn);
  const needs = { protocol, provider, slots, isMine, report };
  const mischief: Mischief =
    behaviour === "forger" || behaviour === "withholder"
      ? spoilDeliveries(behaviour, { ...needs, store, missed: miss })
      : spoilRounds(behaviour, needs);
  const said = new Set<string>();
  // It has nothing to compute, so it is there before anybody else.
  const bell = createBell();
  const act = async (taskId: string) => {
    try {
      await mischief.act(taskId);
    } catch (error) {
      signal.throwIfAborted();
      const reason = messageOf(error);
      if (!said.has(taskId + reason)) report({ kind: "trouble", at: Date.now(), taskId, reason });
      said.add(taskId + reason);
    }
  };
  const tick = async () => {
    for (;;) {
      for (const taskId of mischief.pending()) await act(taskId);
      await bell.wait(config.interval, signal);
      signal.throwIfAborted();
    }
  };
  const ticking = tick();
  ticking.catch(() => undefined);
  const watching = async () => {
    for await (const event of watch(protocol, { events: EVENTS, from: protocol.head.number, signal })) {
      await mischief.learn(event);
      bell.ring();
    }
  };
  await Promise.race([watching(), ticking]);
}
