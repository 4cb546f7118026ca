import { expect } from "chai";
import { type AddressLike, concat, keccak256, sha256, toBeHex, toUtf8Bytes, ZeroHash } from "ethers";
import { commitmentOf, sealOf } from "../../src/protocol/seal.js";
import { loadFixture, time } from "../helpers/network.js";
import { joinRival, RIVAL, START, TaskState } from "../helpers/states.js";
import {
  BOND,
  CAP,
  deployMarket,
  FEE_BPS,
  joinProvider,
  openTask,
  random32,
  resultFor,
  ROYALTY_BPS,
  WINDOWS,
} from "../helpers/suite.js";

/** What a lapse costs here: half the bond is more than the climb from start price to cap. */
const SLASHED = BOND / 2n;

/** A task for which an honest provider is about to deliver, with a rival in the pool. */
async function deployRace() {
  const market = await deployMarket();
  const rival = await joinRival(market);
  const task = await openTask(market, { deadline: (await time.latest()) + 4 * 3600 });
  // One bit of output.
  const result = resultFor(task.taskId, market.provider, "1");
  const stakeOf = async (provider: bigint) => {
    const { stake, free } = await market.providerPool.getProvider(provider);
    return { stake, free };
  };
  const freeOf = async (account: AddressLike) => (await market.escrow.accountOf(account)).free;
  return { ...market, ...task, ...result, rival, stakeOf, freeOf };
}

type Race = Awaited<ReturnType<typeof deployRace>>;

/** The transaction that the honest provider broadcasts. */
const broadcast = ({ taskManager, packed, provider, seal }: Race) =>
  taskManager.interface.encodeFunctionData("deliver", [packed, provider, seal]);

/** The honest provider delivers after all, discloses, and is paid. */
async function finish({ taskManager, agent, client, packed, provider, seal, commitment, envelope }: Race) {
  await taskManager.connect(agent).deliver(packed, provider, seal);
  await taskManager.connect(agent).disclose(packed, commitment, envelope);
  await taskManager.connect(client).accept(packed);
}

describe("adversary: seals", () => {
  describe("when everyone reads a pending delivery", () => {
    it("it holds the order, the provider and the seal, and nothing else", async () => {
      const race = await loadFixture(deployRace);
      const data = broadcast(race);
      const { selector } = race.taskManager.getFunction("deliver").fragment;
      const { reward, assurance, terms, clocks, inputDigest, clientKey } = race.packed;
      const order = [reward, assurance, terms, clocks, inputDigest, clientKey];
      expect(data).to.equal(concat([selector, ...order, toBeHex(race.provider, 32), race.seal]));
      for (const secret of [race.resultDigest, race.salt, race.commitment, race.envelopeHash, race.envelope]) {
        expect(data).not.to.include(secret.slice(2));
      }
    });

    it("the log of the delivery tells no more than that", async () => {
      const race = await loadFixture(deployRace);
      const tx = await race.taskManager.connect(race.agent).deliver(race.packed, race.provider, race.seal);
      const logs = JSON.stringify((await tx.wait())?.logs);
      for (const secret of [race.resultDigest, race.salt, race.commitment, race.envelopeHash]) {
        expect(logs).not.to.include(secret.slice(2));
      }
    });

    it("the result is not found by trying all there could be, unless the salt is known", async () => {
      const { taskId, provider, seal, salt, envelopeHash, resultDigest } = await loadFixture(deployRace);
      const found: string[] = [];
      const known = [ZeroHash, taskId, seal, keccak256(taskId), resultDigest];
      for (const output of ["0", "1"]) {
        const digest = sha256(toUtf8Bytes(output));
        for (const guess of [...known, salt]) {
          const commitment = commitmentOf(digest, guess);
          if (sealOf({ taskId, provider, commitment, envelopeHash }) === seal) found.push(`${output} ${guess}`);
        }
      }
      expect(found).to.deep.equal([`1 ${salt}`]);
    });

    it("the same result under another salt has another seal and commitment", async () => {
      const { taskId, provider, seal, commitment, resultDigest, envelopeHash } = await loadFixture(deployRace);
      const other = commitmentOf(resultDigest, random32());
      expect(other).not.to.equal(commitment);
      expect(sealOf({ taskId, provider, commitment: other, envelopeHash })).not.to.equal(seal);
    });
  });

  describe("when a rival copies the seal and comes first", () => {
    it("it can never disclose it, whoever tries, not even with the opening", async () => {
      const race = await loadFixture(deployRace);
      const { taskManager, rival, agent, stranger, packed, taskId, seal, commitment, envelope, envelopeHash } = race;
      await taskManager.connect(rival).deliver(packed, RIVAL, seal);
      await expect(taskManager.connect(agent).deliver(packed, race.provider, seal))
        .to.be.revertedWithCustomError(taskManager, "WrongState")
        .withArgs(taskId, TaskState.Delivered);
      const found = sealOf({ taskId, provider: RIVAL, commitment, envelopeHash });
      for (const caller of [rival, agent, stranger]) {
        await expect(taskManager.connect(caller).disclose(packed, commitment, envelope))
          .to.be.revertedWithCustomError(taskManager, "SealMismatch")
          .withArgs(taskId, seal, found);
      }
    });

    it("it loses half its bond, the honest provider nothing, and is paid later at the same price", async () => {
      const race = await loadFixture(deployRace);
      const { taskManager, escrow, reputation, rival, stranger, client, providerOwner, packed, taskId } = race;
      const { stakeOf, freeOf } = race;
      const [honest, copier, money] = [await stakeOf(1n), await stakeOf(RIVAL), await freeOf(client)];
      const { openedAt } = await taskManager.getTask(taskId);
      const takenAt = (await time.latest()) + 100;
      await time.setNextBlockTimestamp(takenAt);
      await taskManager.connect(rival).deliver(packed, RIVAL, race.seal);
      const price = await taskManager.priceOf(packed);
      const reopenedAt = takenAt + WINDOWS.disclose + 1;
      await time.setNextBlockTimestamp(reopenedAt);
      await expect(taskManager.connect(stranger).reopen(packed))
        .to.emit(taskManager, "TaskLapsed")
        .withArgs(taskId, RIVAL, client, 1, SLASHED);

      expect(await stakeOf(1n)).to.deep.equal(honest);
      expect(await stakeOf(RIVAL)).to.deep.equal({ stake: copier.stake - SLASHED, free: copier.free - SLASHED });
      expect(await freeOf(client)).to.equal(money);
      expect((await escrow.accountOf(taskManager)).free).to.equal(SLASHED);
      expect((await reputation.getRecord(RIVAL)).faults).to.equal(1n);
      expect(await taskManager.priceOf(packed)).to.equal(price);
      expect((await taskManager.getTask(taskId)).openedAt).to.equal(openedAt + BigInt(reopenedAt - takenAt));
      await expect(taskManager.connect(rival).deliver(packed, RIVAL, race.seal))
        .to.be.revertedWithCustomError(taskManager, "Barred")
        .withArgs(taskId, RIVAL);

      await finish(race);
      const { priceFraction } = await taskManager.getTask(taskId);
      const paid = (CAP * priceFraction) / 0xffffffffn;
      expect(paid).to.be.greaterThanOrEqual(price);
      const cut = (paid * FEE_BPS) / 10_000n + (paid * ROYALTY_BPS) / 10_000n;
      expect(await freeOf(providerOwner)).to.equal(paid - cut);
      expect(await stakeOf(1n)).to.deep.equal(honest);
    });

    it("a copy of what was disclosed is of no use for another provider of the reopened task", async () => {
      const race = await loadFixture(deployRace);
      const { taskManager, packed, rival, taskId, commitment, envelope, envelopeHash, seal, agent, stranger } = race;
      // The honest provider seals, but its disclosure is read in the mempool and never mined.
      await taskManager.connect(agent).deliver(packed, race.provider, seal);
      await time.increase(WINDOWS.disclose + 1);
      await taskManager.connect(stranger).reopen(packed);
      await taskManager.connect(rival).deliver(packed, RIVAL, seal);
      await expect(taskManager.connect(rival).disclose(packed, commitment, envelope))
        .to.be.revertedWithCustomError(taskManager, "SealMismatch")
        .withArgs(taskId, seal, sealOf({ taskId, provider: RIVAL, commitment, envelopeHash }));
    });
  });

  describe("when the client puts a junk seal of a provider of its own in front", () => {
    it("has no result when it withdraws, and has paid for the delay", async () => {
      const race = await loadFixture(deployRace);
      const { taskManager, client, rival, packed, taskId, stakeOf, freeOf, providerOwner } = race;
      const money = (await freeOf(client)) + (await stakeOf(RIVAL)).stake;
      await taskManager.connect(rival).deliver(packed, RIVAL, random32());
      await time.increase(WINDOWS.disclose + 1);
      await taskManager.connect(client).reopen(packed);
      expect((await taskManager.getTask(taskId)).state).to.equal(TaskState.Open);
      // Client and provider together are poorer by the whole slash.
      expect((await freeOf(client)) + (await stakeOf(RIVAL)).stake).to.equal(money - SLASHED);
      // The honest provider still has the only result, and gets its price.
      await finish(race);
      expect(await freeOf(providerOwner)).to.be.greaterThan(0n);
    });

    it("pays fee and royalty for nothing if it accepts its own junk", async () => {
      const race = await loadFixture(deployRace);
      const { taskManager, escrow, client, rival, publisher, packed, freeOf } = race;
      const money = (await freeOf(client)) + CAP;
      await taskManager.connect(rival).deliver(packed, RIVAL, random32());
      const price = await taskManager.priceOf(packed);
      await taskManager.connect(client).accept(packed);
      const [fee, royalty] = [(price * FEE_BPS) / 10_000n, (price * ROYALTY_BPS) / 10_000n];
      expect((await freeOf(client)) + (await freeOf(rival))).to.equal(money - fee - royalty);
      expect((await escrow.accountOf(client)).fees).to.equal(fee);
      expect(await freeOf(publisher)).to.equal(royalty);
    });

    it("sealing early does not buy a higher price: it stands still while the junk holds the task", async () => {
      const race = await loadFixture(deployRace);
      const { taskManager, rival, stranger, packed, order } = race;
      await taskManager.connect(rival).deliver(packed, RIVAL, random32());
      const price = await taskManager.priceOf(packed);
      await time.increase(order.rampDuration);
      expect(await taskManager.priceOf(packed)).to.equal(price);
      expect(price).to.be.lessThan(START + CAP / 100n);
      await time.increase(WINDOWS.disclose + 1 - order.rampDuration);
      await taskManager.connect(stranger).reopen(packed);
      expect(await taskManager.priceOf(packed)).to.equal(price);
    });

    it("every identity it uses pays anew", async () => {
      const race = await loadFixture(deployRace);
      const { taskManager, stranger, client, rival, others, packed, taskId, freeOf, stakeOf, escrow } = race;
      const money = await freeOf(client);
      for (const [lapses, owner] of [rival, ...others.slice(1, 3)].entries()) {
        const provider = owner === rival ? RIVAL : await joinProvider(race, owner);
        const { stake } = await stakeOf(provider);
        await taskManager.connect(owner).deliver(packed, provider, random32());
        await time.increase(WINDOWS.disclose + 1);
        await taskManager.connect(stranger).reopen(packed);
        expect((await stakeOf(provider)).stake).to.equal(stake - SLASHED);
        expect((await taskManager.getTask(taskId)).lapses).to.equal(BigInt(lapses + 1));
      }
      expect(await freeOf(client)).to.equal(money);
      expect((await escrow.accountOf(taskManager)).free).to.equal(3n * SLASHED);
    });
  });
});
