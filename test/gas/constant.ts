import { expect } from "chai";
import { parseEther } from "ethers";
import { ethers } from "../helpers/network.js";
import { arraySlot, mappingSlot, readSlot, slotOf, writeSlot } from "../helpers/storage.js";
import { deployMarket, type Market, random32 } from "../helpers/suite.js";
import { type Figures, gasOf, nextDay, provenSigned, providerOperations, review, silent } from "./lifecycles.js";

/** Figures differ only by zero bytes of random calldata. */
const NOISE = 300;

/** Makes registry and pool as large as if `count` sources, providers and members existed. */
async function grow({ sourceRegistry, providerPool, provider, source }: Market, count: bigint): Promise<void> {
  await writeSlot(sourceRegistry, await slotOf("SourceRegistry", "sourceCount"), count);
  await writeSlot(providerPool, await slotOf("ProviderPool", "providerCount"), count);

  // Market: price 96, openTasks 32, capacity 32, and more, from the lowest bit.
  const market = mappingSlot(await slotOf("ProviderPool", "_markets"), BigInt(source));
  const rest = (await readSlot(providerPool, market)) & ~(((1n << 32n) - 1n) << 128n);
  await writeSlot(providerPool, market, rest | ((2n * count) << 128n));

  // Eight ids a slot; the market's own provider stays at the front.
  const members = mappingSlot(await slotOf("ProviderPool", "_members"), BigInt(source));
  await writeSlot(providerPool, members, count);
  const first = arraySlot(members);
  for (let slot = 0n; slot < (count + 7n) / 8n; slot++) {
    let word = 0n;
    for (let place = 7n; place >= 0n; place--) {
      const index = 8n * slot + place;
      word = (word << 32n) | (index === 0n ? provider : index < count ? count : 0n);
    }
    await writeSlot(providerPool, first + slot, word);
  }
  const { members: grown, capacity } = await providerPool.getMarket(source);
  expect([grown, capacity]).to.deep.equal([count, 2n * count]);
}

async function measureAt(count: bigint): Promise<Figures> {
  const snapshot = (await ethers.provider.send("evm_snapshot", [])) as string;
  await nextDay();
  const market = await deployMarket();
  await grow(market, count);
  await review(market);
  await review(market);
  const figures: Figures = {};
  for (const [name, lifecycle] of Object.entries({ review: await review(market), silent: await silent(market) })) {
    for (const [step, gas] of Object.entries(lifecycle)) figures[`${name}.${step}`] = gas;
  }
  figures["proof.signed"] = await provenSigned(market);
  const terms = { manifestDigest: random32(), environments: 1, minGpuMemory: 0, deterministic: true };
  figures["registry.publish"] = await gasOf(
    market.sourceRegistry
      .connect(market.publisher)
      .publish({ floorPrice: 1n, stakePerSlot: parseEther("0.1"), royaltyBps: 100 }, terms, []),
  );
  const [owner] = market.others;
  if (owner === undefined) throw new Error("no account left");
  Object.assign(figures, await providerOperations(market, owner));
  await ethers.provider.send("evm_revert", [snapshot]);
  return figures;
}

describe("gas does not grow with the market", () => {
  it("costs the same with 16 and with 10,000 sources, providers and members", async () => {
    // Multiples of eight, so that the next member starts a fresh slot of the list both times.
    const [few, many] = [await measureAt(16n), await measureAt(10_000n)];
    for (const [operation, gas] of Object.entries(few)) {
      expect(Math.abs((many[operation] ?? Infinity) - gas), operation).to.be.at.most(NOISE);
    }
  });
});
