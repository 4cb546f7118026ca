import { expect } from "chai";
import { parseEther, ZeroHash } from "ethers";
import { type Order, packOrder, signOrder, taskIdOf, Verification } from "../../../src/protocol/order.js";
import { ContractWallet__factory } from "../../../typechain-types/index.js";
import {
  giveScore,
  movements,
  openView,
  priceAfter,
  shares,
  speakingAs,
  startPrice,
  State,
  viewOf,
  WHOLE,
  words,
} from "../../helpers/manager.js";
import { loadFixture, time } from "../../helpers/network.js";
import {
  attest,
  CAP,
  deployMarket,
  proofOrder,
  random32,
  resultFor,
  reviewOrder,
  signedProof,
} from "../../helpers/suite.js";

async function signed(changes: Partial<Order> = {}) {
  const market = await loadFixture(deployMarket);
  return { market, ...(await signedProof(market, changes)), manager: market.taskManager.connect(market.agent) };
}

describe("TaskManager.proveSigned", () => {
  it("posts and answers in one step, paid from the free balance at the start price", async () => {
    const { market, manager, order, taskId, packed } = await signed({ bond: parseEther("0.8") });
    const { client, provider, publisher, reputation } = market;
    const { price, fee, royalty, payment } = shares(priceAfter(order, 0));
    expect(price).to.equal(10_000_000_002_328_306n);
    expect(await manager.proveSigned.staticCall(provider, packed)).to.equal(taskId);
    expect(
      await movements(market, async () => {
        const transaction = await manager.proveSigned(provider, packed);
        await expect(transaction)
          .to.emit(manager, "TaskSubmitted")
          .withArgs(taskId, 1, client.address, words(packed.order), startPrice(CAP));
        await expect(transaction)
          .to.emit(manager, "TaskProven")
          .withArgs(taskId, packed.resultDigest, packed.envelopeHash);
        await expect(transaction)
          .to.emit(manager, "TaskSettled")
          .withArgs(taskId, provider, client.address, publisher.address, price, fee, royalty);
      }),
    ).to.deep.equal({
      "client.free": -price,
      "client.fees": fee,
      "provider.free": payment,
      "publisher.free": royalty,
    });
    const now = await time.latest();
    expect(await viewOf(market, taskId)).to.deep.equal(
      openView(order, now, { state: State.Settled, provider, clearedAt: BigInt(now) }),
    );
    await time.increase(500);
    expect(await manager.priceOf(packed.order)).to.equal(price);
    const { settled, earned, score } = await reputation.getRecord(provider);
    const gain = (1_000_000n * fee) / (fee + (await reputation.FEE_SCALE()));
    expect([settled, earned, score]).to.deep.equal([1n, payment / 10n ** 9n, gain]);
  });

  it("costs the whole cap where there is no ramp", async () => {
    const { market, manager, order, taskId, packed } = await signed({ rampDuration: 0 });
    const { fee, royalty } = shares(CAP);
    await expect(manager.proveSigned(market.provider, packed))
      .to.emit(manager, "TaskSettled")
      .withArgs(taskId, market.provider, order.client, market.publisher.address, CAP, fee, royalty);
    expect((await manager.getTask(taskId)).priceFraction).to.equal(WHOLE);
  });

  it("needs the price in the client's balance, not the cap", async () => {
    const { market, manager, order, packed } = await signed();
    const { client, escrow, provider } = market;
    const price = priceAfter(order, 0);
    const { free } = await escrow.accountOf(client);
    await escrow.connect(client).withdraw(free - price + 1n);
    await expect(manager.proveSigned(provider, packed))
      .to.be.revertedWithCustomError(escrow, "InsufficientBalance")
      .withArgs(client.address, price - 1n, price);
    await escrow.connect(client).deposit({ value: 1 });
    await manager.proveSigned(provider, packed);
    expect((await escrow.accountOf(client)).free).to.equal(0);
  });

  it("takes the order of a contract that approves it", async () => {
    const market = await loadFixture(deployMarket);
    const { client, deployer, escrow, provider } = market;
    const wallet = await new ContractWallet__factory(deployer).deploy();
    await escrow.connect(client).depositFor(wallet, { value: CAP });
    const order = await proofOrder(market, { client: await wallet.getAddress() });
    const taskId = taskIdOf(order, market.domain);
    await wallet.approve(taskId, "0x77", "0x1626ba7e");
    const result = resultFor(taskId, provider);
    const proof = await attest(market, taskId, provider, order.inputDigest, result);
    const { resultDigest, envelopeHash } = result;
    const manager = market.taskManager.connect(market.agent);
    await manager.proveSigned(provider, {
      order: packOrder(order),
      signature: "0x77",
      resultDigest,
      envelopeHash,
      proof,
    });
    expect((await escrow.accountOf(wallet)).free).to.equal(CAP - priceAfter(order, 0));
  });

  it("answers an order once", async () => {
    const { market, manager, taskId, packed } = await signed();
    await manager.proveSigned(market.provider, packed);
    await expect(manager.proveSigned(market.provider, packed))
      .to.be.revertedWithCustomError(manager, "WrongState")
      .withArgs(taskId, State.Settled);
    const posted = await signedProof(market);
    await manager.submitSigned(posted.packed.order, posted.packed.signature);
    await expect(manager.proveSigned(market.provider, posted.packed))
      .to.be.revertedWithCustomError(manager, "WrongState")
      .withArgs(posted.taskId, State.Open);
  });

  describe("when the order does not fit", () => {
    it("refuses a Review order", async () => {
      const { market, manager, packed } = await signed();
      const order = await reviewOrder(market);
      const signature = await signOrder(market.client, order, market.domain);
      await expect(manager.proveSigned(market.provider, { ...packed, order: packOrder(order), signature }))
        .to.be.revertedWithCustomError(manager, "WrongVerification")
        .withArgs(taskIdOf(order, market.domain), Verification.Review);
    });

    it("refuses a signature of another", async () => {
      const { market, manager, order, taskId, packed } = await signed();
      const signature = await signOrder(market.agent, order, market.domain);
      await expect(manager.proveSigned(market.provider, { ...packed, signature }))
        .to.be.revertedWithCustomError(manager, "InvalidSignature")
        .withArgs(taskId, market.client.address);
    });

    it("refuses a revoked nonce and a revoked order", async () => {
      const { market, manager, order, taskId, packed } = await signed();
      const client = manager.connect(market.client);
      await client.revokeBelow(order.nonce + 1n);
      await expect(manager.proveSigned(market.provider, packed))
        .to.be.revertedWithCustomError(manager, "NonceRevoked")
        .withArgs(taskId, order.nonce, order.nonce + 1n);
      await client.revoke(packed.order);
      await expect(manager.proveSigned(market.provider, packed))
        .to.be.revertedWithCustomError(manager, "WrongState")
        .withArgs(taskId, State.Revoked);
    });

    it("takes the last second, not the one after", async () => {
      const { market, manager, order, packed } = await signed();
      await time.setNextBlockTimestamp(order.deadline + 1);
      await expect(manager.proveSigned(market.provider, packed))
        .to.be.revertedWithCustomError(manager, "DeadlinePassed")
        .withArgs(order.deadline, order.deadline + 1);
      await time.setNextBlockTimestamp(order.deadline);
      await manager.proveSigned(market.provider, packed);
    });

    it("refuses what the registry does not offer", async () => {
      const { market, manager, packed } = await signed();
      await market.sourceRegistry.connect(market.publisher).setActive(1, false);
      await expect(manager.proveSigned(market.provider, packed))
        .to.be.revertedWithCustomError(market.sourceRegistry, "SourceNotActive")
        .withArgs(1);
    });

    it("refuses what submit would refuse", async () => {
      const { market, manager, packed } = await signed({ inputDigest: ZeroHash });
      await expect(manager.proveSigned(market.provider, packed)).to.be.revertedWithCustomError(
        manager,
        "ZeroInputDigest",
      );
    });

    it("refuses everything while submissions are paused", async () => {
      const { market, manager, packed } = await signed();
      await manager.connect(market.owner).setSubmissionsPaused(true);
      await expect(manager.proveSigned(market.provider, packed)).to.be.revertedWithCustomError(
        manager,
        "SubmissionsPaused",
      );
    });
  });

  describe("when the answer does not fit", () => {
    for (const field of ["resultDigest", "envelopeHash"] as const) {
      it(`rejects another ${field}`, async () => {
        const { market, manager, order, taskId, packed } = await signed();
        expect(
          await movements(market, () =>
            expect(manager.proveSigned(market.provider, { ...packed, [field]: random32() }))
              .to.be.revertedWithCustomError(manager, "ProofRejected")
              .withArgs(taskId, order.verifier),
          ),
        ).to.deep.equal({});
        expect((await manager.getTask(taskId)).state).to.equal(State.None);
      });
    }

    it("refuses a key without authority", async () => {
      const { market, manager, packed } = await signed();
      await expect(manager.connect(market.stranger).proveSigned(1, packed))
        .to.be.revertedWithCustomError(market.providerPool, "NotAgent")
        .withArgs(1, market.stranger.address);
    });

    it("refuses a bond above the free stake and a jailed provider", async () => {
      const { market, manager, packed } = await signed({ bond: parseEther("0.8") + 1n });
      await expect(manager.proveSigned(1, packed))
        .to.be.revertedWithCustomError(market.providerPool, "InsufficientStake")
        .withArgs(1, parseEther("0.8"), parseEther("0.8") + 1n);
      const until = (await time.latest()) + 1000;
      await market.providerPool.connect(await speakingAs(manager)).jail(1, until);
      await expect(manager.proveSigned(1, (await signedProof(market)).packed))
        .to.be.revertedWithCustomError(market.providerPool, "Jailed")
        .withArgs(1, until);
    });

    it("refuses a score below the minimum, takes one equal to it", async () => {
      const { market, manager, packed } = await signed({ minScore: 500_000 });
      await expect(manager.proveSigned(1, packed))
        .to.be.revertedWithCustomError(manager, "ScoreTooLow")
        .withArgs(1, 0, 500_000);
      await giveScore(market);
      await manager.proveSigned(1, packed);
    });
  });
});
