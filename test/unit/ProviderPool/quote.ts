import { expect } from "chai";
import { loadFixture, time } from "../../helpers/network.js";
import { deployMember, marketOf, open, SOURCE } from "../../helpers/pool.js";

const PRICE = 10n ** 18n;

/** A market whose price has risen above its floor, with two tasks for two slots. */
async function deployRisen() {
  const fixture = await deployMember();
  await fixture.registry.connect(fixture.publisher).setFloorPrice(SOURCE, PRICE);
  await open(fixture, PRICE, PRICE);
  await open(fixture, PRICE, PRICE);
  await time.increase(200);
  return fixture;
}

describe("ProviderPool.quote", () => {
  it("tells where an order would begin and how it would climb", async () => {
    const { pool } = await loadFixture(deployRisen);
    const { price } = await marketOf(pool);
    expect(price > (PRICE * 12n) / 10n).to.be.true;
    const quote = await pool.quote(SOURCE, 3n * PRICE, 700);
    // Market price, start price, climb a second, seconds to the cap, whether it counts.
    expect([...quote]).to.deep.equal([price, price, (3n * PRICE - price + 699n) / 700n, 700n, true]);
    expect(await pool.priceOf(SOURCE, PRICE)).to.equal(price);
  });

  it("begins at the cap without patience", async () => {
    const { pool } = await loadFixture(deployRisen);
    const quote = await pool.quote(SOURCE, 3n * PRICE, 0);
    expect([quote.startPrice, quote.climb, quote.counted]).to.deep.equal([3n * PRICE, 0n, true]);
  });

  it("says that a cap does not reach the market", async () => {
    const { pool } = await loadFixture(deployRisen);
    const quote = await pool.quote(SOURCE, PRICE, 60);
    expect([quote.startPrice, quote.climb, quote.counted]).to.deep.equal([PRICE, 0n, false]);
    const { marketPrice } = quote;
    expect((await pool.quote(SOURCE, marketPrice, 60)).counted).to.equal(true);
    expect((await pool.quote(SOURCE, marketPrice - 1n, 60)).counted).to.equal(false);
  });

  it("refuses a cap below the floor and a source that there is not", async () => {
    const { pool, registry } = await loadFixture(deployRisen);
    await expect(pool.quote(SOURCE, PRICE - 1n, 60))
      .to.be.revertedWithCustomError(pool, "CapBelowFloor")
      .withArgs(PRICE - 1n, PRICE);
    await expect(pool.quote(9, PRICE, 60))
      .to.be.revertedWithCustomError(registry, "UnknownSource")
      .withArgs(9);
  });
});
