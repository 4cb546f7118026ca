import { expect } from "chai";
import { dataSlice, zeroPadBytes } from "ethers";
import { commitmentOf, sealOf } from "../../../src/protocol/seal.js";
import { State } from "../../helpers/manager.js";
import { loadFixture, networkHelpers, passTo, time } from "../../helpers/network.js";
import { openSeat, type Panel, postRound, type RoundTask, type Sealed, sealedRound } from "../../helpers/rounds.js";
import { random32, WINDOWS } from "../../helpers/suite.js";
import { changesIn, deployFive, expectRefusal, openingEnd, openSeats, sealingEnd } from "../../helpers/verdicts.js";

/** A round with these outputs, whose sealing has ended if there are three. */
async function sealed(outputs = "aab") {
  const panel = await loadFixture(deployFive);
  const { task, seats } = await sealedRound(panel, Array.from(outputs));
  const [first] = seats;
  if (first === undefined) throw new Error("no seat");
  return { panel, task, seats, first, taskId: task.taskId };
}

/** An opening as it is, but for `changes`. */
const opening = (panel: Panel, { taskId }: RoundTask, sealedSeat: Sealed, changes: Partial<Sealed> = {}) => {
  const { seat, resultDigest, salt, envelopeHash } = { ...sealedSeat, ...changes };
  return panel.taskManager.connect(panel.stranger).openSeat(taskId, seat, resultDigest, salt, envelopeHash);
};

/** The part of a seal that seats keep, as errors show it. */
const kept = (seal: string): string => zeroPadBytes(dataSlice(seal, 0, 26), 32);

describe("TaskManager.openSeat", () => {
  it("shows what was sealed, whoever knows it, and moves nothing", async () => {
    const { panel, task, taskId, seats } = await sealed();
    const { taskManager } = panel;
    const before = await taskManager.getTask(taskId);
    for (const one of [1, 0, 2]) {
      const seat = seats[one] as Sealed;
      const { provider, resultDigest, envelopeHash } = seat;
      const changes = await changesIn(panel, () =>
        expect(opening(panel, task, seat))
          .to.emit(taskManager, "SeatOpened")
          .withArgs(taskId, provider, one, resultDigest, envelopeHash),
      );
      expect(changes).to.deep.equal({});
      const found = (await taskManager.getRound(taskId)).seats[one];
      const parts = [dataSlice(resultDigest, 0, 16), dataSlice(envelopeHash, 0, 10)];
      expect([...(found ?? [])]).to.deep.equal([provider, 2n, true, false, `0x${"00".repeat(26)}`, ...parts, false]);
    }
    expect(await taskManager.getTask(taskId)).to.deep.equal(before);
  });

  it("leaves the other seats as they are", async () => {
    const { panel, task, taskId, seats } = await sealed();
    await opening(panel, task, seats[1] as Sealed);
    const { seats: found } = await panel.taskManager.getRound(taskId);
    expect(found.map(({ opened }) => opened)).to.deep.equal([false, true, false]);
    for (const one of [0, 2]) expect(found[one]?.seal).to.equal(dataSlice(seats[one]?.seal ?? "", 0, 26));
  });

  describe("when the opening is not what was sealed", () => {
    for (const part of ["resultDigest", "salt", "envelopeHash"] as const) {
      it(`refuses another ${part}`, async () => {
        const { panel, task, taskId, first } = await sealed();
        const changed = { ...first, [part]: random32() };
        const commitment = commitmentOf(changed.resultDigest, changed.salt);
        const { provider, envelopeHash } = changed;
        const found = sealOf({ taskId, provider, commitment, envelopeHash });
        const args = [taskId, kept(first.seal), kept(found)];
        await expectRefusal(panel, () => opening(panel, task, changed), "SealMismatch", args);
        const [seat] = (await panel.taskManager.getRound(taskId)).seats;
        expect([seat?.opened, seat?.seal]).to.deep.equal([false, dataSlice(first.seal, 0, 26)]);
      });
    }

    it("refuses the opening of another seat, though both have the same result", async () => {
      const { panel, task, taskId, seats, first } = await sealed();
      const other = seats[1] as Sealed;
      const { commitment, envelopeHash } = first;
      const found = sealOf({ taskId, provider: other.provider, commitment, envelopeHash });
      const act = () => opening(panel, task, first, { seat: 1n });
      await expectRefusal(panel, act, "SealMismatch", [taskId, kept(other.seal), kept(found)]);
    });

    it("refuses seats that nobody took", async () => {
      const { panel, task, taskId, first } = await sealed();
      for (const seat of [3n, 16n, 256n, 2n ** 256n - 1n]) {
        await expectRefusal(panel, () => opening(panel, task, first, { seat }), "NoSuchSeat", [taskId, seat]);
      }
    });

    it("refuses one twice, the same or another", async () => {
      const { panel, task, taskId, first } = await sealed();
      await opening(panel, task, first);
      const again = [first, { ...first, salt: random32() }];
      for (const seat of again) {
        await expectRefusal(panel, () => opening(panel, task, seat), "AlreadyOpened", [taskId, 0]);
      }
    });
  });

  describe("when seals are still taken", () => {
    it("waits through the last second of the deadline", async () => {
      const { panel, task, taskId, first } = await sealed("aa");
      const { deadline } = task.order;
      const snapshot = await networkHelpers.takeSnapshot();
      const now = (await time.latest()) + 1;
      await time.setNextBlockTimestamp(now);
      await expectRefusal(panel, () => opening(panel, task, first), "TooEarly", [taskId, deadline, now]);
      await snapshot.restore();
      await passTo(deadline);
      await expectRefusal(panel, () => opening(panel, task, first), "TooEarly", [taskId, deadline, deadline]);
      await passTo(deadline + 1);
      await opening(panel, task, first);
      expect((await panel.taskManager.getRound(taskId)).seats[0]?.opened).to.be.true;
    });

    it("need not wait once enough are seated", async () => {
      const { panel, task, taskId, first } = await sealed();
      await time.setNextBlockTimestamp((await sealingEnd(panel, task)) + 1);
      await opening(panel, task, first);
      expect((await panel.taskManager.getRound(taskId)).seats[0]?.opened).to.be.true;
    });
  });

  describe("when the time is over", () => {
    for (const [title, outputs] of [
      ["an early end", "aab"],
      ["the deadline", "aa"],
    ] as const) {
      it(`takes the last second of an hour after ${title}, none after`, async () => {
        const { panel, task, taskId, first, seats } = await sealed(outputs);
        const end = (await sealingEnd(panel, task)) + WINDOWS.open;
        expect([WINDOWS.open, end]).to.deep.equal([3600, await openingEnd(panel, task)]);
        await passTo(end);
        await opening(panel, task, first);
        await time.setNextBlockTimestamp(end + 1);
        const act = () => opening(panel, task, seats[1] as Sealed);
        await expectRefusal(panel, act, "OpeningTooLate", [taskId, end, end + 1]);
      });
    }
  });

  describe("when there is no round", () => {
    it("refuses an open task, and one that nobody posted", async () => {
      const { panel, first } = await sealed();
      const task = await postRound(panel);
      await expectRefusal(panel, () => openSeat(panel, task, first), "WrongState", [task.taskId, State.Open]);
      const unknown = { ...task, taskId: random32() };
      await expectRefusal(panel, () => openSeat(panel, unknown, first), "WrongState", [unknown.taskId, State.None]);
    });

    it("refuses one that has only its seed", async () => {
      const { panel, first } = await sealed();
      const task = await postRound(panel);
      await panel.taskManager.captureSeed(task.taskId);
      await passTo(task.order.deadline + 1);
      await expectRefusal(panel, () => openSeat(panel, task, first), "NoSuchSeat", [task.taskId, 0]);
    });

    it("refuses a round that is over", async () => {
      const { panel, task, taskId, seats, first } = await sealed();
      await openSeats(panel, task, seats);
      await panel.taskManager.connect(panel.client).accept(task.packed);
      await expectRefusal(panel, () => opening(panel, task, first), "WrongState", [taskId, State.Settled]);
    });
  });
});
