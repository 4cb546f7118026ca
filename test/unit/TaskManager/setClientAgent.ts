import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { loadFixture } from "../../helpers/network.js";
import { deliveredTask, deployMarket } from "../../helpers/suite.js";

describe("TaskManager.setClientAgent", () => {
  it("grants and revokes an agent of the caller and of nobody else", async () => {
    const { taskManager, client, agent, stranger } = await loadFixture(deployMarket);
    const manager = taskManager.connect(client);
    expect(await manager.isClientAgent(client, agent)).to.equal(false);
    await expect(manager.setClientAgent(agent, true))
      .to.emit(manager, "ClientAgentSet")
      .withArgs(client.address, agent.address, true);
    expect(await manager.isClientAgent(client, agent)).to.equal(true);
    expect(await manager.isClientAgent(client, stranger)).to.equal(false);
    expect(await manager.isClientAgent(stranger, agent)).to.equal(false);
    expect(await manager.isClientAgent(agent, client)).to.equal(false);

    await expect(manager.setClientAgent(agent, false))
      .to.emit(manager, "ClientAgentSet")
      .withArgs(client.address, agent.address, false);
    expect(await manager.isClientAgent(client, agent)).to.equal(false);
  });

  it("takes the agent's power away at once", async () => {
    const market = await loadFixture(deployMarket);
    const { taskManager, client, stranger } = market;
    const { packed, taskId } = await deliveredTask(market);
    await taskManager.connect(client).setClientAgent(stranger, true);
    await taskManager.connect(client).setClientAgent(stranger, false);
    await expect(taskManager.connect(stranger).accept(packed))
      .to.be.revertedWithCustomError(taskManager, "NotClientOrAgent")
      .withArgs(taskId, stranger.address);
  });

  it("refuses an agent of zero", async () => {
    const { taskManager, client } = await loadFixture(deployMarket);
    for (const allowed of [true, false]) {
      await expect(taskManager.connect(client).setClientAgent(ZeroAddress, allowed)).to.be.revertedWithCustomError(
        taskManager,
        "ZeroAddress",
      );
    }
  });

  it("refuses a call that would change nothing", async () => {
    const { taskManager, client, agent } = await loadFixture(deployMarket);
    const manager = taskManager.connect(client);
    await expect(manager.setClientAgent(agent, false))
      .to.be.revertedWithCustomError(manager, "AgentAlreadyInState")
      .withArgs(client.address, agent.address, false);
    await manager.setClientAgent(agent, true);
    await expect(manager.setClientAgent(agent, true))
      .to.be.revertedWithCustomError(manager, "AgentAlreadyInState")
      .withArgs(client.address, agent.address, true);
  });
});
