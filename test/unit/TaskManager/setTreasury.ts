import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { loadFixture } from "../../helpers/network.js";
import { deployMarket } from "../../helpers/suite.js";

describe("TaskManager.setTreasury", () => {
  it("changes the treasury and nothing else", async () => {
    const { taskManager, owner, stranger } = await loadFixture(deployMarket);
    await expect(taskManager.connect(owner).setTreasury(stranger))
      .to.emit(taskManager, "TreasurySet")
      .withArgs(stranger.address);
    expect(await taskManager.treasury()).to.equal(stranger.address);
    expect(await taskManager.feeBps()).to.equal(250);
    expect(await taskManager.submissionsPaused()).to.equal(false);
  });

  it("refuses zero", async () => {
    const { taskManager, owner, treasury } = await loadFixture(deployMarket);
    await expect(taskManager.connect(owner).setTreasury(ZeroAddress)).to.be.revertedWithCustomError(
      taskManager,
      "ZeroAddress",
    );
    expect(await taskManager.treasury()).to.equal(treasury.address);
  });

  it("refuses anyone but the owner, even the treasury", async () => {
    const { taskManager, treasury, deployer } = await loadFixture(deployMarket);
    for (const caller of [treasury, deployer]) {
      await expect(taskManager.connect(caller).setTreasury(caller))
        .to.be.revertedWithCustomError(taskManager, "OwnableUnauthorizedAccount")
        .withArgs(caller.address);
    }
  });
});
