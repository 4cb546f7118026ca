import { expect } from "chai";
import type { SeatOutcome } from "../../../src/protocol/consensus.js";
import { priceAfter, startPrice, State } from "../../helpers/manager.js";
import { loadFixture, passTo, time } from "../../helpers/network.js";
import { HALF_LIFE } from "../../helpers/reputation.js";
import { type Panel, postRound, type RoundTask, type Sealed, sealedRound, seatMember } from "../../helpers/rounds.js";
import { CAP } from "../../helpers/suite.js";
import {
  claimingEnd,
  deployFive,
  deploySix,
  expectRefusal,
  expectVerdict,
  openingEnd,
  openSeats,
  panelOf,
  passDeadline,
} from "../../helpers/verdicts.js";

const deploySeven = () => panelOf(7);

/** Fee that an order pays for each of three seats, had nobody failed it. */
const FEE = 3n * ((startPrice(CAP) * 250n) / 10_000n);

/** A round with these outputs, whose sealing has ended; seals of capital letters are not opened yet. */
async function sealed(outputs: string, deploy = deployFive, changes: Parameters<typeof sealedRound>[2] = {}) {
  const panel = await loadFixture(deploy);
  const { task, seats } = await sealedRound(
    panel,
    Array.from(outputs, (output) => output.toLowerCase()),
    changes,
  );
  if (!(await panel.taskManager.getTask(task.taskId)).opened) await passDeadline(task);
  const open = seats.filter((_, seat) => /[a-z]/.test(outputs[seat] ?? ""));
  await openSeats(panel, task, open);
  return { panel, task, seats };
}

const settle = ({ taskManager, stranger }: Panel, { packed }: RoundTask) =>
  taskManager.connect(stranger).settle(packed);

const claim = (panel: Panel, { packed }: RoundTask, { seat, envelope, owner }: Sealed) =>
  panel.taskManager.connect(owner).claimSeat(packed, seat, envelope);

/** Ends a round by a stranger's call, right now. */
const expectEnd = (
  { panel, task, seats }: Awaited<ReturnType<typeof sealed>>,
  outcomes: SeatOutcome[],
  { fee = 0n } = {},
) => expectVerdict(panel, task, seats, { outcomes, caller: "stranger", fee }, () => settle(panel, task));

describe("TaskManager.settle of a round", () => {
  describe("when a clock still runs", () => {
    it("waits for the deadline while seals are taken", async () => {
      const panel = await loadFixture(deployFive);
      const { task } = await sealedRound(panel, ["a", "a"]);
      const { deadline } = task.order;
      await passTo(deadline);
      await expectRefusal(panel, () => settle(panel, task), "TooEarly", [task.taskId, deadline, deadline]);
    });

    it("waits for the deadline if only the seed is there", async () => {
      const panel = await loadFixture(deployFive);
      const task = await postRound(panel);
      await panel.taskManager.captureSeed(task.taskId);
      const { deadline } = task.order;
      await passTo(deadline);
      await expectRefusal(panel, () => settle(panel, task), "TooEarly", [task.taskId, deadline, deadline]);
    });

    for (const outputs of ["aaA", "abC", "AAA"]) {
      it(`waits for openings in ${outputs}`, async () => {
        const round = await sealed(outputs);
        const { panel, task } = round;
        const end = await openingEnd(panel, task);
        await passTo(end);
        await expectRefusal(panel, () => settle(panel, task), "TooEarly", [task.taskId, end, end]);
      });
    }

    it("waits for openings after the deadline as long as after an early end", async () => {
      const { panel, task } = await sealed("aA");
      const end = task.order.deadline + 3600;
      await passTo(end);
      await expectRefusal(panel, () => settle(panel, task), "TooEarly", [task.taskId, end, end]);
    });

    for (const outputs of ["aab", "aaA"]) {
      it(`waits for claims of the winners of ${outputs}`, async () => {
        const { panel, task } = await sealed(outputs);
        const end = await claimingEnd(panel, task);
        await passTo(end);
        await expectRefusal(panel, () => settle(panel, task), "TooEarly", [task.taskId, end, end]);
      });
    }
  });

  describe("when fewer than two seats were taken", () => {
    it("refunds at once, less the fee on the demand and a tip", async () => {
      const panel = await loadFixture(deployFive);
      const task = await postRound(panel);
      await panel.taskManager.captureSeed(task.taskId);
      await passDeadline(task);
      await expectEnd({ panel, task, seats: [] }, [], { fee: FEE });
    });

    for (const output of ["a", "A"]) {
      it(`releases the one seat, ${output === "a" ? "opened" : "sealed"}, whole`, async () => {
        await expectEnd(await sealed(output), ["Idle"], { fee: FEE });
      });
    }

    it("pays the client no tip", async () => {
      const { panel, task, seats } = await sealed("A");
      const { taskManager, client } = panel;
      await expectVerdict(panel, task, seats, { outcomes: ["Idle"], fee: FEE }, () =>
        taskManager.connect(client).settle(task.packed),
      );
    });

    it("charges no fee to an order that never counted", async () => {
      const panel = await loadFixture(deployFive);
      // Nine executions are wanted of six slots, so the price leaves the floor, which this order pays at most.
      for (let i = 0; i < 3; i++) await postRound(panel, { deadline: (await time.latest()) + 86_400 });
      await time.increase(300);
      const task = await postRound(panel, { maxReward: CAP / 2n });
      expect((await panel.taskManager.getTask(task.taskId)).counted).to.be.false;
      await panel.taskManager.captureSeed(task.taskId);
      await passDeadline(task);
      await expectEnd({ panel, task, seats: [] }, []);
    });
  });

  describe("when nothing wins", () => {
    for (const [outputs, ...outcomes] of [
      ["ab", "Disputed", "Disputed"],
      ["abc", "Disputed", "Disputed", "Disputed"],
    ] as const) {
      it(`takes a twentieth of every lock if ${outputs} were opened`, async () => {
        await expectEnd(await sealed(outputs), [...outcomes]);
      });
    }

    it("takes a twentieth of heavier locks too", async () => {
      const panel = await loadFixture(deploySix);
      const round = await sealedRound(panel, ["a", "b", "c", "d"], { trust: 4 }, [2, 5, 3, 5]);
      await openSeats(panel, round.task, round.seats);
      await expectEnd({ panel, ...round }, ["Disputed", "Disputed", "Disputed", "Disputed"]);
    });

    it("takes the whole lock of the silent where others contradict each other", async () => {
      const round = await sealed("abC");
      await passTo((await openingEnd(round.panel, round.task)) + 1);
      await expectEnd(round, ["Disputed", "Disputed", "Unopened"]);
    });

    it("takes it where one alone opened, who keeps its own", async () => {
      const round = await sealed("AaA");
      await passTo((await openingEnd(round.panel, round.task)) + 1);
      await expectEnd(round, ["Unopened", "Idle", "Unopened"]);
    });

    it("takes it of all if nobody opened", async () => {
      const round = await sealed("AAA");
      await passTo((await openingEnd(round.panel, round.task)) + 1);
      await expectEnd(round, ["Unopened", "Unopened", "Unopened"]);
    });

    it("takes it of both if nobody opened after the deadline", async () => {
      const round = await sealed("AA");
      await passTo((await openingEnd(round.panel, round.task)) + 1);
      await expectEnd(round, ["Unopened", "Unopened"]);
    });

    it("releases those that agree but are too few, and charges the client for the demand", async () => {
      const fee = (5n * FEE) / 3n;
      await expectEnd(await sealed("aa", deploySeven, { trust: 8 }), ["Idle", "Idle"], { fee });
    });

    it("charges nothing where a seat was silent", async () => {
      const round = await sealed("aaA", deploySeven, { trust: 8 });
      await passTo((await openingEnd(round.panel, round.task)) + 1);
      await expectEnd(round, ["Idle", "Idle", "Unopened"]);
    });

    it("pays the client no tip", async () => {
      const { panel, task, seats } = await sealed("abc");
      const { taskManager, client } = panel;
      await expectVerdict(panel, task, seats, { outcomes: ["Disputed", "Disputed", "Disputed"] }, () =>
        taskManager.connect(client).settle(task.packed),
      );
    });
  });

  describe("when the client does not accept what wins", () => {
    it("pays those that claimed, and slashes winners that did not", async () => {
      const round = await sealed("aba");
      const { panel, task, seats } = round;
      if (seats[2] !== undefined) await claim(panel, task, seats[2]);
      await passTo((await claimingEnd(panel, task)) + 1);
      await expectEnd(round, ["Unclaimed", "Wrong", "Paid"]);
    });

    it("refunds the client if nobody claimed, and slashes all", async () => {
      const round = await sealed("aba");
      await passTo((await claimingEnd(round.panel, round.task)) + 1);
      await expectEnd(round, ["Unclaimed", "Wrong", "Unclaimed"]);
    });

    it("does so after the deadline too, whose demand ends without a fee", async () => {
      const round = await sealed("aa");
      await passTo((await claimingEnd(round.panel, round.task)) + 1);
      await expectEnd(round, ["Unclaimed", "Unclaimed"]);
    });

    it("pays the price of the deadline", async () => {
      const { panel, task, seats } = await sealed("aaA", deploySix, { trust: 4, rampDuration: 20_000 });
      await passTo((await openingEnd(panel, task)) + 1);
      if (seats[0] !== undefined) await claim(panel, task, seats[0]);
      await passTo((await claimingEnd(panel, task)) + 1);
      const price = priceAfter(task.order, task.order.deadline - task.openedAt);
      const outcomes = ["Paid", "Unclaimed", "Unopened"] as const;
      await expectVerdict(panel, task, seats, { outcomes, price, caller: "stranger" }, () => settle(panel, task));
    });
  });

  describe("when a provider is caught for the third time", () => {
    it("jails it for a half-life, and nobody else", async () => {
      const panel = await loadFixture(deployFive);
      const { providerPool } = panel;
      const [, liar = 0n] = [...panel.members.keys()];
      for (const round of [0, 1, 2]) {
        const { task, seats } = await sealedRound(panel, ["a", "b", "a"]);
        await openSeats(panel, task, seats);
        await panel.taskManager.connect(panel.client).accept(task.packed);
        const now = BigInt(await time.latest());
        const until = round === 2 ? now + BigInt(HALF_LIFE) : 0n;
        expect((await providerPool.getProvider(liar)).jailedUntil).to.equal(until);
      }
      for (const provider of panel.members.keys()) {
        const { jailedUntil } = await providerPool.getProvider(provider);
        const { frauds } = await panel.reputation.getRecord(provider);
        expect([jailedUntil !== 0n, frauds]).to.deep.equal(provider === liar ? [true, 3n] : [false, 0n]);
      }
      const next = await sealedRound(panel, []);
      const { jailedUntil } = await providerPool.getProvider(liar);
      await expectRefusal(panel, () => seatMember(panel, next.task, liar), "Jailed", [liar, jailedUntil], providerPool);
    });

    it("counts silence like a lie", async () => {
      const panel = await loadFixture(deployFive);
      const [, , silent = 0n] = [...panel.members.keys()];
      for (const round of [0, 1, 2]) {
        const { task, seats } = await sealedRound(panel, ["a", "a", "a"]);
        await openSeats(panel, task, seats.slice(0, 2));
        await passTo((await openingEnd(panel, task)) + 1);
        await panel.taskManager.connect(panel.client).accept(task.packed);
        const { jailedUntil } = await panel.providerPool.getProvider(silent);
        expect(jailedUntil !== 0n).to.equal(round === 2);
      }
    });
  });

  describe("when there is nothing to settle", () => {
    it("refuses an open task: its way out is the refund", async () => {
      const panel = await loadFixture(deployFive);
      const task = await postRound(panel);
      await passDeadline(task);
      await expectRefusal(panel, () => settle(panel, task), "WrongState", [task.taskId, State.Open]);
    });

    it("refuses to settle twice", async () => {
      const round = await sealed("abc");
      const { panel, task } = round;
      await settle(panel, task);
      await expectRefusal(panel, () => settle(panel, task), "WrongState", [task.taskId, State.Refunded]);
    });
  });
});
