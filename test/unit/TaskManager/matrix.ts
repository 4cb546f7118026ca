import { expect } from "chai";
import { MIN_WEIGHT, SEED_DELAY } from "../../../src/protocol/consensus.js";
import { DISPUTE_OUTCOMES } from "../../../src/protocol/dispute.js";
import { loadFixture, networkHelpers, time } from "../../helpers/network.js";
import { type Observation, observe, owed } from "../../helpers/observe.js";
import {
  type Kind,
  RESERVATION,
  RIVAL,
  SEATS,
  STATES,
  type Subject,
  subjectOf,
  TaskState,
} from "../../helpers/states.js";
import { CAP, deployMarket, STAKE_PER_SLOT, WINDOWS } from "../../helpers/suite.js";

/**
 * What every action does in every state: the state it leads to, or the error that refuses it, `-` being WrongState.
 * Where a clock runs, the action comes in its last second, or, where the row says so, in the second after.
 * `rival`, `rivalReserve` and `takeSeat` are a delivery, a reservation and a seal by a provider that had nothing to do
 * with the task. Openings, votes and claims are those of the first seat. The tasks of the third table ask for a reservation,
 * those of the last one have a panel, and are told from their disclosure on.
 */
const TABLE = `
Review           submit signed revoke  reserve rivalReserve deliver   rival     deliverAndDisclose disclose  accept  settle  reopen cancel refund   prove proveSigned proveBatch captureSeed takeSeat openSeat claimSeat dispute   openDelivery openVote
None             Open   Open   Revoked -       -            -         -         -                  -         -       -       -      -      -        -     kind        kind       -           -        -        -         -         -            -
Revoked          -      -      -       -       -            -         -         -                  -         -       -       -      -      -        -     -           -          -           -        -        -         -         -            -
Open             -      -      -       unasked unasked      Delivered Delivered -                  -         -       -       -      Open   early    kind  -           -          roundless   kind     -        -         -         -            -
Expired          -      -      -       late    late         late      late      -                  -         -       -       -      late   Refunded kind  -           -          roundless   kind     -        -         -         -            -
Cancelled        -      -      -       unasked unasked      Delivered Delivered -                  -         -       -       -      twice  early    kind  -           -          roundless   kind     -        -         -         -            -
CancelledExpired -      -      -       late    late         late      late      -                  -         -       -       -      twice  Refunded kind  -           -          roundless   kind     -        -         -         -            -
Lapsed           -      -      -       barred  unasked      barred    Delivered -                  -         -       -       -      Open   early    kind  -           -          roundless   kind     -        -         -         -            -
Delivered        -      -      -       -       -            -         -         -                  Disclosed Settled -       early  -      -        -     -           -          -           -        -        -         -         -            -
DeliveredOver    -      -      -       -       -            -         -         -                  closed    Settled -       Open   -      -        -     -           -          -           -        -        -         -         -            -
Disclosed        -      -      -       -       -            -         -         -                  -         Settled early   -      -      -        -     -           -          -           -        -        -         panelless -            -
DisclosedOver    -      -      -       -       -            -         -         -                  -         Settled Settled -      -      -        -     -           -          -           -        -        -         panelless -            -
Accepted         -      -      -       -       -            -         -         -                  -         -       -       -      -      -        -     -           -          -           -        -        -         -         -            -
Settled          -      -      -       -       -            -         -         -                  -         -       -       -      -      -        -     -           -          -           -        -        -         -         -            -
Refunded         -      -      -       -       -            -         -         -                  -         -       -       -      -      -        -     -           -          -           -        -        -         -         -            -

Proof            submit signed revoke  reserve rivalReserve deliver rival deliverAndDisclose disclose accept settle reopen cancel refund   prove   proveSigned proveBatch captureSeed takeSeat openSeat claimSeat dispute openDelivery openVote
None             Open   Open   Revoked -       -            -       -     -                  -        -      -      -      -      -        -       Settled     Settled    -           -        -        -         -       -            -
Revoked          -      -      -       -       -            -       -     -                  -        -      -      -      -      -        -       -           -          -           -        -        -         -       -            -
Open             -      -      -       kind    kind         kind    kind  -                  -        -      -      -      Open   early    Settled -           -          roundless   kind     -        -         -       -            -
Expired          -      -      -       kind    kind         kind    kind  -                  -        -      -      -      late   Refunded late    -           -          roundless   kind     -        -         -       -            -
Cancelled        -      -      -       kind    kind         kind    kind  -                  -        -      -      -      twice  early    Settled -           -          roundless   kind     -        -         -       -            -
CancelledExpired -      -      -       kind    kind         kind    kind  -                  -        -      -      -      twice  Refunded late    -           -          roundless   kind     -        -         -       -            -
Proven           -      -      -       -       -            -       -     -                  -        -      -      -      -      -        -       -           -          -           -        -        -         -       -            -
ProvenSigned     -      -      -       -       -            -       -     -                  -        -      -      -      -      -        -       -           -          -           -        -        -         -       -            -
Refunded         -      -      -       -       -            -       -     -                  -        -      -      -      -      -        -       -           -          -           -        -        -         -       -            -

Reserved              submit signed revoke  reserve  rivalReserve deliver    rival      deliverAndDisclose disclose  accept  settle  reopen cancel   refund   prove proveSigned proveBatch captureSeed takeSeat openSeat claimSeat dispute   openDelivery openVote
None                  Open   Open   Revoked -        -            -          -          -                  -         -       -       -      -        -        -     kind        kind       -           -        -        -         -         -            -
Revoked               -      -      -       -        -            -          -          -                  -         -       -       -      -        -        -     -           -          -           -        -        -         -         -            -
Open                  -      -      -       Reserved Reserved     unreserved unreserved -                  -         -       -       -      Open     early    kind  -           -          roundless   kind     -        -         -         -            -
OpenTooLate           -      -      -       past     past         unreserved unreserved -                  -         -       -       -      Open     early    kind  -           -          roundless   kind     -        -         -         -            -
Expired               -      -      -       late     late         late       late       -                  -         -       -       -      late     Refunded kind  -           -          roundless   kind     -        -         -         -            -
Cancelled             -      -      -       past     past         unreserved unreserved -                  -         -       -       -      twice    early    kind  -           -          roundless   kind     -        -         -         -            -
CancelledExpired      -      -      -       late     late         late       late       -                  -         -       -       -      twice    Refunded kind  -           -          roundless   kind     -        -         -         -            -
Reserved              -      -      -       -        -            Delivered  held       Disclosed          -         -       -       early  Reserved -        -     -           -          -           -        -        -         -         -            -
ReservedOver          -      -      -       -        -            lapsed     held       lapsed             -         -       -       Open   Reserved -        -     -           -          -           -        -        -         -         -            -
ReservedCancelled     -      -      -       -        -            Delivered  held       Disclosed          -         -       -       early  twice    -        -     -           -          -           -        -        -         -         -            -
ReservedCancelledOver -      -      -       -        -            lapsed     held       lapsed             -         -       -       Open   twice    -        -     -           -          -           -        -        -         -         -            -
Lapsed                -      -      -       barred   Reserved     barred     unreserved -                  -         -       -       -      Open     early    kind  -           -          roundless   kind     -        -         -         -            -
LapsedCancelled       -      -      -       late     late         late       late       -                  -         -       -       -      twice    Refunded kind  -           -          roundless   kind     -        -         -         -            -
Delivered             -      -      -       -        -            -          -          -                  Disclosed Settled -       early  -        -        -     -           -          -           -        -        -         -         -            -
DeliveredOver         -      -      -       -        -            -          -          -                  closed    Settled -       Open   -        -        -     -           -          -           -        -        -         -         -            -
DeliveredCancelled    -      -      -       -        -            -          -          -                  Disclosed Settled -       early  -        -        -     -           -          -           -        -        -         -         -            -
LapsedDelivered       -      -      -       barred   Reserved     barred     unreserved -                  -         -       -       -      Open     early    kind  -           -          roundless   kind     -        -         -         -            -
Disclosed             -      -      -       -        -            -          -          -                  -         Settled early   -      -        -        -     -           -          -           -        -        -         panelless -            -
DisclosedOver         -      -      -       -        -            -          -          -                  -         Settled Settled -      -        -        -     -           -          -           -        -        -         panelless -            -
DisclosedAtOnce       -      -      -       -        -            -          -          -                  -         Settled early   -      -        -        -     -           -          -           -        -        -         panelless -            -
DisclosedAtOnceOver   -      -      -       -        -            -          -          -                  -         Settled Settled -      -        -        -     -           -          -           -        -        -         panelless -            -
Accepted              -      -      -       -        -            -          -          -                  -         -       -       -      -        -        -     -           -          -           -        -        -         -         -            -
Settled               -      -      -       -        -            -          -          -                  -         -       -       -      -        -        -     -           -          -           -        -        -         -         -            -
Refunded              -      -      -       -        -            -          -          -                  -         -       -       -      -        -        -     -           -          -           -        -        -         -         -            -

Quorum              submit signed revoke  reserve rivalReserve deliver rival deliverAndDisclose disclose accept  settle   reopen cancel refund   prove proveSigned proveBatch captureSeed takeSeat openSeat claimSeat dispute openDelivery openVote
None                Open   Open   Revoked -       -            -       -     -                  -        -       -        -      -      -        -     unoffered   unoffered  -           -        -        -         -       -            -
Revoked             -      -      -       -       -            -       -     -                  -        -       -        -      -      -        -     -           -          -           -        -        -         -       -            -
Unseeded            -      -      -       kind    kind         kind    kind  -                  -        -       -        -      Open   early    kind  -           -          unready     unready  -        -         -       -            -
Open                -      -      -       kind    kind         kind    kind  -                  -        -       -        -      Open   early    kind  -           -          Round       Round    -        -         -       -            -
Expired             -      -      -       kind    kind         kind    kind  -                  -        -       -        -      late   Refunded kind  -           -          late        sealed   -        -         -       -            -
Cancelled           -      -      -       kind    kind         kind    kind  -                  -        -       -        -      twice  early    kind  -           -          Round       Round    -        -         -       -            -
CancelledExpired    -      -      -       kind    kind         kind    kind  -                  -        -       -        -      twice  Refunded kind  -           -          late        sealed   -        -         -       -            -
Seeded              -      -      -       -       -            -       -     -                  -        early   early    -      Round  -        -     -           -          -           Round    early    early     -       undisputed   undisputed
SeededOver          -      -      -       -       -            -       -     -                  -        nobody  Refunded -      late   -        -     -           -          -           sealed   seatless seatless  -       undisputed   undisputed
SeededCancelled     -      -      -       -       -            -       -     -                  -        early   early    -      twice  -        -     -           -          -           Round    early    early     -       undisputed   undisputed
SeededCancelledOver -      -      -       -       -            -       -     -                  -        nobody  Refunded -      twice  -        -     -           -          -           sealed   seatless seatless  -       undisputed   undisputed
Sealing             -      -      -       -       -            -       -     -                  -        early   early    -      -      -        -     -           -          -           Round    early    early     -       undisputed   undisputed
Alone               -      -      -       -       -            -       -     -                  -        early   Refunded -      -      -        -     -           -          -           sealed   Round    early     -       undisputed   undisputed
LateSealed          -      -      -       -       -            -       -     -                  -        early   early    -      -      -        -     -           -          -           sealed   Round    early     -       undisputed   undisputed
LateSealedOver      -      -      -       -       -            -       -     -                  -        nobody  Refunded -      -      -        -     -           -          -           sealed   shut     nobody    -       undisputed   undisputed
Sealed              -      -      -       -       -            -       -     -                  -        early   early    -      -      -        -     -           -          -           sealed   Round    early     -       undisputed   undisputed
SealedOver          -      -      -       -       -            -       -     -                  -        nobody  Refunded -      -      -        -     -           -          -           sealed   shut     nobody    -       undisputed   undisputed
Won                 -      -      -       -       -            -       -     -                  -        Settled early    -      -      -        -     -           -          -           sealed   shut     Round     -       undisputed   undisputed
WonOver             -      -      -       -       -            -       -     -                  -        Settled Refunded -      -      -        -     -           -          -           sealed   shut     forfeit   -       undisputed   undisputed
Claimed             -      -      -       -       -            -       -     -                  -        Settled early    -      -      -        -     -           -          -           sealed   shut     claimed   -       undisputed   undisputed
ClaimedOver         -      -      -       -       -            -       -     -                  -        Settled Settled  -      -      -        -     -           -          -           sealed   shut     forfeit   -       undisputed   undisputed
Disputed            -      -      -       -       -            -       -     -                  -        nobody  Refunded -      -      -        -     -           -          -           sealed   opened   nobody    -       undisputed   undisputed
Accepted            -      -      -       -       -            -       -     -                  -        -       -        -      -      -        -     -           -          -           -        -        -         -       -            -
Settled             -      -      -       -       -            -       -     -                  -        -       -        -      -      -        -     -           -          -           -        -        -         -       -            -
Refunded            -      -      -       -       -            -       -     -                  -        -       -        -      -      -        -     -           -          -           -        -        -         -       -            -
Dissolved           -      -      -       -       -            -       -     -                  -        -       -        -      -      -        -     -           -          -           -        -        -         -       -            -

Panel          submit signed revoke reserve rivalReserve deliver rival deliverAndDisclose disclose accept   settle   reopen cancel refund prove proveSigned proveBatch captureSeed takeSeat openSeat claimSeat dispute      openDelivery openVote
Disclosed      -      -      -      -       -            -       -     -                  -        Settled  early    -      -      -      -     -           -          -           -        -        -         Round        -            -
DisclosedOver  -      -      -      -       -            -       -     -                  -        Settled  Settled  -      -      -      -     -           -          -           -        -        -         undisputable -            -
Unseeded       -      -      -      -       -            -       -     -                  -        early    early    -      -      -      -     -           -          unready     unready  disputed early     -            early        early
Disputed       -      -      -      -       -            -       -     -                  -        early    early    -      -      -      -     -           -          Round       Round    disputed early     -            early        early
Sealing        -      -      -      -       -            -       -     -                  -        early    early    -      -      -      -     -           -          seeded      seated   disputed early     -            early        early
Unjoined       -      -      -      -       -            -       -     -                  -        early    early    -      -      -      -     -           -          Round       sealed   disputed early     -            Round        early
UnjoinedOver   -      -      -      -       -            -       -     -                  -        Refunded Refunded -      -      -      -     -           -          Round       sealed   disputed seatless  -            unrevealed   seatless
Sealed         -      -      -      -       -            -       -     -                  -        early    early    -      -      -      -     -           -          seeded      sealed   disputed early     -            Round        early
SealedOver     -      -      -      -       -            -       -     -                  -        early    early    -      -      -      -     -           -          seeded      sealed   disputed early     -            unrevealed   Round
Revealed       -      -      -      -       -            -       -     -                  -        early    early    -      -      -      -     -           -          seeded      sealed   disputed early     -            revealed     Round
RevealedOver   -      -      -      -       -            -       -     -                  -        Settled  Settled  -      -      -      -     -           -          seeded      sealed   disputed Standing  -            revealed     shut
Upheld         -      -      -      -       -            -       -     -                  -        Settled  Settled  -      -      -      -     -           -          seeded      sealed   disputed Upheld    -            revealed     shut
Undecided      -      -      -      -       -            -       -     -                  -        Refunded Refunded -      -      -      -     -           -          seeded      sealed   disputed Undecided -            revealed     shut
Overturned     -      -      -      -       -            -       -     -                  -        Settled  early    -      -      -      -     -           -          seeded      sealed   disputed Round     -            revealed     shut
OverturnedOver -      -      -      -       -            -       -     -                  -        Settled  Refunded -      -      -      -     -           -          seeded      sealed   disputed forfeit   -            revealed     shut
Claimed        -      -      -      -       -            -       -     -                  -        Settled  early    -      -      -      -     -           -          seeded      sealed   disputed claimed   -            revealed     shut
ClaimedOver    -      -      -      -       -            -       -     -                  -        Settled  Settled  -      -      -      -     -           -          seeded      sealed   disputed forfeit   -            revealed     shut
Settled        -      -      -      -       -            -       -     -                  -        -        -        -      -      -      -     -           -          -           -        -        -         -            -            -
Refunded       -      -      -      -       -            -       -     -                  -        -        -        -      -      -      -     -           -          -           -        -        -         -            -            -
`;

// Enough for every action. Without an estimate, a refused transaction is mined like any other.
const options = { gasLimit: 2_000_000 };

const ACTIONS: Record<string, (subject: Subject) => Promise<unknown>> = {
  submit: ({ market, packed }) => market.taskManager.connect(market.client).submit(packed, options),
  signed: ({ market, packed, signature }) =>
    market.taskManager.connect(market.stranger).submitSigned(packed, signature, options),
  revoke: ({ market, packed }) => market.taskManager.connect(market.client).revoke(packed, options),
  reserve: ({ market, packed }) => market.taskManager.connect(market.agent).reserve(packed, market.provider, options),
  rivalReserve: ({ market, packed, rival }) => market.taskManager.connect(rival).reserve(packed, RIVAL, options),
  deliver: ({ market, packed, seal }) =>
    market.taskManager.connect(market.agent).deliver(packed, market.provider, seal, options),
  rival: ({ market, packed, rival, rivalSeal }) =>
    market.taskManager.connect(rival).deliver(packed, RIVAL, rivalSeal, options),
  deliverAndDisclose: ({ market, packed, commitment, envelope }) =>
    market.taskManager.connect(market.agent).deliverAndDisclose(packed, market.provider, commitment, envelope, options),
  disclose: ({ market, packed, commitment, envelope }) =>
    market.taskManager.connect(market.stranger).disclose(packed, commitment, envelope, options),
  accept: ({ market, packed }) => market.taskManager.connect(market.client).accept(packed, options),
  settle: ({ market, packed }) => market.taskManager.connect(market.stranger).settle(packed, options),
  reopen: ({ market, packed }) => market.taskManager.connect(market.stranger).reopen(packed, options),
  cancel: ({ market, packed }) => market.taskManager.connect(market.client).cancel(packed, options),
  refund: ({ market, packed }) => market.taskManager.connect(market.stranger).refund(packed, options),
  prove: ({ market, packed, resultDigest, envelopeHash, proof }) =>
    market.taskManager.connect(market.agent).prove(packed, market.provider, resultDigest, envelopeHash, proof, options),
  proveSigned: ({ market, signedProof }) =>
    market.taskManager.connect(market.agent).proveSigned(market.provider, signedProof, options),
  proveBatch: ({ market, signedProof }) =>
    market.taskManager.connect(market.agent).proveBatch(market.provider, [signedProof], options),
  captureSeed: ({ market, taskId }) => market.taskManager.connect(market.stranger).captureSeed(taskId, options),
  takeSeat: ({ market, packed, rival, rivalSeal }) =>
    market.taskManager.connect(rival).takeSeat(packed, RIVAL, MIN_WEIGHT, rivalSeal, options),
  openSeat: ({ market, taskId, resultDigest, salt, envelopeHash }) =>
    market.taskManager.connect(market.stranger).openSeat(taskId, 0, resultDigest, salt, envelopeHash, options),
  claimSeat: ({ market, packed, envelope }) =>
    market.taskManager.connect(market.stranger).claimSeat(packed, 0, envelope, options),
  dispute: ({ market, packed }) => market.taskManager.connect(market.client).dispute(packed, options),
  openDelivery: ({ market, packed, resultDigest, salt, envelopeHash }) =>
    market.taskManager
      .connect(market.agent)
      .openDelivery(packed, resultDigest, salt, envelopeHash, `0x${"5e".repeat(32)}`, options),
  openVote: ({ market, taskId, rival, resultDigest, salt, envelopeHash }) =>
    market.taskManager.connect(rival).openVote(taskId, 0, resultDigest, salt, envelopeHash, true, options),
};

/** Last seconds of a round's clocks: for seals, deliveries, openings and claims; and of the one that runs. */
async function clocksOf({ market, taskId }: Subject, at: number) {
  const { deadline, opened, clearedAt } = await market.taskManager.getTask(taskId);
  const { seats, dispute } = await market.taskManager.getRound(taskId);
  if (dispute.disputedAt !== 0n) {
    const seals = dispute.sealingUntil;
    const deliveries = seals + BigInt(WINDOWS.openProvider);
    const openings = (dispute.revealedAt || deliveries) + BigInt(WINDOWS.open);
    const claims = openings + BigInt(WINDOWS.claim);
    const voting = seats.every((seat) => seat.opened) ? claims : openings;
    const waiting = dispute.revealedAt === 0n && at <= deliveries ? deliveries : voting;
    return { seals, deliveries, openings, claims, now: at <= seals ? seals : waiting };
  }
  const seals = opened ? clearedAt : deadline;
  const openings = seals + BigInt(WINDOWS.open);
  const claims = openings + BigInt(WINDOWS.claim);
  const now = !opened && at <= deadline ? seals : seats.every((seat) => seat.opened) ? claims : openings;
  return { seals, deliveries: 0n, openings, claims, now };
}

/** Error of a cell with its arguments, for an action at `at` on a task in its present state. */
async function refusal(cell: string, subject: Subject, at: number): Promise<[string, unknown[]]> {
  const { market, taskId, order } = subject;
  const clocks = await clocksOf(subject, at);
  const block = (await time.latestBlock()) + 1;
  const { state, deadline, clearedAt, markedAt } = await market.taskManager.getTask(taskId);
  const reserved = clearedAt + BigInt(order.reservation);
  // A reserved task was sealed later than its price was fixed.
  const undisclosed = (order.reservation === 0 ? clearedAt : markedAt) + BigInt(WINDOWS.disclose);
  const reviewed = markedAt + BigInt(order.reviewPeriod);
  const ends: Partial<Record<string, bigint>> = {
    [`${TaskState.Open}`]: deadline,
    [`${TaskState.Reserved}`]: reserved,
    [`${TaskState.Delivered}`]: undisclosed,
    [`${TaskState.Round}`]: clocks.now,
  };
  switch (cell) {
    case "-":
      return ["WrongState", [taskId, state]];
    case "kind":
      return ["WrongVerification", [taskId, order.verification]];
    case "late":
      return ["DeadlinePassed", [deadline, at]];
    case "early":
      return ["TooEarly", [taskId, ends[`${state}`] ?? reviewed, at]];
    case "closed":
      return ["DisclosureTooLate", [taskId, undisclosed, at]];
    case "twice":
      return ["AlreadyCancelled", [taskId]];
    case "barred":
      return ["Barred", [taskId, market.provider]];
    case "unasked":
      return ["NotReservable", [taskId]];
    case "unreserved":
      return ["NotReserved", [taskId]];
    case "past":
      return ["ReservationPastDeadline", [at + RESERVATION, deadline]];
    case "held":
      return ["NotHolder", [taskId, RIVAL]];
    case "lapsed":
      return ["ReservationLapsed", [taskId, reserved, at]];
    case "unoffered":
      return ["NotOffered", [order.verification, order.trust, order.reservation]];
    case "roundless":
      return ["NotQuorum", [taskId]];
    case "unready":
      // The submission is the latest block.
      return ["SeedNotReady", [taskId, block - 1 + SEED_DELAY, block]];
    case "sealed":
      return ["SealingOver", [taskId, clocks.seals, at]];
    case "seatless":
      return ["NoSuchSeat", [taskId, 0]];
    case "opened":
      return ["AlreadyOpened", [taskId, 0]];
    case "shut":
      return ["OpeningTooLate", [taskId, clocks.openings, at]];
    case "nobody":
      return ["NoWinner", [taskId]];
    case "claimed":
      return ["AlreadyClaimed", [taskId, 0]];
    case "panelless":
      return ["NoPanel", [taskId]];
    case "undisputable":
      return ["ReviewOver", [taskId, reviewed, at]];
    case "undisputed":
      return ["NotDisputed", [taskId]];
    case "disputed":
      return ["IsDisputed", [taskId]];
    case "seeded":
      return ["SeedKnown", [taskId, (await market.taskManager.getRound(taskId)).seed]];
    case "seated":
      return ["AlreadySeated", [taskId, RIVAL]];
    case "revealed":
      return ["DeliveryAlreadyOpened", [taskId]];
    case "unrevealed":
      return ["OpeningTooLate", [taskId, clocks.deliveries, at]];
    case "Standing":
    case "Upheld":
    case "Undecided":
      return ["NothingToClaim", [taskId, DISPUTE_OUTCOMES.indexOf(cell)]];
    case "forfeit":
      return ["ClaimTooLate", [taskId, clocks.claims, at]];
    default:
      throw new Error(`unknown cell ${cell}`);
  }
}

describe("TaskManager: every action in every state", () => {
  const blocks = TABLE.trim()
    .split("\n\n")
    .map((block) => block.split("\n").map((line) => line.trim().split(/\s+/)));
  it("has a table for every kind of task", () => {
    expect(blocks.map(([heading]) => heading?.[0])).to.have.members(Object.keys(STATES));
  });

  for (const [[label, ...actions] = [], ...rows] of blocks) {
    const kind = label as Kind;
    const routes = new Map(Object.entries(STATES[kind]));

    it(`has a row for every state of a ${kind} task and a column for every action`, () => {
      expect(rows.map(([name]) => name)).to.have.members([...routes.keys()]);
      expect(actions).to.deep.equal(Object.keys(ACTIONS));
    });

    for (const [name = "", ...cells] of rows) {
      describe(`when a ${kind} task is ${name}`, () => {
        let subject: Subject;
        let at: number;
        let accounts: Record<string, string>;
        let providers: bigint[];
        let baseline: Observation;
        let total: bigint;
        let state: Awaited<ReturnType<typeof networkHelpers.takeSnapshot>>;

        before(async () => {
          const market = await loadFixture(deployMarket);
          subject = await subjectOf(market, kind);
          at = (await routes.get(name)?.(subject)) ?? 0;
          const { client, publisher, treasury, providerOwner, agent, stranger, taskManager, providerPool } = market;
          accounts = {
            ...{ client: client.address, publisher: publisher.address, treasury: treasury.address },
            ...{ owner: providerOwner.address, agent: agent.address, stranger: stranger.address },
            ...{ rival: subject.rival.address, taskManager: await taskManager.getAddress() },
            providerPool: await providerPool.getAddress(),
          };
          for (const { provider, owner } of subject.jurors) accounts[`juror ${provider}`] = await owner.getAddress();
          providers = [market.provider, RIVAL, ...subject.jurors.map(({ provider }) => provider)];
          await time.setNextBlockTimestamp(at);
          baseline = await look("pending");
          total = await owed(market, accounts);
          state = await networkHelpers.takeSnapshot();
        });

        beforeEach(async () => {
          await state.restore();
          await time.setNextBlockTimestamp(at);
        });

        const look = (tag: "latest" | "pending"): Promise<Observation> => {
          return observe(subject.market, { taskIds: [subject.taskId], accounts, providers }, tag);
        };

        actions.forEach((action, column) => {
          const cell = cells[column] ?? "";
          const leadsTo = Object.entries(TaskState).find(([label]) => label === cell)?.[1];

          it(leadsTo === undefined ? `refuses ${action}: ${cell}` : `${action} leads to ${cell}`, async () => {
            const { market, taskId, order } = subject;
            const { taskManager, escrow, providerPool } = market;
            const call = ACTIONS[action];
            if (call === undefined) throw new Error(`unknown action ${action}`);
            if (leadsTo === undefined) {
              const [error, values] = await refusal(cell, subject, at);
              await expect(call(subject))
                .to.be.revertedWithCustomError(taskManager, error)
                .withArgs(...values);
              expect(await time.latest()).to.equal(at);
              expect(await look("latest")).to.deep.equal(baseline);
              return;
            }

            await call(subject);
            const task = await taskManager.getTask(taskId);
            expect(task.state).to.equal(leadsTo);
            expect(task.cancelled).to.equal(action === "cancel" || name.includes("Cancelled"));
            const reserved = leadsTo === TaskState.Reserved;
            const held = reserved || leadsTo === TaskState.Delivered || leadsTo === TaskState.Disclosed;
            const holder = action.startsWith("rival") ? RIVAL : market.provider;
            const executions = kind === "Quorum" ? SEATS : 1n;
            const named = held || task.disputed || (leadsTo === TaskState.Settled && kind !== "Quorum");
            expect(task.provider).to.equal(named ? holder : 0n);
            const running = held || leadsTo === TaskState.Open || leadsTo === TaskState.Round;
            const panel = task.disputed && running ? SEATS * (await taskManager.priceOf(subject.packed)) : 0n;
            expect((await escrow.accountOf(order.client)).held).to.equal(running ? executions * CAP + panel : 0n);
            const { seats } = await taskManager.getRound(taskId);
            const bound = held || panel !== 0n ? [holder] : [];
            bound.push(...seats.map((seat) => seat.provider));
            for (const provider of providers) {
              const bond = bound.includes(provider) ? order.bond : 0n;
              expect((await providerPool.getProvider(provider)).locked).to.equal(2n * STAKE_PER_SLOT + bond);
              const membership = await providerPool.getMembership(provider, order.source);
              expect(membership.reserved).to.equal(reserved && provider === holder ? 1n : 0n);
            }
            const { openTasks } = await providerPool.getMarket(order.source);
            const waits =
              reserved || leadsTo === TaskState.Open || (leadsTo === TaskState.Round && !task.opened && !task.disputed);
            expect(openTasks).to.equal(waits ? executions : 0n);
            expect(await owed(market, accounts)).to.equal(total);
          });
        });
      });
    }
  }
});
