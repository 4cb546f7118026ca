import { expect } from "chai";
import { parseEther, ZeroAddress } from "ethers";
import { packOrder } from "../../src/protocol/order.js";
import { ethers, loadFixture, time } from "../helpers/network.js";
import { observe, partiesOf } from "../helpers/observe.js";
import { BOND, deliveredTask, deployMarket, openTask, random32, signedProof, WINDOWS } from "../helpers/suite.js";

describe("adversary: a stolen key of a provider's agent", () => {
  async function deployTheft() {
    const market = await deployMarket();
    // Something of everything: earnings in the payout account, a locked bond, stake that unbonds and stake that is free.
    const paid = await deliveredTask(market, { rampDuration: 0 });
    await market.taskManager.connect(market.client).accept(paid.packed);
    await market.providerPool.connect(market.providerOwner).unbond(1, parseEther("0.1"));
    const task = await deliveredTask(market, { rampDuration: 0 });
    await time.increase((await market.providerPool.UNBONDING_PERIOD()) + 1n);
    return { ...market, task, scope: { taskIds: [task.taskId], accounts: await partiesOf(market), providers: [1n] } };
  }

  type Theft = Awaited<ReturnType<typeof deployTheft>>;
  const thief = ({ providerPool, agent }: Theft) => providerPool.connect(agent);
  const options = { gasLimit: 500_000 };

  const owners: Record<string, (theft: Theft) => Promise<unknown>> = {
    "offer the ownership": (theft) => thief(theft).transferOwnership(1, theft.stranger, options),
    "withdraw an offer of it": (theft) => thief(theft).transferOwnership(1, ZeroAddress, options),
    "change the payout account": (theft) => thief(theft).setPayout(1, theft.agent, options),
    "change the key": (theft) => thief(theft).rotateKey(1, random32(), options),
    "add an agent": (theft) => thief(theft).setAgent(1, theft.stranger, true, options),
    "remove the owner": (theft) => thief(theft).setAgent(1, theft.providerOwner, false, options),
    "remove itself": (theft) => thief(theft).setAgent(1, theft.agent, false, options),
    "unbond stake": (theft) => thief(theft).unbond(1, 1n, options),
    "return what unbonds": (theft) => thief(theft).cancelUnbonding(1, options),
    "claim what has matured": (theft) => thief(theft).claim(1, options),
  };
  for (const [name, attempt] of Object.entries(owners)) {
    it(`cannot ${name}`, async () => {
      const theft = await loadFixture(deployTheft);
      const before = await observe(theft, theft.scope, "pending");
      await expect(attempt(theft))
        .to.be.revertedWithCustomError(theft.providerPool, "NotOwner")
        .withArgs(1, theft.agent);
      expect(await observe(theft, theft.scope)).to.deep.equal(before);
      expect(await theft.providerPool.isAuthorised(1, theft.stranger)).to.be.false;
    });
  }

  it("cannot accept an ownership that was not offered to it", async () => {
    const theft = await loadFixture(deployTheft);
    const { providerPool, providerOwner, stranger, agent } = theft;
    await providerPool.connect(providerOwner).transferOwnership(1, stranger);
    await expect(thief(theft).acceptOwnership(1))
      .to.be.revertedWithCustomError(providerPool, "NotPendingOwner")
      .withArgs(1, agent);
  });

  it("cannot withdraw or spend the earnings", async () => {
    const theft = await loadFixture(deployTheft);
    const { escrow, agent, providerOwner, taskManager } = theft;
    expect((await escrow.accountOf(providerOwner)).free).to.be.greaterThan(0n);
    for (const attempt of [
      () => escrow.connect(agent).withdraw(1n),
      () => escrow.connect(agent).withdrawTo(agent, 1n),
      () => escrow.connect(agent).transfer(agent, 1n),
      () => theft.providerPool.connect(agent).stake(1, 1n),
    ]) {
      await expect(attempt()).to.be.revertedWithCustomError(escrow, "InsufficientBalance").withArgs(agent, 0n, 1n);
    }
    const packed = packOrder({ ...theft.task.order, client: providerOwner.address });
    await expect(taskManager.connect(agent).submit(packed))
      .to.be.revertedWithCustomError(taskManager, "NotClient")
      .withArgs(await taskManager.taskIdOf(packed), agent);
  });

  it("cannot divert what it earns: all of it goes to the payout account", async () => {
    const theft = await loadFixture(deployTheft);
    const { escrow, agent, providerOwner, taskManager, client } = theft;
    const before = (await escrow.accountOf(providerOwner)).free;
    const { packed } = await signedProof(theft);
    await taskManager.connect(agent).proveSigned(1, packed);
    const review = await deliveredTask(theft);
    await taskManager.connect(client).accept(review.packed);
    expect((await escrow.accountOf(providerOwner)).free).to.be.greaterThan(before);
    expect((await escrow.accountOf(agent)).free).to.equal(0n);
  });

  it("can leave and join, which moves no stake", async () => {
    const theft = await loadFixture(deployTheft);
    const { providerPool, escrow } = theft;
    const { stake } = await providerPool.getProvider(1);
    await thief(theft).leavePool(1, 1);
    await thief(theft).joinPool(1, 1, 1, 1, 1, 0);
    expect((await providerPool.getProvider(1)).stake).to.equal(stake);
    expect((await escrow.accountOf(providerPool)).free).to.equal(stake);
  });

  it("can waste a bond, of which it gets nothing itself, until the owner removes it", async () => {
    const theft = await loadFixture(deployTheft);
    const { providerPool, taskManager, providerOwner, agent, escrow, stranger } = theft;
    const { stake } = await providerPool.getProvider(1);
    const { packed } = await openTask(theft);
    await taskManager.connect(agent).deliver(packed, 1, random32());
    await time.increase(WINDOWS.disclose + 1);
    await taskManager.connect(stranger).reopen(packed);
    expect((await providerPool.getProvider(1)).stake).to.equal(stake - BOND / 2n);
    expect((await escrow.accountOf(agent)).free).to.equal(0n);

    await providerPool.connect(providerOwner).setAgent(1, agent, false);
    const next = await openTask(theft);
    for (const attempt of [
      () => taskManager.connect(agent).deliver(next.packed, 1, random32()),
      () => thief(theft).leavePool(1, 1),
      () => thief(theft).joinPool(1, 1, 1, 1, 1, 0),
    ]) {
      await expect(attempt()).to.be.revertedWithCustomError(providerPool, "NotAgent").withArgs(1, agent);
    }
  });

  it("gains nothing by letting bonds as large as the stake lapse on orders of its own", async () => {
    const theft = await loadFixture(deployTheft);
    const { providerPool, taskManager, agent, escrow } = theft;
    await escrow.connect(agent).deposit({ value: parseEther("1") });
    const before = await escrow.accountOf(agent);
    for (let round = 0; round < 3; round++) {
      await thief(theft).leavePool(1, 1);
      await thief(theft).joinPool(1, 1, 1, 1, 1, 0);
      const { free } = await providerPool.getProvider(1);
      const { packed } = await openTask({ ...theft, client: agent }, { bond: free });
      await taskManager.connect(agent).deliver(packed, 1, random32());
      await time.increase(WINDOWS.disclose + 1);
      await taskManager.connect(agent).reopen(packed);
      await taskManager.connect(agent).refund(packed);
    }
    expect(await escrow.accountOf(agent)).to.deep.equal(before);
  });

  it("an agent of a client may end its tasks, and never spend or withdraw", async () => {
    const theft = await loadFixture(deployTheft);
    const { taskManager, escrow, client, stranger, task } = theft;
    await taskManager.connect(client).setClientAgent(stranger, true);
    const agent = taskManager.connect(stranger);
    const open = await openTask(theft);
    const packed = packOrder({ ...open.order, nonce: 999_999n });
    const id = await taskManager.taskIdOf(packed);
    for (const attempt of [() => agent.submit(packed), () => agent.revoke(packed)]) {
      await expect(attempt()).to.be.revertedWithCustomError(taskManager, "NotClient").withArgs(id, stranger);
    }
    await expect(agent.submitSigned(packed, await stranger.signMessage("")))
      .to.be.revertedWithCustomError(taskManager, "InvalidSignature")
      .withArgs(id, client);
    await agent.cancel(open.packed);
    await agent.accept(task.packed);
    await time.increase(601);
    // Like the client itself, it gets no tip.
    await agent.refund(open.packed);
    expect((await escrow.accountOf(stranger)).free).to.equal(0n);
    expect(await ethers.provider.getBalance(taskManager)).to.equal(0n);
  });
});
