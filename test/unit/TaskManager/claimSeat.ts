import { expect } from "chai";
import { concat, dataSlice, hexlify, keccak256, randomBytes } from "ethers";
import { commitmentOf, sealOf } from "../../../src/protocol/seal.js";
import { State } from "../../helpers/manager.js";
import { loadFixture, passTo, time } from "../../helpers/network.js";
import {
  everybodyEnters,
  type Panel,
  postRound,
  type RoundTask,
  type Sealed,
  sealedRound,
} from "../../helpers/rounds.js";
import { random32, WINDOWS } from "../../helpers/suite.js";
import {
  changesIn,
  claimingEnd,
  deployFive,
  expectRefusal,
  expectVerdict,
  openingEnd,
  openSeats,
  passDeadline,
  sealingEnd,
} from "../../helpers/verdicts.js";

/** A round with these outputs, whose sealing has ended; seals of capital letters are not opened yet. */
async function opened(outputs = "aab") {
  const panel = await loadFixture(deployFive);
  const { task, seats } = await sealedRound(
    panel,
    Array.from(outputs, (output) => output.toLowerCase()),
  );
  if (seats.length < 3) await passDeadline(task);
  await openSeats(
    panel,
    task,
    seats.filter((_, seat) => /[a-z]/.test(outputs[seat] ?? "")),
  );
  // Of fewer than three seats, some have several names.
  const [first, second, third] = [...seats, ...seats, ...seats];
  if (first === undefined || second === undefined || third === undefined) throw new Error("no seat");
  return { panel, task, taskId: task.taskId, seats, first, second, third };
}

/** Claims a seat by a third party, with another envelope if one is given. */
const claim = (panel: Panel, { packed }: RoundTask, { seat, envelope }: Sealed, instead = envelope) =>
  panel.taskManager.connect(panel.stranger).claimSeat(packed, seat, instead);

const claimEvent = (panel: Panel, { taskId }: RoundTask, { provider, seat, envelope }: Sealed) =>
  ["SeatClaimed", [taskId, provider, panel.client.address, seat, envelope]] satisfies [string, unknown[]];

describe("TaskManager.claimSeat", () => {
  it("tells the envelope, whoever knows it, and moves nothing as long as others have not claimed", async () => {
    const { panel, task, taskId, first } = await opened();
    const { taskManager } = panel;
    const changes = await changesIn(panel, () =>
      expect(claim(panel, task, first))
        .to.emit(taskManager, "SeatClaimed")
        .withArgs(...claimEvent(panel, task, first)[1]),
    );
    expect(changes).to.deep.equal({});
    expect((await taskManager.getTask(taskId)).state).to.equal(State.Round);
    const { seats } = await taskManager.getRound(taskId);
    expect(seats.map(({ claimed }) => claimed)).to.deep.equal([true, false, false]);
    expect(seats[0]?.digest).to.equal(dataSlice(first.resultDigest, 0, 16));
  });

  it("pays all winners with the last claim", async () => {
    const { panel, task, seats, first, second } = await opened();
    await claim(panel, task, second);
    const ending = { outcomes: ["Paid", "Paid", "Wrong"] as const, first: [claimEvent(panel, task, first)] };
    await expectVerdict(panel, task, seats, ending, () => claim(panel, task, first));
  });

  it("pays them after the deadline too", async () => {
    const { panel, task, seats, first, second } = await opened("aa");
    await claim(panel, task, first);
    const ending = { outcomes: ["Paid", "Paid"] as const, first: [claimEvent(panel, task, second)] };
    await expectVerdict(panel, task, seats, ending, () => claim(panel, task, second));
  });

  it("pays them and slashes who was silent once the time for openings is over", async () => {
    const { panel, task, seats, first, second } = await opened("aaA");
    await passTo((await openingEnd(panel, task)) + 1);
    await claim(panel, task, first);
    const ending = { outcomes: ["Paid", "Paid", "Unopened"] as const, first: [claimEvent(panel, task, second)] };
    await expectVerdict(panel, task, seats, ending, () => claim(panel, task, second));
  });

  describe("when the envelope does not fit", () => {
    it("refuses another than the one that was sealed", async () => {
      const { panel, task, taskId, first, second } = await opened();
      for (const envelope of ["0x", second.envelope, concat([first.envelope, "0x00"])]) {
        const hashes = [first.envelopeHash, keccak256(envelope)].map((hash) => dataSlice(hash, 0, 10));
        const act = () => claim(panel, task, first, envelope);
        await expectRefusal(panel, act, "EnvelopeMismatch", [taskId, 0, ...hashes]);
      }
    });

    it("takes 512 bytes, no more", async () => {
      const panel = await loadFixture(deployFive);
      const task = await postRound(panel);
      await everybodyEnters(task);
      const envelope = hexlify(randomBytes(512));
      const sealed: Sealed[] = [];
      for (const [provider, owner] of [...panel.members].slice(0, 2)) {
        const [resultDigest, salt] = [`0x${"ab".repeat(32)}`, random32()];
        const [commitment, envelopeHash] = [commitmentOf(resultDigest, salt), keccak256(envelope)];
        const seal = sealOf({ taskId: task.taskId, provider, commitment, envelopeHash });
        await panel.taskManager.connect(owner).takeSeat(task.packed, provider, 2, seal);
        const seat = BigInt(sealed.length);
        sealed.push({ resultDigest, salt, envelope, envelopeHash, commitment, seal, seat, provider, owner });
      }
      await passDeadline(task);
      await openSeats(panel, task, sealed);
      for (const seat of sealed) {
        const act = () => claim(panel, task, seat, concat([envelope, "0x00"]));
        await expectRefusal(panel, act, "EnvelopeTooLarge", [513, 512]);
        await claim(panel, task, seat);
      }
      expect((await panel.taskManager.getTask(task.taskId)).state).to.equal(State.Settled);
    });
  });

  describe("when the seat has nothing to claim", () => {
    it("refuses it twice", async () => {
      const { panel, task, taskId, first } = await opened();
      await claim(panel, task, first);
      await expectRefusal(panel, () => claim(panel, task, first), "AlreadyClaimed", [taskId, 0]);
      await expectRefusal(panel, () => claim(panel, task, first, "0x"), "AlreadyClaimed", [taskId, 0]);
    });

    it("refuses a seat that opened another result", async () => {
      const { panel, task, taskId, third } = await opened();
      await expectRefusal(panel, () => claim(panel, task, third), "NotWinner", [taskId, 2, 2]);
    });

    it("refuses a seat that was silent", async () => {
      const { panel, task, taskId, third } = await opened("aaA");
      await passTo((await openingEnd(panel, task)) + 1);
      await expectRefusal(panel, () => claim(panel, task, third), "NotWinner", [taskId, 2, 3]);
    });

    it("refuses seats that nobody took", async () => {
      const { panel, task, taskId, first } = await opened();
      for (const seat of [3n, 16n, 2n ** 256n - 1n]) {
        await expectRefusal(panel, () => claim(panel, task, { ...first, seat }), "NoSuchSeat", [taskId, seat]);
      }
    });

    for (const outputs of ["abc", "ab", "a"]) {
      it(`refuses where no result wins: ${outputs}`, async () => {
        const { panel, task, taskId, first } = await opened(outputs);
        await expectRefusal(panel, () => claim(panel, task, first), "NoWinner", [taskId]);
      });
    }
  });

  describe("when it is too early or too late", () => {
    it("waits for the deadline while seals are taken", async () => {
      const panel = await loadFixture(deployFive);
      const { task, seats } = await sealedRound(panel, ["a", "a"]);
      const { deadline } = task.order;
      await passTo(deadline);
      const act = () => claim(panel, task, seats[0] as Sealed);
      await expectRefusal(panel, act, "TooEarly", [task.taskId, deadline, deadline]);
    });

    it("waits for openings", async () => {
      const { panel, task, taskId, first } = await opened("aaA");
      const end = await openingEnd(panel, task);
      await passTo(end);
      await expectRefusal(panel, () => claim(panel, task, first), "TooEarly", [taskId, end, end]);
      await passTo(end + 1);
      await claim(panel, task, first);
      expect((await panel.taskManager.getRound(taskId)).seats[0]?.claimed).to.be.true;
    });

    for (const outputs of ["aab", "aa"]) {
      it(`takes the last second of a day after the time for openings, none after: ${outputs}`, async () => {
        const { panel, task, taskId, first, second } = await opened(outputs);
        const end = (await sealingEnd(panel, task)) + WINDOWS.open + 24 * 3600;
        expect(end).to.equal(await claimingEnd(panel, task));
        await passTo(end);
        await claim(panel, task, first);
        await time.setNextBlockTimestamp(end + 1);
        await expectRefusal(panel, () => claim(panel, task, second), "ClaimTooLate", [taskId, end, end + 1]);
        expect((await panel.taskManager.getTask(taskId)).state).to.equal(State.Round);
      });
    }
  });

  describe("when there is no round", () => {
    it("refuses an open task, and one that has only its seed", async () => {
      const { panel, first } = await opened();
      const task = await postRound(panel);
      await expectRefusal(panel, () => claim(panel, task, first), "WrongState", [task.taskId, State.Open]);
      await panel.taskManager.captureSeed(task.taskId);
      await passDeadline(task);
      await expectRefusal(panel, () => claim(panel, task, first), "NoSuchSeat", [task.taskId, 0]);
    });

    it("refuses a round that is over", async () => {
      const { panel, task, taskId, first } = await opened();
      await panel.taskManager.connect(panel.client).accept(task.packed);
      await time.increase(1);
      await expectRefusal(panel, () => claim(panel, task, first), "WrongState", [taskId, State.Settled]);
    });
  });
});
