import { expect } from "chai";
import { priceAfter, State } from "../../helpers/manager.js";
import { loadFixture, passTo, time } from "../../helpers/network.js";
import { openSeat, type Panel, postRound, type RoundTask, sealedRound } from "../../helpers/rounds.js";
import { CAP } from "../../helpers/suite.js";
import {
  claimingEnd,
  deployFive,
  deploySix,
  expectRefusal,
  expectVerdict,
  openingEnd,
  openSeats,
  passDeadline,
  sealingEnd,
} from "../../helpers/verdicts.js";

const RAMP = 20_000;

/** A round with these outputs, whose sealing has ended. */
async function sealed(outputs: string, deploy = deployFive, changes: Parameters<typeof sealedRound>[2] = {}) {
  const panel = await loadFixture(deploy);
  const { task, seats } = await sealedRound(panel, Array.from(outputs), changes);
  return { panel, task, seats };
}

/** The same with all seals opened. */
async function opened(...round: Parameters<typeof sealed>) {
  const { panel, task, seats } = await sealed(...round);
  if (!(await panel.taskManager.getTask(task.taskId)).opened) await passDeadline(task);
  await openSeats(panel, task, seats);
  return { panel, task, seats };
}

const accept = ({ taskManager, client }: Panel, { packed }: RoundTask) => taskManager.connect(client).accept(packed);

describe("TaskManager.accept of a round", () => {
  it("pays every winner its price", async () => {
    const { panel, task, seats } = await opened("aaa");
    await expectVerdict(panel, task, seats, { outcomes: ["Paid", "Paid", "Paid"] }, () => accept(panel, task));
  });

  it("slashes who opened another result, which the protocol keeps", async () => {
    const { panel, task, seats } = await opened("aba");
    await expectVerdict(panel, task, seats, { outcomes: ["Paid", "Wrong", "Paid"] }, () => accept(panel, task));
  });

  it("gives nothing of a slash to the winners, however large the bond", async () => {
    const bond = CAP + 5n;
    const { panel, task } = await opened("baaa", deploySix, { trust: 4, bond });
    const { taskManager, client } = panel;
    await expect(accept(panel, task)).to.emit(taskManager, "RoundEnded").withArgs(task.taskId, client.address, 3, bond);
    expect((await panel.escrow.accountOf(taskManager)).free).to.equal(bond);
  });

  it("returns what empty seats would have cost", async () => {
    const { panel, task, seats } = await opened("aa");
    await expectVerdict(panel, task, seats, { outcomes: ["Paid", "Paid"] }, () => accept(panel, task));
  });

  describe("when the price has climbed", () => {
    it("pays that of the second in which sealing ended early", async () => {
      const { panel, task, seats } = await opened("aba", deployFive, { rampDuration: RAMP });
      const price = priceAfter(task.order, (await sealingEnd(panel, task)) - task.openedAt);
      expect(price).to.be.lessThan(CAP);
      await time.increase(2_000);
      const ending = { outcomes: ["Paid", "Wrong", "Paid"], price } as const;
      await expectVerdict(panel, task, seats, ending, () => accept(panel, task));
    });

    it("pays that of the deadline if it ended no earlier", async () => {
      const { panel, task, seats } = await opened("aa", deployFive, { rampDuration: RAMP });
      const price = priceAfter(task.order, task.order.deadline - task.openedAt);
      expect(price).to.be.lessThan(CAP);
      await time.increase(2_000);
      await expectVerdict(panel, task, seats, { outcomes: ["Paid", "Paid"], price }, () => accept(panel, task));
    });
  });

  it("charges fee and royalty of the submission, whatever they are now", async () => {
    const { panel, task, seats } = await opened("aaa");
    const { taskManager, sourceRegistry, owner, publisher } = panel;
    await taskManager.connect(owner).setFee(1000);
    await sourceRegistry.connect(publisher).setRoyalty(1, 2000);
    await expectVerdict(panel, task, seats, { outcomes: ["Paid", "Paid", "Paid"] }, () => accept(panel, task));
  });

  it("pays to the account that each winner names then", async () => {
    const { panel, task } = await opened("aaa");
    const { providerPool, providerOwner, escrow, treasury } = panel;
    await providerPool.connect(providerOwner).setPayout(1, treasury);
    await accept(panel, task);
    expect((await escrow.accountOf(treasury)).free).to.be.greaterThan(0n);
    expect((await escrow.accountOf(providerOwner)).free).to.equal(0n);
  });

  describe("when not everything is opened", () => {
    it("waits as long as it still could be, then slashes who was silent", async () => {
      const { panel, task, seats } = await sealed("aaa");
      const end = await openingEnd(panel, task);
      await openSeats(panel, task, seats.slice(0, 2));
      await passTo(end);
      await expectRefusal(panel, () => accept(panel, task), "TooEarly", [task.taskId, end, end]);
      await passTo(end + 1);
      const outcomes = ["Paid", "Paid", "Unopened"] as const;
      await expectVerdict(panel, task, seats, { outcomes }, () => accept(panel, task));
    });

    it("need not wait once the last is", async () => {
      const { panel, task, seats } = await sealed("aaa");
      const [first, second, third] = seats;
      if (first === undefined || second === undefined || third === undefined) throw new Error("three seats");
      const end = await openingEnd(panel, task);
      for (const seat of [third, first]) {
        await openSeat(panel, task, seat);
        const now = (await time.latest()) + 1;
        await time.setNextBlockTimestamp(now);
        await expectRefusal(panel, () => accept(panel, task), "TooEarly", [task.taskId, end, now]);
      }
      await openSeat(panel, task, second);
      await expectVerdict(panel, task, seats, { outcomes: ["Paid", "Paid", "Paid"] }, () => accept(panel, task));
    });
  });

  it("comes as late as it will, as long as nobody has settled, and makes up for missing claims", async () => {
    const { panel, task, seats } = await opened("aab");
    const { taskManager, stranger } = panel;
    await taskManager.connect(stranger).claimSeat(task.packed, 1, seats[1]?.envelope ?? "0x");
    await passTo((await claimingEnd(panel, task)) + 100_000);
    await expectVerdict(panel, task, seats, { outcomes: ["Paid", "Paid", "Wrong"] }, () => accept(panel, task));
  });

  describe("when no result wins", () => {
    for (const [title, outputs] of [
      ["there are two results", "ab"],
      ["there are three", "abc"],
      ["one seat is alone", "a"],
    ] as const) {
      it(`refuses if ${title}`, async () => {
        const { panel, task } = await opened(outputs);
        await expectRefusal(panel, () => accept(panel, task), "NoWinner", [task.taskId]);
      });
    }

    it("refuses if no seat was taken", async () => {
      const panel = await loadFixture(deployFive);
      const task = await postRound(panel);
      await panel.taskManager.captureSeed(task.taskId);
      await passDeadline(task);
      await expectRefusal(panel, () => accept(panel, task), "NoWinner", [task.taskId]);
    });

    it("refuses if all were silent but one", async () => {
      const { panel, task, seats } = await sealed("aaa");
      await openSeats(panel, task, seats.slice(2));
      await passTo((await openingEnd(panel, task)) + 1);
      await expectRefusal(panel, () => accept(panel, task), "NoWinner", [task.taskId]);
    });
  });

  describe("when it is not the client's to accept", () => {
    it("lets an agent of the client", async () => {
      const { panel, task, seats } = await opened("aaa");
      const { taskManager, client, stranger } = panel;
      await taskManager.connect(client).setClientAgent(stranger, true);
      await expectVerdict(panel, task, seats, { outcomes: ["Paid", "Paid", "Paid"] }, () =>
        taskManager.connect(stranger).accept(task.packed),
      );
    });

    it("refuses strangers, winners and the owner of the suite", async () => {
      const { panel, task } = await opened("aaa");
      const { taskManager, stranger, providerOwner, owner } = panel;
      for (const caller of [stranger, providerOwner, owner]) {
        const act = () => taskManager.connect(caller).accept(task.packed);
        await expectRefusal(panel, act, "NotClientOrAgent", [task.taskId, caller.address]);
      }
    });
  });

  it("refuses while seals are taken", async () => {
    const { panel, task } = await sealed("aa");
    const { taskId, order } = task;
    await passTo(order.deadline);
    await expectRefusal(panel, () => accept(panel, task), "TooEarly", [taskId, order.deadline, order.deadline]);
  });

  it("refuses an open task, and one that is paid", async () => {
    const panel = await loadFixture(deployFive);
    const task = await postRound(panel);
    await expectRefusal(panel, () => accept(panel, task), "WrongState", [task.taskId, State.Open]);
    const over = await sealedRound(panel, ["a", "a", "a"]);
    await openSeats(panel, over.task, over.seats);
    await accept(panel, over.task);
    await expectRefusal(panel, () => accept(panel, over.task), "WrongState", [over.task.taskId, State.Settled]);
  });
});
