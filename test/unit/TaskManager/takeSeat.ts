import { expect } from "chai";
import { dataSlice, ZeroHash } from "ethers";
import { SEED_DELAY } from "../../../src/protocol/consensus.js";
import { packOrder, taskIdOf, Verification } from "../../../src/protocol/order.js";
import { openView, speakingAs, State, viewOf } from "../../helpers/manager.js";
import { ethers, loadFixture, networkHelpers, passTo, time } from "../../helpers/network.js";
import { everybodyEnters, ownerOf, postRound, quorumOrder, type RoundTask } from "../../helpers/rounds.js";
import { CAP, openTask, random32, resultFor, WINDOWS } from "../../helpers/suite.js";
import {
  changesIn,
  deployFive,
  enteredRound as entered,
  expectRefusal,
  takeSeat as take,
} from "../../helpers/verdicts.js";

describe("TaskManager.takeSeat", () => {
  it("captures the seed, seats the provider and locks the bond", async () => {
    const { panel, task, taskId, manager } = await entered();
    const { client, agent, provider } = panel;
    const seal = random32();
    const seed = BigInt((await ethers.provider.getBlock(task.openBlock + SEED_DELAY))?.hash ?? 0) & ((1n << 66n) - 1n);
    const changes = await changesIn(panel, async () => {
      const transaction = take(panel, task, agent, provider, { seal });
      await expect(transaction)
        .to.emit(manager, "SeedCaptured")
        .withArgs(taskId, task.openBlock + SEED_DELAY, seed);
      await expect(transaction).to.emit(manager, "SeatTaken").withArgs(taskId, provider, client.address, 0, 2, seal);
      expect((await (await transaction).wait())?.logs).to.have.length(2);
    });
    expect(changes).to.deep.equal({ "stake 1.free": -CAP, "stake 1.locked": CAP });
    const round = await manager.getRound(taskId);
    expect([round.seedBlock, round.seed, round.capacity, round.closedAt]).to.deep.equal([0n, seed, 6n, 0n]);
    const empty = { digest: `0x${"00".repeat(16)}`, envelopeHash: `0x${"00".repeat(10)}` };
    const seat = [provider, 2n, false, false, dataSlice(seal, 0, 26), empty.digest, empty.envelopeHash, false];
    expect(round.seats.map((taken) => [...taken])).to.deep.equal([seat]);
    const view = openView(task.order, task.openedAt, { state: State.Round });
    expect(await viewOf(panel, taskId)).to.deep.equal(view);
  });

  it("numbers seats in their order, whether owners or agents take them", async () => {
    const { panel, task, taskId, manager } = await entered();
    const { members, stranger, providerPool } = panel;
    const [, second = 0n, , fourth = 0n] = [...members.keys()];
    await providerPool.connect(ownerOf(panel, fourth)).setAgent(fourth, stranger, true);
    await take(panel, task, stranger, fourth);
    await take(panel, task, ownerOf(panel, second), second);
    const { seats } = await manager.getRound(taskId);
    expect(seats.map(({ provider }) => provider)).to.deep.equal([fourth, second]);
  });

  it("keeps rounds apart, and locks for each", async () => {
    const panel = await loadFixture(deployFive);
    const tasks = [await postRound(panel), await postRound(panel)];
    await everybodyEnters(tasks[1] as RoundTask);
    for (const task of tasks) {
      expect(await changesIn(panel, () => take(panel, task, panel.agent, 1n))).to.deep.equal({
        "stake 1.free": -CAP,
        "stake 1.locked": CAP,
      });
    }
  });

  describe("when it is not the caller's to sit", () => {
    it("gives no provider two seats, whichever of its keys calls", async () => {
      const { panel, task, taskId } = await entered();
      await take(panel, task, panel.agent, 1n);
      for (const caller of [panel.agent, panel.providerOwner]) {
        await expectRefusal(panel, () => take(panel, task, caller, 1n), "AlreadySeated", [taskId, 1]);
      }
      const [, second = 0n] = [...panel.members.keys()];
      await take(panel, task, ownerOf(panel, second), second);
      await expectRefusal(panel, () => take(panel, task, panel.agent, 1n), "AlreadySeated", [taskId, 1]);
    });

    it("refuses the client, though it is an agent of the provider", async () => {
      const { panel, task, taskId } = await entered();
      const { client, providerPool, providerOwner } = panel;
      await providerPool.connect(providerOwner).setAgent(1, client, true);
      await expectRefusal(panel, () => take(panel, task, client, 1n), "ClientOfTask", [taskId, client.address]);
    });

    it("refuses keys without authority, for known and unknown providers", async () => {
      const { panel, task } = await entered();
      const { stranger, agent, providerPool } = panel;
      for (const [caller, provider] of [
        [stranger, 1n],
        [agent, 2n],
        [agent, 99n],
      ] as const) {
        const act = () => take(panel, task, caller, provider);
        await expectRefusal(panel, act, "NotAgent", [provider, caller.address], providerPool);
      }
    });

    it("refuses who is no member", async () => {
      const { panel, task } = await entered();
      const { stranger, providerPool } = panel;
      await providerPool.connect(stranger).register(stranger, random32());
      await expectRefusal(panel, () => take(panel, task, stranger, 6n), "NotMember", [6, 1], providerPool);
    });

    it("refuses hardware that does not fit", async () => {
      const { panel, task } = await entered({ environments: 2, minGpuMemory: 8 });
      const act = () => take(panel, task, panel.agent, 1n);
      await expectRefusal(panel, act, "HardwareMismatch", [1, 0, 2, 8], panel.providerPool);
    });

    it("refuses a jailed provider through its last second", async () => {
      const { panel, task } = await entered();
      const { providerPool, taskManager, agent } = panel;
      const until = (await time.latest()) + 100;
      await providerPool.connect(await speakingAs(taskManager)).jail(1, until);
      await passTo(until);
      await expectRefusal(panel, () => take(panel, task, agent, 1n), "Jailed", [1, until], providerPool);
      await passTo(until + 1);
      await take(panel, task, agent, 1n);
    });

    it("refuses a seal of zero", async () => {
      const { panel, task } = await entered();
      await expectRefusal(panel, () => take(panel, task, panel.agent, 1n, { seal: ZeroHash }), "ZeroSeal", []);
    });
  });

  describe("when there is no seat to take", () => {
    it("refuses a Review task", async () => {
      const panel = await loadFixture(deployFive);
      const { packed, taskId } = await openTask(panel);
      const act = () => panel.taskManager.connect(panel.agent).takeSeat(packed, 1, 2, random32());
      await expectRefusal(panel, act, "WrongVerification", [taskId, Verification.Review]);
    });

    it("refuses what nobody posted, or the client has back", async () => {
      const panel = await loadFixture(deployFive);
      const order = await quorumOrder(panel);
      const unknown = { packed: packOrder(order) } as RoundTask;
      const { taskManager, agent } = panel;
      const taskId = taskIdOf(order, panel.domain);
      const act = (task: RoundTask) => () => take(panel, task, agent, 1n);
      await expectRefusal(panel, act(unknown), "WrongState", [taskId, State.None]);
      const task = await postRound(panel);
      await time.increaseTo(task.order.deadline + 1);
      await taskManager.refund(task.packed);
      await expectRefusal(panel, act(task), "WrongState", [task.taskId, State.Refunded]);
    });
  });

  describe("when the client has cancelled", () => {
    it("takes seats through the last second of the notice", async () => {
      const { panel, task, taskId, manager } = await entered();
      await manager.connect(panel.client).cancel(task.packed);
      const end = (await time.latest()) + WINDOWS.cancelNotice;
      const snapshot = await networkHelpers.takeSnapshot();
      await passTo(end + 1);
      await expectRefusal(panel, () => take(panel, task, panel.agent, 1n), "SealingOver", [taskId, end, end + 1]);
      await snapshot.restore();
      await passTo(end);
      await take(panel, task, panel.agent, 1n);
      expect((await manager.getRound(taskId)).seats).to.have.length(1);
    });
  });

  it("commits to a result by its seal alone, which differs for every provider", async () => {
    const { panel, task, taskId } = await entered();
    const one = resultFor(taskId, 1n, "a");
    const two = resultFor(taskId, 2n, "a");
    expect(one.resultDigest).to.equal(two.resultDigest);
    expect(one.seal).not.to.equal(two.seal);
    const transaction = await take(panel, task, panel.agent, 1n, { seal: one.seal });
    const told = JSON.stringify([transaction.data, (await transaction.wait())?.logs]);
    for (const secret of [one.resultDigest, one.salt, one.commitment, one.envelopeHash]) {
      expect(told).not.to.include(secret.slice(2));
    }
  });
});
