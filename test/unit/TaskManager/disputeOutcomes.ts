import { expect } from "chai";
import { MIN_WEIGHT } from "../../../src/protocol/consensus.js";
import { JUDGED_INVALID, judgeDispute, JUDGED_VALID } from "../../../src/protocol/dispute.js";
import {
  deployPanel,
  type DisclosedTask,
  disputedTask,
  everybodySits,
  expectEnding,
  passSealing,
  passSecond,
  reveal,
  sitOn,
  TRUST,
  vote,
  votesUntil,
} from "../../helpers/disputes.js";
import { loadFixture } from "../../helpers/network.js";
import type { Panel } from "../../helpers/rounds.js";
import { CAP, WINDOWS } from "../../helpers/suite.js";

/** What a seat may come to: the provider's result, readable or not; two others; silence. */
const ANSWERS = ["truth", "truth!", "lie", "other", "-"] as const;
/** What a judge's seat may come to. */
const JUDGEMENTS = ["valid", "invalid", "-"] as const;
const MOST = 3;

/** All ways to give up to three seats an answer, whatever their sequence. */
function patternsOf<T>(answers: readonly T[], seats: number): T[][] {
  if (seats === 0) return [[]];
  return answers.flatMap((first, index) => patternsOf(answers.slice(index), seats - 1).map((rest) => [first, ...rest]));
}

const allPatterns = <T>(answers: readonly T[]): T[][] =>
  Array.from({ length: MOST + 1 }, (_, seats) => patternsOf(answers, seats)).flat();

async function entered() {
  const panel = await deployPanel();
  const task = await disputedTask(panel);
  await everybodySits(panel, task);
  return { panel, task };
}

/** A dispute of the source without determinism whose delivery is opened. */
async function enteredJudged() {
  const panel = await deployPanel();
  const task = await disputedTask(panel, { source: 2 });
  await reveal(panel, task);
  await everybodySits(panel, task);
  return { panel, task };
}

const members = (panel: Panel): bigint[] => [...panel.members.keys()].slice(1);

async function endOf(panel: Panel, task: DisclosedTask, complete: boolean): Promise<void> {
  if (!complete) await passSecond(await votesUntil(panel, task));
}

describe("TaskManager: every outcome of a dispute before three seats", function () {
  this.timeout(300_000);

  for (const isOpened of [true, false]) {
    describe(isOpened ? "whose provider opened its delivery" : "whose provider opened nothing", () => {
      for (const pattern of allPatterns(ANSWERS)) {
        const votes = pattern.map((answer) => ({
          weight: MIN_WEIGHT,
          result: answer === "-" ? undefined : answer.replace("!", ""),
          available: !answer.endsWith("!"),
        }));
        const delivered = isOpened ? "truth" : undefined;
        const { outcome, seats } = judgeDispute(votes, { trust: TRUST, judged: false, delivered });

        it(`${pattern.join(" ") || "nobody"} ends as ${outcome}: ${seats.join(", ")}`, async () => {
          const { panel, task } = await loadFixture(entered);
          const sealed = [];
          for (const [index, answer] of pattern.entries()) {
            const output = answer.replace("!", "");
            sealed.push(await sitOn(panel, task, members(panel)[index] ?? 0n, { output }));
          }
          const end = await passSealing(panel, task);
          if (isOpened) await reveal(panel, task);
          else await passSecond(end + WINDOWS.openProvider);
          for (const [index, answer] of pattern.entries()) {
            const seat = sealed[index];
            if (answer !== "-" && seat !== undefined)
              await vote(panel, task, seat, { available: !answer.endsWith("!") });
          }
          await endOf(panel, task, !pattern.includes("-"));
          const ending = { outcome, seats: seats as never };
          await expectEnding(panel, task, ending, () => panel.taskManager.connect(panel.client).accept(task.packed));
        });
      }
    });
  }

  describe("of judges", () => {
    for (const pattern of allPatterns(JUDGEMENTS)) {
      const votes = pattern.map((answer) => ({
        weight: MIN_WEIGHT,
        result: answer === "-" ? undefined : answer === "valid" ? JUDGED_VALID : JUDGED_INVALID,
        available: true,
      }));
      const { outcome, seats } = judgeDispute(votes, { trust: TRUST, judged: true, delivered: "truth" });

      it(`${pattern.join(" ") || "nobody"} ends as ${outcome}: ${seats.join(", ")}`, async () => {
        const { panel, task } = await loadFixture(enteredJudged);
        const sealed = [];
        for (const [index, answer] of pattern.entries()) {
          const digest = answer === "invalid" ? JUDGED_INVALID : JUDGED_VALID;
          sealed.push(await sitOn(panel, task, members(panel)[index] ?? 0n, { digest }));
        }
        await passSealing(panel, task);
        for (const [index, answer] of pattern.entries()) {
          const seat = sealed[index];
          if (answer !== "-" && seat !== undefined) await vote(panel, task, seat);
        }
        await endOf(panel, task, !pattern.includes("-"));
        const ending = { outcome, seats: seats as never };
        await expectEnding(panel, task, ending, () => panel.taskManager.connect(panel.stranger).settle(task.packed));
      });
    }

    it("opened nothing ends as Unanswered, without a panel", async () => {
      const panel = await loadFixture(deployPanel);
      const task = await disputedTask(panel, { source: 2 });
      const { dispute } = await panel.taskManager.getRound(task.taskId);
      await passSecond(Number(dispute.disputedAt) + WINDOWS.openProvider);
      await expectEnding(panel, task, { outcome: "Unanswered", seats: [] }, () =>
        panel.taskManager.connect(panel.stranger).settle(task.packed),
      );
    });
  });

  it("closes early where weights suffice, and pays the price that was fixed at the delivery", async () => {
    const panel = await loadFixture(deployPanel);
    const task = await disputedTask(panel, { rampDuration: 3_000 });
    expect(task.price).to.be.lessThan(CAP);
    await everybodySits(panel, task);
    const sealed = [];
    for (const provider of members(panel).slice(0, MOST)) sealed.push(await sitOn(panel, task, provider));
    expect((await panel.taskManager.getRound(task.taskId)).closedAt).to.not.equal(0n);
    await reveal(panel, task);
    for (const seat of sealed) await vote(panel, task, seat);
    await expectEnding(panel, task, { outcome: "Upheld", seats: ["Paid", "Paid", "Paid"] }, () =>
      panel.taskManager.connect(panel.stranger).settle(task.packed),
    );
  });

  it("weighs by stake: one of weight 18 against two of the least, in what is so and in what can be read", async () => {
    for (const [output, available, outcome] of [
      ["lie", true, "Overturned"],
      ["truth", false, "Overturned"],
    ] as const) {
      const { panel, task } = await loadFixture(entered);
      const [heavy = 0n, ...light] = members(panel);
      const seats = [await sitOn(panel, task, heavy, { output, weight: 18 })];
      for (const provider of light.slice(0, 2)) {
        seats.push(await sitOn(panel, task, provider, { output: available ? "truth" : output }));
      }
      await reveal(panel, task);
      for (const [index, seat] of seats.entries()) await vote(panel, task, seat, { available: available || index > 0 });
      const fates = (available ? ["Paid", "Wrong", "Wrong"] : ["Paid", "Paid", "Paid"]) as never;
      await expectEnding(panel, task, { outcome, seats: fates }, () =>
        panel.taskManager.connect(panel.client).accept(task.packed),
      );
    }
  });
});
