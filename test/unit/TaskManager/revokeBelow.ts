import { expect } from "chai";
import { loadFixture } from "../../helpers/network.js";
import { deployMarket } from "../../helpers/suite.js";

const MAX = 2n ** 64n - 1n;

describe("TaskManager.revokeBelow", () => {
  it("raises the caller's floor and no other", async () => {
    const { taskManager, client, stranger } = await loadFixture(deployMarket);
    const manager = taskManager.connect(client);
    expect(await manager.nonceFloorOf(client)).to.equal(0);
    await expect(manager.revokeBelow(5)).to.emit(manager, "OrdersRevokedBelow").withArgs(client.address, 5);
    expect(await manager.nonceFloorOf(client)).to.equal(5);
    expect(await manager.nonceFloorOf(stranger)).to.equal(0);
    await manager.revokeBelow(6);
    expect(await manager.nonceFloorOf(client)).to.equal(6);
    await manager.revokeBelow(MAX);
    expect(await manager.nonceFloorOf(client)).to.equal(MAX);
  });

  for (const nonce of [5n, 4n, 0n]) {
    it(`refuses ${nonce} when the floor is 5`, async () => {
      const { taskManager, client } = await loadFixture(deployMarket);
      const manager = taskManager.connect(client);
      await manager.revokeBelow(5);
      await expect(manager.revokeBelow(nonce))
        .to.be.revertedWithCustomError(manager, "NonceFloorNotRaised")
        .withArgs(nonce, 5);
      expect(await manager.nonceFloorOf(client)).to.equal(5);
    });
  }

  it("refuses zero when no floor was ever set", async () => {
    const { taskManager, client } = await loadFixture(deployMarket);
    await expect(taskManager.connect(client).revokeBelow(0))
      .to.be.revertedWithCustomError(taskManager, "NonceFloorNotRaised")
      .withArgs(0, 0);
  });
});
