import { expect } from "chai";
import { getBytes, ZeroAddress } from "ethers";
import { prove, type ProveRevert } from "../../../../src/protocol/actions/prove.js";
import { proveBatch, type ProveBatchRevert } from "../../../../src/protocol/actions/proveBatch.js";
import { proveSigned, type ProveSignedRevert } from "../../../../src/protocol/actions/proveSigned.js";
import type { SignedProof } from "../../../../src/protocol/actions/shared.js";
import { FieldFormatError } from "../../../../src/protocol/errors.js";
import { type Order, signOrder } from "../../../../src/protocol/order.js";
import { RevertError } from "../../../../src/protocol/reverts.js";
import { priceAfter, shares, startPrice, State } from "../../../helpers/manager.js";
import { loadFixture, time } from "../../../helpers/network.js";
import { protocolOf } from "../../../helpers/protocol.js";
import { expectRevert } from "../../../helpers/refusal.js";
import {
  attest,
  CAP,
  deployMarket,
  type Market,
  openTask,
  proofOrder,
  resultFor,
  signedProof,
} from "../../../helpers/suite.js";

const setUp = async () => {
  const market = await loadFixture(deployMarket);
  return {
    market,
    manager: market.taskManager,
    agent: await protocolOf(market, market.agent),
    stranger: await protocolOf(market, market.stranger),
    provider: Number(market.provider),
    verifier: await market.attestation.getAddress(),
  };
};

/** An open Proof task with an answer of the market's provider. */
async function openProof(market: Market, changes: Partial<Order> = {}) {
  const task = await openTask(market, await proofOrder(market, changes));
  const { resultDigest, envelopeHash } = resultFor(task.taskId, market.provider);
  const answer = { resultDigest, envelopeHash };
  const proof = await attest(market, task.taskId, market.provider, task.order.inputDigest, answer);
  return { ...task, ...answer, proof };
}

/** A signed order with an answer, as a caller has them. */
async function signed(market: Market, changes: Partial<Order> = {}): Promise<SignedProof & { taskId: string }> {
  const { order, taskId, packed } = await signedProof(market, changes);
  return { ...packed, order, taskId };
}

describe("protocol.prove", () => {
  it("is paid the price of now, for a proof in either form", async () => {
    const { market, manager, agent, provider } = await setUp();
    for (const form of ["hexadecimal", "bytes"]) {
      const task = await openProof(market);
      const { order, taskId } = task;
      await time.setNextBlockTimestamp((await time.latest()) + 60);
      const proof = form === "bytes" ? getBytes(task.proof) : task.proof;
      const done = await prove(agent, { ...task, proof, provider });
      const { price, fee, royalty, payment } = shares(priceAfter(order, 60));
      expect([done.taskId, done.provider, done.client]).to.deep.equal([taskId, provider, market.client.address]);
      expect([done.price, done.fee, done.royalty, done.payment]).to.deep.equal([price, fee, royalty, payment]);
      expect((await manager.getTask(taskId)).state).to.equal(State.Settled);
    }
  });

  it("is refused for what the verifier rejects, to others, and for a Review task", async () => {
    const { market, agent, stranger, provider, verifier } = await setUp();
    const task = await openProof(market);
    const { taskId } = task;
    await expectRevert<ProveRevert>(prove(agent, { ...task, provider, proof: "0x" }), "ProofRejected", {
      taskId,
      verifier,
    });
    await expectRevert<ProveRevert>(prove(stranger, { ...task, provider }), "NotAgent", {
      provider: market.provider,
      key: market.stranger.address,
    });
    const review = await openTask(market);
    await expectRevert<ProveRevert>(prove(agent, { ...task, ...review, provider }), "WrongVerification", {
      taskId: review.taskId,
      verification: 0n,
    });
  });
});

describe("protocol.proveSigned", () => {
  it("posts and answers an order at the first price of its ramp", async () => {
    const { market, manager, agent, provider } = await setUp();
    const proof = await signed(market);
    const before = (await market.escrow.accountOf(market.client)).free;
    const done = await proveSigned(agent, { provider, ...proof });
    const { price, fee, royalty, payment } = shares(startPrice(CAP));
    expect([done.taskId, done.provider, done.client]).to.deep.equal([proof.taskId, provider, market.client.address]);
    expect([done.price, done.fee, done.royalty, done.payment]).to.deep.equal([price, fee, royalty, payment]);
    expect((await manager.getTask(proof.taskId)).state).to.equal(State.Settled);
    expect((await market.escrow.accountOf(market.client)).free).to.equal(before - price);
  });

  it("is refused for what order, signature, proof and provider lack", async () => {
    const { market, agent, provider, verifier } = await setUp();
    const refusal = async (
      proof: SignedProof,
      changes: Partial<SignedProof> & { provider?: number },
      revert: ProveSignedRevert["revert"],
      args: ProveSignedRevert["args"],
    ) => expectRevert<ProveSignedRevert>(proveSigned(agent, { provider, ...proof, ...changes }), revert, args);
    const proof = await signed(market);
    const { order, taskId } = proof;
    const signature = await signOrder(market.stranger, order, market.domain);
    await refusal(proof, { signature }, "InvalidSignature", { taskId, client: market.client.address });
    await refusal(proof, { proof: "0x" }, "ProofRejected", { taskId, verifier });
    const capped = await signed(market, { maxRoyaltyBps: 499 });
    await refusal(capped, {}, "RoyaltyAboveOrder", { royaltyBps: 500n, maxRoyaltyBps: 499n });
    const other = await signed(market, { verifier: market.stranger.address });
    const terms = { source: BigInt(market.source), version: 1n, verifier: market.stranger.address };
    await refusal(other, {}, "VerifierNotAdmitted", terms);
    const none = await signed(market, { verifier: ZeroAddress });
    await refusal(none, {}, "VerifierMismatch", { verification: 1n, verifier: ZeroAddress });
    await market.providerPool.connect(market.agent).leavePool(provider, market.source);
    await refusal(proof, {}, "NotMember", { provider: market.provider, source: BigInt(market.source) });
  });

  it("is refused by the contract for a limit of gas that the verifier might need", async () => {
    const { market, agent, provider } = await setUp();
    const proof = await signed(market);
    const error: unknown = await proveSigned(agent, { provider, ...proof }, { gasLimit: 550_000n }).catch(
      (reason: unknown) => reason,
    );
    if (!(error instanceof RevertError)) throw error;
    expect(error.revert).to.equal("InsufficientCallGas" satisfies ProveSignedRevert["revert"]);
    expect((error as RevertError<"InsufficientCallGas">).args.required).to.equal((500_000n * 64n) / 63n + 5000n);
  });
});

describe("protocol.proveBatch", () => {
  it("settles all in one transaction", async () => {
    const { market, manager, agent, provider } = await setUp();
    const proofs = [await signed(market), await signed(market, { maxReward: 2n * CAP }), await signed(market)];
    const { settlements, payment } = await proveBatch(agent, { provider, proofs });
    expect(settlements.map(({ taskId }) => taskId)).to.deep.equal(proofs.map(({ taskId }) => taskId));
    for (const [index, { price, fee, royalty, payment: part }] of settlements.entries()) {
      const expected = shares(startPrice(proofs[index]?.order.maxReward ?? 0n));
      expect({ price, fee, royalty, payment: part }).to.deep.equal(expected);
    }
    expect((await market.escrow.accountOf(market.providerOwner)).free).to.equal(payment);
    for (const { taskId } of proofs) expect((await manager.getTask(taskId)).state).to.equal(State.Settled);
  });

  it("is refused for nothing, and wholly for one order that is refused", async () => {
    const { market, manager, agent, provider, verifier } = await setUp();
    await expectRevert<ProveBatchRevert>(proveBatch(agent, { provider, proofs: [] }), "EmptyBatch");
    const [good, bad] = [await signed(market), await signed(market)];
    const proofs = [good, { ...bad, proof: "0x" }];
    await expectRevert<ProveBatchRevert>(proveBatch(agent, { provider, proofs }), "ProofRejected", {
      taskId: bad.taskId,
      verifier,
    });
    expect((await manager.getTask(good.taskId)).state).to.equal(State.None);
  });

  it("sends nothing if a part of a proof is none", async () => {
    const { market, agent, provider } = await setUp();
    const nonce = await market.agent.getNonce();
    const good = await signed(market);
    for (const part of ["signature", "resultDigest", "envelopeHash", "proof"] as const) {
      const error: unknown = await proveBatch(agent, { provider, proofs: [good, { ...good, [part]: "0xz" }] }).catch(
        (reason: unknown) => reason,
      );
      expect(error).to.be.instanceOf(FieldFormatError).and.include({ field: part, value: "0xz" });
    }
    expect(await market.agent.getNonce()).to.equal(nonce);
  });
});
