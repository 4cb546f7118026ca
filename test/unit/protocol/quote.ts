import { expect } from "chai";
import { FieldRangeError } from "../../../src/protocol/errors.js";
import { quote } from "../../../src/protocol/quote.js";
import { RevertError } from "../../../src/protocol/reverts.js";
import { caught } from "../../helpers/caught.js";
import { loadFixture, time } from "../../helpers/network.js";
import { readerOf } from "../../helpers/protocol.js";
import { CAP, deployMarket, FLOOR, type Market, openTask } from "../../helpers/suite.js";

const setUp = async () => {
  const market = await loadFixture(deployMarket);
  return { market, reader: await readerOf(market) };
};

/** Lets open orders take all slots for a while, so that the price is above the floor. */
const crowd = async (market: Market) => {
  const deadline = (await time.latest()) + 7200;
  for (let count = 0; count < 4; count++) await openTask(market, { deadline });
  await time.increase(1200);
};

describe("protocol.quote", () => {
  it("tells where an order would start and how fast it would climb", async () => {
    const { reader } = await setUp();
    const told = await quote(reader, { source: 1, cap: CAP, patience: 600 });
    expect(told).to.deep.include({ marketPrice: FLOOR, startPrice: FLOOR, reachesMarket: true });
    expect(told).to.deep.include({ utilisation: 0, capacity: 2 });
    expect(told.climb).to.equal((CAP - FLOOR + 599n) / 600n);
    expect(told.minimumBond).to.equal(CAP - FLOOR);
    expect(told.timestamp).to.equal(await time.latest());
  });

  it("starts at the cap without patience", async () => {
    const { reader } = await setUp();
    const told = await quote(reader, { source: 1, cap: CAP, patience: 0 });
    expect(told).to.deep.include({ marketPrice: FLOOR, startPrice: CAP, climb: 0n, reachesMarket: true });
    // Nothing is left to climb, so that only the least share of the cap is asked for.
    expect(told.minimumBond).to.equal(CAP / 10n);
  });

  it("says that a cap does not reach the market price, and what it does where it begins", async () => {
    const { market, reader } = await setUp();
    await crowd(market);
    const { marketPrice, utilisation } = await quote(reader, { source: 1, cap: CAP, patience: 60 });
    expect(marketPrice).to.be.greaterThan(FLOOR);
    expect(utilisation).to.equal(1);
    const below = await quote(reader, { source: 1, cap: marketPrice - 1n, patience: 60 });
    expect(below).to.deep.include({ startPrice: marketPrice - 1n, climb: 0n, reachesMarket: false });
    const exact = await quote(reader, { source: 1, cap: marketPrice, patience: 60 });
    expect(exact).to.deep.include({ startPrice: marketPrice, climb: 0n, reachesMarket: true });
  });

  it("tells what an order then meets", async () => {
    const { market, reader } = await setUp();
    await crowd(market);
    const cap = 100n * FLOOR;
    const { startPrice, minimumBond } = await quote(reader, { source: 1, cap, patience: 600 });
    await time.setNextBlockTimestamp((await time.latest()) + 1);
    const { taskId, order } = await openTask(market, { maxReward: cap, bond: 2n * cap });
    const { startFraction } = await market.taskManager.getTask(taskId);
    const started = (order.maxReward * startFraction) / (2n ** 32n - 1n);
    // A second of a crowded market more.
    expect(started).to.be.at.least(startPrice);
    expect(started).to.be.at.most((startPrice * 1_002n) / 1_000n);
    expect(minimumBond).to.equal(cap - startPrice);
  });

  it("is refused below the floor, and for a source that does not exist", async () => {
    const { reader } = await setUp();
    const low = await caught(quote(reader, { source: 1, cap: FLOOR - 1n, patience: 60 }), RevertError);
    expect([low.revert, low.args]).to.deep.equal([...["CapBelowFloor", { maxReward: FLOOR - 1n, floorPrice: FLOOR }]]);
    const unknown = await caught(quote(reader, { source: 9, cap: CAP, patience: 60 }), RevertError);
    expect(unknown.revert).to.equal("UnknownSource");
  });

  it("takes no parameter that does not fit", async () => {
    const { reader } = await setUp();
    for (const [field, changes] of [
      ["source", { source: -1 }],
      ["cap", { cap: 2n ** 96n }],
      ["patience", { patience: 2 ** 24 }],
    ] as const) {
      const parameters = { ...{ source: 1, cap: CAP, patience: 60 }, ...changes };
      const refused = quote(reader, parameters);
      expect((await caught(refused, FieldRangeError)).field).to.equal(field);
    }
  });
});
