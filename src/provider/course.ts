import type { SeatOutcome } from "../protocol/consensus.js";
import { type PanelSnapshot, readPanel } from "../protocol/panel.js";
import type { Protocol } from "../protocol/protocol.js";
import { messageOf } from "../protocol/retry.js";
import { readRound, type RoundSeat } from "../protocol/round.js";
import type { Moment } from "../protocol/snapshot.js";
import type { TaskStateName } from "../protocol/states.js";
import type { Debt } from "./debts.js";
import type { Effects } from "./effects.js";
import { isReadable } from "./evidence.js";
import { createPostponed } from "./postponed.js";

/** What a round and the panel of a dispute have in common for who sits there. Times in unix seconds. */
export interface Sitting extends Moment {
  /** Of the task. */
  readonly state: TaskStateName;
  /** Whether it is still to begin, goes on, or is over. */
  readonly stage: "ahead" | "on" | "over";
  /** Last second in which seals are taken, unless enough come earlier. */
  readonly sealsUntil: number;
  /** The last one, once it is over. */
  readonly sealedAt: number | undefined;
  /** From when on seats may be opened, once that has come; the last second for it, and for claims. */
  readonly opensFrom: number | undefined;
  readonly opensUntil: number | undefined;
  readonly claimsUntil: number | undefined;
  readonly seats: readonly RoundSeat[];
  /** Whether nothing more can be opened. */
  readonly decided: boolean;
  /** Whether its winners are paid for what they bring the client; else whatever it came to only has to be ended. */
  readonly isClaimed: boolean;
  /** How each seat ends if nothing more is opened and all winners bring their results. */
  readonly outcomes: readonly SeatOutcome[];
}

/** Looks at a round or panel, and opens a seat there. */
export interface Course {
  look(): Promise<Sitting>;
  /** Opens a seat, if it can tell already all that belongs to it; whether it has. */
  open(seat: number): Promise<boolean>;
}

/** What that needs. Times in seconds. */
export interface CourseOptions {
  protocol: Protocol;
  effects: Pick<Effects, "openSeat" | "openVote" | "holds">;
  /** Unix time of the chain now. */
  clock: () => number;
  /** First block whose tasks can still be open. */
  from: number;
  signal: AbortSignal;
  /** Told what failed and will be tried again. */
  report: (problem: string) => void;
}

/** Seconds before the end in which a vote is given though the store did not answer: an unopened seat costs all it locks. */
const LAST_CHANCE = 300;
/** Milliseconds for a look at the store, before the next one is tried. */
const LOOK_WITHIN = 300_000;

/** The course that the seat of a debt takes. */
export function courseOf(debt: Debt, options: CourseOptions): Course {
  return debt.panel === true ? panelCourse(debt, options) : roundCourse(debt, options);
}

function roundCourse(debt: Debt, { protocol, effects }: CourseOptions): Course {
  const { order } = debt;
  return {
    async look() {
      const round = await readRound(protocol, order);
      const { state, deadline, sealedAt, seats, winner } = round;
      return {
        ...round,
        stage: state === "None" ? "ahead" : state === "Open" || state === "Round" ? "on" : "over",
        sealsUntil: deadline === 0 ? order.deadline : deadline,
        opensFrom: sealedAt,
        // One alone has nobody to agree with.
        decided: round.decided || (seats.length === 1 && sealedAt !== undefined),
        isClaimed: winner !== undefined,
      };
    },
    async open(seat) {
      await effects.openSeat(debt, seat);
      return true;
    },
  };
}

function panelCourse(debt: Debt, { protocol, effects, clock, from, signal, report }: CourseOptions): Course {
  const { taskId, order } = debt;
  const postponed = createPostponed(protocol.patience.interval);
  let seen: boolean | undefined;

  /** Whether the disputed delivery is of any use to the client; `undefined`: not known yet. */
  const judge = async (panel: PanelSnapshot): Promise<boolean | undefined> => {
    if (panel.revealedAt === undefined) return false;
    // Whether it could be read is part of the judgement.
    if (panel.judged) return true;
    if (seen !== undefined) return seen;
    const { opensFrom = 0, opensUntil = 0 } = panel;
    const last = opensUntil - Math.min(LAST_CHANCE, Math.floor((opensUntil - opensFrom) / 4));
    const left = last - clock();
    if (left < 0) return false;
    if (postponed.isWaiting(taskId)) return undefined;
    const within = AbortSignal.any([signal, AbortSignal.timeout(Math.min(LOOK_WITHIN, (left + 1) * 1_000))]);
    try {
      seen = await isReadable(protocol, order, panel, { effects, from, signal: within });
    } catch (error) {
      signal.throwIfAborted();
      postponed.failed(taskId);
      report(`looking at the disputed delivery: ${messageOf(error)}`);
    }
    return seen;
  };
  return {
    async look() {
      const panel = await readPanel(protocol, order);
      const { state, disputed, sealsUntil = Infinity, outcome } = panel;
      const isOver = state === "Settled" || state === "Refunded";
      return {
        ...panel,
        // The chain may have taken the dispute back; then it may come again.
        stage: state === "Round" && disputed ? "on" : isOver ? "over" : "ahead",
        sealsUntil,
        isClaimed: outcome === "Overturned",
      };
    },
    async open(seat) {
      const available = await judge(await readPanel(protocol, order));
      if (available === undefined) return false;
      await effects.openVote(debt, seat, available);
      return true;
    },
  };
}
