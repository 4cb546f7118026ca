import { expect } from "chai";
import { judgeRound, MIN_WEIGHT, type SeatOutcome } from "../../../src/protocol/consensus.js";
import { loadFixture, networkHelpers, passTo } from "../../helpers/network.js";
import { everybodyEnters, type Panel, postRound, type RoundTask, seatMember } from "../../helpers/rounds.js";
import { claimingEnd, deployFive, expectVerdict, openingEnd, openSeats } from "../../helpers/verdicts.js";

/** What a seat may come to: three results, or silence. */
const ANSWERS = ["a", "b", "c", "-"] as const;
const TRUST = 2;
const SEATS = 3;

/** Every combination of answers. */
const PATTERNS = Array.from({ length: ANSWERS.length ** SEATS }, (_, number) =>
  Array.from(
    { length: SEATS },
    (_, seat) => ANSWERS[Math.floor(number / ANSWERS.length ** seat) % ANSWERS.length] ?? "-",
  ),
);

/** Weights of the seats; the second ones let a seat outvote another, and all three be outvoted by one. */
const WEIGHTS = [
  [2, 2, 2],
  [3, 2, 7],
] as const;

async function entered() {
  const panel = await deployFive();
  const task = await postRound(panel, { trust: TRUST });
  await everybodyEnters(task);
  return { panel, task };
}

/** Lets three members answer, then ends the round as the client, or after all its clocks without it. */
async function play(panel: Panel, task: RoundTask, pattern: readonly string[], weights: readonly number[]) {
  const seats = [];
  for (const [place, provider] of [...panel.members.keys()].slice(0, SEATS).entries()) {
    const output = pattern[place] ?? "-";
    seats.push(await seatMember(panel, task, provider, { output, weight: weights[place] ?? MIN_WEIGHT }));
  }
  await openSeats(
    panel,
    task,
    seats.filter((_, place) => pattern[place] !== "-"),
  );
  return seats;
}

describe("TaskManager: every outcome of a round of three seats", function () {
  this.timeout(300_000);

  for (const weights of WEIGHTS) {
    describe(`when their weights are ${weights.join(", ")}`, () => {
      for (const pattern of PATTERNS) {
        const votes = pattern.map((answer, seat) => ({
          weight: weights[seat] ?? MIN_WEIGHT,
          result: answer === "-" ? undefined : answer,
        }));
        const { winner, outcomes } = judgeRound(votes, TRUST);

        it(`${pattern.join(" ")} ends as ${outcomes.join(", ")}`, async () => {
          const { panel, task } = await loadFixture(entered);
          const { taskManager, client, stranger } = panel;
          const seats = await play(panel, task, pattern, weights);
          if (pattern.includes("-")) await passTo((await openingEnd(panel, task)) + 1);
          if (winner === undefined) {
            await expectVerdict(panel, task, seats, { outcomes, caller: "stranger" }, () =>
              taskManager.connect(stranger).settle(task.packed),
            );
            return;
          }
          expect(outcomes).to.include("Paid");
          const snapshot = await networkHelpers.takeSnapshot();
          await expectVerdict(panel, task, seats, { outcomes }, () => taskManager.connect(client).accept(task.packed));
          await snapshot.restore();
          await passTo((await claimingEnd(panel, task)) + 1);
          const unclaimed = outcomes.map((outcome): SeatOutcome => (outcome === "Paid" ? "Unclaimed" : outcome));
          await expectVerdict(panel, task, seats, { outcomes: unclaimed, caller: "stranger" }, () =>
            taskManager.connect(stranger).settle(task.packed),
          );
        });
      }
    });
  }
});
