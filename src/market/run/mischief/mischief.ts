import type { EventNamed, Watched } from "../../../protocol/events.js";
import type { SigningProtocol } from "../../../protocol/protocol.js";

/** Misbehaviour in rounds: a provider seals whatever it likes and opens that; seals and never opens; seals others' seals. */
export const ROUND_BEHAVIOURS = ["liar", "silent", "copier"] as const;
/** Misbehaviour in deliveries: a provider delivers another picture than was ordered; delivers what nobody can read. */
export const DELIVERY_BEHAVIOURS = ["forger", "withholder"] as const;
export const BEHAVIOURS = [...ROUND_BEHAVIOURS, ...DELIVERY_BEHAVIOURS] as const;

export type RoundBehaviour = (typeof ROUND_BEHAVIOURS)[number];
export type DeliveryBehaviour = (typeof DELIVERY_BEHAVIOURS)[number];
export type Behaviour = RoundBehaviour | DeliveryBehaviour;

/** What an adversary tells. Moments in unix milliseconds. */
export type AdversaryEvent =
  | { readonly kind: "ready"; readonly at: number; readonly provider: number }
  | { readonly kind: "seated"; readonly at: number; readonly taskId: string; readonly seat: number }
  | { readonly kind: "delivered" | "defended"; readonly at: number; readonly taskId: string }
  | { readonly kind: "trouble"; readonly at: number; readonly taskId: string; readonly reason: string };

/** Events that adversaries go by. */
export const EVENTS = [
  "taskManager.TaskSubmitted",
  "taskManager.SeatTaken",
  "taskManager.SeatOpened",
  "taskManager.RoundEnded",
] as const;

export type Heard = Watched<EventNamed<(typeof EVENTS)[number]>>;

/** Tasks that an adversary means to spoil. */
export interface Mischief {
  /** Takes note of an event. */
  learn(event: Heard): Promise<void>;
  /** Tasks about which something may be left to do. */
  pending(): readonly string[];
  /** Does what can be done now about one of them. */
  act(taskId: string): Promise<void>;
}

/** What misbehaviour needs. */
export interface MischiefOptions {
  protocol: SigningProtocol;
  /** Number of the provider. */
  provider: number;
  /** Slots of the provider by source. */
  slots: ReadonlyMap<number, number>;
  /** Whether it takes part in the next task of its kind. */
  isMine: () => boolean;
  report: (event: AdversaryEvent) => void;
}

/** Says yes once in `every` questions, after `turn` of them; and once more for each time it is told that it was in vain. */
export function createTurns(every: number, turn: number) {
  let asked = 0;
  let missed = 0;
  return {
    isMine: (): boolean => {
      if (asked++ % every === turn) return true;
      if (missed === 0) return false;
      missed--;
      return true;
    },
    miss: () => {
      missed++;
    },
  };
}
