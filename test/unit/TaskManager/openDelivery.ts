import { expect } from "chai";
import { ZeroHash } from "ethers";
import { MIN_WEIGHT } from "../../../src/protocol/consensus.js";
import { JUDGED_VALID } from "../../../src/protocol/dispute.js";
import {
  deployPanel,
  disclosedTask,
  disputedTask,
  everybodySits,
  passSealing,
  reveal,
  sitOn,
  vote,
  votesUntil,
} from "../../helpers/disputes.js";
import { State } from "../../helpers/manager.js";
import { loadFixture, networkHelpers, passTo, time } from "../../helpers/network.js";
import { ownerOf } from "../../helpers/rounds.js";
import { random32, WINDOWS } from "../../helpers/suite.js";
import { changesIn, expectRefusal } from "../../helpers/verdicts.js";

const SECRET = `0x${"5e".repeat(32)}`;

describe("TaskManager.openDelivery", () => {
  it("opens the seal once the panel has sealed, and tells the secret", async () => {
    const panel = await loadFixture(deployPanel);
    const task = await disputedTask(panel);
    const { taskManager, client, provider } = panel;
    await passSealing(panel, task);
    const changes = await changesIn(panel, async () => {
      const { resultDigest, salt, envelopeHash } = task.delivery;
      await expect(reveal(panel, task))
        .to.emit(taskManager, "DeliveryOpened")
        .withArgs(task.taskId, provider, client.address, resultDigest, salt, envelopeHash, SECRET);
    });
    expect(changes).to.deep.equal({});
    const { dispute } = await taskManager.getRound(task.taskId);
    expect([dispute.revealedAt, dispute.resultDigest]).to.deep.equal([
      BigInt(await time.latest()),
      task.delivery.resultDigest,
    ]);
    expect((await taskManager.getTask(task.taskId)).seal).to.equal(ZeroHash);
  });

  it("is refused while the panel seals, which would copy it", async () => {
    const panel = await loadFixture(deployPanel);
    const task = await disputedTask(panel);
    const { dispute } = await panel.taskManager.getRound(task.taskId);
    await passTo(Number(dispute.sealingUntil));
    await expectRefusal(panel, () => reveal(panel, task), "TooEarly", [
      task.taskId,
      dispute.sealingUntil,
      dispute.sealingUntil,
    ]);
    await passTo(Number(dispute.sealingUntil) + 1);
    await reveal(panel, task);
  });

  it("is allowed in the very second in which the last seat is taken", async () => {
    const panel = await loadFixture(deployPanel);
    const task = await disputedTask(panel);
    await everybodySits(panel, task);
    for (const provider of [2n, 3n, 4n]) await sitOn(panel, task, provider);
    await reveal(panel, task);
  });

  it("is allowed in the last second of its window, not after, and not twice", async () => {
    const panel = await loadFixture(deployPanel);
    const [task, late] = [await disputedTask(panel), await disputedTask(panel)];
    const ends = [];
    for (const { taskId } of [task, late]) {
      const { dispute } = await panel.taskManager.getRound(taskId);
      ends.push(Number(dispute.sealingUntil) + WINDOWS.openProvider);
    }
    const [first = 0, second = 0] = ends;
    await passTo(first);
    await reveal(panel, task);
    await expectRefusal(panel, () => reveal(panel, task), "DeliveryAlreadyOpened", [task.taskId]);
    await passTo(second + 1);
    await expectRefusal(panel, () => reveal(panel, late), "OpeningTooLate", [late.taskId, second, second + 1]);
  });

  it("is refused to whoever else knows the opening, and with a wrong one", async () => {
    const panel = await loadFixture(deployPanel);
    const { client, provider, stranger } = panel;
    const task = await disputedTask(panel);
    await passSealing(panel, task);
    for (const caller of [client, stranger]) {
      await expectRefusal(panel, () => reveal(panel, task, { caller }), "NotAgent", [provider, caller.address]);
    }
    const wrong = { ...task, delivery: { ...task.delivery, resultDigest: random32() } };
    const changes = await changesIn(panel, () =>
      expect(reveal(panel, wrong)).to.be.revertedWithCustomError(panel.taskManager, "SealMismatch"),
    );
    expect(changes).to.deep.equal({});
  });

  it("is refused where nothing is disputed", async () => {
    const panel = await loadFixture(deployPanel);
    const task = await disclosedTask(panel);
    await expectRefusal(panel, () => reveal(panel, task), "WrongState", [task.taskId, State.Disclosed]);
  });

  describe("before judges", () => {
    it("comes first: they cannot seal before it, and have their window from it on", async () => {
      const panel = await loadFixture(deployPanel);
      const task = await disputedTask(panel, { source: 2 });
      const owner = ownerOf(panel, 2n);
      await expectRefusal(
        panel,
        () => panel.taskManager.connect(owner).takeSeat(task.packed, 2, MIN_WEIGHT, random32()),
        "DeliveryNotOpened",
        [task.taskId],
      );
      await reveal(panel, task);
      const { dispute } = await panel.taskManager.getRound(task.taskId);
      expect([dispute.judged, dispute.sealingFrom]).to.deep.equal([true, BigInt(await time.latest())]);
      await everybodySits(panel, task);
      await sitOn(panel, task, 2n, { digest: JUDGED_VALID });
    });

    it("is refused after its window, which begins with the dispute", async () => {
      const panel = await loadFixture(deployPanel);
      const task = await disputedTask(panel, { source: 2 });
      const { dispute } = await panel.taskManager.getRound(task.taskId);
      const end = Number(dispute.disputedAt) + WINDOWS.openProvider;
      await passTo(end + 1);
      await expectRefusal(panel, () => reveal(panel, task), "OpeningTooLate", [task.taskId, end, end + 1]);
    });
  });
});

describe("TaskManager.openVote", () => {
  async function sealed() {
    const panel = await deployPanel();
    const task = await disputedTask(panel);
    await everybodySits(panel, task);
    const seats = [await sitOn(panel, task, 2n), await sitOn(panel, task, 3n)];
    await passSealing(panel, task);
    return { panel, task, seats };
  }

  async function opened() {
    const { panel, task, seats } = await sealed();
    await reveal(panel, task);
    const [first, second] = seats;
    if (first === undefined || second === undefined) throw new Error("two seats are taken");
    return { panel, task, first, second };
  }

  it("opens a seat and keeps what it says of the envelope", async () => {
    const { panel, task, first, second } = await loadFixture(opened);
    const { taskManager } = panel;
    for (const [seat, available] of [
      [first, true],
      [second, false],
    ] as const) {
      await expect(vote(panel, task, seat, { available }))
        .to.emit(taskManager, "VoteOpened")
        .withArgs(task.taskId, seat.provider, seat.seat, seat.resultDigest, seat.envelopeHash, available);
    }
    const { seats } = await taskManager.getRound(task.taskId);
    expect(seats.map(({ opened: isOpened, unavailable }) => [isOpened, unavailable])).to.deep.equal([
      [true, false],
      [true, true],
    ]);
  });

  it("is refused to a stranger that copies an opening, and so is the opening of Quorum rounds", async () => {
    const { panel, task, first } = await loadFixture(opened);
    const { taskManager, stranger } = panel;
    await expectRefusal(panel, () => vote(panel, task, first, { available: false, caller: stranger }), "NotAgent", [
      first.provider,
      stranger.address,
    ]);
    const { seat, resultDigest, salt, envelopeHash } = first;
    await expectRefusal(
      panel,
      () => taskManager.connect(stranger).openSeat(task.taskId, seat, resultDigest, salt, envelopeHash),
      "IsDisputed",
      [task.taskId],
    );
  });

  it("waits for the provider, and no longer than it may take", async () => {
    const { panel, task, seats } = await loadFixture(sealed);
    const [seat] = seats;
    if (seat === undefined) throw new Error("a seat is taken");
    const { dispute } = await panel.taskManager.getRound(task.taskId);
    const end = Number(dispute.sealingUntil) + WINDOWS.openProvider;
    await passTo(end);
    await expectRefusal(panel, () => vote(panel, task, seat), "TooEarly", [task.taskId, end, end]);
    await passTo(end + 1);
    await vote(panel, task, seat);
  });

  it("is allowed in its last second, not after, and not twice", async () => {
    const { panel, task, first, second } = await loadFixture(opened);
    const end = await votesUntil(panel, task);
    await passTo(end);
    await vote(panel, task, first);
    await expectRefusal(panel, () => vote(panel, task, second), "OpeningTooLate", [task.taskId, end, end + 1]);
    const again = await loadFixture(opened);
    await vote(again.panel, again.task, again.first);
    await expectRefusal(again.panel, () => vote(again.panel, again.task, again.first), "AlreadyOpened", [
      again.task.taskId,
      again.first.seat,
    ]);
    await expectRefusal(again.panel, () => vote(again.panel, again.task, { ...again.first, seat: 7n }), "NoSuchSeat", [
      again.task.taskId,
      7,
    ]);
  });

  it("takes nothing but a judgement from a judge", async () => {
    const panel = await loadFixture(deployPanel);
    const task = await disputedTask(panel, { source: 2 });
    await reveal(panel, task);
    await everybodySits(panel, task);
    const seat = await sitOn(panel, task, 2n, { output: "truth" });
    await passSealing(panel, task);
    await expectRefusal(panel, () => vote(panel, task, seat), "NoJudgement", [task.taskId, seat.resultDigest]);
  });
});

describe("TaskManager.takeSeat, in a panel", () => {
  it("is refused to the disputed provider, to the client, and to whoever joined after the delivery", async () => {
    const panel = await loadFixture(deployPanel);
    const { taskManager, agent, client, provider, providerPool } = panel;
    const owner = ownerOf(panel, 6n);
    await providerPool.connect(owner).leavePool(6, 1);
    const task = await disclosedTask(panel);
    await providerPool.connect(owner).joinPool(6, 1, 1, 1, 1, 0);
    const joinedAt = await time.latest();
    await taskManager.connect(client).dispute(task.packed);
    await networkHelpers.mine(5, { interval: 1 });
    await everybodySits(panel, task);
    const take = (caller: typeof agent, id: bigint) =>
      taskManager.connect(caller).takeSeat(task.packed, id, MIN_WEIGHT, random32());
    await expectRefusal(panel, () => take(agent, provider), "DisputedProvider", [task.taskId, provider]);
    await expectRefusal(panel, () => take(client, 2n), "ClientOfTask", [task.taskId, client.address]);
    const { clearedAt } = await taskManager.getTask(task.taskId);
    await expectRefusal(
      panel,
      () => take(owner as typeof agent, 6n),
      "JoinedTooLate",
      [6, 1, joinedAt, clearedAt],
      providerPool,
    );
  });

  it("is refused before the seed is known, and after sealing", async () => {
    const panel = await loadFixture(deployPanel);
    const { taskManager, client } = panel;
    const task = await disclosedTask(panel);
    await taskManager.connect(client).dispute(task.packed);
    const block = await time.latestBlock();
    const owner = ownerOf(panel, 2n);
    const take = () => taskManager.connect(owner).takeSeat(task.packed, 2, MIN_WEIGHT, random32());
    await expectRefusal(panel, take, "SeedNotReady", [task.taskId, block + 4, block + 1]);
    const { dispute } = await taskManager.getRound(task.taskId);
    await passTo(Number(dispute.sealingUntil) + 1);
    await expectRefusal(panel, take, "SealingOver", [task.taskId, dispute.sealingUntil, dispute.sealingUntil + 1n]);
  });

  it("draws with a seed that anyone may capture, once", async () => {
    const panel = await loadFixture(deployPanel);
    const { taskManager, stranger } = panel;
    const task = await disputedTask(panel);
    await expect(taskManager.connect(stranger).captureSeed(task.taskId)).to.emit(taskManager, "SeedCaptured");
    const { seed, seedBlock } = await taskManager.getRound(task.taskId);
    expect([seed !== 0n, seedBlock]).to.deep.equal([true, 0n]);
    await expectRefusal(panel, () => taskManager.connect(stranger).captureSeed(task.taskId), "SeedKnown", [
      task.taskId,
      seed,
    ]);
  });
});
