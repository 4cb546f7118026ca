import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { packOrder, taskIdOf } from "../../../src/protocol/order.js";
import { fractionAfter, movements, openView, priceAfter, shares, State, viewOf } from "../../helpers/manager.js";
import { loadFixture, time } from "../../helpers/network.js";
import {
  BOND,
  CAP,
  deliveredTask,
  deployMarket,
  disclosedTask,
  openTask,
  proofOrder,
  resultFor,
  reviewOrder,
  WINDOWS,
} from "../../helpers/suite.js";

describe("TaskManager.accept", () => {
  describe("when the price has climbed for a while", () => {
    // Wei, worked out apart from the contracts: price, fee 2.5 %, royalty 5 %, the rest.
    for (const { maxReward, rampDuration, elapsed, price, fee, royalty, payment } of [
      {
        maxReward: 20_000_000_000_000_000n,
        rampDuration: 600,
        elapsed: 1,
        price: 10_016_666_667_074_120n,
        fee: 250_416_666_676_853n,
        royalty: 500_833_333_353_706n,
        payment: 9_265_416_667_043_561n,
      },
      {
        maxReward: 20_000_000_000_000_000n,
        rampDuration: 600,
        elapsed: 300,
        price: 14_999_999_998_835_846n,
        fee: 374_999_999_970_896n,
        royalty: 749_999_999_941_792n,
        payment: 13_874_999_998_923_158n,
      },
      {
        maxReward: 20_000_000_000_000_000n,
        rampDuration: 600,
        elapsed: 599,
        price: 19_983_333_330_597_573n,
        fee: 499_583_333_264_939n,
        royalty: 999_166_666_529_878n,
        payment: 18_484_583_330_802_756n,
      },
      {
        maxReward: 20_000_000_000_000_000n,
        rampDuration: 600,
        elapsed: 600,
        price: 20_000_000_000_000_000n,
        fee: 500_000_000_000_000n,
        royalty: 1_000_000_000_000_000n,
        payment: 18_500_000_000_000_000n,
      },
      {
        maxReward: 20_000_000_000_000_000n,
        rampDuration: 600,
        elapsed: 601,
        price: 20_000_000_000_000_000n,
        fee: 500_000_000_000_000n,
        royalty: 1_000_000_000_000_000n,
        payment: 18_500_000_000_000_000n,
      },
      {
        maxReward: 20_000_000_000_000_000n,
        rampDuration: 0,
        elapsed: 1,
        price: 20_000_000_000_000_000n,
        fee: 500_000_000_000_000n,
        royalty: 1_000_000_000_000_000n,
        payment: 18_500_000_000_000_000n,
      },
      {
        maxReward: 30_000_000_000_000_001n,
        rampDuration: 7,
        elapsed: 3,
        price: 18_571_428_565_441_498n,
        fee: 464_285_714_136_037n,
        royalty: 928_571_428_272_074n,
        payment: 17_178_571_423_033_387n,
      },
      {
        maxReward: 10_000_000_000_000_000n,
        rampDuration: 600,
        elapsed: 300,
        price: 10_000_000_000_000_000n,
        fee: 250_000_000_000_000n,
        royalty: 500_000_000_000_000n,
        payment: 9_250_000_000_000_000n,
      },
    ]) {
      it(`pays ${price} of ${maxReward} wei after ${elapsed} of ${rampDuration} seconds`, async () => {
        const market = await loadFixture(deployMarket);
        const { client, agent, publisher, provider, reputation } = market;
        const { order, packed, taskId } = await openTask(market, { maxReward, rampDuration, bond: maxReward });
        const openedAt = await time.latest();
        await time.setNextBlockTimestamp(openedAt + elapsed);
        const { seal } = resultFor(taskId, provider);
        const manager = market.taskManager.connect(client);
        await manager.connect(agent).deliver(packed, provider, seal);
        await time.increase(1000);

        expect(
          await movements(market, () =>
            expect(manager.accept(packed))
              .to.emit(manager, "TaskSettled")
              .withArgs(taskId, provider, client.address, publisher.address, price, fee, royalty),
          ),
        ).to.deep.equal({
          "client.held": -maxReward,
          ...(price === maxReward ? {} : { "client.free": maxReward - price }),
          "client.fees": fee,
          "provider.free": payment,
          "publisher.free": royalty,
          "stake.free": maxReward,
          "stake.locked": -maxReward,
        });
        expect(await viewOf(market, taskId)).to.deep.equal(
          openView(order, openedAt, {
            state: State.Settled,
            provider,
            clearedAt: BigInt(openedAt + elapsed),
            priceFraction: fractionAfter(order, elapsed),
            seal,
          }),
        );
        const gain = (1_000_000n * fee) / (fee + (await reputation.FEE_SCALE()));
        const { score, settled, earned, faults } = await reputation.getRecord(provider);
        expect([score, settled, earned, faults]).to.deep.equal([gain, 1n, payment / 10n ** 9n, 0n]);
      });
    }
  });

  it("pays a disclosed task before its review is over", async () => {
    const market = await loadFixture(deployMarket);
    const { client, provider, publisher } = market;
    const { order, packed, taskId, seal } = await disclosedTask(market);
    const disclosedAt = await time.latest();
    const manager = market.taskManager.connect(client);
    const { price, fee, royalty, payment } = shares(priceAfter(order, 1));
    expect(
      await movements(market, () =>
        expect(manager.accept(packed))
          .to.emit(manager, "TaskSettled")
          .withArgs(taskId, provider, client.address, publisher.address, price, fee, royalty),
      ),
    ).to.deep.equal({
      "client.held": -CAP,
      "client.free": CAP - price,
      "client.fees": fee,
      "provider.free": payment,
      "publisher.free": royalty,
      "stake.free": BOND,
      "stake.locked": -BOND,
    });
    expect(await viewOf(market, taskId)).to.deep.equal(
      openView(order, disclosedAt - 2, {
        state: State.Settled,
        provider,
        clearedAt: BigInt(disclosedAt - 1),
        markedAt: BigInt(disclosedAt),
        priceFraction: fractionAfter(order, 1),
        seal,
      }),
    );
  });

  it("is possible until somebody reopens the task, however late", async () => {
    const market = await loadFixture(deployMarket);
    const { packed, taskId } = await deliveredTask(market);
    await time.increase(WINDOWS.disclose + 100_000);
    const manager = market.taskManager.connect(market.client);
    await manager.accept(packed);
    expect((await manager.getTask(taskId)).state).to.equal(State.Settled);
  });

  it("is open to agents of the client and to nobody else", async () => {
    const market = await loadFixture(deployMarket);
    const { client, stranger, agent, providerOwner, taskManager } = market;
    const { packed, taskId } = await deliveredTask(market);
    for (const caller of [stranger, agent, providerOwner]) {
      await expect(taskManager.connect(caller).accept(packed))
        .to.be.revertedWithCustomError(taskManager, "NotClientOrAgent")
        .withArgs(taskId, caller.address);
    }
    await taskManager.connect(client).setClientAgent(stranger, true);
    expect(Object.keys(await movements(market, () => taskManager.connect(stranger).accept(packed)))).not.to.include(
      "stranger.free",
    );
    expect((await taskManager.getTask(taskId)).state).to.equal(State.Settled);
  });

  describe("when nothing is held by a provider", () => {
    it("refuses an order that nobody posted", async () => {
      const market = await loadFixture(deployMarket);
      const order = await reviewOrder(market);
      await expect(market.taskManager.connect(market.client).accept(packOrder(order)))
        .to.be.revertedWithCustomError(market.taskManager, "WrongState")
        .withArgs(taskIdOf(order, market.domain), State.None);
    });

    it("refuses an open task, of either kind", async () => {
      const market = await loadFixture(deployMarket);
      const manager = market.taskManager.connect(market.client);
      const { packed, taskId } = await openTask(market);
      const proof = await proofOrder(market);
      await manager.submit(packOrder(proof));
      await expect(manager.accept(packed))
        .to.be.revertedWithCustomError(manager, "WrongState")
        .withArgs(taskId, State.Open);
      await expect(manager.accept(packOrder(proof)))
        .to.be.revertedWithCustomError(manager, "WrongState")
        .withArgs(taskIdOf(proof, market.domain), State.Open);
    });

    it("refuses to pay twice", async () => {
      const market = await loadFixture(deployMarket);
      const manager = market.taskManager.connect(market.client);
      const { packed, taskId } = await deliveredTask(market);
      await manager.accept(packed);
      await expect(manager.accept(packed))
        .to.be.revertedWithCustomError(manager, "WrongState")
        .withArgs(taskId, State.Settled);
    });
  });

  describe("when terms change while the task runs", () => {
    it("keeps the fee, royalty and start price of the submission", async () => {
      const market = await loadFixture(deployMarket);
      const { client, owner, publisher, sourceRegistry, taskManager, provider } = market;
      const { order, packed, taskId } = await openTask(market);
      await taskManager.connect(owner).setFee(1000);
      await sourceRegistry.connect(publisher).setRoyalty(1, 2000);
      await sourceRegistry.connect(publisher).setFloorPrice(1, CAP);
      const elapsed = 100;
      await time.increase(elapsed - 4);
      await taskManager.connect(market.agent).deliver(packed, provider, resultFor(taskId, provider).seal);
      const { price, fee, royalty } = shares(priceAfter(order, elapsed));
      await expect(taskManager.connect(client).accept(packed))
        .to.emit(taskManager, "TaskSettled")
        .withArgs(taskId, provider, client.address, publisher.address, price, fee, royalty);
    });

    it("charges no royalty where none was asked at submission, and names no publisher", async () => {
      const market = await loadFixture(deployMarket);
      const { client, publisher, sourceRegistry, taskManager, provider } = market;
      await sourceRegistry.connect(publisher).setRoyalty(1, 0);
      const { order, packed, taskId } = await deliveredTask(market);
      await sourceRegistry.connect(publisher).setRoyalty(1, 2000);
      const { price, fee, payment } = shares(priceAfter(order, 1), { royaltyBps: 0n });
      const moved = await movements(market, () =>
        expect(taskManager.connect(client).accept(packed))
          .to.emit(taskManager, "TaskSettled")
          .withArgs(taskId, provider, client.address, ZeroAddress, price, fee, 0),
      );
      expect(moved["provider.free"]).to.equal(payment);
      expect(moved).not.to.have.property("publisher.free");
    });

    it("pays the publisher and the payout account of the moment", async () => {
      const market = await loadFixture(deployMarket);
      const { client, publisher, providerOwner, providerPool, sourceRegistry, stranger, treasury, provider } = market;
      const { order, packed, taskId } = await deliveredTask(market);
      await sourceRegistry.connect(publisher).transferFrom(publisher, stranger, 1);
      await providerPool.connect(providerOwner).setPayout(provider, treasury);
      const manager = market.taskManager.connect(client);
      const { price, fee, royalty, payment } = shares(priceAfter(order, 1));
      expect(
        await movements(market, () =>
          expect(manager.accept(packed))
            .to.emit(manager, "TaskSettled")
            .withArgs(taskId, provider, client.address, stranger.address, price, fee, royalty),
        ),
      ).to.deep.equal({
        "client.held": -CAP,
        "client.free": CAP - price,
        "client.fees": fee,
        "treasury.free": payment,
        "stranger.free": royalty,
        "stake.free": BOND,
        "stake.locked": -BOND,
      });
    });
  });
});
