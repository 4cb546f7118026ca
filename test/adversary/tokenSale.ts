import { expect } from "chai";
import { loadFixture, time } from "../helpers/network.js";
import {
  CAP,
  deliveredTask,
  deployMarket,
  disclosedTask,
  FEE_BPS,
  openTask,
  ROYALTY_BPS,
  signedProof,
} from "../helpers/suite.js";
import { TaskState } from "../helpers/states.js";

const ROYALTY = (CAP * ROYALTY_BPS) / 10_000n;
const FEE = (CAP * FEE_BPS) / 10_000n;

describe("adversary: publishers", () => {
  async function deployBuyer() {
    const market = await deployMarket();
    const [, buyer] = market.others;
    if (buyer === undefined) throw new Error("no buyer");
    const freeOf = async (account: { address: string }) => (await market.escrow.accountOf(account.address)).free;
    return { ...market, buyer, freeOf };
  }

  describe("when the source is sold while a task runs", () => {
    it("between delivery and accept, the new publisher gets the royalty", async () => {
      const market = await loadFixture(deployBuyer);
      const { sourceRegistry, taskManager, publisher, buyer, client, freeOf } = market;
      const { packed, taskId } = await deliveredTask(market, { rampDuration: 0 });
      await sourceRegistry.connect(publisher).transferFrom(publisher, buyer, 1);
      await expect(taskManager.connect(client).accept(packed))
        .to.emit(taskManager, "TaskSettled")
        .withArgs(taskId, 1, client, buyer, CAP, FEE, ROYALTY);
      expect([await freeOf(buyer), await freeOf(publisher)]).to.deep.equal([ROYALTY, 0n]);
    });

    it("between disclosure and settlement, likewise", async () => {
      const market = await loadFixture(deployBuyer);
      const { sourceRegistry, taskManager, publisher, buyer, stranger, freeOf } = market;
      const { packed, order } = await disclosedTask(market, { rampDuration: 0 });
      await sourceRegistry.connect(publisher).transferFrom(publisher, buyer, 1);
      await time.increase(order.reviewPeriod + 1);
      await taskManager.connect(stranger).settle(packed);
      expect([await freeOf(buyer), await freeOf(publisher)]).to.deep.equal([ROYALTY, 0n]);
    });

    it("what the seller earned before stays its own", async () => {
      const market = await loadFixture(deployBuyer);
      const { sourceRegistry, taskManager, publisher, buyer, client, agent, freeOf } = market;
      const { packed } = await deliveredTask(market, { rampDuration: 0 });
      await taskManager.connect(client).accept(packed);
      await sourceRegistry.connect(publisher).transferFrom(publisher, buyer, 1);
      const proofs = [await signedProof(market, { rampDuration: 0 }), await signedProof(market, { rampDuration: 0 })];
      await taskManager.connect(agent).proveBatch(
        1,
        proofs.map((proof) => proof.packed),
      );
      // At the start price: the floor is half the cap.
      const { priceFraction } = await taskManager.getTask(proofs[0]?.taskId ?? "");
      const royalty = (((CAP * priceFraction) / 0xffffffffn) * ROYALTY_BPS) / 10_000n;
      expect([await freeOf(buyer), await freeOf(publisher)]).to.deep.equal([2n * royalty, ROYALTY]);
    });

    it("the seller can no longer change anything, the buyer nothing of running tasks", async () => {
      const market = await loadFixture(deployBuyer);
      const { sourceRegistry, taskManager, publisher, buyer, client, agent } = market;
      const task = await openTask(market, { rampDuration: 0 });
      await sourceRegistry.connect(publisher).transferFrom(publisher, buyer, 1);
      await expect(sourceRegistry.connect(publisher).setRoyalty(1, 0))
        .to.be.revertedWithCustomError(sourceRegistry, "NotPublisher")
        .withArgs(1, publisher);
      const registry = sourceRegistry.connect(buyer);
      await registry.setRoyalty(1, 2000);
      await registry.setFloorPrice(1, CAP * 100n);
      await registry.setStakePerSlot(1, CAP * 100n);
      await registry.setVersionActive(1, 1, false);
      await registry.setActive(1, false);
      await taskManager.connect(agent).deliver(task.packed, 1, task.taskId);
      await expect(taskManager.connect(client).accept(task.packed))
        .to.emit(taskManager, "TaskSettled")
        .withArgs(task.taskId, 1, client, buyer, CAP, FEE, ROYALTY);
    });
  });

  describe("when the source is sold to a contract of the suite itself", () => {
    it("tasks still settle, and only the royalty is out of reach", async () => {
      const market = await loadFixture(deployBuyer);
      const { sourceRegistry, taskManager, escrow, publisher, client, treasury, providerOwner, freeOf } = market;
      const { packed, taskId } = await deliveredTask(market, { rampDuration: 0 });
      await sourceRegistry.connect(publisher).transferFrom(publisher, taskManager, 1);
      await taskManager.connect(client).accept(packed);
      expect((await taskManager.getTask(taskId)).state).to.equal(TaskState.Settled);
      expect(await freeOf(providerOwner)).to.equal(CAP - FEE - ROYALTY);
      expect((await escrow.accountOf(taskManager)).free).to.equal(ROYALTY);
      // What lies on TaskManager's account is the treasury's.
      await taskManager.collectFees([client]);
      expect(await freeOf(treasury)).to.equal(FEE + ROYALTY);
    });
  });
});
