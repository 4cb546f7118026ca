import { expect } from "chai";
import { parseEther } from "ethers";
import { packOrder, taskIdOf } from "../../../src/protocol/order.js";
import { movements, openView, startPrice, State, viewOf, words } from "../../helpers/manager.js";
import { ethers, loadFixture, time } from "../../helpers/network.js";
import { CAP, deliveredTask, deployMarket, FLOOR, openTask, proofOrder, reviewOrder } from "../../helpers/suite.js";

/** The market with an order of its client that nobody has posted. */
async function draft(changes: Parameters<typeof reviewOrder>[1] = {}) {
  const market = await loadFixture(deployMarket);
  const order = await reviewOrder(market, changes);
  const manager = market.taskManager.connect(market.client);
  return { market, order, packed: packOrder(order), taskId: taskIdOf(order, market.domain), manager };
}

describe("TaskManager.submit", () => {
  it("returns the id that the order hashes to", async () => {
    const { manager, packed, taskId } = await draft();
    expect(await manager.submit.staticCall(packed)).to.equal(taskId);
  });

  it("holds the cap out of the free balance", async () => {
    const { market, manager, packed } = await draft();
    expect(await movements(market, () => manager.submit(packed))).to.deep.equal({
      "client.free": -CAP,
      "client.held": CAP,
    });
  });

  it("holds the attached coin and leaves the free balance alone", async () => {
    const { market, manager, packed } = await draft();
    const { client, escrow } = market;
    expect(
      await movements(market, async () => {
        const transaction = manager.submit(packed, { value: CAP });
        await expect(transaction).to.emit(escrow, "Deposited").withArgs(client.address, client.address, CAP);
        await expect(transaction).to.changeEtherBalances(ethers, [client, escrow], [-CAP, CAP]);
      }),
    ).to.deep.equal({ "client.held": CAP, "escrow.coin": CAP });
  });

  it("opens the task and tells its order once", async () => {
    const { market, manager, order, packed, taskId } = await draft();
    const now = (await time.latest()) + 7;
    await time.setNextBlockTimestamp(now);
    const transaction = await manager.submit(packed);
    await expect(transaction)
      .to.emit(manager, "TaskSubmitted")
      .withArgs(taskId, 1, market.client.address, words(packed), startPrice(CAP));
    expect((await transaction.wait())?.logs).to.have.length(1);
    expect(await viewOf(market, taskId)).to.deep.equal(openView(order, now));
  });

  for (const { maxReward, start } of [
    // At the floor the price has nowhere to climb; above it the start rounds up, never below the floor.
    { maxReward: FLOOR, start: FLOOR },
    { maxReward: FLOOR + 1n, start: FLOOR + 1n },
    { maxReward: FLOOR * 2n, start: 10_000_000_002_328_306n },
    { maxReward: FLOOR * 3n, start: FLOOR },
    { maxReward: parseEther("0.07"), start: 10_000_000_009_313_225n },
  ]) {
    it(`starts a cap of ${maxReward} wei at ${start} wei`, async () => {
      const { manager, packed, order, taskId, market } = await draft({ maxReward, bond: maxReward });
      await expect(manager.submit(packed))
        .to.emit(manager, "TaskSubmitted")
        .withArgs(taskId, 1, order.client, words(packed), start);
      expect(await manager.priceOf(packed)).to.equal(start);
      expect(await viewOf(market, taskId)).to.deep.equal(openView(order, await time.latest()));
    });
  }

  it("posts a Proof order without bond or client key", async () => {
    const { market, manager } = await draft();
    const order = await proofOrder(market, { clientKey: ethers.ZeroHash });
    await manager.submit(packOrder(order));
    expect(await viewOf(market, taskIdOf(order, market.domain))).to.deep.equal(openView(order, await time.latest()));
  });

  it("posts an order whose nonce is revoked: its client asks for it right now", async () => {
    const { manager, packed, order, taskId } = await draft();
    await manager.revokeBelow(order.nonce + 1n);
    await expect(manager.submit(packed)).to.emit(manager, "TaskSubmitted");
    expect((await manager.getTask(taskId)).state).to.equal(State.Open);
  });

  describe("when the coin does not fit", () => {
    for (const value of [1n, CAP - 1n, CAP + 1n]) {
      it(`refuses ${value} wei`, async () => {
        const { market, manager, packed, taskId } = await draft();
        expect(
          await movements(market, () =>
            expect(manager.submit(packed, { value }))
              .to.be.revertedWithCustomError(manager, "WrongValue")
              .withArgs(value, CAP),
          ),
        ).to.deep.equal({});
        expect((await manager.getTask(taskId)).state).to.equal(State.None);
      });
    }

    it("refuses a cap above the free balance and takes one equal to it", async () => {
      const { market, manager, packed, taskId } = await draft();
      const { escrow, client } = market;
      const { free } = await escrow.accountOf(client);
      await escrow.connect(client).withdraw(free - CAP + 1n);
      await expect(manager.submit(packed))
        .to.be.revertedWithCustomError(escrow, "InsufficientBalance")
        .withArgs(client.address, CAP - 1n, CAP);
      expect((await manager.getTask(taskId)).state).to.equal(State.None);
      await escrow.connect(client).deposit({ value: 1 });
      await manager.submit(packed);
      expect((await escrow.accountOf(client)).free).to.equal(0);
    });
  });

  it("refuses the order of another client, even paid for", async () => {
    const { market, manager, packed, taskId } = await draft();
    const { stranger } = market;
    await manager.setClientAgent(stranger, true);
    await expect(market.taskManager.connect(stranger).submit(packed, { value: CAP }))
      .to.be.revertedWithCustomError(manager, "NotClient")
      .withArgs(taskId, stranger.address);
  });

  describe("when the order has been here before", () => {
    it("refuses it while it is open", async () => {
      const market = await loadFixture(deployMarket);
      const { packed, taskId } = await openTask(market);
      const manager = market.taskManager.connect(market.client);
      await expect(manager.submit(packed, { value: CAP }))
        .to.be.revertedWithCustomError(manager, "WrongState")
        .withArgs(taskId, State.Open);
    });

    it("refuses it after it was settled", async () => {
      const market = await loadFixture(deployMarket);
      const { packed, taskId } = await deliveredTask(market);
      const manager = market.taskManager.connect(market.client);
      await manager.accept(packed);
      await expect(manager.submit(packed))
        .to.be.revertedWithCustomError(manager, "WrongState")
        .withArgs(taskId, State.Settled);
    });

    it("refuses it after it was revoked", async () => {
      const { manager, packed, taskId } = await draft();
      await manager.revoke(packed);
      await expect(manager.submit(packed))
        .to.be.revertedWithCustomError(manager, "WrongState")
        .withArgs(taskId, State.Revoked);
    });
  });
});
