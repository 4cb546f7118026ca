import { expect } from "chai";
import { loadFixture } from "../../helpers/network.js";
import { deployMarket, openTask } from "../../helpers/suite.js";

describe("TaskManager.setFee", () => {
  for (const fee of [10, 11, 1000]) {
    it(`takes ${fee} basis points, for new tasks only`, async () => {
      const market = await loadFixture(deployMarket);
      const { taskManager, owner, treasury } = market;
      const before = await openTask(market);
      await expect(taskManager.connect(owner).setFee(fee)).to.emit(taskManager, "FeeSet").withArgs(fee);
      expect(await taskManager.feeBps()).to.equal(fee);
      expect(await taskManager.treasury()).to.equal(treasury.address);
      expect(await taskManager.submissionsPaused()).to.equal(false);
      const after = await openTask(market);
      expect((await taskManager.getTask(before.taskId)).feeBps).to.equal(250);
      expect((await taskManager.getTask(after.taskId)).feeBps).to.equal(fee);
    });
  }

  // The last two would be in bounds if their high bits were cut off.
  for (const fee of [0n, 9n, 1001n, 65_536n + 250n, (1n << 255n) + 250n]) {
    it(`refuses ${fee} basis points`, async () => {
      const { taskManager, owner } = await loadFixture(deployMarket);
      await expect(taskManager.connect(owner).setFee(fee))
        .to.be.revertedWithCustomError(taskManager, "FeeOutOfBounds")
        .withArgs(fee, 10, 1000);
      expect(await taskManager.feeBps()).to.equal(250);
    });
  }

  it("refuses anyone but the owner", async () => {
    const { taskManager, treasury, deployer } = await loadFixture(deployMarket);
    for (const caller of [treasury, deployer]) {
      await expect(taskManager.connect(caller).setFee(100))
        .to.be.revertedWithCustomError(taskManager, "OwnableUnauthorizedAccount")
        .withArgs(caller.address);
    }
  });
});
