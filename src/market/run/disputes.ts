import { createRulings, type DatedRuling, endOf } from "../../client/rulings.js";
import type { DisputeOutcome } from "../../protocol/dispute.js";
import { type EventNamed, watch, type Watched } from "../../protocol/events.js";
import type { Protocol } from "../../protocol/protocol.js";
import type { DisputeReason } from "../summary.js";

/** A dispute that has ended. Amounts in wei. */
export interface Verdict {
  readonly taskId: string;
  /** Whose delivery was disputed. */
  readonly provider: number;
  readonly client: string;
  readonly outcome: DisputeOutcome;
  /** Why the delivery did not stand, if it did not. */
  readonly reason?: DisputeReason;
  /** Seats of the panel. */
  readonly seats: number;
  /** What its client paid for a result of the panel; 0 if it got none, or paid the provider. */
  readonly price: bigint;
  /** What it paid to the panel beside. */
  readonly cost: bigint;
  /** What the provider lost of its stake. */
  readonly slashed: bigint;
  /** What members of the panel were paid, from whatever source. */
  readonly awards: readonly { readonly provider: number; readonly amount: bigint }[];
}

const EVENTS = [
  "taskManager.SeatTaken",
  "taskManager.DeliveryOpened",
  "taskManager.VoteOpened",
  "taskManager.ValidatorPaid",
  "taskManager.DisputeEnded",
] as const;

/** What is known of a dispute, apart from its ruling. */
interface Course {
  /** Weights of the seats by provider. */
  readonly weights: Map<number, bigint>;
  /** Result digests by provider, and whether it could read the delivery. */
  readonly votes: Map<number, { resultDigest: string; available: boolean }>;
  /** Result digest that the provider opened. */
  delivered?: string;
}

/** Outcomes in which the provider is not proven wrong. */
const HARMLESS: readonly DisputeOutcome[] = ["Standing", "Upheld", "Undecided"];

/**
 * What the disputes of some clients' tasks came to, of those that ended in a range of blocks.
 *
 * @param clients Addresses.
 * @throws {NodeError} if the node does not answer.
 */
export async function verdictsFor(
  protocol: Protocol,
  clients: readonly string[],
  from: number,
  to: number,
): Promise<Verdict[]> {
  const disputed = new Set<string>();
  const asked = { events: ["taskManager.DisputeEnded"], where: { client: clients }, from, to } as const;
  for await (const { args } of watch(protocol, asked)) disputed.add(args.taskId);
  if (disputed.size === 0) return [];

  const rulings = createRulings();
  const courses = new Map<string, Course>();
  for await (const event of watch(protocol, { events: EVENTS, where: { taskId: [...disputed] }, from, to })) {
    const { taskId } = event.args;
    const course = courses.get(taskId) ?? { weights: new Map(), votes: new Map() };
    courses.set(taskId, course);
    if (event.name === "ValidatorPaid" || event.name === "DisputeEnded") rulings.hear(event);
    else note(course, event);
  }
  return [...disputed].flatMap((taskId) => {
    const [ruling, course] = [rulings.of(taskId), courses.get(taskId)];
    return ruling === undefined || course === undefined ? [] : [verdictOf(ruling, course)];
  });
}

type Heard = Watched<
  EventNamed<Exclude<(typeof EVENTS)[number], "taskManager.ValidatorPaid" | "taskManager.DisputeEnded">>
>;

function note(course: Course, { name, args }: Heard): void {
  const provider = Number(args.provider);
  if (name === "SeatTaken") course.weights.set(provider, args.weight);
  else if (name === "DeliveryOpened") course.delivered = args.resultDigest;
  else course.votes.set(provider, { resultDigest: args.resultDigest, available: args.available });
}

function verdictOf(ruling: DatedRuling, course: Course): Verdict {
  const { taskId, provider, client, outcome, price, awards } = ruling;
  const { cost, slashed } = endOf(ruling);
  const reason = HARMLESS.includes(outcome) ? undefined : reasonOf(course);
  return {
    ...{ taskId, provider, client, outcome, cost, slashed, seats: course.weights.size },
    ...(reason !== undefined && { reason }),
    // Who is paid for a delivery that stands is told by its sale.
    price: outcome === "Overturned" ? price : 0n,
    awards: awards.map(({ provider: member, amount }) => ({ provider: member, amount })),
  };
}

/** Why a delivery was overturned, by the rule of the contracts. */
function reasonOf({ weights, votes, delivered }: Course): DisputeReason {
  if (delivered === undefined) return "unopened";
  const weightOf = (some: readonly number[]) => some.reduce((sum, member) => sum + (weights.get(member) ?? 0n), 0n);
  const opened = [...votes.keys()];
  const blind = opened.filter((member) => votes.get(member)?.available === false);
  return 2n * weightOf(blind) > weightOf(opened) ? "unavailable" : "wrong";
}
