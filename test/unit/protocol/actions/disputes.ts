import { expect } from "chai";
import { accept, type AcceptRevert } from "../../../../src/protocol/actions/accept.js";
import { approveSource, type ApproveSourceRevert } from "../../../../src/protocol/actions/approveSource.js";
import { captureSeed, type CaptureSeedRevert } from "../../../../src/protocol/actions/captureSeed.js";
import { claimSeat, type ClaimSeatRevert } from "../../../../src/protocol/actions/claimSeat.js";
import { dispute, type DisputeRevert } from "../../../../src/protocol/actions/dispute.js";
import { openDelivery, type OpenDeliveryRevert } from "../../../../src/protocol/actions/openDelivery.js";
import { openSeat, type OpenSeatRevert } from "../../../../src/protocol/actions/openSeat.js";
import { openVote, type OpenVoteRevert } from "../../../../src/protocol/actions/openVote.js";
import { settle } from "../../../../src/protocol/actions/settle.js";
import { takeSeat, type TakeSeatRevert } from "../../../../src/protocol/actions/takeSeat.js";
import { JUDGED_VALID } from "../../../../src/protocol/dispute.js";
import { FieldFormatError, FieldRangeError } from "../../../../src/protocol/errors.js";
import type { SigningProtocol } from "../../../../src/protocol/protocol.js";
import { RevertError } from "../../../../src/protocol/reverts.js";
import { caught } from "../../../helpers/caught.js";
import {
  deployPanel,
  type DisclosedTask,
  disclosedTask,
  disputedTask,
  everybodySits,
  panelFee,
  passSealing,
  passSecond,
  reveal,
  REVIEW,
  sitOn,
  vote,
} from "../../../helpers/disputes.js";
import { shares, State } from "../../../helpers/manager.js";
import { loadFixture, networkHelpers, passTo, time } from "../../../helpers/network.js";
import { protocolOf } from "../../../helpers/protocol.js";
import { expectRevert } from "../../../helpers/refusal.js";
import { ownerOf, type Sealed } from "../../../helpers/rounds.js";
import { CAP, openTask, random32, WINDOWS } from "../../../helpers/suite.js";

const SECRET = random32();

const setUp = async () => {
  const panel = await loadFixture(deployPanel);
  // The clock leaps with the first block after a fixture.
  await networkHelpers.mine();
  const owner = await protocolOf(panel, ownerOf(panel, 2n));
  return {
    panel,
    owner,
    manager: panel.taskManager,
    client: await protocolOf(panel, panel.client),
    agent: await protocolOf(panel, panel.agent),
    stranger: await protocolOf(panel, panel.stranger),
    provider: Number(panel.provider),
  };
};
type Setting = Awaited<ReturnType<typeof setUp>>;

/** Members sit, the second one first, one for each output; three of them end sealing. */
const sealed = async ({ panel }: Setting, outputs: readonly string[], output?: string) => {
  const task = await disputedTask(panel, {}, output);
  await everybodySits(panel, task);
  const seats: Sealed[] = [];
  for (const [seat, result] of outputs.entries()) {
    seats.push(await sitOn(panel, task, BigInt(seat + 2), { output: result }));
  }
  const [first] = seats;
  if (first === undefined) throw new Error("nobody sits");
  return { task, seats, first, sealedAt: await time.latest() };
};
/** The same, all of it opened. */
const decided = async (setting: Setting, outputs: readonly string[], output?: string) => {
  const { task, seats, first } = await sealed(setting, outputs, output);
  await reveal(setting.panel, task);
  for (const seat of seats) await vote(setting.panel, task, seat);
  return { task, seats, first };
};
const openingOf = ({ order, delivery }: DisclosedTask, changes: { salt?: string } = {}) => {
  const { resultDigest, salt, envelopeHash } = delivery;
  return { order, resultDigest, salt, envelopeHash, envelopeSecret: SECRET, ...changes };
};
const voteOf = ({ taskId }: DisclosedTask, { resultDigest, salt, envelopeHash, seat }: Sealed, available = true) => ({
  ...{ taskId, seat: Number(seat), resultDigest, salt, envelopeHash, available },
});

describe("protocol.dispute", () => {
  it("asks a panel, and tells whom about and what is held for it", async () => {
    const { panel, manager, client, provider } = await setUp();
    const task = await disclosedTask(panel, { rampDuration: 3_000 });
    const before = await panel.escrow.accountOf(panel.client);
    const done = await dispute(client, { order: task.order });
    const fee = panelFee(task);
    expect(done).to.include({ taskId: task.taskId, provider, fee, judged: false });
    const { free, held } = await panel.escrow.accountOf(panel.client);
    expect([before.free - free, held - before.held]).to.deep.equal([fee, fee]);
    expect((await manager.getTask(task.taskId)).disputed).to.equal(true);
    const other = await disclosedTask(panel, { source: 2 });
    expect((await dispute(client, { order: other.order })).judged).to.equal(true);
  });

  it("sends the fee along, as agents must", async () => {
    const { panel, manager, client, stranger } = await setUp();
    await manager.connect(panel.client).setClientAgent(panel.stranger, true);
    for (const sender of [client, stranger]) {
      const { order, price, taskId } = await disclosedTask(panel);
      const before = await panel.escrow.accountOf(panel.client);
      const done = await dispute(sender, { order, attach: { price } });
      const { free, held } = await panel.escrow.accountOf(panel.client);
      expect([done.fee, before.free - free, held - before.held]).to.deep.equal([3n * price, 0n, 3n * price]);
      expect(done.taskId).to.equal(taskId);
    }
    const { order, taskId } = await disclosedTask(panel);
    const args = { taskId, caller: panel.stranger.address };
    await expectRevert<DisputeRevert>(dispute(stranger, { order }), "NotClient", args);
  });

  it("is refused to others, twice, with another fee, without the money, a panel or a review", async () => {
    const { panel, client, agent } = await setUp();
    const { order, taskId, price } = await disclosedTask(panel);
    const args = { taskId, caller: panel.agent.address };
    await expectRevert<DisputeRevert>(dispute(agent, { order }), "NotClientOrAgent", args);
    const attach = { price: price - 1n };
    await expectRevert<DisputeRevert>(dispute(client, { order, attach }), "WrongValue", {
      sent: 3n * price - 3n,
      expected: 3n * price,
    });
    const plain = await disclosedTask(panel, { trust: 0 });
    await expectRevert<DisputeRevert>(dispute(client, plain), "NoPanel", { taskId: plain.taskId });
    const open = await openTask(panel);
    const openArgs = { taskId: open.taskId, state: State.Open };
    await expectRevert<DisputeRevert>(dispute(client, open), "WrongState", openArgs);
    await dispute(client, { order });
    await expectRevert<DisputeRevert>(dispute(client, { order }), "WrongState", { taskId, state: State.Round });

    const late = await disclosedTask(panel);
    const end = (await time.latest()) + REVIEW;
    const { free } = await panel.escrow.accountOf(panel.client);
    await panel.escrow.connect(panel.client).withdraw(free - 1n);
    await expectRevert<DisputeRevert>(dispute(client, late), "InsufficientBalance", {
      account: panel.client.address,
      free: 1n,
      needed: panelFee(late),
    });
    await time.increaseTo(end + 5);
    const error = await caught(dispute(client, late), RevertError);
    expect(error.revert).to.equal("ReviewOver");
  });
});

describe("protocol.openDelivery", () => {
  it("opens what is disputed, and shows all what its envelope was made with", async () => {
    const setting = await setUp();
    const { manager, agent, provider } = setting;
    const { task } = await sealed(setting, ["truth", "truth", "truth"]);
    const done = await openDelivery(agent, openingOf(task));
    expect([done.taskId, done.provider]).to.deep.equal([task.taskId, provider]);
    const { dispute: view } = await manager.getRound(task.taskId);
    expect([view.revealedAt, view.resultDigest]).to.deep.equal([
      BigInt(await time.latest()),
      task.delivery.resultDigest,
    ]);
    const [log] = await manager.queryFilter(manager.filters.DeliveryOpened(task.taskId));
    expect(log?.args.secret).to.equal(SECRET);
    const again = openDelivery(agent, openingOf(task));
    await expectRevert<OpenDeliveryRevert>(again, "DeliveryAlreadyOpened", { taskId: task.taskId });
  });

  it("is refused while seals are taken, to others, with another opening, and when it is too late", async () => {
    const setting = await setUp();
    const { panel, agent, client } = setting;
    const undisputed = await disclosedTask(panel);
    await expectRevert<OpenDeliveryRevert>(openDelivery(agent, openingOf(undisputed)), "WrongState", {
      taskId: undisputed.taskId,
      state: State.Disclosed,
    });
    const young = await disputedTask(panel);
    const { dispute: view } = await panel.taskManager.getRound(young.taskId);
    await expectRevert<OpenDeliveryRevert>(openDelivery(agent, openingOf(young)), "TooEarly", {
      taskId: young.taskId,
      end: view.sealingUntil,
      now_: BigInt(await time.latest()),
    });
    const { task, sealedAt } = await sealed(setting, ["truth", "truth", "truth"]);
    const { taskId } = task;
    await expectRevert<OpenDeliveryRevert>(openDelivery(client, openingOf(task)), "NotAgent", {
      provider: panel.provider,
      key: panel.client.address,
    });
    const other = openDelivery(agent, openingOf(task, { salt: random32() }));
    expect((await caught(other, RevertError)).revert).to.equal("SealMismatch");
    await passTo(sealedAt + WINDOWS.openProvider + 5);
    await expectRevert<OpenDeliveryRevert>(openDelivery(agent, openingOf(task)), "OpeningTooLate", {
      taskId,
      end: BigInt(sealedAt + WINDOWS.openProvider),
      now_: BigInt(sealedAt + WINDOWS.openProvider + 5),
    });
  });

  it("takes nothing that does not fit", async () => {
    const { panel, agent } = await setUp();
    const task = await disclosedTask(panel);
    for (const field of ["resultDigest", "salt", "envelopeHash", "envelopeSecret"]) {
      const error = await caught(openDelivery(agent, { ...openingOf(task), [field]: "0x12" }), FieldFormatError);
      expect(error.field).to.equal(field);
    }
  });
});

describe("protocol.openVote", () => {
  it("opens a seat of the sender with what it says of the envelope, and tells whose it is", async () => {
    const setting = await setUp();
    const { panel, manager, owner } = setting;
    const { task, first } = await sealed(setting, ["truth", "truth", "lie"]);
    await reveal(panel, task);
    const done = await openVote(owner, voteOf(task, first, false));
    expect([done.taskId, done.provider, done.seat]).to.deep.equal([task.taskId, 2, 0]);
    const [view] = (await manager.getRound(task.taskId)).seats;
    expect([view?.opened, view?.unavailable]).to.deep.equal([true, true]);
    const again = openVote(owner, voteOf(task, first));
    await expectRevert<OpenVoteRevert>(again, "AlreadyOpened", { taskId: task.taskId, seat: 0n });
  });

  it("is refused before the provider has opened, to others, of no seat, for another opening, and too late", async () => {
    const setting = await setUp();
    const { panel, owner, stranger } = setting;
    const { task, first, sealedAt } = await sealed(setting, ["truth", "truth", "lie"]);
    const { taskId } = task;
    await expectRevert<OpenVoteRevert>(openVote(owner, voteOf(task, first)), "TooEarly", {
      taskId,
      end: BigInt(sealedAt + WINDOWS.openProvider),
      now_: BigInt(sealedAt),
    });
    await reveal(panel, task);
    const end = (await time.latest()) + WINDOWS.open;
    const key = panel.stranger.address;
    const copied = openVote(stranger, voteOf(task, first));
    await expectRevert<OpenVoteRevert>(copied, "NotAgent", { provider: 2n, key });
    const none = openVote(owner, { ...voteOf(task, first), seat: 3 });
    await expectRevert<OpenVoteRevert>(none, "NoSuchSeat", { taskId, seat: 3n });
    const other = openVote(owner, { ...voteOf(task, first), salt: random32() });
    expect((await caught(other, RevertError)).revert).to.equal("SealMismatch");
    await passTo(end + 5);
    await expectRevert<OpenVoteRevert>(openVote(owner, voteOf(task, first)), "OpeningTooLate", {
      taskId,
      end: BigInt(end),
      now_: BigInt(end + 5),
    });
  });

  it("is refused where nothing is disputed, and of a judge that does not judge", async () => {
    const { panel, owner } = await setUp();
    const undisputed = await disclosedTask(panel);
    const seat = { ...undisputed.delivery, seat: 0n } as unknown as Sealed;
    await expectRevert<OpenVoteRevert>(openVote(owner, voteOf(undisputed, seat)), "WrongState", {
      taskId: undisputed.taskId,
      state: State.Disclosed,
    });
    const task = await disputedTask(panel, { source: 2 });
    const early = openVote(owner, voteOf(task, seat));
    await expectRevert<OpenVoteRevert>(early, "DeliveryNotOpened", { taskId: task.taskId });
    await reveal(panel, task);
    await everybodySits(panel, task);
    const vague = await sitOn(panel, task, 2n);
    await sitOn(panel, task, 3n, { digest: JUDGED_VALID });
    await passSealing(panel, task);
    // What refuses is judged in the newest block.
    await networkHelpers.mine();
    await expectRevert<OpenVoteRevert>(openVote(owner, voteOf(task, vague)), "NoJudgement", {
      taskId: task.taskId,
      resultDigest: vague.resultDigest,
    });
  });

  it("takes no seat that does not fit", async () => {
    const { panel, owner } = await setUp();
    const { taskId, delivery } = await disclosedTask(panel);
    const { resultDigest, salt, envelopeHash } = delivery;
    const opening = { taskId, seat: 256, resultDigest, salt, envelopeHash, available: true };
    expect((await caught(openVote(owner, opening), FieldRangeError)).field).to.equal("seat");
  });
});

describe("protocol actions of rounds, in a panel", () => {
  it("take a seat as in a round, but not of the disputed provider, nor before judges see the output", async () => {
    const setting = await setUp();
    const { panel, owner, agent, provider } = setting;
    const task = await disputedTask(panel);
    await everybodySits(panel, task);
    const { order, taskId } = task;
    const seal = random32();
    const own = takeSeat(agent, { order, provider, weight: 2, seal });
    await expectRevert<TakeSeatRevert>(own, "DisputedProvider", { taskId, provider: panel.provider });
    const done = await takeSeat(owner, { order, provider: 2, weight: 2, seal });
    expect([done.taskId, done.seat, done.price]).to.deep.equal([taskId, 0, undefined]);
    const judged = await disputedTask(panel, { source: 2 });
    const early = takeSeat(owner, { order: judged.order, provider: 2, weight: 2, seal });
    await expectRevert<TakeSeatRevert>(early, "DeliveryNotOpened", { taskId: judged.taskId });
  });

  it("capture the seed once", async () => {
    const { panel, stranger } = await setUp();
    const { taskId } = await disputedTask(panel);
    const { seed } = await captureSeed(stranger, { taskId });
    await expectRevert<CaptureSeedRevert>(captureSeed(stranger, { taskId }), "SeedKnown", { taskId, seed });
  });

  it("open no seat: its provider does, with a vote", async () => {
    const setting = await setUp();
    const { task, first } = await sealed(setting, ["truth", "truth", "truth"]);
    const { resultDigest, salt, envelopeHash } = first;
    const opening = { taskId: task.taskId, seat: 0, resultDigest, salt, envelopeHash };
    const { taskId } = task;
    await expectRevert<OpenSeatRevert>(openSeat(setting.stranger, opening), "IsDisputed", { taskId });
  });
});

describe("protocol actions that end a dispute", () => {
  const amounts = (seats: readonly Sealed[], amount: bigint) =>
    seats.map(({ provider, seat }) => ({ provider: Number(provider), seat: Number(seat), amount }));

  it("accept tells that the winners of the panel are paid, and not the provider", async () => {
    const setting = await setUp();
    const { panel, client, provider } = setting;
    const { task, seats } = await decided(setting, ["truth", "truth", "lie"], "lie");
    const done = await accept(client, { order: task.order });
    expect(done).to.include({ taskId: task.taskId, provider, price: CAP, payment: 0n });
    expect(done.settlements).to.deep.equal([]);
    expect(done.ruling).to.deep.equal({
      ...{ taskId: task.taskId, provider, client: panel.client.address, outcome: "Overturned" },
      ...{ price: CAP, slashed: task.order.bond, awards: amounts(seats.slice(0, 2), CAP) },
    });
  });

  it("settle tells that provider and panel are paid", async () => {
    const setting = await setUp();
    const { stranger, provider } = setting;
    const { task, seats } = await decided(setting, ["truth", "truth", "truth"]);
    const { settlements, ruling, refund } = await settle(stranger, { order: task.order });
    expect(settlements.map((one) => [one.provider, one.price, one.payment])).to.deep.equal([
      [provider, CAP, shares(CAP).payment],
    ]);
    expect(ruling).to.deep.include({ outcome: "Upheld", price: CAP, slashed: 0n, awards: amounts(seats, CAP) });
    expect(refund).to.equal(undefined);
  });

  it("settle tells that the panel was undecided, and paid half", async () => {
    const setting = await setUp();
    const { task, seats } = await decided(setting, ["truth", "lie", "other"]);
    const { settlements, ruling } = await settle(setting.stranger, { order: task.order });
    expect(settlements).to.deep.equal([]);
    expect(ruling).to.deep.include({ outcome: "Undecided", price: 0n, awards: amounts(seats, CAP / 2n) });
  });

  it("claimSeat tells a ruling with the last claim, and is refused where nothing is to claim", async () => {
    const setting = await setUp();
    const { stranger } = setting;
    const { task, seats, first } = await decided(setting, ["truth", "truth", "lie"], "lie");
    const { order } = task;
    expect((await claimSeat(stranger, { order, seat: 0, envelope: first.envelope })).ruling).to.equal(undefined);
    const { ruling } = await claimSeat(stranger, { order, seat: 1, envelope: seats[1]?.envelope ?? "" });
    expect(ruling).to.deep.include({ outcome: "Overturned", awards: amounts(seats.slice(0, 2), CAP) });
    const upheld = await decided(setting, ["truth", "truth", "truth"]);
    const { taskId } = upheld.task;
    const vain = claimSeat(stranger, { order: upheld.task.order, seat: 0, envelope: upheld.first.envelope });
    await expectRevert<ClaimSeatRevert>(vain, "NothingToClaim", { taskId, outcome: 1n });
  });

  it("accept is refused while votes may come", async () => {
    const setting = await setUp();
    const { panel, client } = setting;
    const { task } = await sealed(setting, ["truth", "truth", "truth"]);
    await reveal(panel, task);
    const now = await time.latest();
    const { taskId, order } = task;
    await expectRevert<AcceptRevert>(accept(client, { order }), "TooEarly", {
      taskId,
      end: BigInt(now + WINDOWS.open),
      now_: BigInt(now),
    });
    await passSecond(now + WINDOWS.open);
    // Nobody voted: the delivery stands.
    expect((await accept(client, { order })).ruling).to.deep.include({ outcome: "Standing" });
  });
});

describe("protocol.approveSource", () => {
  const approvalOf = async () => {
    const { panel, agent, provider } = await setUp();
    const owner: SigningProtocol = await protocolOf(panel, panel.providerOwner);
    return { panel, agent, owner, provider };
  };

  it("lets agents join a pool, and no more", async () => {
    const { owner, provider } = await approvalOf();
    for (const approved of [true, false]) {
      const done = await approveSource(owner, { provider, source: 2, approved });
      expect([done.provider, done.source, done.approved]).to.deep.equal([provider, 2, approved]);
    }
  });

  it("is refused to agents, and where nothing would change", async () => {
    const { panel, owner, agent, provider } = await approvalOf();
    await expectRevert<ApproveSourceRevert>(approveSource(agent, { provider, source: 2, approved: true }), "NotOwner", {
      provider: panel.provider,
      caller: panel.agent.address,
    });
    const same = approveSource(owner, { provider, source: 1, approved: true });
    await expectRevert<ApproveSourceRevert>(same, "ApprovalUnchanged", {
      provider: panel.provider,
      source: 1n,
      approved: true,
    });
  });

  it("takes no number that does not fit", async () => {
    const { owner } = await approvalOf();
    const wide = approveSource(owner, { provider: 2 ** 32, source: 1, approved: true });
    expect((await caught(wide, FieldRangeError)).field).to.equal("provider");
  });
});
