import { expect } from "chai";
import { parseEther, ZeroHash } from "ethers";
import { SEED_DELAY, seatsOf } from "../../../src/protocol/consensus.js";
import { type Order, packOrder, signOrder, taskIdOf, Verification } from "../../../src/protocol/order.js";
import { openView, startPrice, State, viewOf, words } from "../../helpers/manager.js";
import { ethers, loadFixture, time } from "../../helpers/network.js";
import { quorumOrder } from "../../helpers/rounds.js";
import { CAP, FLOOR, openTask, random32 } from "../../helpers/suite.js";
import { changesIn, deployFive, deploySix, expectRefusal, panelOf } from "../../helpers/verdicts.js";

const MAX_ROUND = parseEther("100");

/** As large as the pool of the largest round must be. */
const deployEighteen = () => panelOf(18);

/** A Quorum order of three seats, unless told, that nobody has posted. */
async function draft(changes: Partial<Order> = {}, deploy = deployFive) {
  const panel = await loadFixture(deploy);
  const order = await quorumOrder(panel, changes);
  const manager = panel.taskManager.connect(panel.client);
  return { panel, order, packed: packOrder(order), taskId: taskIdOf(order, panel.domain), manager };
}

describe("TaskManager.submit of a Quorum order", () => {
  it("holds the cap for each seat out of the free balance, and counts each as demand", async () => {
    const { panel, manager, packed } = await draft();
    expect(await changesIn(panel, () => manager.submit(packed))).to.deep.equal({
      "client.free": -3n * CAP,
      "client.held": 3n * CAP,
      "market.openTasks": 3n,
    });
  });

  it("holds the attached coin and leaves the free balance alone", async () => {
    const { panel, manager, packed } = await draft();
    const { escrow, client } = panel;
    const changes = await changesIn(panel, () =>
      expect(manager.submit(packed, { value: 3n * CAP }))
        .to.emit(escrow, "Deposited")
        .withArgs(client.address, client.address, 3n * CAP),
    );
    expect(changes).to.deep.equal({ "client.held": 3n * CAP, coin: 3n * CAP, "market.openTasks": 3n });
  });

  it("opens the task, tells its order once, and waits for the seed", async () => {
    const { panel, manager, order, packed, taskId } = await draft({ rampDuration: 600 });
    const now = (await time.latest()) + 7;
    await time.setNextBlockTimestamp(now);
    const transaction = await manager.submit(packed);
    await expect(transaction)
      .to.emit(manager, "TaskSubmitted")
      .withArgs(taskId, 1, panel.client.address, words(packed), startPrice(CAP));
    expect((await transaction.wait())?.logs).to.have.length(1);
    expect(await viewOf(panel, taskId)).to.deep.equal(openView(order, now));
    const { seedBlock, seed, capacity, closedAt, seats } = await manager.getRound(taskId);
    // The market's provider has two slots, every other member one.
    const block = BigInt((await time.latestBlock()) + SEED_DELAY);
    expect([seedBlock, seed, capacity, closedAt, seats.length]).to.deep.equal([block, 0n, 6n, 0n, 0]);
  });

  for (const trust of [2, 3, 4, 16_383, 16_384]) {
    it(`holds as much as ${seatsOf(trust)} seats cost for a trust of ${trust}`, async () => {
      const { panel, manager, packed } = await draft({ trust }, deployEighteen);
      const seats = BigInt(seatsOf(trust));
      expect(await changesIn(panel, () => manager.submit(packed))).to.deep.equal({
        "client.free": -seats * CAP,
        "client.held": seats * CAP,
        "market.openTasks": seats,
      });
    });
  }

  it("holds as much without counting where the cap is below the market price", async () => {
    const panel = await loadFixture(deployFive);
    for (let i = 0; i < 6; i++) await openTask(panel);
    await time.increase(300);
    const order = await quorumOrder(panel, { maxReward: FLOOR });
    const changes = await changesIn(panel, () => panel.taskManager.connect(panel.client).submit(packOrder(order)));
    expect(changes).to.deep.equal({ "client.free": -3n * FLOOR, "client.held": 3n * FLOOR });
    expect((await panel.taskManager.getTask(taskIdOf(order, panel.domain))).counted).to.be.false;
  });

  it("is posted by whoever has the client's signature, from the client's free balance", async () => {
    const { panel, manager, order, packed, taskId } = await draft();
    const { client, stranger, domain } = panel;
    const signature = await signOrder(client, order, domain);
    expect(await changesIn(panel, () => manager.connect(stranger).submitSigned(packed, signature))).to.deep.equal({
      "client.free": -3n * CAP,
      "client.held": 3n * CAP,
      "market.openTasks": 3n,
    });
    expect((await manager.getTask(taskId)).state).to.equal(State.Open);
    expect((await manager.getRound(taskId)).seedBlock).to.equal((await time.latestBlock()) + SEED_DELAY);
  });

  describe("when the coin does not fit", () => {
    for (const value of [1n, CAP, 3n * CAP - 1n, 3n * CAP + 1n]) {
      it(`refuses ${value} wei`, async () => {
        const { panel, manager, packed } = await draft();
        await expectRefusal(panel, () => manager.submit(packed, { value }), "WrongValue", [value, 3n * CAP]);
      });
    }

    it("refuses what the free balance does not cover, takes what it just does", async () => {
      const { panel, manager, packed, order } = await draft();
      const { escrow, client, stranger, domain } = panel;
      const { free } = await escrow.accountOf(client);
      await escrow.connect(client).withdraw(free - 3n * CAP + 1n);
      const signature = await signOrder(client, order, domain);
      const lack = [client.address, 3n * CAP - 1n, 3n * CAP];
      await expectRefusal(panel, () => manager.submit(packed), "InsufficientBalance", lack, escrow);
      const signed = () => manager.connect(stranger).submitSigned(packed, signature);
      await expectRefusal(panel, signed, "InsufficientBalance", lack, escrow);
      await escrow.connect(client).deposit({ value: 1 });
      await signed();
      expect((await escrow.accountOf(client)).free).to.equal(0n);
    });
  });

  describe("when the order asks for what no round offers", () => {
    const cases: { title: string; changes: Partial<Order>; error: string; args: unknown[]; fits?: Partial<Order> }[] = [
      ...[0, 1, 16_385, 65_535].map((trust) => ({
        title: `a trust of ${trust}`,
        changes: { trust },
        error: "TrustOutOfBounds",
        args: [trust, 2, 16_384],
      })),
      {
        title: "a reservation",
        changes: { reservation: 1 },
        error: "NotOffered",
        args: [Verification.Quorum, 2, 1],
      },
      { title: "a client key of zero", changes: { clientKey: ZeroHash }, error: "ZeroClientKey", args: [] },
      {
        title: "a bond below the cap",
        changes: { bond: CAP - 1n },
        fits: { bond: CAP },
        error: "BondTooLow",
        args: [CAP - 1n, CAP],
      },
      {
        title: "an input digest of zero",
        changes: { inputDigest: ZeroHash },
        error: "ZeroInputDigest",
        args: [],
      },
      {
        title: "a cap below the floor",
        changes: { maxReward: FLOOR - 1n },
        fits: { maxReward: FLOOR },
        error: "CapBelowFloor",
        args: [FLOOR - 1n, FLOOR],
      },
      {
        title: "a fee below the protocol's",
        changes: { maxFeeBps: 249 },
        fits: { maxFeeBps: 250 },
        error: "FeeAboveOrder",
        args: [250, 249],
      },
    ];
    for (const { title, changes, error, args, fits } of cases) {
      it(`refuses ${title}`, async () => {
        const { panel, manager, packed, taskId } = await draft(changes);
        await expectRefusal(panel, () => manager.submit(packed), error, args);
        expect((await manager.getTask(taskId)).state).to.equal(State.None);
        if (fits === undefined) return;
        const order = await quorumOrder(panel, fits);
        await manager.submit(packOrder(order));
        expect((await manager.getTask(taskIdOf(order, panel.domain))).state).to.equal(State.Open);
      });
    }

    it("refuses a verifier, even one that the version admits", async () => {
      const panel = await loadFixture(deployFive);
      const verifier = await panel.attestation.getAddress();
      const packed = packOrder(await quorumOrder(panel, { verifier }));
      const submit = () => panel.taskManager.connect(panel.client).submit(packed);
      await expectRefusal(panel, submit, "VerifierMismatch", [Verification.Quorum, verifier]);
    });

    it("refuses a version whose executions may differ", async () => {
      const panel = await loadFixture(deployFive);
      const terms = { manifestDigest: random32(), environments: 1, minGpuMemory: 0, deterministic: false };
      await panel.sourceRegistry.connect(panel.publisher).publishVersion(1, terms, []);
      const packed = packOrder(await quorumOrder(panel, { version: 2 }));
      const submit = () => panel.taskManager.connect(panel.client).submit(packed);
      await expectRefusal(panel, submit, "NotDeterministic", [1, 2]);
    });
  });

  describe("when all seats together cost too much", () => {
    it("takes what is just the most that a task may hold, no wei more", async () => {
      const panel = await loadFixture(deploySix);
      const manager = panel.taskManager.connect(panel.client);
      const most = MAX_ROUND / 4n;
      const over = packOrder(await quorumOrder(panel, { trust: 4, maxReward: most + 1n, bond: most + 1n }));
      const value = MAX_ROUND + 4n;
      await expectRefusal(panel, () => manager.submit(over, { value }), "CapAboveMaximum", [value, MAX_ROUND]);
      const order = await quorumOrder(panel, { trust: 4, maxReward: most, bond: most });
      await manager.submit(packOrder(order), { value: MAX_ROUND });
      expect((await panel.escrow.accountOf(panel.client)).held).to.equal(MAX_ROUND);
    });
  });

  describe("when the pool is small", () => {
    const deployFour = () => panelOf(4);

    it("refuses a round for which it has not two members more, takes one for which it just has", async () => {
      const { panel, manager, packed, taskId } = await draft({}, deployFour);
      const { providerPool, stranger } = panel;
      await expectRefusal(panel, () => manager.submit(packed), "PoolTooSmall", [1, 4, 5], providerPool);
      const pool = providerPool.connect(stranger);
      await pool.register(stranger, random32());
      await pool.stake(5, parseEther("1"), { value: parseEther("1") });
      await pool.joinPool(5, 1, 1, 1, 1, 0);
      await manager.submit(packed);
      expect((await manager.getTask(taskId)).state).to.equal(State.Open);
    });

    it("counts members and not their slots, and who left no more", async () => {
      const { panel, manager, packed } = await draft();
      const { providerPool, members } = panel;
      const [[, owner] = []] = members;
      if (owner === undefined) throw new Error("no member");
      await providerPool.connect(owner).leavePool(1, 1);
      await expectRefusal(panel, () => manager.submit(packed), "PoolTooSmall", [1, 4, 5], providerPool);
      await providerPool.connect(owner).joinPool(1, 1, 1, 7, 1, 0);
      await manager.submit(packed);
    });

    it("asks for more members where more seats are wanted", async () => {
      const { panel, manager, packed } = await draft({ trust: 16 });
      await expectRefusal(panel, () => manager.submit(packed), "PoolTooSmall", [1, 5, 8], panel.providerPool);
    });
  });

  describe("when it may not be posted now", () => {
    it("refuses it twice", async () => {
      const { panel, manager, packed, taskId } = await draft();
      await manager.submit(packed);
      await expectRefusal(panel, () => manager.submit(packed), "WrongState", [taskId, State.Open]);
    });

    it("refuses it while submissions are paused", async () => {
      const { panel, manager, packed } = await draft();
      await manager.connect(panel.owner).setSubmissionsPaused(true);
      await expectRefusal(panel, () => manager.submit(packed), "SubmissionsPaused", []);
    });

    it("refuses it after its deadline, and of another client", async () => {
      const { panel, manager, order, packed, taskId } = await draft();
      const { stranger } = panel;
      const act = () => manager.connect(stranger).submit(packed);
      await expectRefusal(panel, act, "NotClient", [taskId, stranger.address]);
      await time.increaseTo(order.deadline);
      await time.setNextBlockTimestamp(order.deadline + 1);
      await expectRefusal(panel, () => manager.submit(packed), "DeadlinePassed", [order.deadline, order.deadline + 1]);
    });

    it("refuses it with bits that no field has", async () => {
      const { panel, manager, packed, taskId } = await draft();
      const terms = ethers.toBeHex(BigInt(packed.terms) | (1n << 255n), 32);
      await expectRefusal(panel, () => manager.submit({ ...packed, terms }), "MalformedOrder", [taskId]);
    });
  });
});
