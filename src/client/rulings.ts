import { DISPUTE_OUTCOMES, type DisputeOutcome } from "../protocol/dispute.js";
import type { Award, Ruling } from "../protocol/actions/shared.js";
import type { EventNamed, Watched } from "../protocol/events.js";

/** How the dispute of a task ended, as its client sees it. Amounts in wei. */
export interface DisputeEnd {
  readonly outcome: DisputeOutcome;
  /** What the panel cost the client, beside the price of a result. */
  readonly cost: bigint;
  /** What the provider lost of its stake. */
  readonly slashed: bigint;
}

/** Outcomes in which the client pays the panel; else the provider does. */
const CLIENT_PAYS: readonly DisputeOutcome[] = ["Standing", "Upheld", "Undecided"];

/** What a ruling comes to for the client. */
export function endOf({ outcome, awards, slashed }: Ruling): DisputeEnd {
  const paid = awards.reduce((sum, { amount }) => sum + amount, 0n);
  return { outcome, cost: CLIENT_PAYS.includes(outcome) ? paid : 0n, slashed };
}

/** Events that tell how disputes end. */
export const RULING_EVENTS = ["taskManager.ValidatorPaid", "taskManager.DisputeEnded"] as const;

/** A ruling with the block that it was made in. */
export interface DatedRuling extends Ruling {
  readonly blockNumber: number;
}

/** Puts rulings together from the events of {@link RULING_EVENTS}. */
export function createRulings() {
  const rulings = new Map<string, DatedRuling>();
  /** What members of panels were paid, by transaction and task. */
  const awards = new Map<string, Award[]>();
  return {
    hear(event: Watched<EventNamed<(typeof RULING_EVENTS)[number]>>) {
      const { args, removed, blockNumber } = event;
      const { taskId } = args;
      const key = `${event.transactionHash} ${taskId}`;
      const paid = awards.get(key) ?? [];
      if (event.name === "ValidatorPaid") {
        const { provider, seat, amount } = event.args;
        const others = paid.filter((award) => award.seat !== Number(seat));
        const award = { provider: Number(provider), seat: Number(seat), amount };
        awards.set(key, removed ? others : [...others, award]);
        return;
      }
      if (removed) {
        rulings.delete(taskId);
        return;
      }
      const { client, price, slashed } = event.args;
      const outcome = DISPUTE_OUTCOMES[Number(event.args.outcome)] ?? "Undecided";
      const provider = Number(event.args.provider);
      rulings.set(taskId, { taskId, provider, client, outcome, price, slashed, awards: paid, blockNumber });
    },
    of: (taskId: string): DatedRuling | undefined => rulings.get(taskId),
  };
}
