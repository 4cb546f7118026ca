import { expect } from "chai";
import { MIN_WEIGHT, SEAT_OUTCOMES, seatLock, type SeatOutcome } from "../../src/protocol/consensus.js";
import { loadFixture, passTo } from "../helpers/network.js";
import { everybodyEnters, type Panel, postRound, type RoundTask, type Sealed, seatMember } from "../helpers/rounds.js";
import { CAP } from "../helpers/suite.js";
import { claimingEnd, deployFive, openingEnd, openSeats, storedScore, WEIGHT_UNIT } from "../helpers/verdicts.js";

const ANSWERS = ["a", "b", "c", "-"] as const;
const PATTERNS = ANSWERS.flatMap((one) => ANSWERS.flatMap((two) => ANSWERS.map((three) => one + two + three)));

/** What a seat lost in a round, and what it has left of its name. */
interface Fate {
  outcome: SeatOutcome;
  loss: bigint;
  score: bigint;
  frauds: bigint;
}

/** Plays a round in which seats answer, or are silent where the pattern has a dash; tells how each ended. */
async function play(
  { panel, task }: { panel: Panel; task: RoundTask },
  pattern: string,
  weights: readonly number[],
  accepted: boolean,
): Promise<Fate[]> {
  const { taskManager, providerPool, reputation, client, stranger } = panel;
  const seats: Sealed[] = [];
  for (const [place, provider] of [...panel.members.keys()].slice(0, pattern.length).entries()) {
    const [output, weight] = [pattern[place] ?? "-", weights[place] ?? MIN_WEIGHT];
    seats.push(await seatMember(panel, task, provider, { output, weight }));
  }
  const stakes = await Promise.all(seats.map(({ provider }) => providerPool.getProvider(provider)));
  await openSeats(
    panel,
    task,
    seats.filter((_, place) => pattern[place] !== "-"),
  );
  if (accepted) {
    await passTo((await openingEnd(panel, task)) + 1);
    await taskManager
      .connect(client)
      .accept(task.packed)
      .catch(() => taskManager.connect(client).settle(task.packed));
  } else {
    await passTo((await claimingEnd(panel, task)) + 1);
    await taskManager.connect(stranger).settle(task.packed);
  }
  const slashes = await taskManager.queryFilter(taskManager.filters.SeatSlashed(task.taskId));
  return Promise.all(
    seats.map(async ({ provider }, place): Promise<Fate> => {
      const { stake } = await providerPool.getProvider(provider);
      const { score } = await storedScore(panel, provider);
      const { frauds } = await reputation.getRecord(provider);
      const slash = slashes.find(({ args }) => args.provider === provider);
      const outcome = slash === undefined ? "Paid" : (SEAT_OUTCOMES[Number(slash.args.outcome)] ?? "Paid");
      return { outcome, loss: (stakes[place]?.stake ?? 0n) - stake, score, frauds };
    }),
  );
}

async function entered() {
  const panel = await deployFive();
  const task = await postRound(panel);
  await everybodyEnters(task);
  return { panel, task };
}

describe("adversary: silence in rounds", () => {
  for (const weights of [
    [2, 2, 2],
    [3, 2, 7],
  ] as const) {
    for (const accepted of [true, false]) {
      const ending = accepted ? "accepted" : "unclaimed";
      it(`costs no seat less than to open, with weights of ${weights.join(", ")}, ${ending} if one wins`, async function () {
        this.timeout(120_000);
        const fates = new Map<string, Fate[]>();
        for (const pattern of PATTERNS) {
          fates.set(pattern, await play(await loadFixture(entered), pattern, weights, accepted));
        }
        let changed = 0;
        let compared = 0;
        for (const [pattern, opened] of fates) {
          for (const [seat, mine] of opened.entries()) {
            if (pattern[seat] === "-") continue;
            const quiet = `${pattern.slice(0, seat)}-${pattern.slice(seat + 1)}`;
            const silent = fates.get(quiet);
            const other = silent?.[seat];
            if (silent === undefined || other === undefined) throw new Error(`no round ${quiet}`);
            const title = `seat ${seat} of ${pattern}: ${mine.outcome} instead of ${other.outcome}`;
            expect(mine.loss <= other.loss, title).to.be.true;
            expect(mine.score >= other.score, title).to.be.true;
            expect(mine.frauds <= other.frauds, title).to.be.true;
            expect([other.outcome, other.loss, other.score, other.frauds], title).to.deep.equal([
              ...["Unopened", seatLock(CAP, weights[seat] ?? MIN_WEIGHT, WEIGHT_UNIT), 0n, 1n],
            ]);
            compared += 1;
            if (opened.some(({ outcome }, place) => place !== seat && outcome !== silent[place]?.outcome)) changed += 1;
          }
        }
        // Three seats in 48 rounds each; in some of them the silence turned the verdict.
        expect(compared).to.equal(144);
        expect(changed).to.be.greaterThan(0);
      });
    }
  }
});
