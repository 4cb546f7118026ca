import { expect } from "chai";
import { parseEther } from "ethers";
import { read, readBatch } from "../../../src/protocol/batch.js";
import { NodeError } from "../../../src/protocol/errors.js";
import { RevertError } from "../../../src/protocol/reverts.js";
import { snapshot } from "../../../src/protocol/snapshot.js";
import { ethers, loadFixture, networkHelpers, time } from "../../helpers/network.js";
import { readerOf } from "../../helpers/protocol.js";
import {
  CAP,
  deliveredTask,
  deployMarket,
  disclosedTask,
  FEE_BPS,
  FLOOR,
  KEY,
  openTask,
  reviewOrder,
  ROYALTY_BPS,
  STAKE_PER_SLOT,
} from "../../helpers/suite.js";

const setUp = async () => {
  const market = await loadFixture(deployMarket);
  return { market, protocol: await readerOf(market) };
};

describe("protocol.snapshot", () => {
  it("reads a task at its states, with its prices where the order is known", async () => {
    const { market, protocol } = await setUp();
    const unknown = await reviewOrder(market);
    const none = await snapshot(protocol, { task: unknown });
    expect(none.state).to.equal("None");
    expect(none.price).to.equal(undefined);
    expect(none.startPrice).to.equal(undefined);

    const { order, taskId, packed } = await openTask(market, { rampDuration: 1000 });
    const posted = await time.latest();
    await time.increaseTo(posted + 500);
    const open = await snapshot(protocol, { task: order });
    expect(open).to.include({ taskId, state: "Open", provider: undefined, seal: undefined, clearedAt: undefined });
    expect(open).to.include({ openedAt: posted, deadline: order.deadline, rampDuration: 1000, cancelled: false });
    expect(open).to.include({ feeBps: Number(FEE_BPS), royaltyBps: Number(ROYALTY_BPS), lapses: 0 });
    expect(open.startPrice).to.be.within(FLOOR, FLOOR + 10n ** 8n);
    expect(open.price).to.equal(await market.taskManager.priceOf(packed));
    expect(open.price).to.be.within((FLOOR + CAP) / 2n - 10n ** 8n, (FLOOR + CAP) / 2n + 10n ** 8n);

    const byId = await snapshot(protocol, { task: taskId });
    expect(byId).to.include({ state: "Open", price: undefined, startPrice: undefined });
  });

  it("reads who holds a task, and when it was delivered and disclosed", async () => {
    const { market, protocol } = await setUp();
    const { taskId, seal } = await disclosedTask(market);
    const { markedAt, clearedAt } = await market.taskManager.getTask(taskId);
    const task = await snapshot(protocol, { task: taskId });
    expect(task).to.include({ state: "Disclosed", provider: 1, seal });
    expect(task).to.include({ clearedAt: Number(clearedAt), disclosedAt: Number(markedAt) });
    const { taskId: other } = await deliveredTask(market);
    expect((await snapshot(protocol, { task: other })).disclosedAt).to.equal(undefined);
  });

  it("reads a provider with its stake and reputation", async () => {
    const { market, protocol } = await setUp();
    const { packed } = await deliveredTask(market);
    await market.taskManager.connect(market.client).accept(packed);
    await market.providerPool.connect(market.providerOwner).unbond(1, parseEther("0.3"));
    const provider = await snapshot(protocol, { provider: 1 });
    const record = await market.reputation.getRecord(1);
    expect(provider).to.include({
      provider: 1,
      owner: market.providerOwner.address,
      payout: market.providerOwner.address,
      key: KEY,
      stake: parseEther("1"),
      locked: 2n * STAKE_PER_SLOT,
      unbonding: parseEther("0.3"),
      free: parseEther("0.7") - 2n * STAKE_PER_SLOT,
      settled: 1,
      faults: 0,
      frauds: 0,
      jailedUntil: undefined,
      score: Number(record.score),
    });
    expect(provider.maturesAt).to.be.greaterThan(provider.timestamp);
    const { free } = await market.escrow.accountOf(market.providerOwner);
    expect(provider.earned <= free && provider.earned > free - 10n ** 9n).to.equal(true);
  });

  it("reads a source with its pool", async () => {
    const { market, protocol } = await setUp();
    expect(await snapshot(protocol, { source: 1 })).to.include({
      source: 1,
      publisher: market.publisher.address,
      active: true,
      floorPrice: FLOOR,
      price: FLOOR,
      stakePerSlot: STAKE_PER_SLOT,
      royaltyBps: Number(ROYALTY_BPS),
      versions: 1,
      members: 1,
      capacity: 2,
    });
  });

  it("reads an account and the suite", async () => {
    const { market, protocol } = await setUp();
    await openTask(market);
    await market.taskManager.connect(market.client).revokeBelow(77);
    const account = await snapshot(protocol, { account: market.client.address });
    expect(account).to.include({ free: parseEther("10") - CAP, held: CAP, fees: 0n, nonceFloor: 77n });
    expect(await snapshot(protocol, "suite")).to.include({
      owner: market.owner.address,
      treasury: market.treasury.address,
      feeBps: Number(FEE_BPS),
      submissionsPaused: false,
      sources: 1,
      providers: 1,
      maxRound: await market.taskManager.MAX_ROUND(),
    });
  });

  it("takes one request and one block", async () => {
    const { market, protocol } = await setUp();
    const requests: string[] = [];
    const counting = new Proxy(ethers.provider, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          requests.push(String(name));
          return (value as (...all: unknown[]) => unknown).apply(target, args);
        };
      },
    });
    const latest = await ethers.provider.getBlock("latest");
    const taken = await snapshot({ ...protocol, provider: counting }, { provider: 1 });
    expect(requests).to.deep.equal(["call"]);
    expect(taken.blockNumber).to.equal(latest?.number);
    expect(taken.timestamp).to.be.at.least(latest?.timestamp ?? Infinity);
    expect(market.provider).to.equal(1n);
  });

  it("throws what a read is refused with", async () => {
    const { protocol } = await setUp();
    for (const [target, name, args] of [
      [{ provider: 9 }, "UnknownProvider", { provider: 9n }],
      [{ source: 9 }, "UnknownSource", { source: 9n }],
    ] as const) {
      const error: unknown = await snapshot(protocol, target as { source: number }).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(RevertError);
      expect((error as RevertError).revert).to.equal(name);
      expect((error as RevertError).args).to.deep.equal(args);
    }
  });

  it("waits for a node that is behind, and says so if it stays behind", async () => {
    const { protocol } = await setUp();
    const head = { number: (await ethers.provider.getBlockNumber()) + 1 };
    const ahead = { ...protocol, head, patience: { ...protocol.patience, requests: 200 } };
    const error: unknown = await snapshot(ahead, "suite").catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(NodeError);
    expect((error as Error).message).to.include(`behind block ${head.number}`);
    const patient = snapshot({ ...ahead, patience: protocol.patience }, "suite");
    await networkHelpers.mine(3);
    expect((await patient).blockNumber).to.be.at.least(head.number);
  });

  it("reads nothing in an empty batch, and keeps values apart", async () => {
    const { market, protocol } = await setUp();
    expect((await readBatch(protocol, [])).values).to.deep.equal([]);
    const { values } = await readBatch(protocol, [
      read("sourceRegistry", "ownerOf", 1),
      read("taskManager", "feeBps"),
      read("providerPool", "isAuthorised", 1, market.agent.address),
    ]);
    const [owner, feeBps, authorised] = values;
    expect(owner).to.equal(market.publisher.address);
    expect(feeBps).to.equal(FEE_BPS);
    expect(authorised).to.equal(true);
  });

  it("reads more than fits in one answer, all of one block", async () => {
    const { market, protocol } = await setUp();
    const { taskId } = await openTask(market);
    const asked: (number | undefined)[] = [];
    const provider = new Proxy(protocol.provider, {
      get: (target, name): unknown => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        const act = (value as (...args: unknown[]) => unknown).bind(target);
        if (name !== "call") return act;
        return async (request: { blockTag?: number }) => {
          const answer = await act(request);
          asked.push(request.blockTag);
          // Whatever is asked next would be of another block.
          await networkHelpers.mine();
          return answer;
        };
      },
    });
    const reads = Array.from({ length: 100 }, () => read("taskManager", "getTask", taskId));
    const { blockNumber, values } = await readBatch({ ...protocol, provider }, reads);
    expect(values.map(({ state }) => state)).to.deep.equal(reads.map(() => 1n));
    const [newest, ...others] = asked;
    expect([newest, others.length > 0]).to.deep.equal([undefined, true]);
    expect(others).to.deep.equal(others.map(() => blockNumber));
  });

  it("reads much whose length nobody knows before", async () => {
    const { protocol } = await setUp();
    const reads = Array.from({ length: 100 }, () => read("sourceRegistry", "getVersions", 1, 1, 2));
    const { values } = await readBatch(protocol, reads);
    const [[{ manifestDigest } = { manifestDigest: "" }] = []] = values;
    expect(manifestDigest).to.match(/^0x[0-9a-f]{64}$/);
    expect(values.map(([version]) => version?.manifestDigest)).to.deep.equal(reads.map(() => manifestDigest));
  });
});
