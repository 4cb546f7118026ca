import { expect } from "chai";
import { accept } from "../../../src/protocol/actions/accept.js";
import { captureSeed } from "../../../src/protocol/actions/captureSeed.js";
import { claimSeat } from "../../../src/protocol/actions/claimSeat.js";
import { openSeat } from "../../../src/protocol/actions/openSeat.js";
import { refund } from "../../../src/protocol/actions/refund.js";
import { settle } from "../../../src/protocol/actions/settle.js";
import { takeSeat } from "../../../src/protocol/actions/takeSeat.js";
import {
  entryOf,
  MIN_WEIGHT,
  reachAt,
  SEED_DELAY,
  type Share,
  SPARE_MEMBERS,
  seatsOf,
  seedOf,
  ticketBound,
  ticketOf,
} from "../../../src/protocol/consensus.js";
import { emitted, execute } from "../../../src/protocol/execute.js";
import { type Order, Verification } from "../../../src/protocol/order.js";
import type { Protocol } from "../../../src/protocol/protocol.js";
import { pause, persist } from "../../../src/protocol/retry.js";
import { decodeRevert, revertDataIn } from "../../../src/protocol/reverts.js";
import { readRound, seedOfRound } from "../../../src/protocol/round.js";
import { refused } from "./expect.js";
import type { Scenario } from "./scenario.js";
import {
  BOND,
  CAP,
  orderOf,
  provide,
  resultFor,
  saleOf,
  share,
  stage,
  STAKE,
  submit,
  type Supplier,
  taskOf,
  versionTerms,
} from "./work.js";
import { type Actor, MIN_STAKE, now, PARAMETERS, read, timeOf, until, type World } from "./world.js";

const TRUST = 2;
const SEATS = seatsOf(TRUST);
const MEMBERS = SEATS + SPARE_MEMBERS;
/** Each member of a stage has two slots. */
const SHARE: Share = { slots: 2, capacity: 2 * MEMBERS };
/** What is locked of a stake when no round is left. */
const PLACE = 2n * MIN_STAKE;
const TIP_BPS = 50n;
const DISCORD_BPS = 500n;
const { open: OPENING, claim: CLAIMING } = PARAMETERS.windows;

/** A Quorum order of three seats, due in so many seconds. */
const quorum = async (client: Actor, window: number): Promise<Partial<Order>> => ({
  ...{ verification: Verification.Quorum, trust: TRUST, reviewPeriod: 0, deadline: (await now(client)) + window },
});

/** A source with members enough, a stranger and a posted Quorum task. */
async function convene(world: World, window: number) {
  const [scene, stranger] = await Promise.all([stage(world, MEMBERS), world.actor()]);
  const { client, source } = scene;
  // Who joined in the second of the submission has no seat.
  await until(client, await now(client));
  const task = await submit(client, source, await quorum(client, window));
  const openBlock = task.done.blockNumber;
  return { ...scene, ...task, stranger, openBlock, openedAt: await timeOf(client, openBlock) };
}
type Round = Awaited<ReturnType<typeof convene>>;

/** Waits until a block is not the newest any more. */
async function behind({ provider, patience, head }: Protocol, block: number): Promise<void> {
  for (;;) {
    const number = await persist("eth_blockNumber", () => provider.getBlockNumber(), patience.requests);
    head.number = Math.max(head.number, number);
    if (number > block) return;
    await pause(patience.interval);
  }
}

/** The members in the sequence of their tickets, with the second of the window in which each may sit. */
function sequence({ providers, taskId, order, openedAt }: Round, seed: bigint) {
  return providers
    .map((supplier) => {
      const ticket = ticketOf(seed, taskId, supplier.provider);
      return { ...supplier, ticket, entry: entryOf(ticket, SHARE, order.deadline - openedAt) };
    })
    .sort((one, other) => (one.ticket < other.ticket ? -1 : 1));
}

const seatWith = ({ order }: Round, { owner, provider }: Supplier, seal: string, weight = MIN_WEIGHT) =>
  takeSeat(owner, { order, provider: Number(provider), weight, seal });

/** Takes a seat as soon as the member may. */
async function sit(round: Round, member: Supplier & { entry: number }, output: string) {
  await until(member.owner, round.openedAt + member.entry - 1);
  const result = resultFor(round.taskId, member.provider, output);
  const { seat, price, blockNumber } = await seatWith(round, member, result.seal);
  return { ...member, ...result, seat, price, blockNumber };
}
type Sealed = Awaited<ReturnType<typeof sit>>;

const open = ({ taskId }: Round, { owner, seat, resultDigest, salt, envelopeHash }: Sealed, by = owner) =>
  openSeat(by, { taskId, seat, resultDigest, salt, envelopeHash });

/** A round whose first three members sealed these outputs; they are told in the sequence of their seats. */
async function seal(round: Round, outputs: readonly string[]) {
  await behind(round.client, round.openBlock + SEED_DELAY);
  const seed = await seedOfRound(round.client, await readRound(round.client, round.order));
  if (seed === undefined) throw new Error("The block of the seed is mined.");
  const members = sequence(round, seed).slice(0, outputs.length);
  const seats = await Promise.all(members.map((member, index) => sit(round, member, outputs[index] ?? "")));
  seats.sort((one, other) => one.seat - other.seat);
  expect(seats.map(({ seat }) => seat)).to.deep.equal(seats.map((_, index) => index));
  const sealedAt = await timeOf(round.client, seats.at(-1)?.blockNumber ?? 0);
  return { seats, sealedAt };
}

/** Stake, locked stake, frauds and faults of a provider. */
async function standingOf({ client }: Round, { provider }: Supplier) {
  const { providerPool, reputation } = client.contracts;
  return read(client, async (at) => {
    const [stake, record] = await Promise.all([
      ...([providerPool.getProvider(provider, at), reputation.getRecord(provider, at)] as const),
    ]);
    return [stake.stake, stake.locked, record.frauds, record.faults];
  });
}

const accountOf = async ({ client }: Round, address: string) => {
  const { free, held, fees } = await read(client, (at) => client.contracts.escrow.accountOf(address, at));
  return [free, held, fees];
};

/** A call made in a block that is over, at which the node itself says no. */
async function inBlock(call: Promise<unknown>): Promise<void> {
  await call.catch((error: unknown) => {
    throw decodeRevert(revertDataIn(error), "a call");
  });
}

/** Tasks that several providers decide. */
export const rounds: Scenario[] = [
  {
    title: "members sit in the sequence that the seed draws, and three equal results are paid alike",
    async play(world) {
      const round = await convene(world, 100);
      const { client, source, publisher, stranger, order, packed, taskId, openBlock, openedAt } = round;
      const { taskManager } = client.contracts;
      const direct = taskManager.connect(world.direct);
      const late = provide(world, source);
      late.catch(() => undefined);
      const seedBlock = openBlock + SEED_DELAY;
      await refused(inBlock(direct.captureSeed.staticCall(taskId, { blockTag: openBlock })), "SeedNotReady", {
        ...{ taskId, seedBlock: BigInt(seedBlock) },
      });
      await behind(client, seedBlock);
      const captured = await captureSeed(stranger, { taskId });
      const block = await persist("eth_getBlockByNumber", () => world.direct.getBlock(seedBlock), 30_000);
      expect([captured.seedBlock, captured.seed]).to.deep.equal([seedBlock, seedOf(block?.hash ?? "0x0")]);
      const [one, two, three, four, five] = sequence(round, captured.seed);
      if (!one || !two || !three || !four || !five) throw new Error("There are five members.");

      // Every ticket is what the library computes, and the bound too.
      const elapsed = (await timeOf(client, captured.blockNumber)) - openedAt;
      const bound = ticketBound(reachAt(elapsed, order.deadline - openedAt), SHARE);
      for (const { owner, provider, ticket } of [one, two, three, four, five]) {
        const call = direct.takeSeat.staticCall(packed, provider, MIN_WEIGHT, taskId, {
          ...{ from: owner.address, blockTag: captured.blockNumber },
        });
        if (ticket < bound) await inBlock(call);
        else await refused(inBlock(call), "NotDrawn", { taskId, provider, ticket, bound });
      }

      const first = await sit(round, one, "equal");
      expect([first.seat, first.price]).to.deep.equal([0, undefined]);
      const latecomer = await late;
      await Promise.all([
        refused(seatWith(round, one, first.seal), "AlreadySeated", { taskId, provider: one.provider }),
        refused(seatWith(round, two, first.seal, 3), "WeightOutOfBounds", {
          ...{ provider: two.provider, weight: 3n, minimum: 2n, maximum: 2n },
        }),
        refused(seatWith(round, latecomer, first.seal), "JoinedTooLate", { provider: latecomer.provider }),
        refused(seatWith(round, { owner: client, provider: one.provider }, first.seal), "ClientOfTask", {
          ...{ taskId, client: client.address },
        }),
        refused(open(round, first), "TooEarly", { taskId, end: BigInt(order.deadline) }),
        refused(accept(client, { order }), "TooEarly", { taskId, end: BigInt(order.deadline) }),
        refused(execute(client, "taskManager", "cancel", [packed]), "WrongState", { taskId, state: 5n }),
      ]);
      const seats = [first, ...(await Promise.all([two, three].map((member) => sit(round, member, "equal"))))];
      expect(seats.map(({ seat }) => seat).sort()).to.deep.equal([0, 1, 2]);
      expect(seats.filter(({ price }) => price !== undefined).map(({ price }) => price)).to.deep.equal([CAP]);
      await Promise.all([
        refused(seatWith(round, four, first.seal), "SealingOver", { taskId }),
        refused(open(round, { ...first, salt: taskId }), "SealMismatch", { taskId }),
      ]);
      await Promise.all(seats.map((seat) => open(round, seat, stranger)));
      await Promise.all([
        refused(open(round, first), "AlreadyOpened", { taskId, seat: 0n }),
        refused(open(round, { ...first, seat: SEATS }), "NoSuchSeat", { taskId, seat: 3n }),
        refused(accept(stranger, { order }), "NotClientOrAgent", { taskId, caller: stranger.address }),
      ]);
      const seen = await readRound(client, order);
      expect(seen.decided && seen.outcomes).to.deep.equal(["Paid", "Paid", "Paid"]);

      const { settlements } = await accept(client, { order });
      const { fee, royalty, payment } = saleOf(CAP);
      const paid = { taskId, client: client.address, publisher: publisher.address, price: CAP, fee, royalty, payment };
      expect(settlements).to.deep.equal(
        seats.sort((a, b) => a.seat - b.seat).map(({ provider }) => ({ ...paid, provider: Number(provider) })),
      );
      expect(await accountOf(round, client.address)).to.deep.equal([STAKE - 3n * CAP, 0n, 3n * fee]);
      expect(await accountOf(round, publisher.address)).to.deep.equal([3n * royalty, 0n, 0n]);
      for (const seat of seats) {
        expect(await accountOf(round, seat.owner.address)).to.deep.equal([payment, 0n, 0n]);
        expect(await standingOf(round, seat)).to.deep.equal([STAKE, PLACE, 0n, 0n]);
      }
      const over = await readRound(client, order);
      expect([over.state, over.seats]).to.deep.equal(["Settled", []]);
    },
  },
  {
    title: "where results contradict each other nobody is paid, and the client has its money back",
    async play(world) {
      const round = await convene(world, 60);
      const { client, stranger, order, taskId } = round;
      const { seats, sealedAt } = await seal(round, ["one", "another", "a third"]);
      const [one, two, silent] = seats;
      if (!one || !two || !silent) throw new Error("There are three seats.");
      await Promise.all([open(round, one), open(round, two)]);
      const end = BigInt(sealedAt + OPENING);
      await refused(settle(stranger, { order }), "TooEarly", { taskId, end });
      await until(client, Number(end));
      await Promise.all([
        refused(open(round, silent), "OpeningTooLate", { taskId, end }),
        refused(accept(client, { order }), "NoWinner", { taskId }),
        refused(claimSeat(one.owner, { order, seat: one.seat, envelope: one.envelope }), "NoWinner", { taskId }),
      ]);
      const done = await settle(stranger, { order });
      const tip = share(CAP, TIP_BPS);
      expect([done.settlements, done.refund]).to.deep.equal([[], 3n * CAP - tip]);
      expect(await accountOf(round, client.address)).to.deep.equal([STAKE - tip, 0n, 0n]);
      expect(await accountOf(round, stranger.address)).to.deep.equal([tip, 0n, 0n]);
      const slashed = share(BOND, DISCORD_BPS);
      for (const seat of [one, two]) {
        expect(await standingOf(round, seat)).to.deep.equal([STAKE - slashed, PLACE, 0n, 0n]);
      }
      expect(await standingOf(round, silent)).to.deep.equal([STAKE - BOND, PLACE, 1n, 0n]);
      await refused(settle(stranger, { order }), "WrongState", { taskId, state: 7n });
    },
  },
  {
    title: "a client that is silent pays those of its winners that disclose what they sealed",
    async play(world) {
      const round = await convene(world, 60);
      const { client, stranger, order, taskId } = round;
      const { seats, sealedAt } = await seal(round, ["equal", "equal", "equal"]);
      const [one, two, mute] = seats;
      if (!one || !two || !mute) throw new Error("There are three seats.");
      await refused(claimSeat(one.owner, { order, seat: one.seat, envelope: one.envelope }), "TooEarly", {
        ...{ taskId, end: BigInt(sealedAt + OPENING) },
      });
      await Promise.all(seats.map((seat) => open(round, seat)));
      const end = BigInt(sealedAt + OPENING + CLAIMING);
      await Promise.all([
        refused(claimSeat(one.owner, { order, seat: one.seat, envelope: two.envelope }), "EnvelopeMismatch", {
          ...{ taskId, seat: BigInt(one.seat) },
        }),
        refused(claimSeat(one.owner, { order, seat: SEATS, envelope: one.envelope }), "NoSuchSeat", {
          ...{ taskId, seat: 3n },
        }),
        claimSeat(two.owner, { order, seat: two.seat, envelope: two.envelope }),
      ]);
      const claimed = await claimSeat(stranger, { order, seat: one.seat, envelope: one.envelope });
      expect([claimed.provider, claimed.settlements]).to.deep.equal([Number(one.provider), []]);
      expect(emitted(claimed, "taskManager", "SeatClaimed").envelope).to.equal(one.envelope);
      await Promise.all([
        refused(claimSeat(one.owner, { order, seat: one.seat, envelope: one.envelope }), "AlreadyClaimed", { taskId }),
        refused(settle(stranger, { order }), "TooEarly", { taskId, end }),
      ]);
      await until(client, Number(end));
      await refused(claimSeat(mute.owner, { order, seat: mute.seat, envelope: mute.envelope }), "ClaimTooLate", {
        ...{ taskId, end },
      });
      const { settlements } = await settle(stranger, { order });
      expect(settlements.map(({ provider }) => BigInt(provider))).to.deep.equal([one.provider, two.provider]);
      const { fee, payment } = saleOf(CAP);
      expect(await accountOf(round, client.address)).to.deep.equal([STAKE - 2n * CAP, 0n, 2n * fee]);
      for (const seat of [one, two]) {
        expect(await accountOf(round, seat.owner.address)).to.deep.equal([payment, 0n, 0n]);
        expect(await standingOf(round, seat)).to.deep.equal([STAKE, PLACE, 0n, 0n]);
      }
      expect(await accountOf(round, mute.owner.address)).to.deep.equal([0n, 0n, 0n]);
      expect(await standingOf(round, mute)).to.deep.equal([STAKE - BOND, PLACE, 0n, 1n]);
    },
  },
  {
    title: "Quorum orders outside of what suite, source and pool allow are refused, and one without seats is refunded",
    async play(world) {
      const round = await convene(world, 75);
      const { client, publisher, stranger, source, order, taskId, startPrice, openBlock } = round;
      const arbitrary = { ...versionTerms(), deterministic: false };
      await execute(publisher, "sourceRegistry", "publishVersion", [source, arbitrary, []]);
      const post = async (changes: Partial<Order>) => {
        const changed = await orderOf(client, source, { ...(await quorum(client, 60)), ...changes });
        return execute(client, "taskManager", "submit", [taskOf(client, changed).packed]);
      };
      const { maxRound } = PARAMETERS;
      const maxReward = maxRound / 3n + 1n;
      const review = await submit(client, source);
      const bounds = { minimum: 2n, maximum: 16_384n };
      const wrongState = { taskId: review.taskId, state: 1n };
      await Promise.all([
        refused(post({ trust: 1 }), "TrustOutOfBounds", { trust: 1n, ...bounds }),
        refused(post({ trust: 16_385 }), "TrustOutOfBounds", { trust: 16_385n, ...bounds }),
        refused(post({ trust: 5 }), "PoolTooSmall", { members: 5n, required: 7n }),
        refused(post({ bond: BOND - 1n }), "BondTooLow", { bond: BOND - 1n, minimum: CAP }),
        refused(post({ maxReward, bond: maxReward }), "CapAboveMaximum", {
          ...{ maxReward: 3n * maxReward, maximum: maxRound },
        }),
        refused(post({ reservation: 1 }), "NotOffered", { verification: 2n, trust: 2n, reservation: 1n }),
        refused(post({ verifier: world.verifier }), "VerifierMismatch", { verification: 2n, verifier: world.verifier }),
        refused(post({ version: 2 }), "NotDeterministic", { version: 2n }),
        refused(post({ maxReward: STAKE / 2n, bond: STAKE / 2n }), "InsufficientBalance", {
          needed: (3n * STAKE) / 2n,
        }),
        refused(captureSeed(stranger, { taskId: review.taskId }), "NotQuorum", { taskId: review.taskId }),
        refused(seatWith({ ...round, order: review.order }, round.first, taskId), "WrongVerification", {
          ...{ taskId: review.taskId, verification: 0n },
        }),
        refused(openSeat(stranger, seatOf(review.taskId)), "WrongState", wrongState),
        refused(claimSeat(stranger, { order: review.order, seat: 0, envelope: "0x" }), "WrongState", wrongState),
        refused(refund(stranger, { order }), "TooEarly", { taskId, end: BigInt(order.deadline) }),
      ]);
      const seen = await readRound(client, order);
      expect([seen.state, seen.capacity, seen.seats]).to.deep.equal(["Open", SHARE.capacity, []]);
      expect(seen.seedBlock).to.equal(openBlock + SEED_DELAY);
      await until(client, order.deadline);
      await refused(captureSeed(stranger, { taskId }), "DeadlinePassed", { deadline: BigInt(order.deadline) });
      const refunded = await refund(stranger, { order });
      // What counted as demand pays the fee on its start price, for each seat.
      const [fee, tip] = [3n * saleOf(startPrice).fee, share(CAP, TIP_BPS)];
      expect(emitted(refunded, "taskManager", "TaskRefunded")).to.deep.equal({
        ...{ taskId, client: client.address, caller: stranger.address, refund: 3n * CAP - fee - tip, fee, tip },
      });
    },
  },
];

/** An opening that opens nothing. */
const seatOf = (word: string) => ({ taskId: word, seat: 0, resultDigest: word, salt: word, envelopeHash: word });
