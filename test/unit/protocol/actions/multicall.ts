import { expect } from "chai";
import { callOf, multicall, type MulticallRevert } from "../../../../src/protocol/actions/multicall.js";
import { packOrder, taskIdOf } from "../../../../src/protocol/order.js";
import { State } from "../../../helpers/manager.js";
import { loadFixture } from "../../../helpers/network.js";
import { protocolOf } from "../../../helpers/protocol.js";
import { expectRevert } from "../../../helpers/refusal.js";
import { deliveredTask, deployMarket, openTask, resultFor, reviewOrder } from "../../../helpers/suite.js";

describe("protocol.multicall", () => {
  it("does several things in one transaction and tells all events", async () => {
    const market = await loadFixture(deployMarket);
    const { packed, taskId } = await openTask(market);
    const { seal, commitment, envelope } = resultFor(taskId, market.provider);
    const agent = await protocolOf(market, market.agent);
    const { events } = await multicall(agent, {
      calls: [callOf("deliver", [packed, market.provider, seal]), callOf("disclose", [packed, commitment, envelope])],
    });
    expect(events.map(({ name }) => name)).to.deep.equal(["TaskDelivered", "TaskDisclosed"]);
    expect((await market.taskManager.getTask(taskId)).state).to.equal(State.Disclosed);
  });

  it("is refused for what one call is refused for, and does nothing then", async () => {
    const market = await loadFixture(deployMarket);
    const client = await protocolOf(market, market.client);
    const delivered = await deliveredTask(market);
    const order = await reviewOrder(market);
    const calls = [
      callOf("submit", [packOrder(order)]),
      callOf("accept", [delivered.packed]),
      callOf("accept", [delivered.packed]),
    ];
    await expectRevert<MulticallRevert>(multicall(client, { calls }), "WrongState", {
      taskId: delivered.taskId,
      state: State.Settled,
    });
    expect((await market.taskManager.getTask(taskIdOf(order, market.domain))).state).to.equal(State.None);
  });

  it("is refused for what is no call", async () => {
    const market = await loadFixture(deployMarket);
    const client = await protocolOf(market, market.client);
    await expectRevert<MulticallRevert>(multicall(client, { calls: ["0x12345678"] }), "FailedCall");
  });
});
