import { expect } from "chai";
import { sealOf } from "../../src/protocol/seal.js";
import { loadFixture, networkHelpers, time } from "../helpers/network.js";
import { observe, partiesOf, type Observation } from "../helpers/observe.js";
import { joinRival, RIVAL, REVIEW_STATES, type Subject, subjectOf, TaskState } from "../helpers/states.js";
import { deployMarket, FEE_BPS, signedProof } from "../helpers/suite.js";

/** Calls that anyone may make, with the state in which they come and what the one who comes second is told. */
const OPEN_CALLS: Record<
  string,
  [
    state: keyof typeof REVIEW_STATES,
    call: (subject: Subject, caller: "stranger" | "agent") => Promise<unknown>,
    then: bigint,
  ]
> = {
  submitSigned: [
    "None",
    ({ market, packed, signature }, caller) =>
      market.taskManager.connect(market[caller]).submitSigned(packed, signature),
    TaskState.Open,
  ],
  disclose: [
    "Delivered",
    ({ market, packed, commitment, envelope }, caller) =>
      market.taskManager.connect(market[caller]).disclose(packed, commitment, envelope),
    TaskState.Disclosed,
  ],
  settle: [
    "DisclosedOver",
    ({ market, packed }, caller) => market.taskManager.connect(market[caller]).settle(packed),
    TaskState.Settled,
  ],
  reopen: [
    "DeliveredOver",
    ({ market, packed }, caller) => market.taskManager.connect(market[caller]).reopen(packed),
    TaskState.Open,
  ],
};

describe("adversary: third parties that come first", () => {
  for (const [name, [state, call, then]] of Object.entries(OPEN_CALLS)) {
    it(`with ${name}, whoever makes the call has the same effect on all, and the second only gas to lose`, async () => {
      const market = await loadFixture(deployMarket);
      const subject = await subjectOf(market, "Review");
      const at = await REVIEW_STATES[state](subject);
      const scope = { taskIds: [subject.taskId], accounts: await partiesOf(market), providers: [1n, RIVAL] };
      const effect = async (caller: "stranger" | "agent"): Promise<Observation> => {
        await time.setNextBlockTimestamp(at);
        await call(subject, caller);
        return observe(market, scope);
      };
      const snapshot = await networkHelpers.takeSnapshot();
      const honest = await effect("agent");
      await snapshot.restore();
      expect(await effect("stranger")).to.deep.equal(honest);
      await expect(call(subject, "agent"))
        .to.be.revertedWithCustomError(market.taskManager, "WrongState")
        .withArgs(subject.taskId, then);
    });
  }

  it("with a refund, the first gets the tip; the client gets the same from any third party", async () => {
    const market = await loadFixture(deployMarket);
    const subject = await subjectOf(market, "Review");
    const { taskManager, escrow, client, stranger, agent } = market;
    await time.setNextBlockTimestamp(await REVIEW_STATES.Expired(subject));
    const snapshot = await networkHelpers.takeSnapshot();
    const accounts = [];
    for (const caller of [stranger, agent]) {
      await taskManager.connect(caller).refund(subject.packed);
      accounts.push(await escrow.accountOf(client));
      await expect(taskManager.connect(client).refund(subject.packed))
        .to.be.revertedWithCustomError(taskManager, "WrongState")
        .withArgs(subject.taskId, TaskState.Refunded);
      await snapshot.restore();
    }
    expect(accounts[0]).to.deep.equal(accounts[1]);
  });

  it("with a disclosure, no other envelope or commitment passes for the sealed one", async () => {
    const market = await loadFixture(deployMarket);
    const subject = await subjectOf(market, "Review");
    const { taskManager, stranger } = market;
    const { packed, taskId, commitment, envelope, envelopeHash, seal } = subject;
    await REVIEW_STATES.Delivered(subject);
    const junk = `0x${"ab".repeat(64)}`;
    const anyone = taskManager.connect(stranger);
    await expect(anyone.disclose(packed, junk.slice(0, 66), envelope))
      .to.be.revertedWithCustomError(taskManager, "SealMismatch")
      .withArgs(taskId, seal, sealOf({ taskId, provider: 1, commitment: junk.slice(0, 66), envelopeHash }));
    await expect(anyone.disclose(packed, commitment, junk)).to.be.revertedWithCustomError(taskManager, "SealMismatch");
    await anyone.disclose(packed, commitment, envelope);
    expect((await taskManager.getTask(taskId)).state).to.equal(TaskState.Disclosed);
  });

  describe("when the order of a signed proof is posted first", () => {
    it("the provider can still prove it, for no less", async () => {
      const market = await loadFixture(deployMarket);
      const { taskManager, escrow, stranger, agent, providerOwner, client } = market;
      const { packed, taskId } = await signedProof(market);
      const manager = taskManager.connect(agent);
      const snapshot = await networkHelpers.takeSnapshot();
      await manager.proveSigned(1, packed);
      const undisturbed = (await escrow.accountOf(providerOwner)).free;
      await snapshot.restore();

      await taskManager.connect(stranger).submitSigned(packed.order, packed.signature);
      await expect(manager.proveSigned(1, packed))
        .to.be.revertedWithCustomError(taskManager, "WrongState")
        .withArgs(taskId, TaskState.Open);
      await manager.prove(packed.order, 1, packed.resultDigest, packed.envelopeHash, packed.proof);
      expect((await escrow.accountOf(providerOwner)).free).to.be.greaterThanOrEqual(undisturbed);
      const { priceFraction, state } = await taskManager.getTask(taskId);
      expect(state).to.equal(TaskState.Settled);
      const price = (20_000_000_000_000_000n * priceFraction) / 0xffffffffn;
      expect((await escrow.accountOf(client)).fees).to.equal((price * FEE_BPS) / 10_000n);
    });

    it("a batch with it fails as a whole and leaves the rest as it was", async () => {
      const market = await loadFixture(deployMarket);
      const { taskManager, stranger, agent } = market;
      const batch = [await signedProof(market, { rampDuration: 0 }), await signedProof(market, { rampDuration: 0 })];
      const [first, second] = batch;
      if (first === undefined || second === undefined) throw new Error("two proofs");
      await taskManager.connect(stranger).submitSigned(second.packed.order, second.packed.signature);
      const taskIds = [first.taskId, second.taskId];
      const scope = { taskIds, accounts: await partiesOf(market), providers: [1n] };
      const before = await observe(market, scope);
      const manager = taskManager.connect(agent);
      await expect(
        manager.proveBatch(
          1,
          batch.map(({ packed }) => packed),
          { gasLimit: 3_000_000 },
        ),
      )
        .to.be.revertedWithCustomError(taskManager, "WrongState")
        .withArgs(second.taskId, TaskState.Open);
      expect(await observe(market, scope)).to.deep.equal(before);
      await manager.proveBatch(1, [first.packed]);
      expect((await taskManager.getTask(first.taskId)).state).to.equal(TaskState.Settled);
    });

    it("a rival with a proof of its own that comes first is paid, once", async () => {
      const market = await loadFixture(deployMarket);
      await joinRival(market);
      const { taskManager, agent, acceptFirst, others, escrow, providerOwner } = market;
      const [rival] = others;
      if (rival === undefined) throw new Error("no rival");
      // The verifier that takes whatever comes first: a claim in the mempool can be copied.
      const { packed, taskId } = await signedProof(market, { verifier: await acceptFirst.getAddress(), bond: 1n });
      await taskManager.connect(rival).proveSigned(RIVAL, packed);
      await expect(taskManager.connect(agent).proveSigned(1, packed))
        .to.be.revertedWithCustomError(taskManager, "WrongState")
        .withArgs(taskId, TaskState.Settled);
      expect((await escrow.accountOf(rival)).free).to.be.greaterThan(0n);
      expect((await escrow.accountOf(providerOwner)).free).to.equal(0n);
    });
  });
});
