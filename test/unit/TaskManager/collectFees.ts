import { expect } from "chai";
import { parseEther } from "ethers";
import { movements, priceAfter, shares } from "../../helpers/manager.js";
import { loadFixture, time } from "../../helpers/network.js";
import {
  BOND,
  deliveredTask,
  deployMarket,
  type Market,
  openTask,
  resultFor,
  signedProof,
  WINDOWS,
} from "../../helpers/suite.js";

/** Settles a task at a price of the whole cap and tells its fee. */
async function settled(market: Market, maxReward: bigint, signer = market.client): Promise<bigint> {
  const { packed, taskId } = await openTask(
    { ...market, client: signer },
    { maxReward, bond: maxReward, rampDuration: 0 },
  );
  const { seal } = resultFor(taskId, market.provider);
  await market.taskManager.connect(market.agent).deliver(packed, market.provider, seal);
  await market.taskManager.connect(signer).accept(packed);
  return shares(maxReward).fee;
}

describe("TaskManager.collectFees", () => {
  it("passes the fees of several payers on to the treasury, whoever calls", async () => {
    const market = await loadFixture(deployMarket);
    const { taskManager, client, stranger, treasury, escrow, publisher } = market;
    await escrow.connect(stranger).deposit({ value: parseEther("1") });
    const first = await settled(market, parseEther("0.1"));
    const second = await settled(market, parseEther("0.2"), stranger);
    const manager = taskManager.connect(publisher);
    expect(await manager.collectFees.staticCall([client, stranger])).to.equal(first + second);
    expect(
      await movements(market, () =>
        expect(manager.collectFees([client, stranger]))
          .to.emit(manager, "FeesCollected")
          .withArgs(treasury.address, first + second),
      ),
    ).to.deep.equal({ "client.fees": -first, "stranger.fees": -second, "treasury.free": first + second });
  });

  it("leaves the fees of those who are not named, and counts nobody twice", async () => {
    const market = await loadFixture(deployMarket);
    const { taskManager, client, stranger, treasury, escrow, publisher } = market;
    await escrow.connect(stranger).deposit({ value: parseEther("1") });
    const fee = (await settled(market, parseEther("0.1"))) + (await settled(market, parseEther("0.3")));
    await settled(market, parseEther("0.2"), stranger);
    expect(
      await movements(market, () =>
        expect(taskManager.collectFees([client, publisher, client, client]))
          .to.emit(taskManager, "FeesCollected")
          .withArgs(treasury.address, fee),
      ),
    ).to.deep.equal({ "client.fees": -fee, "treasury.free": fee });
  });

  it("passes on slashed stake and the fees of batches, with fees and alone", async () => {
    const market = await loadFixture(deployMarket);
    const { taskManager, client, treasury, agent, provider } = market;
    const { packed } = await deliveredTask(market);
    await time.increase(WINDOWS.disclose + 1);
    await taskManager.reopen(packed);
    const slashed = BOND / 2n;
    const fee = await settled(market, parseEther("0.1"));
    expect(await taskManager.collectFees.staticCall([client])).to.equal(slashed + fee);
    expect(
      await movements(market, () =>
        expect(taskManager.collectFees([client]))
          .to.emit(taskManager, "FeesCollected")
          .withArgs(treasury.address, slashed + fee),
      ),
    ).to.deep.equal({ "client.fees": -fee, "manager.free": -slashed, "treasury.free": slashed + fee });

    const signed = await signedProof(market);
    await taskManager.connect(agent).proveBatch(provider, [signed.packed]);
    const batched = shares(priceAfter(signed.order, 0)).fee;
    expect(await movements(market, () => taskManager.collectFees([]))).to.deep.equal({
      "manager.free": -batched,
      "treasury.free": batched,
    });
  });

  it("finds fees that outgrew the payer's account", async () => {
    const market = await loadFixture(deployMarket);
    const { taskManager, owner, client, escrow, treasury, providerPool } = market;
    // Two fees of 10 coins: above 2^64 wei they move to the protocol's account by themselves.
    await taskManager.connect(owner).setFee(1000);
    await escrow.connect(client).deposit({ value: parseEther("200") });
    await providerPool.stake(1, parseEther("100"), { value: parseEther("100") });
    const fees = ((await settled(market, parseEther("100"))) + (await settled(market, parseEther("100")))) * 4n;
    expect(fees).to.equal(parseEther("20"));
    expect(await movements(market, () => taskManager.collectFees([client]))).to.deep.equal({
      "manager.free": -fees,
      "treasury.free": fees,
    });
    expect((await escrow.accountOf(treasury)).free).to.equal(fees);
  });

  it("pays the treasury of the moment", async () => {
    const market = await loadFixture(deployMarket);
    const { taskManager, owner, client, stranger } = market;
    const fee = await settled(market, parseEther("0.1"));
    await taskManager.connect(owner).setTreasury(stranger);
    expect(
      await movements(market, () =>
        expect(taskManager.collectFees([client]))
          .to.emit(taskManager, "FeesCollected")
          .withArgs(stranger.address, fee),
      ),
    ).to.deep.equal({ "client.fees": -fee, "stranger.free": fee });
  });

  it("refuses to collect nothing", async () => {
    const market = await loadFixture(deployMarket);
    const { taskManager, client, stranger } = market;
    for (const payers of [[], [client], [stranger, client]]) {
      await expect(taskManager.collectFees(payers)).to.be.revertedWithCustomError(taskManager, "NothingCollected");
    }
    await settled(market, parseEther("0.1"));
    await expect(taskManager.collectFees([stranger])).to.be.revertedWithCustomError(taskManager, "NothingCollected");
    await taskManager.collectFees([client]);
    await expect(taskManager.collectFees([client])).to.be.revertedWithCustomError(taskManager, "NothingCollected");
  });
});
