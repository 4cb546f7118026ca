import { expect } from "chai";
import type { ContractTransactionResponse } from "ethers";
import { ethers, loadFixture, networkHelpers, time } from "../helpers/network.js";
import { observe, partiesOf, type Observation } from "../helpers/observe.js";
import { PROOF_STATES, REVIEW_STATES, RIVAL, type Subject, subjectOf } from "../helpers/states.js";
import { deployMarket, type Market, openTask } from "../helpers/suite.js";

/** All that the owner may do, at its worst. */
async function meddle({ taskManager, owner, others }: Market): Promise<void> {
  const governor = taskManager.connect(owner);
  const [, , accomplice] = others;
  if (accomplice === undefined) throw new Error("no accomplice");
  await governor.setFee(1000);
  await governor.setTreasury(accomplice);
  await governor.setSubmissionsPaused(true);
}

type Action = (subject: Subject) => Promise<ContractTransactionResponse>;

const anyone = ({ market }: Subject) => market.taskManager.connect(market.stranger);
const ACTIONS = {
  deliver: ({ market, packed, seal }) => market.taskManager.connect(market.agent).deliver(packed, 1, seal),
  disclose: (subject) => anyone(subject).disclose(subject.packed, subject.commitment, subject.envelope),
  accept: ({ market, packed }) => market.taskManager.connect(market.client).accept(packed),
  cancel: ({ market, packed }) => market.taskManager.connect(market.client).cancel(packed),
  settle: (subject) => anyone(subject).settle(subject.packed),
  reopen: (subject) => anyone(subject).reopen(subject.packed),
  refund: (subject) => anyone(subject).refund(subject.packed),
  prove: ({ market, packed, resultDigest, envelopeHash, proof }) =>
    market.taskManager.connect(market.agent).prove(packed, 1, resultDigest, envelopeHash, proof),
} satisfies Record<string, Action>;

const CASES: Record<"Review" | "Proof", Record<string, (keyof typeof ACTIONS)[]>> = {
  Review: {
    Open: ["deliver", "cancel"],
    Cancelled: ["deliver"],
    Expired: ["refund"],
    Delivered: ["disclose", "accept"],
    DeliveredOver: ["reopen", "accept"],
    Disclosed: ["accept"],
    DisclosedOver: ["settle", "accept"],
  },
  Proof: { Open: ["prove", "cancel"], Expired: ["refund"] },
};

describe("adversary: the owner of TaskManager", () => {
  for (const kind of ["Review", "Proof"] as const) {
    for (const [name, actions] of Object.entries(CASES[kind])) {
      for (const action of actions) {
        it(`changes nothing of ${action} when a ${kind} task is ${name}`, async () => {
          const market = await loadFixture(deployMarket);
          const subject = await subjectOf(market, kind);
          const routes = new Map(Object.entries(kind === "Review" ? REVIEW_STATES : PROOF_STATES));
          // Room for the owner's three transactions in between.
          const at = ((await routes.get(name)?.(subject)) ?? 0) + (name.endsWith("ver") || name === "Expired" ? 10 : 0);
          const scope = { taskIds: [subject.taskId], accounts: await partiesOf(market), providers: [1n, RIVAL] };
          const outcome = async (): Promise<Observation> => {
            await time.setNextBlockTimestamp(at);
            await ACTIONS[action](subject);
            return observe(market, scope);
          };
          const snapshot = await networkHelpers.takeSnapshot();
          const plain = await outcome();
          await snapshot.restore();
          await meddle(market);
          expect(await outcome()).to.deep.equal(plain);
        });
      }
    }
  }

  it("keeps nobody from withdrawing, staking, unbonding, claiming or leaving", async () => {
    const market = await loadFixture(deployMarket);
    const { escrow, providerPool, client, providerOwner } = market;
    await meddle(market);
    const { free } = await escrow.accountOf(client);
    await expect(escrow.connect(client).withdraw(free)).to.changeEtherBalances(ethers, [client, escrow], [free, -free]);
    const pool = providerPool.connect(providerOwner);
    await pool.stake(1, 1n, { value: 1n });
    await pool.leavePool(1, 1);
    const { stake } = await providerPool.getProvider(1);
    await pool.unbond(1, stake);
    await time.increase((await providerPool.UNBONDING_PERIOD()) + 1n);
    await pool.claim(1);
    await expect(escrow.connect(providerOwner).withdraw(stake)).to.changeEtherBalance(ethers, providerOwner, stake);
    expect(await ethers.provider.getBalance(escrow)).to.equal(0n);
  });

  it("gives tasks submitted after a change of the fee the new one, which the client agreed to", async () => {
    const market = await loadFixture(deployMarket);
    const { taskManager, owner, client } = market;
    const before = await openTask(market, { maxFeeBps: 250 });
    await taskManager.connect(owner).setFee(251);
    expect((await taskManager.getTask(before.taskId)).feeBps).to.equal(250n);
    const after = await openTask(market, { maxFeeBps: 251 });
    expect((await taskManager.getTask(after.taskId)).feeBps).to.equal(251n);
    await expect(openTask(market, { maxFeeBps: 250 }))
      .to.be.revertedWithCustomError(taskManager, "FeeAboveOrder")
      .withArgs(251, 250);
    expect((await market.escrow.accountOf(client)).held).to.equal(2n * after.order.maxReward);
  });

  it("has seven functions of its own, and the other contracts have no owner", async () => {
    const { taskManager, escrow, providerPool, reputation, sourceRegistry } = await loadFixture(deployMarket);
    const everyones = new Set([
      ...["submit", "submitSigned", "revoke", "revokeBelow", "setClientAgent", "announceInbox", "accept", "cancel"],
      ...["reserve", "deliver", "deliverAndDisclose", "disclose", "prove", "proveSigned", "proveBatch", "multicall"],
      ...["settle", "reopen", "refund", "collectFees", "captureSeed", "takeSeat", "openSeat", "claimSeat"],
      ...["dispute", "openDelivery", "openVote"],
    ]);
    const owners: string[] = [];
    taskManager.interface.forEachFunction(({ name, constant }) => {
      if (!constant && !everyones.has(name)) owners.push(name);
    });
    const ownership = ["transferOwnership", "acceptOwnership", "renounceOwnership"];
    expect(owners).to.have.members([
      "setFee",
      "setTreasury",
      "setPriceParameters",
      "setSubmissionsPaused",
      ...ownership,
    ]);
    for (const leaf of [escrow, providerPool, reputation, sourceRegistry]) {
      expect(leaf.interface.hasFunction("owner()")).to.be.false;
    }
  });
});
