import { expect } from "chai";
import { marketsOf } from "../../../src/market/run/markets.js";
import { recordMarkets } from "../../../src/market/run/recorder.js";
import { pricesIn } from "../../../scripts/market/ticker.js";
import type { MarketSample } from "../../../src/market/summary.js";
import type { Protocol } from "../../../src/protocol/protocol.js";
import { loadFixture, time } from "../../helpers/network.js";
import { readerOf } from "../../helpers/protocol.js";
import { CAP, deployMarket, FLOOR, openTask } from "../../helpers/suite.js";

const PLACES = [{ name: "render", source: 1 }] as const;

const setUp = async () => {
  const market = await loadFixture(deployMarket);
  return { market, protocol: await readerOf(market) };
};

/** The same protocol, counting the calls that it sends. */
function counted(protocol: Protocol): { protocol: Protocol; calls: () => number } {
  let calls = 0;
  const provider = new Proxy(protocol.provider, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown => {
        if (name === "call") calls++;
        return Reflect.apply(value, target, args);
      };
    },
  });
  return { protocol: { ...protocol, provider }, calls: () => calls };
}

describe("market.recorder", () => {
  it("tells the price, the utilisation, the open tasks and the slots of each source, in one request", async () => {
    const { market, protocol } = await setUp();
    const { capacity } = await market.providerPool.getMarket(1);
    expect(await marketsOf(protocol, PLACES)).to.deep.include({
      sources: { render: { price: FLOOR, utilisation: 0, openTasks: 0, capacity: Number(capacity) } },
    });
    for (let task = 0n; task <= capacity; task++) await openTask(market);
    await time.increase(100);
    const both = counted(protocol);
    const before = Date.now();
    const { at, sources } = await marketsOf(both.protocol, [...PLACES, { name: "digits", source: 1 }]);
    expect(both.calls()).to.equal(1);
    expect(at).to.be.within(before, Date.now());
    const now = await market.providerPool.getMarket(1);
    const full = { price: now.price, utilisation: 1, openTasks: Number(capacity) + 1, capacity: Number(capacity) };
    expect(sources).to.deep.equal({ render: full, digits: full });
    expect(now.price).to.be.within(FLOOR + 1n, CAP);
  });

  it("has a share of the slots that is as fine as the numbers are", async () => {
    const { market, protocol } = await setUp();
    const { capacity } = await market.providerPool.getMarket(1);
    await openTask(market);
    const { sources } = await marketsOf(protocol, PLACES);
    expect(sources.render?.utilisation).to.equal(Math.min(1, 1 / Number(capacity)));
  });

  it("looks at once, and once more at the end, and tells each sample when it has it", async () => {
    const { protocol } = await setUp();
    const seen: MarketSample[] = [];
    const stopping = new AbortController();
    const samples = await recordMarkets(protocol, PLACES, stopping.signal, (sample) => {
      seen.push(sample);
      if (seen.length === 2) stopping.abort();
    });
    expect(samples).to.deep.equal(seen);
    expect(samples).to.have.length(3);
    const [first, second] = samples;
    expect((second?.at ?? 0) - (first?.at ?? 0)).to.be.at.least(990);
    expect(pricesIn(samples[2] ?? { at: 0, sources: {} }, "ETH")).to.equal("render 0.0100 ETH");
  });

  it("leaves out what it could not read, and ends all the same", async () => {
    const { protocol } = await setUp();
    const stopping = new AbortController();
    stopping.abort();
    const samples = await recordMarkets(protocol, [{ name: "render", source: -1 }], stopping.signal, () => undefined);
    expect(samples).to.deep.equal([]);
  });
});
