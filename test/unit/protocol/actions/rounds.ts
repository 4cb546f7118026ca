import { expect } from "chai";
import { dataSlice, ZeroHash } from "ethers";
import { accept, type AcceptRevert } from "../../../../src/protocol/actions/accept.js";
import { captureSeed, type CaptureSeedRevert } from "../../../../src/protocol/actions/captureSeed.js";
import { claimSeat, type ClaimSeatRevert } from "../../../../src/protocol/actions/claimSeat.js";
import { openSeat, type OpenSeatRevert } from "../../../../src/protocol/actions/openSeat.js";
import { settle, type SettleRevert } from "../../../../src/protocol/actions/settle.js";
import { submit, type SubmitRevert } from "../../../../src/protocol/actions/submit.js";
import { takeSeat, type TakeSeatRevert } from "../../../../src/protocol/actions/takeSeat.js";
import { entryOf, heldBy, SEED_DELAY, seedOf, ticketBound, ticketOf } from "../../../../src/protocol/consensus.js";
import { taskIdOf } from "../../../../src/protocol/order.js";
import { RevertError } from "../../../../src/protocol/reverts.js";
import { sealOf } from "../../../../src/protocol/seal.js";
import { shares, State } from "../../../helpers/manager.js";
import { ethers, loadFixture, networkHelpers, passTo, time } from "../../../helpers/network.js";
import { protocolOf } from "../../../helpers/protocol.js";
import { expectRevert } from "../../../helpers/refusal.js";
import {
  everybodyEnters,
  fillPool,
  openSeat as openByHand,
  ownerOf,
  postRound,
  quorumOrder,
  type RoundTask,
  sealedRound,
  seatMember,
  WINDOW,
} from "../../../helpers/rounds.js";
import {
  CAP,
  deliveredTask,
  deployMarket,
  joinProvider,
  openTask,
  random32,
  resultFor,
  WINDOWS,
} from "../../../helpers/suite.js";

const deployFive = async () => fillPool(await deployMarket(), 5);

const setUp = async () => {
  const panel = await loadFixture(deployFive);
  // The clock leaps with the first block after a fixture.
  await networkHelpers.mine();
  return {
    panel,
    manager: panel.taskManager,
    client: await protocolOf(panel, panel.client),
    agent: await protocolOf(panel, panel.agent),
    stranger: await protocolOf(panel, panel.stranger),
    provider: Number(panel.provider),
  };
};
type Setting = Awaited<ReturnType<typeof setUp>>;

/** A round that everybody may enter. */
const entered = async ({ panel }: Setting) => {
  const task = await postRound(panel);
  await everybodyEnters(task);
  return { task, ...resultFor(task.taskId, panel.provider) };
};
/** A round of three whose seals were opened. */
const openedRound = async ({ panel }: Setting, outputs: readonly string[]) => {
  const round = await sealedRound(panel, outputs);
  const sealedAt = await time.latest();
  for (const sealed of round.seats) await openByHand(panel, round.task, sealed);
  const [first, second, third] = round.seats;
  if (first === undefined || second === undefined || third === undefined) throw new Error("three seats are needed");
  return { ...round, sealedAt, first, second, third };
};

describe("protocol.submit of a Quorum order", () => {
  it("takes the cap of each seat from the attached coin, or else from the balance", async () => {
    const { panel, client } = await setUp();
    const { escrow } = panel;
    const before = await escrow.accountOf(panel.client);
    const order = await quorumOrder(panel);
    expect(heldBy(order)).to.equal(3n * CAP);
    const done = await submit(client, { order, attach: true });
    expect(done.taskId).to.equal(taskIdOf(order, client.domain));
    const attached = await escrow.accountOf(panel.client);
    expect([attached.free, attached.held]).to.deep.equal([before.free, 3n * CAP]);
    await submit(client, { order: await quorumOrder(panel) });
    const taken = await escrow.accountOf(panel.client);
    expect([taken.free, taken.held]).to.deep.equal([before.free - 3n * CAP, 6n * CAP]);
  });

  it("is refused with odds that nobody can reach, and by a pool that is too small", async () => {
    const { panel, client } = await setUp();
    const doubtful = await quorumOrder(panel, { trust: 1 });
    await expectRevert<SubmitRevert>(submit(client, { order: doubtful }), "TrustOutOfBounds", {
      trust: 1n,
      minimum: 2n,
      maximum: 16_384n,
    });
    // Four seats, and two members beside.
    const order = await quorumOrder(panel, { trust: 3 });
    const error: unknown = await submit(client, { order }).catch((reason: unknown) => reason);
    if (!(error instanceof RevertError)) throw error;
    expect(error.revert).to.equal("PoolTooSmall");
  });
});

describe("protocol.captureSeed", () => {
  it("fixes the seed, whoever asks, and tells it and its block", async () => {
    const { panel, manager, stranger } = await setUp();
    const { taskId, openBlock } = await postRound(panel);
    const done = await captureSeed(stranger, { taskId });
    const hash = (await ethers.provider.getBlock(openBlock + SEED_DELAY))?.hash ?? "";
    expect([done.taskId, done.seedBlock, done.seed]).to.deep.equal([taskId, openBlock + SEED_DELAY, seedOf(hash)]);
    const round = await manager.getRound(taskId);
    expect([round.seed, round.seedBlock]).to.deep.equal([done.seed, 0n]);
  });

  it("is refused before there is a seed, a second time, of what has no round, and after the deadline", async () => {
    const { panel, stranger, client } = await setUp();
    const early = await submit(client, { order: await quorumOrder(panel) });
    const block = await time.latestBlock();
    await expectRevert<CaptureSeedRevert>(captureSeed(stranger, early), "SeedNotReady", {
      taskId: early.taskId,
      seedBlock: BigInt(block + SEED_DELAY),
      // What refuses is judged in the newest block.
      blockNumber: BigInt(block),
    });
    const { taskId, order } = await postRound(panel);
    await captureSeed(stranger, { taskId });
    const args = { taskId, state: State.Round };
    await expectRevert<CaptureSeedRevert>(captureSeed(stranger, { taskId }), "WrongState", args);
    const review = await openTask(panel);
    await expectRevert<CaptureSeedRevert>(captureSeed(stranger, review), "NotQuorum", { taskId: review.taskId });
    await passTo(order.deadline + 60);
    const { deadline } = await panel.taskManager.getTask(early.taskId);
    await expectRevert<CaptureSeedRevert>(captureSeed(stranger, early), "DeadlinePassed", {
      deadline,
      now_: BigInt(order.deadline + 60),
    });
  });
});

describe("protocol.takeSeat", () => {
  it("takes the next seat, and tells the price of an execution with the one that ends sealing", async () => {
    const setting = await setUp();
    const { panel, manager, agent, provider } = setting;
    const { task, seal } = await entered(setting);
    const { order, taskId } = task;
    const [, second = 0n, third = 0n] = panel.members.keys();
    await seatMember(panel, task, second);
    const done = await takeSeat(agent, { order, provider, weight: 2, seal });
    expect([done.taskId, done.seat, done.price]).to.deep.equal([taskId, 1, undefined]);
    const { seats } = await manager.getRound(taskId);
    expect(seats.map(({ seal: kept }) => kept)[1]).to.equal(dataSlice(seal, 0, 26));
    const { seal: last } = resultFor(taskId, third);
    const owner = await protocolOf(panel, ownerOf(panel, third));
    const ended = await takeSeat(owner, { order, provider: Number(third), weight: 2, seal: last });
    expect([ended.seat, ended.price]).to.deep.equal([2, CAP]);
  });

  it("is refused before its turn", async () => {
    const setting = await setUp();
    const { panel, agent, provider } = setting;
    // Among so many, hardly anybody's turn comes at once.
    for (const owner of panel.others.slice(5, 8)) await joinProvider(panel, owner, { slots: 9 });
    let [ticket, elapsed, task] = [0n, 0, undefined as RoundTask | undefined];
    const share = { slots: 2, capacity: 33 };
    while (elapsed < WINDOW / 4) {
      task = await postRound(panel);
      const { seed } = await captureSeed(agent, task);
      ticket = ticketOf(seed, task.taskId, provider);
      elapsed = entryOf(ticket, share, WINDOW);
    }
    if (task === undefined) throw new Error("there is no task");
    const { order, taskId } = task;
    const { seal } = resultFor(taskId, panel.provider);
    await passTo(task.openedAt + WINDOW / 4);
    await expectRevert<TakeSeatRevert>(takeSeat(agent, { order, provider, weight: 2, seal }), "NotDrawn", {
      taskId,
      provider: panel.provider,
      ticket,
      bound: ticketBound(1n << 16n, share),
    });
  });

  it("is refused to who sits, came late, is the client, asks for too much, or has no seal", async () => {
    const setting = await setUp();
    const { panel, agent, stranger, client, provider } = setting;
    const { task, seal } = await entered(setting);
    const { order, taskId } = task;
    const refusal = (
      { provider: who = provider, weight = 2, seal: sealed = seal, sender = agent },
      revert: TakeSeatRevert["revert"],
      args?: TakeSeatRevert["args"],
    ) => expectRevert<TakeSeatRevert>(takeSeat(sender, { order, provider: who, weight, seal: sealed }), revert, args);
    const id = panel.provider;
    await refusal({ seal: ZeroHash }, "ZeroSeal");
    await refusal({ sender: stranger }, "NotAgent", { provider: id, key: panel.stranger.address });
    await refusal({ sender: client }, "ClientOfTask", { taskId, client: panel.client.address });
    const weights = { provider: id, weight: 3n, minimum: 2n, maximum: 2n };
    await refusal({ weight: 3 }, "WeightOutOfBounds", weights);
    const [, , , , , newcomer] = panel.others;
    if (newcomer === undefined) throw new Error("no account");
    const late = await joinProvider(panel, newcomer);
    const { joinedAt } = await panel.providerPool.getMembership(late, 1);
    const sender = await protocolOf(panel, newcomer);
    await refusal({ provider: Number(late), sender }, "JoinedTooLate", {
      provider: late,
      source: BigInt(panel.source),
      joinedAt,
      before: BigInt(task.openedAt),
    });
    await takeSeat(agent, { order, provider, weight: 2, seal });
    await refusal({}, "AlreadySeated", { taskId, provider: id });
    for (const member of [...panel.members.keys()].slice(1, 3)) await seatMember(panel, task, member);
    const closedAt = await time.latest();
    await passTo(closedAt + 5);
    await refusal({}, "SealingOver", { taskId, end: BigInt(closedAt), now_: BigInt(closedAt + 5) });
    const review = await openTask(panel);
    const wrong = { taskId: review.taskId, verification: 0n };
    const action = takeSeat(agent, { order: review.order, provider, weight: 2, seal });
    await expectRevert<TakeSeatRevert>(action, "WrongVerification", wrong);
  });
});

describe("protocol.openSeat", () => {
  it("opens a seal, whoever knows how, and tells whose it was", async () => {
    const { panel, manager, stranger } = await setUp();
    const { task, seats } = await sealedRound(panel, ["one", "one", "one"]);
    const { taskId } = task;
    const [, second] = seats;
    if (second === undefined) throw new Error("nobody sits");
    const { resultDigest, salt, envelopeHash } = second;
    const done = await openSeat(stranger, { taskId, seat: 1, resultDigest, salt, envelopeHash });
    expect([done.taskId, done.provider, done.seat]).to.deep.equal([taskId, Number(second.provider), 1]);
    const view = (await manager.getRound(taskId)).seats[1];
    expect([view?.opened, view?.digest]).to.deep.equal([true, dataSlice(resultDigest, 0, 16)]);
    const again = openSeat(stranger, { taskId, seat: 1, resultDigest, salt, envelopeHash });
    await expectRevert<OpenSeatRevert>(again, "AlreadyOpened", { taskId, seat: 1n });
  });

  it("is refused while seals are taken, for another opening, of no seat, and when it is too late", async () => {
    const { panel, stranger } = await setUp();
    const open = await sealedRound(panel, ["one"]);
    const [lone] = open.seats;
    if (lone === undefined) throw new Error("nobody sits");
    const early = openSeat(stranger, { ...lone, taskId: open.task.taskId, seat: 0 });
    await expectRevert<OpenSeatRevert>(early, "TooEarly", {
      taskId: open.task.taskId,
      end: BigInt(open.task.order.deadline),
      now_: BigInt(await time.latest()),
    });
    const { task, seats } = await sealedRound(panel, ["one", "one", "one"]);
    const { taskId } = task;
    const end = (await time.latest()) + WINDOWS.open;
    const [first] = seats;
    if (first === undefined) throw new Error("nobody sits");
    const salt = random32();
    const { seal } = resultFor(taskId, first.provider);
    const error: unknown = await openSeat(stranger, { ...first, taskId, seat: 0, salt }).catch((one: unknown) => one);
    if (!(error instanceof RevertError)) throw error;
    expect(error.revert).to.equal("SealMismatch");
    expect(seal).to.not.equal(first.seal);
    const none = openSeat(stranger, { ...first, taskId, seat: 3 });
    await expectRevert<OpenSeatRevert>(none, "NoSuchSeat", { taskId, seat: 3n });
    await passTo(end + 2);
    await expectRevert<OpenSeatRevert>(openSeat(stranger, { ...first, taskId, seat: 0 }), "OpeningTooLate", {
      taskId,
      end: BigInt(end),
      now_: BigInt(end + 2),
    });
  });
});

describe("protocol.accept of a round", () => {
  it("pays all winners, and tells each payment, the first one first", async () => {
    const setting = await setUp();
    const { panel, manager, client } = setting;
    const { task, first, third } = await openedRound(setting, ["one", "other", "one"]);
    const { order, taskId } = task;
    const { price, fee, royalty, payment } = shares(CAP);
    const done = await accept(client, { order });
    const paid = { taskId, client: panel.client.address, publisher: panel.publisher.address };
    const settlements = [first, third].map(({ provider }) => ({
      ...{ ...paid, provider: Number(provider) },
      ...{ price, fee, royalty, payment },
    }));
    expect(done.settlements).to.deep.equal(settlements);
    expect(done).to.deep.include(settlements[0]);
    expect((await manager.getTask(taskId)).state).to.equal(State.Settled);
  });

  it("tells one payment of a task that one provider did", async () => {
    const { panel, client, provider } = await setUp();
    const { order } = await deliveredTask(panel);
    const { settlements } = await accept(client, { order });
    expect(settlements.map((one) => one.provider)).to.deep.equal([provider]);
  });

  it("is refused without a winner, before the verdict, and to others", async () => {
    const setting = await setUp();
    const { panel, client, stranger } = setting;
    const { task } = await openedRound(setting, ["one", "two", "three"]);
    const { order, taskId } = task;
    await expectRevert<AcceptRevert>(accept(client, { order }), "NoWinner", { taskId });
    const args = { taskId, caller: panel.stranger.address };
    await expectRevert<AcceptRevert>(accept(stranger, { order }), "NotClientOrAgent", args);
    const young = await sealedRound(panel, ["one", "one", "one"]);
    const now = await time.latest();
    await expectRevert<AcceptRevert>(accept(client, young.task), "TooEarly", {
      taskId: young.task.taskId,
      end: BigInt(now + WINDOWS.open),
      now_: BigInt(now),
    });
  });
});

describe("protocol.claimSeat", () => {
  it("puts an envelope on chain, and tells all payments with the last one", async () => {
    const setting = await setUp();
    const { panel, manager, stranger } = setting;
    const { task, first, second } = await openedRound(setting, ["one", "one", "other"]);
    const { order, taskId } = task;
    const done = await claimSeat(stranger, { order, seat: 1, envelope: second.envelope });
    expect([done.taskId, done.provider]).to.deep.equal([taskId, Number(second.provider)]);
    expect(done.settlements).to.deep.equal([]);
    const again = claimSeat(stranger, { order, seat: 1, envelope: second.envelope });
    await expectRevert<ClaimSeatRevert>(again, "AlreadyClaimed", { taskId, seat: 1n });
    const bytes = Buffer.from(first.envelope.slice(2), "hex");
    const { settlements } = await claimSeat(stranger, { order, seat: 0, envelope: bytes });
    expect(settlements.map(({ provider, price }) => [provider, price])).to.deep.equal([
      [Number(first.provider), CAP],
      [Number(second.provider), CAP],
    ]);
    expect((await manager.getTask(taskId)).state).to.equal(State.Settled);
    expect((await panel.escrow.accountOf(panel.client)).held).to.equal(0n);
  });

  it("is refused to who has not won, with another envelope, and when it is too late", async () => {
    const setting = await setUp();
    const { panel, stranger } = setting;
    const { task, first, third, sealedAt } = await openedRound(setting, ["one", "one", "other"]);
    const { order, taskId } = task;
    const lost = claimSeat(stranger, { order, seat: 2, envelope: third.envelope });
    await expectRevert<ClaimSeatRevert>(lost, "NotWinner", { taskId, seat: 2n, outcome: 2n });
    await expectRevert<ClaimSeatRevert>(claimSeat(stranger, { order, seat: 0, envelope: "0x" }), "EnvelopeMismatch", {
      taskId,
      seat: 0n,
      expected: dataSlice(first.envelopeHash, 0, 10),
      found: dataSlice(ethers.keccak256("0x"), 0, 10),
    });
    expect(sealOf({ ...first, taskId })).to.equal(first.seal);
    const end = sealedAt + WINDOWS.open + WINDOWS.claim;
    await passTo(end + 5);
    const late = claimSeat(stranger, { order, seat: 0, envelope: first.envelope });
    const now_ = BigInt(end + 5);
    await expectRevert<ClaimSeatRevert>(late, "ClaimTooLate", { taskId, end: BigInt(end), now_ });
    expect((await panel.taskManager.getTask(taskId)).state).to.equal(State.Round);
  });
});

describe("protocol.settle of a round", () => {
  it("returns the money of a round without a verdict, and tells how much", async () => {
    const setting = await setUp();
    const { panel, manager, stranger } = setting;
    const { task } = await openedRound(setting, ["one", "two", "three"]);
    const before = await panel.escrow.accountOf(panel.client);
    const done = await settle(stranger, { order: task.order });
    const after = await panel.escrow.accountOf(panel.client);
    expect(done.settlements).to.deep.equal([]);
    expect(done.refund).to.equal(after.free - before.free);
    // Who refuted each other pays for it, so the client does not, but for the tip of who ended it.
    expect(done.refund).to.equal(3n * CAP - (CAP * 50n) / 10_000n);
    expect((await manager.getTask(task.taskId)).state).to.equal(State.Refunded);
  });

  it("pays who claimed when the time for claims is over, and tells of no refund", async () => {
    const setting = await setUp();
    const { stranger } = setting;
    const { task, second, sealedAt } = await openedRound(setting, ["one", "one", "other"]);
    const { order, taskId } = task;
    await claimSeat(stranger, { order, seat: 1, envelope: second.envelope });
    const end = sealedAt + WINDOWS.open + WINDOWS.claim;
    await passTo(end);
    const early = settle(stranger, { order });
    await expectRevert<SettleRevert>(early, "TooEarly", { taskId, end: BigInt(end), now_: BigInt(end - 1) });
    await time.increaseTo(end + 1);
    const done = await settle(stranger, { order });
    expect(done.refund).to.equal(undefined);
    expect(done.settlements.map(({ provider }) => provider)).to.deep.equal([Number(second.provider)]);
    await expectRevert<SettleRevert>(settle(stranger, { order }), "WrongState", { taskId, state: State.Settled });
  });
});
