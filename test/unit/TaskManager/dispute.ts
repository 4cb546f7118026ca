import { expect } from "chai";
import { parseEther } from "ethers";
import { seatsOf } from "../../../src/protocol/consensus.js";
import { packOrder, Verification } from "../../../src/protocol/order.js";
import {
  deployPanel,
  disclosedTask,
  disputedTask,
  LIFETIME,
  panelFee,
  panelOrder,
  REVIEW,
  TRUST,
} from "../../helpers/disputes.js";
import { State } from "../../helpers/manager.js";
import { loadFixture, passTo, time } from "../../helpers/network.js";
import { fillPool } from "../../helpers/rounds.js";
import { CAP, deployMarket, resultFor, WINDOWS } from "../../helpers/suite.js";
import { changesIn, expectRefusal } from "../../helpers/verdicts.js";

describe("TaskManager.submit, for a Review order with a panel", () => {
  const bond = BigInt(seatsOf(TRUST)) * CAP;

  it("holds the cap alone, and asks for a bond that pays a panel", async () => {
    const panel = await loadFixture(deployPanel);
    const order = await panelOrder(panel);
    const changes = await changesIn(panel, () => panel.taskManager.connect(panel.client).submit(packOrder(order)));
    expect(changes).to.deep.equal({ "client.free": -CAP, "client.held": CAP, "market.openTasks": 1n });
    const meagre = packOrder(await panelOrder(panel, { bond: bond - 1n }));
    await expectRefusal(panel, () => panel.taskManager.connect(panel.client).submit(meagre), "BondTooLow", [
      bond - 1n,
      bond,
    ]);
  });

  for (const trust of [1, 16_385, 65_535]) {
    it(`refuses a trust of ${trust}`, async () => {
      const panel = await loadFixture(deployPanel);
      const order = packOrder({ ...(await panelOrder(panel)), trust });
      await expectRefusal(panel, () => panel.taskManager.connect(panel.client).submit(order), "TrustOutOfBounds", [
        trust,
        2,
        16_384,
      ]);
    });
  }

  it("refuses a pool with no more members than the panel has seats and one", async () => {
    const panel = await fillPool(await loadFixture(deployMarket), 4);
    const order = packOrder(await panelOrder(panel));
    await expectRefusal(
      panel,
      () => panel.taskManager.connect(panel.client).submit(order),
      "PoolTooSmall",
      [1, 4, 5],
      panel.providerPool,
    );
  });

  it("refuses a panel that could cost more than a task may", async () => {
    const panel = await loadFixture(deployPanel);
    const { taskManager, client, escrow } = panel;
    const most = await taskManager.MAX_ROUND();
    const maxReward = most / 3n + 1n;
    await escrow.connect(client).deposit({ value: parseEther("100") });
    const order = packOrder(await panelOrder(panel, { maxReward }));
    await expectRefusal(panel, () => taskManager.connect(client).submit(order), "CapAboveMaximum", [
      3n * maxReward,
      most,
    ]);
  });

  it("refuses a trust where a verifier decides", async () => {
    const panel = await loadFixture(deployPanel);
    const verifier = await panel.attestation.getAddress();
    const order = packOrder(await panelOrder(panel, { verification: Verification.Proof, verifier }));
    await expectRefusal(panel, () => panel.taskManager.connect(panel.client).submit(order), "NotOffered", [
      Verification.Proof,
      TRUST,
      0,
    ]);
  });
});

describe("TaskManager.dispute", () => {
  it("holds a price for each seat, begins a panel and tells it", async () => {
    const panel = await loadFixture(deployPanel);
    const task = await disclosedTask(panel, { rampDuration: 3_000 });
    const { taskManager, client, provider } = panel;
    const fee = panelFee(task);
    const opened = Number((await taskManager.getTask(task.taskId)).openedAt);
    let at = 0;
    const changes = await changesIn(panel, async () => {
      await expect(taskManager.connect(client).dispute(task.packed))
        .to.emit(taskManager, "TaskDisputed")
        .withArgs(task.taskId, provider, client.address, fee, false);
      at = await time.latest();
    });
    expect(changes).to.deep.equal({ "client.free": -fee, "client.held": fee });
    const view = await taskManager.getTask(task.taskId);
    expect([view.state, view.disputed, view.provider, view.seal]).to.deep.equal([
      State.Round,
      true,
      provider,
      task.delivery.seal,
    ]);
    expect(await taskManager.priceOf(task.packed)).to.equal(task.price);
    const { seedBlock, seed, capacity, closedAt, seats, dispute } = await taskManager.getRound(task.taskId);
    expect([seed, capacity, closedAt, seats.length]).to.deep.equal([0n, 7n, 0n, 0]);
    expect(seedBlock).to.equal((await time.latestBlock()) + 4);
    const window = WINDOWS.seed + Math.max(WINDOWS.panelMin, task.order.deadline - opened);
    expect([...dispute]).to.deep.equal([
      BigInt(at),
      false,
      BigInt(at),
      BigInt(at + window),
      0n,
      `0x${"00".repeat(32)}`,
    ]);
  });

  it("takes the fee from attached coin, of the client and of its agents, which cannot spend what is free", async () => {
    const panel = await loadFixture(deployPanel);
    const { taskManager, client, stranger } = panel;
    await taskManager.connect(client).setClientAgent(stranger, true);
    const [first, second] = [await disclosedTask(panel), await disclosedTask(panel)];
    const fee = panelFee(first);
    expect(
      await changesIn(panel, () => taskManager.connect(client).dispute(first.packed, { value: fee })),
    ).to.deep.equal({ "client.held": fee, coin: fee });
    await expectRefusal(panel, () => taskManager.connect(stranger).dispute(second.packed), "NotClient", [
      second.taskId,
      stranger.address,
    ]);
    for (const value of [1n, fee - 1n, fee + 1n]) {
      await expectRefusal(panel, () => taskManager.connect(stranger).dispute(second.packed, { value }), "WrongValue", [
        value,
        fee,
      ]);
    }
    expect(
      await changesIn(panel, () => taskManager.connect(stranger).dispute(second.packed, { value: fee })),
    ).to.deep.equal({ "client.held": fee, coin: fee });
  });

  it("is refused to others, twice, and before anything is disclosed", async () => {
    const panel = await loadFixture(deployPanel);
    const { taskManager, client, agent } = panel;
    const task = await disclosedTask(panel);
    await expectRefusal(panel, () => taskManager.connect(agent).dispute(task.packed), "NotClientOrAgent", [
      task.taskId,
      agent.address,
    ]);
    const open = packOrder(await panelOrder(panel));
    await taskManager.connect(client).submit(open);
    await expectRefusal(panel, () => taskManager.connect(client).dispute(open), "WrongState", [
      await taskManager.taskIdOf(open),
      State.Open,
    ]);
    const disputed = await disputedTask(panel);
    await expectRefusal(panel, () => taskManager.connect(client).dispute(disputed.packed), "WrongState", [
      disputed.taskId,
      State.Round,
    ]);
  });

  it("is refused without the coin, with nothing changed", async () => {
    const panel = await loadFixture(deployPanel);
    const { taskManager, client, escrow } = panel;
    const task = await disclosedTask(panel);
    const { free } = await escrow.accountOf(client);
    const fee = panelFee(task);
    await escrow.connect(client).withdraw(free - fee + 1n);
    await expectRefusal(
      panel,
      () => taskManager.connect(client).dispute(task.packed),
      "InsufficientBalance",
      [client.address, fee - 1n, fee],
      escrow,
    );
  });

  it("is allowed in the last second of the review period, not after, and not without a trust", async () => {
    const panel = await loadFixture(deployPanel);
    const { taskManager, client } = panel;
    const task = await disclosedTask(panel);
    const { markedAt } = await taskManager.getTask(task.taskId);
    const end = Number(markedAt) + REVIEW;
    const late = await disclosedTask(panel);
    const plain = await disclosedTask(panel, { trust: 0, bond: CAP });
    await passTo(end);
    await taskManager.connect(client).dispute(task.packed);
    const { markedAt: disclosedAt } = await taskManager.getTask(late.taskId);
    await passTo(Number(disclosedAt) + REVIEW + 1);
    await expectRefusal(panel, () => taskManager.connect(client).dispute(late.packed), "ReviewOver", [
      late.taskId,
      disclosedAt + BigInt(REVIEW),
      disclosedAt + BigInt(REVIEW) + 1n,
    ]);
    await expectRefusal(panel, () => taskManager.connect(client).dispute(plain.packed), "NoPanel", [plain.taskId]);
  });

  it("gives the panel as long as the provider had, although the client cancelled", async () => {
    const panel = await loadFixture(deployPanel);
    const { taskManager, client, agent, provider } = panel;
    const order = await panelOrder(panel);
    const packed = packOrder(order);
    await taskManager.connect(client).submit(packed);
    await taskManager.connect(client).cancel(packed);
    const taskId = await taskManager.taskIdOf(packed);
    const result = resultFor(taskId, provider);
    await taskManager.connect(agent).deliver(packed, provider, result.seal);
    await taskManager.connect(agent).disclose(packed, result.commitment, result.envelope);
    await taskManager.connect(client).dispute(packed);
    const { dispute } = await taskManager.getRound(taskId);
    expect(dispute.sealingUntil - dispute.sealingFrom).to.be.at.least(BigInt(LIFETIME + WINDOWS.seed - 5));
  });

  it("also begins for a delivery that was reserved", async () => {
    const panel = await loadFixture(deployPanel);
    const task = await disputedTask(panel, { reservation: 600 });
    expect((await panel.taskManager.getTask(task.taskId)).disputed).to.equal(true);
  });
});
