import { expect } from "chai";
import { ZeroHash } from "ethers";
import { type Order, packOrder, taskIdOf, Verification } from "../../../src/protocol/order.js";
import { loadFixture } from "../../helpers/network.js";
import { deployMarket, type Market, proofOrder, reviewOrder } from "../../helpers/suite.js";

/** An order in which every field differs from every other and fills its width. */
const wide = (market: Market): Order => ({
  client: market.client.address,
  source: 2 ** 32 - 1,
  version: 2 ** 16 - 2,
  maxReward: 2n ** 96n - 3n,
  rampDuration: 2 ** 24 - 4,
  deadline: 2 ** 40 - 5,
  verification: Verification.Quorum,
  trust: 2 ** 16 - 6,
  reviewPeriod: 2 ** 24 - 7,
  bond: 2n ** 96n - 8n,
  minScore: 2 ** 32 - 9,
  environments: 255,
  minGpuMemory: 2 ** 16 - 10,
  reservation: 2 ** 24 - 11,
  verifier: market.stranger.address,
  maxRoyaltyBps: 2 ** 16 - 12,
  maxFeeBps: 2 ** 16 - 13,
  inputDigest: `0x${"a1".repeat(32)}`,
  clientKey: `0x${"b2".repeat(32)}`,
  nonce: 2n ** 64n - 14n,
});

describe("TaskManager.taskIdOf", () => {
  it("is the EIP-712 digest of the order under the domain that it tells", async () => {
    const market = await loadFixture(deployMarket);
    const { taskManager, domain } = market;
    const orders = [await reviewOrder(market), await proofOrder(market), wide(market)];
    for (const order of orders) {
      expect(await taskManager.taskIdOf(packOrder(order))).to.equal(taskIdOf(order, domain));
    }
    expect(await taskManager.eip712Domain()).to.deep.equal([
      "0x0f",
      "OpenGPU",
      "1",
      domain.chainId,
      await taskManager.getAddress(),
      ZeroHash,
      [],
    ]);
  });

  it("differs where any field differs", async () => {
    const market = await loadFixture(deployMarket);
    const base = await proofOrder(market);
    const changes: Partial<Order>[] = [
      { client: market.stranger.address },
      { source: base.source + 1 },
      { version: base.version + 1 },
      { maxReward: base.maxReward + 1n },
      { rampDuration: base.rampDuration + 1 },
      { deadline: base.deadline + 1 },
      { verification: Verification.Quorum },
      { trust: 1 },
      { reviewPeriod: 1 },
      { bond: 1n },
      { minScore: 1 },
      { environments: 2 },
      { minGpuMemory: 1 },
      { reservation: 1 },
      { verifier: market.stranger.address },
      { maxRoyaltyBps: 1 },
      { maxFeeBps: 1 },
      { inputDigest: ZeroHash },
      { clientKey: ZeroHash },
      { nonce: base.nonce + 1_000_000n },
    ];
    expect(changes).to.have.length(Object.keys(base).length);
    const ids = new Set([await market.taskManager.taskIdOf(packOrder(base))]);
    for (const change of changes) ids.add(await market.taskManager.taskIdOf(packOrder({ ...base, ...change })));
    expect(ids.size).to.equal(changes.length + 1);
  });
});
