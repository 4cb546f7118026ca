import { expect } from "chai";
import { parseEther } from "ethers";
import { packOrder, taskIdOf } from "../../src/protocol/order.js";
import { longestObligation } from "../../src/protocol/parameters.js";
import { sealOf } from "../../src/protocol/seal.js";
import { priceAfter, sharesOf } from "../helpers/books.js";
import { ethers, loadFixture, time } from "../helpers/network.js";
import {
  BOND,
  CAP,
  deliveredTask,
  deployMarket,
  FLOOR,
  joinProvider,
  KEY,
  openTask,
  random32,
  resultFor,
  reviewOrder,
  WINDOWS,
} from "../helpers/suite.js";

const [OPEN, DELIVERED, SETTLED, REFUNDED] = [1n, 3n, 6n, 7n];
const PERIOD = longestObligation(WINDOWS);

describe("what users of the market do", () => {
  it("publishes a source, submits to it, sees an attempt, has it delivered, accepts", async () => {
    const market = await loadFixture(deployMarket);
    const { sourceRegistry, taskManager, escrow, stranger, client, others } = market;
    const [provider] = others;
    if (provider === undefined) throw new Error("an account is missing");
    const floor = parseEther("0.004");
    const manifestDigest = random32();
    await expect(
      sourceRegistry
        .connect(stranger)
        .publish(
          { floorPrice: floor, stakePerSlot: parseEther("0.2"), royaltyBps: 500 },
          { manifestDigest, environments: 1, minGpuMemory: 0, deterministic: false },
          [],
        ),
    )
      .to.emit(sourceRegistry, "SourcePublished")
      .withArgs(2, stranger, floor, parseEther("0.2"), 500);
    const id = await joinProvider(market, provider, { source: 2 });

    const task = await openTask(market, { source: 2 });
    const openedAt = await time.latest();
    const { seal, commitment, envelopeHash } = resultFor(task.taskId, id);
    await time.setNextBlockTimestamp(openedAt + 60);
    const price = priceAfter(60, floor, CAP, task.order.rampDuration);
    await expect(taskManager.connect(provider).deliver(task.packed, id, seal))
      .to.emit(taskManager, "TaskDelivered")
      .withArgs(task.taskId, id, client, seal, price);

    // The client compares what it got off chain with the seal, then pays.
    const seen = await taskManager.getTask(task.taskId);
    expect([seen.state, seen.provider, seen.seal]).to.deep.equal([DELIVERED, id, seal]);
    expect(sealOf({ taskId: task.taskId, provider: seen.provider, commitment, envelopeHash })).to.equal(seen.seal);
    const { fee, royalty, payment } = sharesOf(price);
    await expect(taskManager.connect(client).accept(task.packed))
      .to.emit(taskManager, "TaskSettled")
      .withArgs(task.taskId, id, client, stranger, price, fee, royalty);
    expect((await taskManager.getTask(task.taskId)).state).to.equal(SETTLED);
    expect((await escrow.accountOf(provider)).free).to.equal(payment);
    expect((await escrow.accountOf(stranger)).free).to.equal(royalty);
    expect([...(await escrow.accountOf(client))]).to.deep.equal([parseEther("10") - price, 0n, fee]);
  });

  it("cancels a task once, and has its money back after the notice", async () => {
    const market = await loadFixture(deployMarket);
    const { taskManager, escrow, client } = market;
    const { packed, taskId } = await openTask(market);
    const deadline = (await time.latest()) + 1 + WINDOWS.cancelNotice;
    await expect(taskManager.connect(client).cancel(packed))
      .to.emit(taskManager, "TaskCancelled")
      .withArgs(taskId, client, deadline);
    await expect(taskManager.connect(client).cancel(packed))
      .to.be.revertedWithCustomError(taskManager, "AlreadyCancelled")
      .withArgs(taskId);
    await time.setNextBlockTimestamp(deadline);
    await expect(taskManager.connect(client).refund(packed))
      .to.be.revertedWithCustomError(taskManager, "TooEarly")
      .withArgs(taskId, deadline, deadline);
    await time.setNextBlockTimestamp(deadline + 1);
    // A task that counted as demand pays the fee on its start price.
    const { fee } = sharesOf(priceAfter(0, FLOOR, CAP, 600));
    await expect(taskManager.connect(client).refund(packed))
      .to.emit(taskManager, "TaskRefunded")
      .withArgs(taskId, client, client, CAP - fee, fee, 0);
    expect((await taskManager.getTask(taskId)).state).to.equal(REFUNDED);
    expect([...(await escrow.accountOf(client))]).to.deep.equal([parseEther("10") - fee, 0n, fee]);
    await expect(taskManager.connect(client).cancel(packed))
      .to.be.revertedWithCustomError(taskManager, "WrongState")
      .withArgs(taskId, REFUNDED);
  });

  it("raises the floor of a source: new orders below it fail, running tasks keep their price", async () => {
    const market = await loadFixture(deployMarket);
    const { sourceRegistry, taskManager, publisher, client } = market;
    const running = await openTask(market, { rampDuration: 600 });
    const floor = CAP + 1n;
    await expect(sourceRegistry.connect(publisher).setFloorPrice(1, floor))
      .to.emit(sourceRegistry, "FloorPriceSet")
      .withArgs(1, floor);
    const below = packOrder(await reviewOrder(market, { maxReward: CAP }));
    await expect(taskManager.connect(client).submit(below))
      .to.be.revertedWithCustomError(taskManager, "CapBelowFloor")
      .withArgs(CAP, floor);
    const reached = await reviewOrder(market, { maxReward: floor });
    await expect(taskManager.connect(client).submit(packOrder(reached)))
      .to.emit(taskManager, "TaskSubmitted")
      .withArgs(taskIdOf(reached, market.domain), 1, client, Object.values(packOrder(reached)), floor);
    const { openedAt } = await taskManager.getTask(running.taskId);
    const elapsed = (await time.latest()) - Number(openedAt);
    expect(await taskManager.priceOf(running.packed)).to.equal(priceAfter(elapsed, FLOOR, CAP, 600));
  });

  it("deactivates a source: no new tasks, running ones go on, and activates it again", async () => {
    const market = await loadFixture(deployMarket);
    const { sourceRegistry, taskManager, publisher, client, agent, provider } = market;
    const running = await openTask(market);
    await expect(sourceRegistry.connect(publisher).setActive(1, false))
      .to.emit(sourceRegistry, "SourceActivitySet")
      .withArgs(1, false);
    const order = packOrder(await reviewOrder(market));
    await expect(taskManager.connect(client).submit(order))
      .to.be.revertedWithCustomError(sourceRegistry, "SourceNotActive")
      .withArgs(1);

    const { seal } = resultFor(running.taskId, provider);
    await taskManager.connect(agent).deliver(running.packed, provider, seal);
    await taskManager.connect(client).accept(running.packed);
    expect((await taskManager.getTask(running.taskId)).state).to.equal(SETTLED);

    await expect(sourceRegistry.connect(publisher).setActive(1, true))
      .to.emit(sourceRegistry, "SourceActivitySet")
      .withArgs(1, true);
    const taskId = await taskManager.connect(client).submit.staticCall(order);
    await taskManager.connect(client).submit(order);
    expect((await taskManager.getTask(taskId)).state).to.equal(OPEN);
  });

  it("deposits, stakes, unbonds, waits, claims and withdraws", async () => {
    const { escrow, providerPool, stranger } = await loadFixture(deployMarket);
    const amount = parseEther("2");
    const pool = providerPool.connect(stranger);
    const balanceOf = async () => (await escrow.accountOf(stranger)).free;
    await escrow.connect(stranger).deposit({ value: amount });
    await pool.register(stranger, KEY);
    await pool.stake(2, amount);
    expect(await balanceOf()).to.equal(0);

    await pool.unbond(2, amount);
    const maturesAt = (await time.latest()) + PERIOD;
    await time.setNextBlockTimestamp(maturesAt);
    await expect(pool.claim(2)).to.be.revertedWithCustomError(providerPool, "StillUnbonding").withArgs(2, maturesAt);
    await time.setNextBlockTimestamp(maturesAt + 1);
    await expect(pool.claim(2)).to.emit(providerPool, "StakeClaimed").withArgs(2, stranger, amount);
    expect(await balanceOf()).to.equal(amount);
    expect((await providerPool.getProvider(2)).stake).to.equal(0);
    await expect(escrow.connect(stranger).withdraw(amount)).to.changeEtherBalances(
      ethers,
      [escrow, stranger],
      [-amount, amount],
    );
    expect(await balanceOf()).to.equal(0);
  });

  it("authorises an agent, which can work but not spend, and revokes it", async () => {
    const market = await loadFixture(deployMarket);
    const { providerPool, taskManager, providerOwner, agent, stranger, provider } = market;
    const pool = providerPool.connect(providerOwner);
    const task = await openTask(market);
    const { seal } = resultFor(task.taskId, provider);
    const deliver = () => taskManager.connect(stranger).deliver(task.packed, provider, seal);
    const refused = async () => {
      await expect(deliver()).to.be.revertedWithCustomError(providerPool, "NotAgent").withArgs(provider, stranger);
    };
    await refused();
    await pool.setAgent(provider, stranger, true);
    await expect(providerPool.connect(stranger).unbond(provider, 1))
      .to.be.revertedWithCustomError(providerPool, "NotOwner")
      .withArgs(provider, stranger);
    await expect(providerPool.connect(stranger).setPayout(provider, stranger))
      .to.be.revertedWithCustomError(providerPool, "NotOwner")
      .withArgs(provider, stranger);
    await pool.setAgent(provider, stranger, false);
    await refused();
    expect(await providerPool.isAuthorised(provider, agent)).to.equal(true);
    await pool.setAgent(provider, stranger, true);
    await deliver();
    expect((await taskManager.getTask(task.taskId)).provider).to.equal(provider);
  });

  it("has an agent join a source and deliver for its provider, which is paid", async () => {
    const market = await loadFixture(deployMarket);
    const { providerPool, escrow, taskManager, client, providerOwner, agent, provider } = market;
    await providerPool.connect(agent).leavePool(provider, 1);
    await expect(providerPool.connect(agent).joinPool(provider, 1, 1, 1, 2, 24))
      .to.emit(providerPool, "Joined")
      .withArgs(provider, 1, 1, 2, 24, parseEther("0.1"));
    const { taskId, packed } = await deliveredTask(market, { environments: 2, minGpuMemory: 24, rampDuration: 0 });
    const { locked } = await providerPool.getProvider(provider);
    expect(locked).to.equal(parseEther("0.1") + BOND);
    await taskManager.connect(client).accept(packed);
    expect((await taskManager.getTask(taskId)).state).to.equal(SETTLED);
    expect((await escrow.accountOf(providerOwner)).free).to.equal(sharesOf(CAP).payment);
    expect((await escrow.accountOf(agent)).free).to.equal(0);
    expect((await providerPool.getProvider(provider)).locked).to.equal(parseEther("0.1"));
  });
});
