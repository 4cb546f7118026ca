import { expect } from "chai";
import { marketPriceAt } from "../../../src/protocol/market.js";
import { loadFixture, time } from "../../helpers/network.js";
import {
  at,
  deployMember,
  engage,
  itIsForTheTaskManager,
  marketOf,
  open,
  PRICES,
  PROVIDER,
  SOURCE,
} from "../../helpers/pool.js";

const PRICE = 10n ** 18n;
const parameters = { target: Number(PRICES.target), speed: Number(PRICES.speed), clamp: Number(PRICES.clamp) };

async function deployBusy() {
  const fixture = await deployMember();
  for (let i = 0; i < 3; i++) await open(fixture, 2n * PRICE, PRICE);
  return fixture;
}

describe("ProviderPool.close", () => {
  it("takes one order from the demand, after the price of the time before", async () => {
    const fixture = await loadFixture(deployBusy);
    const { pool, manager } = fixture;
    const { price, touchedAt } = await marketOf(pool);
    await at(touchedAt + 60n, () => pool.connect(manager).close(SOURCE, 1));
    const state = { price, openTasks: 3n, capacity: 2n, touchedAt, parameters };
    const found = await marketOf(pool);
    expect(found).to.include({ price: marketPriceAt(state, 1n, touchedAt + 60n), openTasks: 2n, utilisation: 10_000n });
    await pool.connect(manager).close(SOURCE, 1);
    expect(await marketOf(pool)).to.include({ openTasks: 1n, utilisation: 5_000n });
  });

  it("happens with a delivery of a task that counted, not with another's", async () => {
    const fixture = await loadFixture(deployBusy);
    await engage(fixture, 5n, true);
    expect((await marketOf(fixture.pool)).openTasks).to.equal(2);
    await engage(fixture, 5n, false);
    expect((await marketOf(fixture.pool)).openTasks).to.equal(2);
  });

  it("may carry the price below the floor between touches, which nobody ever sees", async () => {
    const fixture = await loadFixture(deployBusy);
    const { pool, manager, owner, registry, publisher } = fixture;
    await registry.connect(publisher).setFloorPrice(SOURCE, PRICE);
    for (let i = 0; i < 2; i++) await pool.connect(manager).close(SOURCE, 1);
    await time.increase(5_000);
    await pool.connect(manager).close(SOURCE, 1);
    expect((await marketOf(pool)).price).to.equal(PRICE);
    expect(await pool.priceOf(SOURCE, 7n)).to.be.below(PRICE);
    // A rise begins at the floor, not where the price was carried to.
    await open(fixture, PRICE, PRICE);
    await pool.connect(owner).leavePool(PROVIDER, SOURCE);
    const { touchedAt, price } = await marketOf(pool);
    expect(price).to.equal(PRICE);
    await time.setNextBlockTimestamp(touchedAt + 10n);
    await pool.connect(manager).close(SOURCE, 1);
    const risen = (await marketOf(pool)).price;
    expect(risen > PRICE + PRICE / 101n && risen < PRICE + PRICE / 99n).to.be.true;
  });

  it("cannot take what is not there", async () => {
    const { pool, manager } = await loadFixture(deployMember);
    await expect(pool.connect(manager).close(SOURCE, 1)).to.be.revertedWithPanic(1);
  });

  describe("when the caller is not TaskManager", () => {
    itIsForTheTaskManager((pool) => pool.close(SOURCE, 1));
  });
});
