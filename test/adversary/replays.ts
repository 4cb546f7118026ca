import { expect } from "chai";
import { parseEther } from "ethers";
import { deploySuite } from "../../src/protocol/deploy.js";
import { type OrderDomain, packOrder, signOrder, taskIdOf } from "../../src/protocol/order.js";
import { loadFixture, time } from "../helpers/network.js";
import { observe, partiesOf } from "../helpers/observe.js";
import { joinRival, RIVAL, TaskState } from "../helpers/states.js";
import {
  attest,
  deployMarket,
  FLOOR,
  type Market,
  random32,
  resultFor,
  reviewOrder,
  signedProof,
  STAKE_PER_SLOT,
} from "../helpers/suite.js";

/** A market whose client has signed an order, with whom it is shown to have come true or not. */
async function deploySigned() {
  const market = await deployMarket();
  const order = await reviewOrder(market, { rampDuration: 0 });
  const signature = await signOrder(market.client, order, market.domain);
  const scopeOf = async () => ({
    taskIds: [taskIdOf(order, market.domain)],
    accounts: await partiesOf(market),
    providers: [market.provider],
  });
  return { ...market, order, packed: packOrder(order), taskId: taskIdOf(order, market.domain), signature, scopeOf };
}

/** A second suite with the same source, where the same client has money too. */
async function deployTwin(market: Market) {
  const { deployer, owner, treasury, publisher, client } = market;
  const twin = await deploySuite(deployer, { owner: owner.address, treasury: treasury.address });
  await twin.sourceRegistry
    .connect(publisher)
    .publish(
      { floorPrice: FLOOR, stakePerSlot: STAKE_PER_SLOT, royaltyBps: 0 },
      { manifestDigest: random32(), environments: 1, minGpuMemory: 0, deterministic: true },
      [market.attestation],
    );
  await twin.escrow.connect(client).deposit({ value: parseEther("1") });
  return twin;
}

describe("adversary: replays of signed orders", () => {
  describe("when the order was signed for another suite", () => {
    const domains: Record<string, (domain: OrderDomain) => OrderDomain> = {
      "another chain": (domain) => ({ ...domain, chainId: domain.chainId + 1n }),
      "chain 1": (domain) => ({ ...domain, chainId: 1n }),
      "another contract": (domain) => ({ ...domain, taskManager: `0x${"42".repeat(20)}` }),
    };
    for (const [name, change] of Object.entries(domains)) {
      it(`on ${name}, it has another id there, and the signature is worth nothing here`, async () => {
        const { taskManager, order, packed, taskId, client, domain } = await loadFixture(deploySigned);
        const foreign = change(domain);
        expect(taskIdOf(order, foreign)).not.to.equal(taskId);
        await expect(taskManager.submitSigned(packed, await signOrder(client, order, foreign)))
          .to.be.revertedWithCustomError(taskManager, "InvalidSignature")
          .withArgs(taskId, client);
      });
    }

    it("in another deployment on the same chain, neither an order nor a proof of this one is of use", async () => {
      const market = await loadFixture(deploySigned);
      const { order, packed, signature, client, domain } = market;
      const { taskManager, providerPool, escrow } = await deployTwin(market);
      const there = taskIdOf(order, { ...domain, taskManager: await taskManager.getAddress() });
      expect(await taskManager.taskIdOf(packed)).to.equal(there);
      await expect(taskManager.submitSigned(packed, signature))
        .to.be.revertedWithCustomError(taskManager, "InvalidSignature")
        .withArgs(there, client);

      const pool = providerPool.connect(market.providerOwner);
      await pool.register(market.providerOwner, random32());
      await pool.stake(1, STAKE_PER_SLOT, { value: STAKE_PER_SLOT });
      await pool.joinPool(1, 1, 1, 1, 1, 0);
      const proven = await signedProof(market);
      const id = await taskManager.taskIdOf(proven.packed.order);
      const manager = taskManager.connect(market.providerOwner);
      for (const call of [() => manager.proveSigned(1, proven.packed), () => manager.proveBatch(1, [proven.packed])]) {
        await expect(call()).to.be.revertedWithCustomError(taskManager, "InvalidSignature").withArgs(id, client);
      }
      expect((await escrow.accountOf(client)).free).to.equal(parseEther("1"));
    });
  });

  describe("when the order has had its day", () => {
    const ends: Record<
      string,
      [state: bigint, end: (signed: Awaited<ReturnType<typeof deploySigned>>) => Promise<void>]
    > = {
      "is running": [
        TaskState.Open,
        async ({ taskManager, packed, signature }) => {
          await taskManager.submitSigned(packed, signature);
        },
      ],
      "was settled": [
        TaskState.Settled,
        async ({ taskManager, packed, signature, agent, client, provider, taskId }) => {
          await taskManager.submitSigned(packed, signature);
          await taskManager.connect(agent).deliver(packed, provider, resultFor(taskId, provider).seal);
          await taskManager.connect(client).accept(packed);
        },
      ],
      "was refunded after a cancellation": [
        TaskState.Refunded,
        async ({ taskManager, packed, signature, client }) => {
          await taskManager.submitSigned(packed, signature);
          await taskManager.connect(client).cancel(packed);
          await time.increase(601);
          await taskManager.connect(client).refund(packed);
        },
      ],
      "was revoked": [
        TaskState.Revoked,
        async ({ taskManager, packed, client }) => {
          await taskManager.connect(client).revoke(packed);
        },
      ],
    };
    for (const [name, [state, end]] of Object.entries(ends)) {
      it(`as it ${name}, it cannot be posted again before its deadline`, async () => {
        const signed = await loadFixture(deploySigned);
        const { taskManager, packed, signature, taskId, client, stranger } = signed;
        await end(signed);
        const scope = await signed.scopeOf();
        const before = await observe(signed, scope);
        for (const call of [
          () => taskManager.connect(stranger).submitSigned(packed, signature, { gasLimit: 500_000 }),
          () => taskManager.connect(client).submit(packed, { gasLimit: 500_000 }),
        ]) {
          await expect(call()).to.be.revertedWithCustomError(taskManager, "WrongState").withArgs(taskId, state);
        }
        expect(await observe(signed, scope)).to.deep.equal(before);
      });
    }

    it("as its nonce was revoked with all below, only its client itself can still post it", async () => {
      const { taskManager, packed, order, signature, taskId, client, stranger } = await loadFixture(deploySigned);
      await taskManager.connect(client).revokeBelow(order.nonce + 1n);
      await expect(taskManager.connect(stranger).submitSigned(packed, signature))
        .to.be.revertedWithCustomError(taskManager, "NonceRevoked")
        .withArgs(taskId, order.nonce, order.nonce + 1n);
      await taskManager.connect(client).submit(packed);
      expect((await taskManager.getTask(taskId)).state).to.equal(TaskState.Open);
    });
  });

  describe("when a proof is used again", () => {
    it("not twice, alone or in a batch", async () => {
      const market = await loadFixture(deployMarket);
      const { taskManager, agent } = market;
      const { packed, taskId } = await signedProof(market);
      const manager = taskManager.connect(agent);
      await expect(manager.proveBatch(1, [packed, packed]))
        .to.be.revertedWithCustomError(taskManager, "WrongState")
        .withArgs(taskId, TaskState.Settled);
      await manager.proveSigned(1, packed);
      for (const call of [() => manager.proveSigned(1, packed), () => manager.proveBatch(1, [packed])]) {
        await expect(call())
          .to.be.revertedWithCustomError(taskManager, "WrongState")
          .withArgs(taskId, TaskState.Settled);
      }
    });

    it("not by another provider that copies it", async () => {
      const market = await loadFixture(deployMarket);
      const rival = await joinRival(market);
      const { packed, taskId } = await signedProof(market);
      const manager = market.taskManager.connect(rival);
      for (const call of [() => manager.proveSigned(RIVAL, packed), () => manager.proveBatch(RIVAL, [packed])]) {
        await expect(call())
          .to.be.revertedWithCustomError(manager, "ProofRejected")
          .withArgs(taskId, market.attestation);
      }
    });

    it("not for another task with the same input", async () => {
      const market = await loadFixture(deployMarket);
      const [first, second] = [await signedProof(market), await signedProof(market)];
      const mixed = { ...first.packed, order: second.packed.order, signature: second.packed.signature };
      await expect(market.taskManager.connect(market.agent).proveSigned(1, mixed))
        .to.be.revertedWithCustomError(market.taskManager, "ProofRejected")
        .withArgs(second.taskId, market.attestation);
    });

    it("not with another envelope or result than the attested", async () => {
      const market = await loadFixture(deployMarket);
      const { packed, taskId, order } = await signedProof(market);
      const manager = market.taskManager.connect(market.agent);
      const { resultDigest, envelopeHash } = packed;
      const own = await attest(market, taskId, 1n, order.inputDigest, { resultDigest, envelopeHash }, [market.agent]);
      const changes = [{ envelopeHash: random32() }, { resultDigest: random32() }, { proof: own }];
      for (const change of changes) {
        await expect(manager.proveSigned(1, { ...packed, ...change }))
          .to.be.revertedWithCustomError(market.taskManager, "ProofRejected")
          .withArgs(taskId, market.attestation);
      }
    });
  });
});
