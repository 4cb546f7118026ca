import type { Signer } from "ethers";
import { MIN_WEIGHT, SEED_DELAY } from "../../src/protocol/consensus.js";
import { type Order, packOrder, signOrder, taskIdOf, Verification } from "../../src/protocol/order.js";
import { sealOf } from "../../src/protocol/seal.js";
import { networkHelpers, time } from "./network.js";
import {
  attest,
  BOND,
  CAP,
  FLOOR,
  joinProvider,
  type Market,
  proofOrder,
  resultFor,
  reviewOrder,
  WINDOWS,
} from "./suite.js";

/** A task with all that any action on it needs: signature, result, seals of two providers and proof. */
export type Subject = Awaited<ReturnType<typeof subjectOf>>;

/** Numbers of `TaskState` in the contracts. */
export const TaskState = {
  None: 0n,
  Open: 1n,
  Reserved: 2n,
  Delivered: 3n,
  Disclosed: 4n,
  Round: 5n,
  Settled: 6n,
  Refunded: 7n,
  Revoked: 8n,
} as const;

/** Start price of the helpers' orders: their floor as a fraction of the cap, which rounds up, in units of 1 / (2^32 - 1). */
export const START = (CAP * ((FLOOR * 0xffffffffn + CAP - 1n) / CAP)) / 0xffffffffn;

/** Seconds for which tasks of kind Reserved are reserved: longer than the cancel notice. */
export const RESERVATION = 1800;

/**
 * Kinds of tasks: answered at once, answered with a proof, reserved before they are answered, answered by several, answered
 * at once with a panel that can be asked about it.
 */
export type Kind = "Review" | "Proof" | "Reserved" | "Quorum" | "Panel";

/** Seats of tasks of kind Quorum, and of panels. */
export const SEATS = 3n;
const TRUST = 2;

/** A second member of the pool, of the first of the other accounts. */
export const RIVAL = 2n;

/** Registers {@link RIVAL} and tells its owner. */
export async function joinRival(market: Market) {
  const [rival] = market.others;
  if (rival === undefined) throw new Error("no account for a rival");
  await joinProvider(market, rival);
  return rival;
}

/** A member of the pool that may sit in a round beside the market's provider. */
interface Juror {
  provider: bigint;
  owner: Signer;
}

/** As many more members as a round of three seats needs, of the accounts after the first of the others. */
async function joinJurors(market: Market): Promise<Juror[]> {
  const jurors: Juror[] = [];
  for (const owner of market.others.slice(1, 4)) jurors.push({ provider: await joinProvider(market, owner), owner });
  return jurors;
}

/**
 * An order nobody has posted, of a market in which {@link RIVAL} is about to join, and others if there is to be a round.
 */
export async function subjectOf(market: Market, kind: Kind) {
  const rival = await joinRival(market);
  const jurors = kind === "Quorum" || kind === "Panel" ? await joinJurors(market) : [];
  // Long enough for a lapse before the deadline.
  const changes = { deadline: (await time.latest()) + 4 * 3600, reviewPeriod: 7200, rampDuration: 20_000, bond: BOND };
  const reservation = kind === "Reserved" ? RESERVATION : 0;
  const verdicts: Partial<Record<Kind, Partial<Order>>> = {
    Quorum: { verification: Verification.Quorum, trust: TRUST },
    Panel: { trust: TRUST, bond: SEATS * CAP },
  };
  const verdict = verdicts[kind] ?? {};
  const order = await (kind === "Proof"
    ? proofOrder(market, changes)
    : reviewOrder(market, { ...changes, ...verdict, reservation }));
  const taskId = taskIdOf(order, market.domain);
  const result = resultFor(taskId, market.provider);
  const proof = await attest(market, taskId, market.provider, order.inputDigest, result);
  const signature = await signOrder(market.client, order, market.domain);
  const packed = packOrder(order);
  const { resultDigest, envelopeHash } = result;
  return {
    ...result,
    market,
    rival,
    jurors,
    rivalSeal: sealOf({ ...result, taskId, provider: RIVAL }),
    order,
    packed,
    taskId,
    signature,
    proof,
    signedProof: { order: packed, signature, resultDigest, envelopeHash, proof },
  };
}

/** Brings a subject into a state; tells the second in which the next transaction is to be mined. */
type Route = (subject: Subject) => Promise<number>;

const next = async (): Promise<number> => (await time.latest()) + 1;

const submit: Route = async ({ market, packed, order }) => {
  await market.taskManager.connect(market.client).submit(packed);
  return order.deadline;
};

const cancel: Route = async (subject) => {
  await submit(subject);
  await subject.market.taskManager.connect(subject.market.client).cancel(subject.packed);
  return (await time.latest()) + WINDOWS.cancelNotice;
};

const deliver: Route = async (subject) => {
  const { market, packed, seal } = subject;
  await submit(subject);
  await market.taskManager.connect(market.agent).deliver(packed, market.provider, seal);
  return (await time.latest()) + WINDOWS.disclose;
};

const disclose: Route = async (subject) => {
  const { market, packed, commitment, envelope, order } = subject;
  await deliver(subject);
  await market.taskManager.connect(market.agent).disclose(packed, commitment, envelope);
  return (await time.latest()) + order.reviewPeriod;
};

/** The second after the last one of the clock that runs at the end of a route. */
const after =
  (route: Route): Route =>
  async (subject) =>
    (await route(subject)) + 1;

/** One more call by anyone at the end of a route. */
const then =
  (route: Route, action: (subject: Subject) => Promise<unknown>): Route =>
  async (subject) => {
    await time.setNextBlockTimestamp(await route(subject));
    await action(subject);
    return next();
  };

const anyone = ({ market }: Subject) => market.taskManager.connect(market.stranger);
const provider = ({ market }: Subject) => market.taskManager.connect(market.agent);
const client = ({ market }: Subject) => market.taskManager.connect(market.client);

/** As late as the task can still be reserved. */
const submitInTime: Route = async (subject) => (await submit(subject)) - RESERVATION;

const reserve: Route = async (subject) => {
  await submit(subject);
  await provider(subject).reserve(subject.packed, subject.market.provider);
  return (await time.latest()) + RESERVATION;
};

const cancelReserved: Route = async (subject) => {
  const end = await reserve(subject);
  await client(subject).cancel(subject.packed);
  return end;
};

/** The holder of a reserved task delivers in the last second, and no more. */
const fulfil =
  (route: Route): Route =>
  async (subject) => {
    await time.setNextBlockTimestamp(await route(subject));
    await provider(subject).deliver(subject.packed, subject.market.provider, subject.seal);
    return (await time.latest()) + WINDOWS.disclose;
  };

const discloseReserved: Route = async (subject) => {
  await time.setNextBlockTimestamp(await fulfil(reserve)(subject));
  await anyone(subject).disclose(subject.packed, subject.commitment, subject.envelope);
  return (await time.latest()) + subject.order.reviewPeriod;
};

const deliverAndDisclose: Route = async (subject) => {
  const { market, packed, commitment, envelope, order } = subject;
  await time.setNextBlockTimestamp(await reserve(subject));
  await provider(subject).deliverAndDisclose(packed, market.provider, commitment, envelope);
  return (await time.latest()) + order.reviewPeriod;
};

const reopen = (subject: Subject) => anyone(subject).reopen(subject.packed);
const refunded = then(after(submit), (subject) => anyone(subject).refund(subject.packed));
const revoked = then(next, (subject) => client(subject).revoke(subject.packed));

/**
 * States of a Review task. Where a clock runs, the next transaction is in its last second, or, where the name says that
 * it is over, in the second after.
 */
export const REVIEW_STATES = {
  None: next,
  Revoked: revoked,
  Open: submit,
  Expired: after(submit),
  Cancelled: cancel,
  CancelledExpired: after(cancel),
  Lapsed: then(after(deliver), reopen),
  Delivered: deliver,
  DeliveredOver: after(deliver),
  Disclosed: disclose,
  DisclosedOver: after(disclose),
  Accepted: then(deliver, (subject) => client(subject).accept(subject.packed)),
  Settled: then(after(disclose), (subject) => anyone(subject).settle(subject.packed)),
  Refunded: refunded,
} satisfies Record<string, Route>;

/** States of a Proof task, likewise. */
export const PROOF_STATES = {
  None: next,
  Revoked: revoked,
  Open: submit,
  Expired: after(submit),
  Cancelled: cancel,
  CancelledExpired: after(cancel),
  Proven: then(submit, (subject) => {
    const { packed, resultDigest, envelopeHash, proof } = subject;
    return provider(subject).prove(packed, subject.market.provider, resultDigest, envelopeHash, proof);
  }),
  ProvenSigned: then(next, (subject) => provider(subject).proveSigned(subject.market.provider, subject.signedProof)),
  Refunded: refunded,
} satisfies Record<string, Route>;

/** States of a Review task that asks for a reservation, likewise. */
export const RESERVED_STATES = {
  None: next,
  Revoked: revoked,
  Open: submitInTime,
  OpenTooLate: after(submitInTime),
  Expired: after(submit),
  Cancelled: cancel,
  CancelledExpired: after(cancel),
  Reserved: reserve,
  ReservedOver: after(reserve),
  ReservedCancelled: cancelReserved,
  ReservedCancelledOver: after(cancelReserved),
  Lapsed: then(after(reserve), reopen),
  LapsedCancelled: then(after(cancelReserved), reopen),
  Delivered: fulfil(reserve),
  DeliveredOver: after(fulfil(reserve)),
  DeliveredCancelled: fulfil(cancelReserved),
  LapsedDelivered: then(after(fulfil(reserve)), reopen),
  Disclosed: discloseReserved,
  DisclosedOver: after(discloseReserved),
  DisclosedAtOnce: deliverAndDisclose,
  DisclosedAtOnceOver: after(deliverAndDisclose),
  Accepted: then(fulfil(reserve), (subject) => client(subject).accept(subject.packed)),
  Settled: then(after(deliverAndDisclose), (subject) => anyone(subject).settle(subject.packed)),
  Refunded: refunded,
} satisfies Record<string, Route>;

/** Posts an order and waits until its seed is known. */
const submitRound: Route = async (subject) => {
  await submit(subject);
  await networkHelpers.mine(SEED_DELAY + 1, { interval: 1 });
  return subject.order.deadline;
};

/** The seed is known, and so late everybody may sit. */
const enter: Route = async (subject) => {
  const end = await submitRound(subject);
  await time.increaseTo(end - 1000);
  return end;
};

const capture: Route = async (subject) => {
  const end = await submitRound(subject);
  await anyone(subject).captureSeed(subject.taskId);
  return end;
};

/** Cancels when everybody may sit. */
const cancelLate: Route = async (subject) => {
  await enter(subject);
  await client(subject).cancel(subject.packed);
  return (await time.latest()) + WINDOWS.cancelNotice;
};

const cancelCaptured: Route = async (subject) => {
  await enter(subject);
  await anyone(subject).captureSeed(subject.taskId);
  await client(subject).cancel(subject.packed);
  return (await time.latest()) + WINDOWS.cancelNotice;
};

type Opening = Pick<ReturnType<typeof resultFor>, "resultDigest" | "salt" | "envelopeHash">;

const openAll = async (subject: Subject, openings: readonly Opening[]): Promise<void> => {
  for (const [seat, { resultDigest, salt, envelopeHash }] of openings.entries()) {
    await anyone(subject).openSeat(subject.taskId, seat, resultDigest, salt, envelopeHash);
  }
};

/** The market's provider takes the first seat, the others those after it; tells what opens them. */
async function seat(subject: Subject, outputs: readonly string[]): Promise<Opening[]> {
  const { market, packed, taskId, seal, jurors } = subject;
  await enter(subject);
  await provider(subject).takeSeat(packed, market.provider, MIN_WEIGHT, seal);
  const openings: Opening[] = [subject];
  for (const [place, output] of outputs.entries()) {
    const juror = jurors[place];
    if (juror === undefined) throw new Error(`no juror ${place}`);
    const result = resultFor(taskId, juror.provider, output);
    await market.taskManager.connect(juror.owner).takeSeat(packed, juror.provider, MIN_WEIGHT, result.seal);
    openings.push(result);
  }
  return openings;
}

/** Some seats are taken, too few to end sealing. */
const sealing =
  (...outputs: string[]): Route =>
  async (subject) => {
    await seat(subject, outputs);
    return subject.order.deadline;
  };

/** All seats are taken. */
const sealed: Route = async (subject) => {
  await seat(subject, ["output", "other"]);
  return (await time.latest()) + WINDOWS.open;
};

/** Sealing has ended with the deadline. */
const sealedLate: Route = async (subject) => (await sealing("output")(subject)) + WINDOWS.open;

/** All seats are opened; the first has won if the second says the same. */
const opened =
  (...outputs: string[]): Route =>
  async (subject) => {
    const openings = await seat(subject, outputs);
    const end = (await time.latest()) + WINDOWS.open + WINDOWS.claim;
    await openAll(subject, openings);
    return end;
  };

/** The first of two winners has claimed. */
const claimed: Route = async (subject) => {
  const end = await opened("output", "other")(subject);
  await anyone(subject).claimSeat(subject.packed, 0, subject.envelope);
  return end;
};

/** States of a Quorum task, likewise. */
export const QUORUM_STATES = {
  None: next,
  Revoked: revoked,
  Unseeded: async (subject) => {
    await submit(subject);
    return next();
  },
  Open: submitRound,
  Expired: after(submitRound),
  Cancelled: cancelLate,
  CancelledExpired: after(cancelLate),
  Seeded: capture,
  SeededOver: after(capture),
  SeededCancelled: cancelCaptured,
  SeededCancelledOver: after(cancelCaptured),
  Sealing: sealing("output"),
  Alone: after(sealing()),
  LateSealed: after(sealing("output")),
  LateSealedOver: after(sealedLate),
  Sealed: sealed,
  SealedOver: after(sealed),
  Won: opened("output", "other"),
  WonOver: after(opened("output", "other")),
  Claimed: claimed,
  ClaimedOver: after(claimed),
  Disputed: async (subject) => {
    await opened("other", "another")(subject);
    return next();
  },
  Accepted: then(opened("output", "other"), (subject) => client(subject).accept(subject.packed)),
  Settled: then(after(claimed), (subject) => anyone(subject).settle(subject.packed)),
  Refunded: refunded,
  Dissolved: then(after(capture), (subject) => anyone(subject).settle(subject.packed)),
} satisfies Record<string, Route>;

/** The client disputes in the last second of the review period. */
const disputed: Route = async (subject) => {
  await time.setNextBlockTimestamp(await disclose(subject));
  await client(subject).dispute(subject.packed);
  return next();
};

/** The seed is known, and so late everybody may sit; until the last second for seals. */
const empanelled: Route = async (subject) => {
  await disputed(subject);
  await networkHelpers.mine(SEED_DELAY + 1, { interval: 1 });
  const { dispute } = await subject.market.taskManager.getRound(subject.taskId);
  const end = Number(dispute.sealingUntil);
  await time.increaseTo(end - 1000);
  return end;
};

type Verdict = Opening & { owner: Signer };

/** {@link RIVAL} takes the first seat with the subject's result, and jurors those after it; tells what opens them. */
async function panel(subject: Subject, outputs: readonly string[]): Promise<Verdict[]> {
  const { market, packed, taskId, rival, rivalSeal, jurors } = subject;
  await market.taskManager.connect(rival).takeSeat(packed, RIVAL, MIN_WEIGHT, rivalSeal);
  const verdicts: Verdict[] = [{ ...subject, owner: rival }];
  for (const [place, output] of outputs.entries()) {
    const juror = jurors[place];
    if (juror === undefined) throw new Error(`no juror ${place}`);
    const result = resultFor(taskId, juror.provider, output);
    await market.taskManager.connect(juror.owner).takeSeat(packed, juror.provider, MIN_WEIGHT, result.seal);
    verdicts.push({ ...result, owner: juror.owner });
  }
  return verdicts;
}

/** Nobody has sealed, and time for that is over; until the last second for the provider. */
const unjoined: Route = async (subject) => (await empanelled(subject)) + WINDOWS.openProvider;

/** Two have sealed, likewise. */
const judged: Route = async (subject) => {
  const end = await empanelled(subject);
  await panel(subject, ["output"]);
  return end + WINDOWS.openProvider;
};

const SECRET = `0x${"5e".repeat(32)}`;

/** Two have sealed, and the provider has opened its delivery; tells what opens the seats, and when it did. */
async function reveal(subject: Subject, output: string): Promise<[verdicts: Verdict[], at: number]> {
  const end = await empanelled(subject);
  const verdicts = await panel(subject, [output]);
  await time.increaseTo(end);
  const { packed, resultDigest, salt, envelopeHash } = subject;
  await provider(subject).openDelivery(packed, resultDigest, salt, envelopeHash, SECRET);
  return [verdicts, await time.latest()];
}

/** Until the last second for votes. */
const revealed: Route = async (subject) => (await reveal(subject, "output"))[1] + WINDOWS.open;

/** Two have voted, and have read the envelope or not; until the last second for claims. */
const voted =
  (output: string, isRead = true): Route =>
  async (subject) => {
    const [verdicts, at] = await reveal(subject, output);
    for (const [seat, { resultDigest, salt, envelopeHash, owner }] of verdicts.entries()) {
      const voter = subject.market.taskManager.connect(owner);
      await voter.openVote(subject.taskId, seat, resultDigest, salt, envelopeHash, isRead);
    }
    return at + WINDOWS.open + WINDOWS.claim;
  };

const overturned = voted("output", false);

const claimedSeat: Route = async (subject) => {
  const end = await overturned(subject);
  await anyone(subject).claimSeat(subject.packed, 0, subject.envelope);
  return end;
};

/** States of a Review task with a panel, from its disclosure on, likewise. */
export const PANEL_STATES = {
  Disclosed: disclose,
  DisclosedOver: after(disclose),
  Unseeded: disputed,
  Disputed: empanelled,
  Sealing: async (subject) => {
    const end = await empanelled(subject);
    await panel(subject, []);
    return end;
  },
  Unjoined: unjoined,
  UnjoinedOver: after(unjoined),
  Sealed: judged,
  SealedOver: after(judged),
  Revealed: revealed,
  RevealedOver: after(revealed),
  Upheld: voted("output"),
  Undecided: voted("other"),
  Overturned: overturned,
  OverturnedOver: after(overturned),
  Claimed: claimedSeat,
  ClaimedOver: after(claimedSeat),
  Settled: then(voted("output"), (subject) => anyone(subject).settle(subject.packed)),
  Refunded: then(voted("other"), (subject) => anyone(subject).settle(subject.packed)),
} satisfies Record<string, Route>;

/** The routes to all states of each kind of task. */
export const STATES: Record<Kind, Record<string, Route>> = {
  Review: REVIEW_STATES,
  Proof: PROOF_STATES,
  Reserved: RESERVED_STATES,
  Quorum: QUORUM_STATES,
  Panel: PANEL_STATES,
};
