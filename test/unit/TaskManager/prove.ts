import { expect } from "chai";
import { id, parseEther } from "ethers";
import { type Order, packOrder, taskIdOf, Verification } from "../../../src/protocol/order.js";
import {
  fractionAfter,
  giveScore,
  movements,
  openView,
  priceAfter,
  shares,
  speakingAs,
  State,
  viewOf,
  withVerifier,
} from "../../helpers/manager.js";
import { loadFixture, time } from "../../helpers/network.js";
import {
  attest,
  CAP,
  deployMarket,
  joinProvider,
  KEY,
  openTask,
  proofOrder,
  random32,
  resultFor,
} from "../../helpers/suite.js";

const YES = id("verify((bytes32,uint32,uint32,uint16,bytes32,bytes32,bytes32,uint256),bytes)").slice(0, 10);
const [RESULT, ENVELOPE, PROOF] = [id("result"), id("envelope"), "0xc0ffee"];

/** An open Proof task whose verifier expects the claim of the market's provider and this proof. */
async function posted(changes: Partial<Order> = {}, answer = YES) {
  const market = await loadFixture(deployMarket);
  const { verifier, order: terms } = await withVerifier(market);
  const order = await proofOrder(market, { ...terms, ...changes });
  const [packed, taskId] = [packOrder(order), taskIdOf(order, market.domain)];
  const { source, version, inputDigest, bond } = order;
  const claim = { taskId, provider: market.provider, source, version, inputDigest, bond };
  await verifier.expect({ ...claim, resultDigest: RESULT, envelopeHash: ENVELOPE }, PROOF, answer);
  await market.taskManager.connect(market.client).submit(packed);
  const manager = market.taskManager.connect(market.agent);
  return { market, order, packed, taskId, openedAt: await time.latest(), manager, verifier };
}

describe("TaskManager.prove", () => {
  it("pays the price of now when the verifier accepts exactly this claim", async () => {
    const { market, manager, order, packed, taskId, openedAt } = await posted({ bond: parseEther("0.3") });
    const { client, provider, publisher, reputation } = market;
    await time.setNextBlockTimestamp(openedAt + 77);
    const { price, fee, royalty, payment } = shares(priceAfter(order, 77));
    expect(
      await movements(market, async () => {
        const transaction = await manager.prove(packed, provider, RESULT, ENVELOPE, PROOF);
        await expect(transaction).to.emit(manager, "TaskProven").withArgs(taskId, RESULT, ENVELOPE);
        await expect(transaction)
          .to.emit(manager, "TaskSettled")
          .withArgs(taskId, provider, client.address, publisher.address, price, fee, royalty);
      }),
    ).to.deep.equal({
      "client.held": -CAP,
      "client.free": CAP - price,
      "client.fees": fee,
      "provider.free": payment,
      "publisher.free": royalty,
    });
    expect(await viewOf(market, taskId)).to.deep.equal(
      openView(order, openedAt, {
        state: State.Settled,
        provider,
        clearedAt: BigInt(openedAt + 77),
        priceFraction: fractionAfter(order, 77),
      }),
    );
    const { settled, earned, score } = await reputation.getRecord(provider);
    const gain = (1_000_000n * fee) / (fee + (await reputation.FEE_SCALE()));
    expect([settled, earned, score]).to.deep.equal([1n, payment / 10n ** 9n, gain]);
  });

  it("tells of the proof right before it tells of the payment", async () => {
    const { market, manager, packed } = await posted();
    const receipt = await (await manager.prove(packed, market.provider, RESULT, ENVELOPE, PROOF)).wait();
    const address = await manager.getAddress();
    const own = receipt?.logs.filter((log) => log.address === address) ?? [];
    expect(own.map((log) => manager.interface.parseLog(log)?.name)).to.deep.equal(["TaskProven", "TaskSettled"]);
  });

  it("works with attesters", async () => {
    const market = await loadFixture(deployMarket);
    const order = await proofOrder(market);
    const taskId = taskIdOf(order, market.domain);
    const result = resultFor(taskId, market.provider);
    const proof = await attest(market, taskId, market.provider, order.inputDigest, result);
    const manager = market.taskManager.connect(market.agent);
    await manager.connect(market.client).submit(packOrder(order));
    await manager.prove(packOrder(order), market.provider, result.resultDigest, result.envelopeHash, proof);
    expect((await manager.getTask(taskId)).state).to.equal(State.Settled);
  });

  describe("when the verifier says no", () => {
    for (const { title, result = RESULT, envelope = ENVELOPE, proof = PROOF } of [
      { title: "another result", result: id("other") },
      { title: "another envelope", envelope: id("other") },
      { title: "result and envelope swapped", result: ENVELOPE, envelope: RESULT },
      { title: "another proof", proof: "0xc0ffef" },
      { title: "no proof", proof: "0x" },
    ]) {
      it(`rejects ${title}`, async () => {
        const { market, manager, packed, taskId, verifier } = await posted();
        expect(
          await movements(market, async () =>
            expect(manager.prove(packed, market.provider, result, envelope, proof))
              .to.be.revertedWithCustomError(manager, "ProofRejected")
              .withArgs(taskId, await verifier.getAddress()),
          ),
        ).to.deep.equal({});
        expect((await manager.getTask(taskId)).state).to.equal(State.Open);
      });
    }

    it("rejects the claim of another provider", async () => {
      const { market, manager, packed, taskId, order } = await posted();
      const second = await joinProvider(market, market.stranger);
      await expect(manager.connect(market.stranger).prove(packed, second, RESULT, ENVELOPE, PROOF))
        .to.be.revertedWithCustomError(manager, "ProofRejected")
        .withArgs(taskId, order.verifier);
    });

    for (const answer of ["0x00000000", "0x00000001", "0xffffffff"]) {
      it(`takes the answer ${answer} for a no`, async () => {
        const { market, manager, packed, taskId, order } = await posted({}, answer);
        await expect(manager.prove(packed, market.provider, RESULT, ENVELOPE, PROOF))
          .to.be.revertedWithCustomError(manager, "ProofRejected")
          .withArgs(taskId, order.verifier);
      });
    }

    it("takes a revert for a no", async () => {
      const { market, manager, packed, taskId, order, verifier } = await posted();
      await verifier.refuse();
      await expect(manager.prove(packed, market.provider, RESULT, ENVELOPE, PROOF))
        .to.be.revertedWithCustomError(manager, "ProofRejected")
        .withArgs(taskId, order.verifier);
    });

    it("takes an address without code for a no", async () => {
      const market = await loadFixture(deployMarket);
      const { sourceRegistry, publisher, stranger, client } = market;
      const terms = { manifestDigest: random32(), environments: 1, minGpuMemory: 0, deterministic: true };
      await sourceRegistry.connect(publisher).publishVersion(1, terms, [stranger]);
      const order = await proofOrder(market, { version: 2, verifier: stranger.address });
      const manager = market.taskManager.connect(market.agent);
      await manager.connect(client).submit(packOrder(order));
      await expect(manager.prove(packOrder(order), market.provider, RESULT, ENVELOPE, PROOF))
        .to.be.revertedWithCustomError(manager, "ProofRejected")
        .withArgs(taskIdOf(order, market.domain), stranger.address);
    });
  });

  describe("when the task cannot be answered", () => {
    it("refuses a Review task", async () => {
      const { market, manager } = await posted();
      const { packed, taskId } = await openTask(market);
      await expect(manager.prove(packed, market.provider, RESULT, ENVELOPE, PROOF))
        .to.be.revertedWithCustomError(manager, "WrongVerification")
        .withArgs(taskId, Verification.Review);
    });

    it("refuses an order that nobody posted, and one that is settled", async () => {
      const { market, manager, packed, taskId } = await posted();
      const order = await proofOrder(market);
      await expect(manager.prove(packOrder(order), market.provider, RESULT, ENVELOPE, PROOF))
        .to.be.revertedWithCustomError(manager, "WrongState")
        .withArgs(taskIdOf(order, market.domain), State.None);
      await manager.prove(packed, market.provider, RESULT, ENVELOPE, PROOF);
      await expect(manager.prove(packed, market.provider, RESULT, ENVELOPE, PROOF))
        .to.be.revertedWithCustomError(manager, "WrongState")
        .withArgs(taskId, State.Settled);
    });

    it("is possible in the last second of the deadline, not after", async () => {
      const { market, manager, order, packed, taskId } = await posted();
      const { deadline } = order;
      await time.setNextBlockTimestamp(deadline + 1);
      await expect(manager.prove(packed, market.provider, RESULT, ENVELOPE, PROOF))
        .to.be.revertedWithCustomError(manager, "DeadlinePassed")
        .withArgs(deadline, deadline + 1);
      await time.setNextBlockTimestamp(deadline);
      await manager.prove(packed, market.provider, RESULT, ENVELOPE, PROOF);
      expect((await manager.getTask(taskId)).clearedAt).to.equal(deadline);
    });
  });

  describe("when the provider is not fit for it", () => {
    it("refuses a key without authority", async () => {
      const { market, manager, packed } = await posted();
      await expect(manager.connect(market.client).prove(packed, 1, RESULT, ENVELOPE, PROOF))
        .to.be.revertedWithCustomError(market.providerPool, "NotAgent")
        .withArgs(1, market.client.address);
    });

    it("refuses a provider that is no member", async () => {
      const { market, manager, packed } = await posted();
      await market.providerPool.connect(market.stranger).register(market.stranger, KEY);
      await expect(manager.connect(market.stranger).prove(packed, 2, RESULT, ENVELOPE, PROOF))
        .to.be.revertedWithCustomError(market.providerPool, "NotMember")
        .withArgs(2, 1);
    });

    it("refuses hardware that does not fit", async () => {
      const market = await loadFixture(deployMarket);
      const order = await proofOrder(market, { environments: 2, minGpuMemory: 9 });
      await market.taskManager.connect(market.client).submit(packOrder(order));
      await expect(market.taskManager.connect(market.agent).prove(packOrder(order), 1, RESULT, ENVELOPE, PROOF))
        .to.be.revertedWithCustomError(market.providerPool, "HardwareMismatch")
        .withArgs(1, 0, 2, 9);
    });

    it("refuses a bond above the free stake, takes one equal to it", async () => {
      const free = parseEther("0.8");
      const above = await posted({ bond: free + 1n });
      await expect(above.manager.prove(above.packed, 1, RESULT, ENVELOPE, PROOF))
        .to.be.revertedWithCustomError(above.market.providerPool, "InsufficientStake")
        .withArgs(1, free, free + 1n);
      const equal = await posted({ bond: free });
      await equal.manager.prove(equal.packed, 1, RESULT, ENVELOPE, PROOF);
    });

    it("refuses a jailed provider through its last second", async () => {
      const { market, manager, packed, openedAt } = await posted();
      const until = openedAt + 1000;
      await market.providerPool.connect(await speakingAs(market.taskManager)).jail(1, until);
      await time.setNextBlockTimestamp(until);
      await expect(manager.prove(packed, 1, RESULT, ENVELOPE, PROOF))
        .to.be.revertedWithCustomError(market.providerPool, "Jailed")
        .withArgs(1, until);
      await time.setNextBlockTimestamp(until + 1);
      await manager.prove(packed, 1, RESULT, ENVELOPE, PROOF);
    });

    for (const { minScore, enough } of [
      { minScore: 500_000, enough: true },
      { minScore: 500_001, enough: false },
    ]) {
      it(`${enough ? "takes" : "refuses"} a score of 500000 where ${minScore} is asked`, async () => {
        const { market, manager, packed } = await posted({ minScore });
        await giveScore(market);
        const proving = manager.prove(packed, 1, RESULT, ENVELOPE, PROOF);
        if (enough) await expect(proving).to.emit(manager, "TaskSettled");
        else {
          await expect(proving).to.be.revertedWithCustomError(manager, "ScoreTooLow").withArgs(1, 500_000, 500_001);
        }
      });
    }
  });
});
