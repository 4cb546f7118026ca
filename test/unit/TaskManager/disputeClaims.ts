import { expect } from "chai";
import {
  deployPanel,
  disputedTask,
  everybodySits,
  expectEnding,
  passSealing,
  passSecond,
  reveal,
  sitOn,
  vote,
  votesUntil,
} from "../../helpers/disputes.js";
import { loadFixture, passTo } from "../../helpers/network.js";
import { WINDOWS } from "../../helpers/suite.js";
import { changesIn, expectRefusal } from "../../helpers/verdicts.js";

/** A delivery that two of three seats contradict, all of them opened. */
async function overturned() {
  const panel = await deployPanel();
  const task = await disputedTask(panel, {}, "rubbish");
  await everybodySits(panel, task);
  const seats = [];
  for (const [provider, output] of [
    [2n, "truth"],
    [3n, "truth"],
    [4n, "rubbish"],
  ] as const) {
    seats.push(await sitOn(panel, task, provider, { output }));
  }
  await reveal(panel, task);
  for (const seat of seats) await vote(panel, task, seat);
  const [first, second, liar] = seats;
  if (first === undefined || second === undefined || liar === undefined) throw new Error("three seats are taken");
  const end = await votesUntil(panel, task);
  return { panel, task, first, second, liar, end, manager: panel.taskManager.connect(panel.stranger) };
}

describe("TaskManager: what follows an overturned delivery", () => {
  it("the last claim pays all winners, from the price and the provider's bond", async () => {
    const { panel, task, first, second, manager } = await loadFixture(overturned);
    const { taskId, packed } = task;
    const { client } = panel;
    const changes = await changesIn(panel, async () => {
      await expect(manager.claimSeat(packed, first.seat, first.envelope))
        .to.emit(manager, "SeatClaimed")
        .withArgs(taskId, first.provider, client.address, first.seat, first.envelope);
    });
    expect(changes).to.deep.equal({});
    const told: [string, unknown[]][] = [
      ["SeatClaimed", [taskId, second.provider, client.address, second.seat, second.envelope]],
    ];
    await expectEnding(panel, task, { outcome: "Overturned", seats: ["Paid", "Paid", "Wrong"], first: told }, () =>
      manager.claimSeat(packed, second.seat, second.envelope),
    );
  });

  it("whoever does not claim loses its lock, and the client pays the price only for a result", async () => {
    const { panel, task, first, end, manager } = await loadFixture(overturned);
    await manager.claimSeat(task.packed, first.seat, first.envelope);
    await passSecond(end + WINDOWS.claim);
    await expectEnding(panel, task, { outcome: "Overturned", seats: ["Paid", "Unclaimed", "Wrong"] }, () =>
      manager.settle(task.packed),
    );
  });

  it("where nobody claims, the client has all of its money back", async () => {
    const { panel, task, end, manager } = await loadFixture(overturned);
    await passSecond(end + WINDOWS.claim);
    await expectEnding(panel, task, { outcome: "Overturned", seats: ["Unclaimed", "Unclaimed", "Wrong"] }, () =>
      manager.settle(task.packed),
    );
  });

  it("claims end with their window, in which nobody can settle", async () => {
    const { panel, task, first, end, manager } = await loadFixture(overturned);
    const last = end + WINDOWS.claim;
    await passTo(last);
    await expectRefusal(panel, () => manager.settle(task.packed), "TooEarly", [task.taskId, last, last]);
    await passTo(last + 1);
    await expectRefusal(panel, () => manager.claimSeat(task.packed, first.seat, first.envelope), "ClaimTooLate", [
      task.taskId,
      last,
      last + 1,
    ]);
  });

  it("refuses claims of the losing, of seats that are not there, twice, and with another envelope", async () => {
    const { panel, task, first, liar, manager } = await loadFixture(overturned);
    const { taskId, packed } = task;
    await expectRefusal(panel, () => manager.claimSeat(packed, liar.seat, liar.envelope), "NotWinner", [
      taskId,
      liar.seat,
      2,
    ]);
    await expectRefusal(panel, () => manager.claimSeat(packed, 3, first.envelope), "NoSuchSeat", [taskId, 3]);
    const changes = await changesIn(panel, () =>
      expect(manager.claimSeat(packed, first.seat, liar.envelope)).to.be.revertedWithCustomError(
        manager,
        "EnvelopeMismatch",
      ),
    );
    expect(changes).to.deep.equal({});
    await manager.claimSeat(packed, first.seat, first.envelope);
    await expectRefusal(panel, () => manager.claimSeat(packed, first.seat, first.envelope), "AlreadyClaimed", [
      taskId,
      first.seat,
    ]);
  });

  it("nobody ends a dispute whose votes may still come, and only the client accepts", async () => {
    const panel = await loadFixture(deployPanel);
    const { taskManager, client, stranger } = panel;
    const task = await disputedTask(panel);
    await everybodySits(panel, task);
    const seat = await sitOn(panel, task, 2n);
    const { dispute } = await taskManager.getRound(task.taskId);
    const until = Number(dispute.sealingUntil);
    await passTo(until);
    await expectRefusal(panel, () => taskManager.settle(task.packed), "TooEarly", [task.taskId, until, until]);
    await passSealing(panel, task);
    await reveal(panel, task);
    const end = await votesUntil(panel, task);
    await passTo(end);
    await expectRefusal(panel, () => taskManager.connect(client).accept(task.packed), "TooEarly", [
      task.taskId,
      end,
      end,
    ]);
    await expectRefusal(panel, () => taskManager.connect(stranger).accept(task.packed), "NotClientOrAgent", [
      task.taskId,
      stranger.address,
    ]);
    expect(seat.provider).to.equal(2n);
  });

  it("nothing is claimed of a delivery that was upheld", async () => {
    const panel = await loadFixture(deployPanel);
    const task = await disputedTask(panel);
    await everybodySits(panel, task);
    const seats = [];
    for (const provider of [2n, 3n, 4n]) seats.push(await sitOn(panel, task, provider));
    await reveal(panel, task);
    for (const seat of seats) await vote(panel, task, seat);
    const [first] = seats;
    if (first === undefined) throw new Error("three seats are taken");
    await expectRefusal(
      panel,
      () => panel.taskManager.claimSeat(task.packed, first.seat, first.envelope),
      "NothingToClaim",
      [task.taskId, 1],
    );
  });
});
