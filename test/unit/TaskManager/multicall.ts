import { expect } from "chai";
import { AbiCoder } from "ethers";
import { packOrder, taskIdOf } from "../../../src/protocol/order.js";
import { movements, State } from "../../helpers/manager.js";
import { ethers, loadFixture } from "../../helpers/network.js";
import { CAP, deliveredTask, deployMarket, openTask, resultFor, reviewOrder } from "../../helpers/suite.js";

async function prepared() {
  const market = await loadFixture(deployMarket);
  const manager = market.taskManager.connect(market.client);
  const delivered = await deliveredTask(market);
  const open = await openTask(market);
  const order = await reviewOrder(market);
  const drafted = { packed: packOrder(order), taskId: taskIdOf(order, market.domain) };
  return { market, manager, delivered, open, drafted, encode: manager.interface };
}

describe("TaskManager.multicall", () => {
  it("does several things of one caller in one transaction", async () => {
    const { market, manager, delivered, open, drafted, encode } = await prepared();
    const { client, agent } = market;
    const calls = [
      encode.encodeFunctionData("submit", [drafted.packed]),
      encode.encodeFunctionData("accept", [delivered.packed]),
      encode.encodeFunctionData("cancel", [open.packed]),
      encode.encodeFunctionData("setClientAgent", [agent.address, true]),
      encode.encodeFunctionData("revokeBelow", [9]),
    ];
    const results = await manager.multicall.staticCall(calls);
    expect(results).to.deep.equal([drafted.taskId, "0x", "0x", "0x", "0x"]);
    const transaction = manager.multicall(calls);
    await expect(transaction).to.emit(manager, "TaskSubmitted");
    await expect(transaction).to.emit(manager, "TaskSettled");
    expect((await manager.getTask(drafted.taskId)).state).to.equal(State.Open);
    expect((await manager.getTask(delivered.taskId)).state).to.equal(State.Settled);
    expect((await manager.getTask(open.taskId)).cancelled).to.equal(true);
    expect(await manager.isClientAgent(client, agent)).to.equal(true);
    expect(await manager.nonceFloorOf(client)).to.equal(9);
  });

  it("delivers and discloses at once", async () => {
    const { market, manager, open, encode } = await prepared();
    const { seal, commitment, envelope } = resultFor(open.taskId, market.provider);
    await manager
      .connect(market.agent)
      .multicall([
        encode.encodeFunctionData("deliver", [open.packed, market.provider, seal]),
        encode.encodeFunctionData("disclose", [open.packed, commitment, envelope]),
      ]);
    expect((await manager.getTask(open.taskId)).state).to.equal(State.Disclosed);
  });

  it("reserves and delivers at once", async () => {
    const { market, manager, encode } = await prepared();
    const { packed, taskId } = await openTask(market, { reservation: 600 });
    const { seal, commitment, envelope } = resultFor(taskId, market.provider);
    await manager
      .connect(market.agent)
      .multicall([
        encode.encodeFunctionData("reserve", [packed, market.provider]),
        encode.encodeFunctionData("deliver", [packed, market.provider, seal]),
      ]);
    const { state, clearedAt, markedAt } = await manager.getTask(taskId);
    expect([state, markedAt]).to.deep.equal([State.Delivered, clearedAt]);
    expect((await market.providerPool.getMembership(1, 1)).reserved).to.equal(0n);
    await manager.disclose(packed, commitment, envelope);
    expect((await manager.getTask(taskId)).state).to.equal(State.Disclosed);
  });

  it("does nothing if one of them fails, and says which error it was", async () => {
    const { market, manager, delivered, drafted, encode } = await prepared();
    const calls = [
      encode.encodeFunctionData("submit", [drafted.packed]),
      encode.encodeFunctionData("accept", [delivered.packed]),
      encode.encodeFunctionData("accept", [delivered.packed]),
    ];
    expect(
      await movements(market, () =>
        expect(manager.multicall(calls))
          .to.be.revertedWithCustomError(manager, "WrongState")
          .withArgs(delivered.taskId, State.Settled),
      ),
    ).to.deep.equal({});
    expect((await manager.getTask(drafted.taskId)).state).to.equal(State.None);
  });

  it("gives nobody the authority of another", async () => {
    const { market, manager, delivered, encode } = await prepared();
    const calls = [encode.encodeFunctionData("accept", [delivered.packed])];
    await expect(manager.connect(market.stranger).multicall(calls))
      .to.be.revertedWithCustomError(manager, "NotClientOrAgent")
      .withArgs(delivered.taskId, market.stranger.address);
  });

  describe("when coin is attached", () => {
    it("refuses it, so that one coin cannot pay for two orders", async () => {
      const { market, manager, drafted, encode } = await prepared();
      const { client } = market;
      const submit = encode.encodeFunctionData("submit", [drafted.packed]);
      for (const calls of [[submit], [submit, submit], []]) {
        const data = encode.encodeFunctionData("multicall", [calls]);
        const to = await manager.getAddress();
        expect(
          await movements(market, () =>
            expect(client.sendTransaction({ to, data, value: CAP })).to.be.revertedWithoutReason(ethers),
          ),
        ).to.deep.equal({});
      }
      expect((await manager.getTask(drafted.taskId)).state).to.equal(State.None);
    });

    it("refuses coin sent without a call", async () => {
      const { market, manager } = await prepared();
      const to = await manager.getAddress();
      await expect(market.client.sendTransaction({ to, value: 1 })).to.be.revert(ethers);
      const data = AbiCoder.defaultAbiCoder().encode(["uint256"], [1]);
      await expect(market.client.sendTransaction({ to, data })).to.be.revert(ethers);
    });
  });
});
