import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { loadFixture } from "../../helpers/network.js";
import { deployMarket } from "../../helpers/suite.js";

describe("TaskManager ownership", () => {
  it("moves in two steps", async () => {
    const { taskManager, owner, stranger } = await loadFixture(deployMarket);
    await expect(taskManager.connect(owner).transferOwnership(stranger))
      .to.emit(taskManager, "OwnershipTransferStarted")
      .withArgs(owner.address, stranger.address);
    expect(await taskManager.owner()).to.equal(owner.address);
    expect(await taskManager.pendingOwner()).to.equal(stranger.address);
    await expect(taskManager.connect(stranger).setFee(100))
      .to.be.revertedWithCustomError(taskManager, "OwnableUnauthorizedAccount")
      .withArgs(stranger.address);

    await expect(taskManager.connect(stranger).acceptOwnership())
      .to.emit(taskManager, "OwnershipTransferred")
      .withArgs(owner.address, stranger.address);
    expect(await taskManager.owner()).to.equal(stranger.address);
    expect(await taskManager.pendingOwner()).to.equal(ZeroAddress);
    await taskManager.connect(stranger).setFee(100);
    await expect(taskManager.connect(owner).setFee(200))
      .to.be.revertedWithCustomError(taskManager, "OwnableUnauthorizedAccount")
      .withArgs(owner.address);
  });

  it("can be given up for good, but not while submissions are paused", async () => {
    const { taskManager, owner, stranger } = await loadFixture(deployMarket);
    await expect(taskManager.connect(stranger).renounceOwnership())
      .to.be.revertedWithCustomError(taskManager, "OwnableUnauthorizedAccount")
      .withArgs(stranger.address);
    await taskManager.connect(owner).setSubmissionsPaused(true);
    await expect(taskManager.connect(owner).renounceOwnership()).to.be.revertedWithCustomError(
      taskManager,
      "SubmissionsPaused",
    );
    expect(await taskManager.owner()).to.equal(owner.address);
    await taskManager.connect(owner).setSubmissionsPaused(false);
    await taskManager.connect(owner).renounceOwnership();
    expect(await taskManager.owner()).to.equal(ZeroAddress);
  });

  it("can be offered by its owner and taken by the one it is offered to, nobody else", async () => {
    const { taskManager, owner, stranger, agent } = await loadFixture(deployMarket);
    await expect(taskManager.connect(stranger).transferOwnership(stranger))
      .to.be.revertedWithCustomError(taskManager, "OwnableUnauthorizedAccount")
      .withArgs(stranger.address);
    await taskManager.connect(owner).transferOwnership(stranger);
    await taskManager.connect(owner).transferOwnership(agent);
    for (const caller of [stranger, owner]) {
      await expect(taskManager.connect(caller).acceptOwnership())
        .to.be.revertedWithCustomError(taskManager, "OwnableUnauthorizedAccount")
        .withArgs(caller.address);
    }
    await taskManager.connect(agent).acceptOwnership();
    expect(await taskManager.owner()).to.equal(agent.address);
  });
});
