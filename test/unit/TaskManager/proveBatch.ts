import { expect } from "chai";
import { parseEther, type Result, type Signer, ZeroAddress } from "ethers";
import { type Order } from "../../../src/protocol/order.js";
import {
  giveScore,
  movements,
  openView,
  priceAfter,
  secondSource,
  shares,
  State,
  viewOf,
  words,
} from "../../helpers/manager.js";
import { loadFixture, networkHelpers, time } from "../../helpers/network.js";
import { CAP, deployMarket, FLOOR, joinProvider, type Market, random32, signedProof } from "../../helpers/suite.js";

const DAY = 86_400;
const FLOOR2 = 3n * FLOOR;
const ROYALTY2 = 1000n;

/** Three clients and two sources of two publishers, early in a day, so that no epoch ends in between. */
async function deployCrowd() {
  const market = await deployMarket();
  const [bob, carol, publisher2] = market.others;
  if (bob === undefined || carol === undefined || publisher2 === undefined) throw new Error("no accounts");
  await time.increaseTo((Math.floor((await time.latest()) / DAY) + 1) * DAY + 1000);
  for (const client of [bob, carol]) await market.escrow.connect(client).deposit({ value: parseEther("1") });
  await secondSource(market, publisher2, { floorPrice: FLOOR2, royaltyBps: ROYALTY2 });
  return { ...market, bob, carol, publisher2, manager: market.taskManager.connect(market.agent) };
}

type Crowd = Awaited<ReturnType<typeof deployCrowd>>;

/**
 * Clients and sources interleaved, some with neighbours of the same kind. Prices are whole gwei, so that sums and
 * single amounts of earnings round alike.
 */
async function mixed(market: Crowd) {
  const { client, bob, carol } = market;
  const plan: { signer: Signer; changes: Partial<Order>; price: bigint }[] = [
    { signer: client, changes: { maxReward: 3n * FLOOR }, price: FLOOR },
    { signer: client, changes: { maxReward: 5n * FLOOR, rampDuration: 0 }, price: 5n * FLOOR },
    { signer: bob, changes: { maxReward: FLOOR }, price: FLOOR },
    { signer: bob, changes: { maxReward: 3n * FLOOR2, source: 2 }, price: FLOOR2 },
    { signer: client, changes: { maxReward: FLOOR2, source: 2 }, price: FLOOR2 },
    { signer: carol, changes: { maxReward: 2n * FLOOR, rampDuration: 0 }, price: 2n * FLOOR },
    { signer: carol, changes: { maxReward: 2n * FLOOR2, source: 2, rampDuration: 0 }, price: 2n * FLOOR2 },
    { signer: bob, changes: { maxReward: FLOOR, bond: 1n }, price: FLOOR },
  ];
  const entries = [];
  for (const { signer, changes, price } of plan) {
    const royaltyBps = changes.source === 2 ? ROYALTY2 : 500n;
    const publisher = changes.source === 2 ? market.publisher2.address : market.publisher.address;
    entries.push({ ...(await signedProof(market, changes, signer)), ...shares(price, { royaltyBps }), publisher });
  }
  return entries;
}

/** Everything that settling leaves behind, but for when. Fees count wherever they rest. */
async function outcome(market: Crowd, taskIds: string[]) {
  const { escrow, reputation, client, bob, carol, providerOwner, publisher, publisher2, manager, provider } = market;
  const clients = [client, bob, carol];
  let fees = (await escrow.accountOf(manager)).free;
  const balances: bigint[] = [];
  for (const account of [...clients, providerOwner, publisher, publisher2]) {
    const { free, held, fees: resting } = await escrow.accountOf(account);
    balances.push(free, held);
    fees += resting;
  }
  const { score, settled, faults, earned } = await reputation.getRecord(provider);
  const counts: boolean[] = [];
  for (const account of clients) counts.push(await reputation.countsNow(provider, account));
  const tasks: Record<string, unknown>[] = [];
  for (const taskId of taskIds) {
    const view = await viewOf(market, taskId);
    expect(view["openedAt"]).to.equal(view["clearedAt"]);
    tasks.push({ ...view, openedAt: 0, clearedAt: 0 });
  }
  return { fees, balances, record: [score, settled, faults, earned], counts, tasks };
}

describe("TaskManager.proveBatch", () => {
  it("leaves the same behind as one order after another", async () => {
    const market = await loadFixture(deployCrowd);
    const { manager, provider } = market;
    const entries = await mixed(market);
    const taskIds = entries.map(({ taskId }) => taskId);
    const snapshot = await networkHelpers.takeSnapshot();
    for (const { packed } of entries) await manager.proveSigned(provider, packed);
    const single = await outcome(market, taskIds);
    await snapshot.restore();
    // One by one, a provider settles the largest fee of each client first: that is what the batch counts.
    for (const { packed } of [...entries].sort((a, b) => Number(b.fee - a.fee))) {
      await manager.proveSigned(provider, packed);
    }
    const best = await outcome(market, taskIds);
    await snapshot.restore();
    await manager.proveBatch(
      provider,
      entries.map(({ packed }) => packed),
    );
    const batched = await outcome(market, taskIds);
    expect({ ...batched, record: [] }).to.deep.equal({ ...single, record: [] });
    expect(batched.record).to.deep.equal(best.record);
  });

  it("pays every party its sum and the protocol at once", async () => {
    const market = await loadFixture(deployCrowd);
    const { manager, provider, bob, carol, publisher2 } = market;
    const entries = await mixed(market);
    const sum = (values: bigint[]) => values.reduce((total, value) => total + value, 0n);
    const [a1, a2, b1, b2, a3, c1, c2, b3] = entries.map(({ price }) => price) as [
      bigint,
      bigint,
      bigint,
      bigint,
      bigint,
      bigint,
      bigint,
      bigint,
    ];
    const royalties = (source: number) =>
      sum(entries.filter(({ order }) => order.source === source).map(({ royalty }) => royalty));
    expect(
      await movements(
        market,
        () =>
          manager.proveBatch(
            provider,
            entries.map(({ packed }) => packed),
          ),
        { bob, carol, publisher2 },
      ),
    ).to.deep.equal({
      "client.free": -(a1 + a2 + a3),
      "bob.free": -(b1 + b2 + b3),
      "carol.free": -(c1 + c2),
      "provider.free": sum(entries.map(({ payment }) => payment)),
      "publisher.free": royalties(1),
      "publisher2.free": royalties(2),
      "manager.free": sum(entries.map(({ fee }) => fee)),
    });
  });

  it("tells of each order as if it stood alone", async () => {
    const market = await loadFixture(deployCrowd);
    const { manager, provider } = market;
    const entries = await mixed(market);
    const transaction = await manager.proveBatch(
      provider,
      entries.map(({ packed }) => packed),
    );
    const address = await manager.getAddress();
    const logs = (await transaction.wait())?.logs.filter((log) => log.address === address) ?? [];
    const told = logs.map((log) => {
      const event = manager.interface.parseLog(log);
      return [event?.name, (event?.args as Result).toArray(true)];
    });
    const startOf = ({ order }: { order: Order }) =>
      priceAfter({ ...order, rampDuration: 1 }, 0, order.source === 2 ? FLOOR2 : FLOOR);
    expect(told).to.deep.equal(
      entries.flatMap((entry) => {
        const { taskId, order, packed, publisher, price, fee, royalty } = entry;
        return [
          ["TaskSubmitted", [taskId, BigInt(order.source), order.client, words(packed.order), startOf(entry)]],
          ["TaskProven", [taskId, packed.resultDigest, packed.envelopeHash]],
          ["TaskSettled", [taskId, provider, order.client, publisher, price, fee, royalty]],
        ];
      }),
    );
    const now = await time.latest();
    const [first] = entries;
    expect(await viewOf(market, first?.taskId ?? "")).to.deep.equal(
      openView(first?.order as Order, now, { state: State.Settled, provider, clearedAt: BigInt(now) }),
    );
  });

  it("does a single order too, and names no publisher where there is no royalty", async () => {
    const market = await loadFixture(deployMarket);
    const { sourceRegistry, publisher, provider, client } = market;
    const manager = market.taskManager.connect(market.agent);
    await sourceRegistry.connect(publisher).setRoyalty(1, 0);
    const { packed, taskId, order } = await signedProof(market);
    const { price, fee, payment } = shares(priceAfter(order, 0), { royaltyBps: 0n });
    expect(
      await movements(market, () =>
        expect(manager.proveBatch(provider, [packed]))
          .to.emit(manager, "TaskSettled")
          .withArgs(taskId, provider, client.address, ZeroAddress, price, fee, 0),
      ),
    ).to.deep.equal({ "client.free": -price, "provider.free": payment, "manager.free": fee });
  });

  describe("when one entry is bad", () => {
    async function spoiled(spoil: (market: Market) => Promise<Awaited<ReturnType<typeof signedProof>>["packed"]>) {
      const market = await loadFixture(deployCrowd);
      const good = await signedProof(market);
      const bad = await spoil(market);
      const proving = () => market.manager.proveBatch(market.provider, [good.packed, bad]);
      return { market, good, proving, manager: market.manager };
    }

    it("does nothing at all", async () => {
      const { market, good, proving, manager } = await spoiled(async (crowd) => {
        const { packed } = await signedProof(crowd);
        return { ...packed, resultDigest: random32() };
      });
      expect(
        await movements(market, () => expect(proving()).to.be.revertedWithCustomError(manager, "ProofRejected")),
      ).to.deep.equal({});
      expect((await manager.getTask(good.taskId)).state).to.equal(State.None);
      expect((await market.reputation.getRecord(1)).settled).to.equal(0);
    });

    it("refuses a signature of another", async () => {
      const { market, proving, manager } = await spoiled(async (crowd) => {
        const { packed } = await signedProof(crowd, { client: crowd.client.address }, crowd.stranger);
        return packed;
      });
      await expect(proving())
        .to.be.revertedWithCustomError(manager, "InvalidSignature")
        .withArgs((value: unknown) => typeof value === "string", market.client.address);
    });

    for (const { title, changes, error, args } of [
      {
        title: "hardware that the first did not need",
        changes: { environments: 2, minGpuMemory: 8 },
        error: "HardwareMismatch",
        args: [1, 0, 2, 8],
      },
      {
        title: "a bond that the first did not need",
        changes: { bond: parseEther("0.7") + 1n },
        error: "InsufficientStake",
        args: [1, parseEther("0.7"), parseEther("0.7") + 1n],
      },
    ]) {
      it(`refuses ${title}`, async () => {
        const { market, proving } = await spoiled(async (crowd) => (await signedProof(crowd, changes)).packed);
        await expect(proving())
          .to.be.revertedWithCustomError(market.providerPool, error)
          .withArgs(...args);
      });
    }

    for (const { changes, error, args } of [
      { changes: { version: 2 }, error: "UnknownVersion", args: [1, 2] },
      { changes: { source: 3 }, error: "UnknownSource", args: [3] },
      { changes: { source: 2, version: 2 }, error: "UnknownVersion", args: [2, 2] },
    ]) {
      it(`asks the registry about ${JSON.stringify(changes)} anew`, async () => {
        const { market, proving } = await spoiled(async (crowd) => (await signedProof(crowd, changes)).packed);
        await expect(proving())
          .to.be.revertedWithCustomError(market.sourceRegistry, error)
          .withArgs(...args);
      });
    }

    it("asks the registry about another verifier anew", async () => {
      const { market, proving } = await spoiled(async (crowd) => {
        return (await signedProof(crowd, { verifier: crowd.stranger.address })).packed;
      });
      await expect(proving())
        .to.be.revertedWithCustomError(market.sourceRegistry, "VerifierNotAdmitted")
        .withArgs(1, 1, market.stranger.address);
    });

    it("refuses more GPU memory than the provider has, though the order before fits", async () => {
      const market = await loadFixture(deployCrowd);
      const owner = market.stranger;
      const gpu = await joinProvider(market, owner, { environments: 2, gpuMemory: 16 });
      const wants = async (minGpuMemory: number) =>
        (await signedProof({ ...market, provider: gpu }, { environments: 2, minGpuMemory })).packed;
      await expect(market.manager.connect(owner).proveBatch(gpu, [await wants(16), await wants(17)]))
        .to.be.revertedWithCustomError(market.providerPool, "HardwareMismatch")
        .withArgs(2, 16, 2, 17);
    });

    it("refuses the same order twice", async () => {
      const market = await loadFixture(deployCrowd);
      const { packed, taskId } = await signedProof(market);
      const other = await signedProof(market);
      for (const batch of [
        [packed, packed],
        [packed, other.packed, packed],
      ]) {
        await expect(market.manager.proveBatch(1, batch))
          .to.be.revertedWithCustomError(market.manager, "WrongState")
          .withArgs(taskId, State.Settled);
      }
    });

    it("refuses a score that only one order asks for", async () => {
      const market = await loadFixture(deployCrowd);
      const batch = [(await signedProof(market)).packed, (await signedProof(market, { minScore: 500_000 })).packed];
      await expect(market.manager.proveBatch(1, batch))
        .to.be.revertedWithCustomError(market.manager, "ScoreTooLow")
        .withArgs(1, 0, 500_000);
      await giveScore(market);
      await market.manager.proveBatch(1, batch);
    });
  });

  it("refuses a client that cannot pay for all of its orders", async () => {
    const market = await loadFixture(deployCrowd);
    const { escrow, client, bob, manager } = market;
    const { free } = await escrow.accountOf(client);
    await escrow.connect(client).withdraw(free - 2n * FLOOR + 1n);
    const order = { maxReward: FLOOR };
    const [first, second] = [(await signedProof(market, order)).packed, (await signedProof(market, order)).packed];
    await expect(manager.proveBatch(1, [first, second]))
      .to.be.revertedWithCustomError(escrow, "InsufficientBalance")
      .withArgs(client.address, 2n * FLOOR - 1n, 2n * FLOOR);
    const between = (await signedProof(market, order, bob)).packed;
    await expect(manager.proveBatch(1, [first, between, second]))
      .to.be.revertedWithCustomError(escrow, "InsufficientBalance")
      .withArgs(client.address, FLOOR - 1n, FLOOR);
    await escrow.connect(client).deposit({ value: 1 });
    await manager.proveBatch(1, [first, between, second]);
    expect((await escrow.accountOf(client)).free).to.equal(0);
  });

  it("refuses an empty batch, a key without authority and everything while paused", async () => {
    const market = await loadFixture(deployCrowd);
    const { manager, stranger, owner, providerPool } = market;
    await expect(manager.proveBatch(1, [])).to.be.revertedWithCustomError(manager, "EmptyBatch");
    const { packed } = await signedProof(market, { maxReward: CAP });
    await expect(manager.connect(stranger).proveBatch(1, [packed]))
      .to.be.revertedWithCustomError(providerPool, "NotAgent")
      .withArgs(1, stranger.address);
    await manager.connect(owner).setSubmissionsPaused(true);
    await expect(manager.proveBatch(1, [packed])).to.be.revertedWithCustomError(manager, "SubmissionsPaused");
  });
});
