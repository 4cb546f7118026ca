import { expect } from "chai";
import { parseEther } from "ethers";
import { seatLock } from "../../../src/protocol/consensus.js";
import { networkHelpers } from "../../helpers/network.js";
import { CAP, random32 } from "../../helpers/suite.js";
import {
  enteredRound as entered,
  expectRefusal,
  giveScoreTo,
  scoreNextSecond,
  takeSeat as take,
  WEIGHT_UNIT,
} from "../../helpers/verdicts.js";

describe("TaskManager.takeSeat weighs seats", () => {
  describe("when a weight is asked for", () => {
    for (const weight of [0, 1]) {
      it(`refuses ${weight}`, async () => {
        const { panel, task } = await entered();
        await expectRefusal(panel, () => take(panel, task, panel.agent, 1n, { weight }), "WeightOutOfBounds", [
          ...[1, weight, 2, 2],
        ]);
      });
    }

    for (const [score, limit] of [
      [0n, 2],
      [11_999_999n, 2],
      [12_000_000n, 3],
      [27_000_000n, 8],
      [98_999_999n, 31],
      [99_000_000n, 32],
      [4_000_000_000n, 32],
    ] as const) {
      it(`takes ${limit} of a provider with a score of ${score}, and no more`, async () => {
        const { panel, task, taskId, manager } = await entered();
        await panel.providerPool.stake(1, parseEther("5"), { value: parseEther("5") });
        const snapshot = await networkHelpers.takeSnapshot();
        const sit = async (weight: number) => {
          await scoreNextSecond(panel, 1n, score);
          return take(panel, task, panel.agent, 1n, { weight });
        };
        await expectRefusal(panel, () => sit(limit + 1), "WeightOutOfBounds", [1, limit + 1, 2, limit]);
        await snapshot.restore();
        await sit(limit);
        const [seat] = (await manager.getRound(taskId)).seats;
        expect(seat?.weight).to.equal(limit);
        const lock = seatLock(CAP, limit, WEIGHT_UNIT);
        expect(lock).to.equal(CAP + BigInt(limit - 2) * parseEther("0.1"));
        expect((await panel.providerPool.getProvider(1)).locked).to.equal(parseEther("0.2") + lock);
      });
    }

    it("refuses weights far beyond the width of the seat", async () => {
      const { panel, task } = await entered();
      await giveScoreTo(panel, 1n, 4_000_000_000n);
      for (const weight of [33n, 64n, 66n, 2n ** 32n + 2n, 2n ** 256n - 1n]) {
        const act = () => panel.taskManager.connect(panel.agent).takeSeat(task.packed, 1, weight, random32());
        await expectRefusal(panel, act, "WeightOutOfBounds", [1, weight, 2, 32]);
      }
    });

    it("refuses a lock above the free stake, takes one equal to it", async () => {
      const { panel, task } = await entered();
      const { providerPool, providerOwner, agent } = panel;
      // 0.8 coins are free.
      const lock = CAP + 5n * WEIGHT_UNIT;
      const { free } = await providerPool.getProvider(1);
      await providerPool.connect(providerOwner).unbond(1, free - lock);
      const heavier = () => take(panel, task, agent, 1n, { weight: 8 });
      await expectRefusal(panel, heavier, "InsufficientStake", [1, lock, lock + WEIGHT_UNIT], providerPool);
      await take(panel, task, agent, 1n, { weight: 7 });
      expect((await providerPool.getProvider(1)).free).to.equal(0n);
    });

    it("refuses the least weight one wei short of the bond", async () => {
      const { panel, task } = await entered();
      const { providerPool, providerOwner, agent } = panel;
      await providerPool.connect(providerOwner).unbond(1, (await providerPool.getProvider(1)).free - CAP + 1n);
      const act = () => take(panel, task, agent, 1n);
      await expectRefusal(panel, act, "InsufficientStake", [1, CAP - 1n, CAP], providerPool);
    });
  });

  describe("when the order asks for a score", () => {
    it("refuses one below, takes one equal to it, at the least weight too", async () => {
      const minScore = 30_000_000;
      const { panel, task } = await entered({ minScore });
      const sit = async (score: bigint) => {
        await scoreNextSecond(panel, 1n, score);
        return take(panel, task, panel.agent, 1n);
      };
      const low = BigInt(minScore) - 1n;
      await expectRefusal(panel, () => sit(low), "ScoreTooLow", [1, low, minScore]);
      await sit(BigInt(minScore));
    });
  });
});
