import { expect } from "chai";
import { packOrder, taskIdOf } from "../../../src/protocol/order.js";
import { movements, State, viewOf } from "../../helpers/manager.js";
import { ethers, loadFixture } from "../../helpers/network.js";
import { deliveredTask, deployMarket, openTask, reviewOrder } from "../../helpers/suite.js";

async function draft() {
  const market = await loadFixture(deployMarket);
  const order = await reviewOrder(market);
  const manager = market.taskManager.connect(market.client);
  return { market, packed: packOrder(order), taskId: taskIdOf(order, market.domain), manager };
}

describe("TaskManager.revoke", () => {
  it("makes an order worthless that nobody has posted", async () => {
    const { market, manager, packed, taskId } = await draft();
    expect(await manager.revoke.staticCall(packed)).to.equal(taskId);
    expect(
      await movements(market, () =>
        expect(manager.revoke(packed)).to.emit(manager, "OrderRevoked").withArgs(taskId, market.client.address),
      ),
    ).to.deep.equal({});
    const { priceFraction, ...view } = await viewOf(market, taskId);
    expect(typeof priceFraction).to.equal("bigint");
    expect(view).to.deep.equal({
      state: State.Revoked,
      provider: 0n,
      cancelled: false,
      disputed: false,
      opened: false,
      counted: false,
      openedAt: 0n,
      deadline: 0n,
      clearedAt: 0n,
      markedAt: 0n,
      rampDuration: 0n,
      startFraction: 0n,
      feeBps: 0n,
      royaltyBps: 0n,
      lapses: 0n,
      seal: ethers.ZeroHash,
    });
  });

  it("refuses anyone but the client, agents included", async () => {
    const { market, manager, packed, taskId } = await draft();
    const { agent, stranger, taskManager } = market;
    await manager.setClientAgent(agent, true);
    for (const caller of [agent, stranger]) {
      await expect(taskManager.connect(caller).revoke(packed))
        .to.be.revertedWithCustomError(manager, "NotClient")
        .withArgs(taskId, caller.address);
    }
    await manager.submit(packed);
  });

  it("refuses to revoke twice", async () => {
    const { manager, packed, taskId } = await draft();
    await manager.revoke(packed);
    await expect(manager.revoke(packed))
      .to.be.revertedWithCustomError(manager, "WrongState")
      .withArgs(taskId, State.Revoked);
  });

  for (const { state, make } of [
    { state: "Open", make: openTask },
    { state: "Delivered", make: deliveredTask },
  ] as const) {
    it(`refuses a task that is ${state}`, async () => {
      const market = await loadFixture(deployMarket);
      const { packed, taskId } = await make(market);
      const manager = market.taskManager.connect(market.client);
      await expect(manager.revoke(packed))
        .to.be.revertedWithCustomError(manager, "WrongState")
        .withArgs(taskId, State[state]);
    });
  }
});
