import { expect } from "chai";
import { marketPriceAt } from "../../../src/protocol/market.js";
import { loadFixture, time } from "../../helpers/network.js";
import {
  at,
  deployMember,
  deployProvider,
  itIsForTheTaskManager,
  marketOf,
  open,
  PACKED_PRICES,
  PRICES,
  SOURCE,
} from "../../helpers/pool.js";

const PRICE = 10n ** 18n;
const parameters = { target: Number(PRICES.target), speed: Number(PRICES.speed), clamp: Number(PRICES.clamp) };

describe("ProviderPool.open", () => {
  it("begins at the floor, counts the order and takes the parameters", async () => {
    const fixture = await loadFixture(deployMember);
    const now = (await time.latest()) + 9;
    await at(now, () => open(fixture, PRICE, PRICE));
    expect(await marketOf(fixture.pool)).to.deep.equal({
      price: PRICE,
      utilisation: 5_000n,
      openTasks: 1n,
      capacity: 2n,
      members: 1n,
      touchedAt: BigInt(now),
      ...PRICES,
    });
    expect((await marketOf(fixture.pool, 2n)).openTasks).to.equal(0);
  });

  it("counts an order whose cap is the price, not one below, and prices both alike", async () => {
    const fixture = await loadFixture(deployMember);
    const { pool, manager } = fixture;
    await open(fixture, PRICE, PRICE);
    const now = (await time.latest()) + 10;
    await time.setNextBlockTimestamp(now);
    await open(fixture, PRICE - 1n, PRICE);
    expect(await marketOf(pool)).to.include({ openTasks: 1n, touchedAt: BigInt(now) });
    expect(await pool.connect(manager).open.staticCall(SOURCE, 1n, PRICE, PACKED_PRICES)).to.equal(PRICE);
    await open(fixture, PRICE, PRICE);
    expect((await marketOf(pool)).openTasks).to.equal(2);
  });

  it("prices the time before by the utilisation that the last touch left, not by its own", async () => {
    const fixture = await loadFixture(deployMember);
    const { pool } = fixture;
    for (let i = 0; i < 2; i++) await open(fixture, PRICE, PRICE);
    // Two tasks for two slots: a hundred seconds at full speed. The third does not count before it is there.
    const { touchedAt, price } = await marketOf(pool);
    const begun = { price, openTasks: 2n, capacity: 2n, touchedAt, parameters };
    await at(touchedAt + 100n, () => open(fixture, 2n * PRICE));
    const expected = marketPriceAt(begun, 1n, touchedAt + 100n);
    expect(await marketOf(pool)).to.include({ price: expected, openTasks: 3n });
    expect(expected > PRICE + PRICE / 10n && expected < PRICE + PRICE / 8n).to.be.true;
  });

  it("lifts a price that fell below the floor, or whose floor was raised, and begins anew from there", async () => {
    const fixture = await loadFixture(deployMember);
    const { pool } = fixture;
    await open(fixture, PRICE, PRICE);
    await time.increase(2_000);
    await open(fixture, PRICE, PRICE / 2n);
    expect(await marketOf(pool)).to.include({ price: PRICE / 2n });
    await open(fixture, 3n * PRICE, 3n * PRICE);
    expect(await marketOf(pool)).to.include({ price: 3n * PRICE, openTasks: 3n });
  });

  it("goes by new parameters from the order on that brings them", async () => {
    const fixture = await loadFixture(deployMember);
    const { pool } = fixture;
    await open(fixture, PRICE, PRICE);
    await open(fixture, PRICE, PRICE);
    const { price, touchedAt } = await marketOf(pool);
    const fast = { target: 9_000n, speed: 10_000n, clamp: 1_000n };
    const packed = (fast.clamp << 32n) | (fast.speed << 16n) | fast.target;
    await at(touchedAt + 50n, () => open(fixture, 0n, 1n, packed));
    const slowly = marketPriceAt({ price, openTasks: 2n, capacity: 2n, touchedAt, parameters }, 1n, touchedAt + 50n);
    expect(await marketOf(pool)).to.include({ price: slowly, openTasks: 2n, ...fast });
  });

  it("makes a market without providers dear while tasks wait there", async () => {
    const fixture = await loadFixture(deployProvider);
    const { pool } = fixture;
    await open(fixture, PRICE, PRICE);
    const { touchedAt } = await marketOf(pool);
    await at(touchedAt + 100n, () => open(fixture, 0n));
    expect(await marketOf(pool)).to.include({ utilisation: 10_000n, capacity: 0n, openTasks: 1n });
    expect((await marketOf(pool)).price > PRICE + PRICE / 10n).to.be.true;
  });

  it("lets the price of a market stand that has neither tasks nor providers", async () => {
    const fixture = await loadFixture(deployMember);
    const { pool, owner } = fixture;
    await open(fixture, PRICE, PRICE);
    await pool.connect(fixture.manager).close(SOURCE, 1);
    const { price } = await marketOf(pool);
    await pool.connect(owner).leavePool(2, SOURCE);
    await time.increase(1_000_000);
    const later = (await marketOf(pool)).price;
    // The seconds until the leave count, the rest does not.
    expect(later <= price && later > (price * 98n) / 100n).to.be.true;
    await time.increase(1_000_000);
    expect((await marketOf(pool)).price).to.equal(later);
  });

  describe("when the caller is not TaskManager", () => {
    itIsForTheTaskManager((pool) => pool.open(SOURCE, 1, 1, PACKED_PRICES));
  });
});
