import { expect } from "chai";
import { loadFixture, time } from "../../helpers/network.js";
import { deployMember, itIsForTheTaskManager, marketOf, open, SOURCE } from "../../helpers/pool.js";

const PRICE = 10n ** 18n;

describe("ProviderPool.reopen", () => {
  it("counts an order again whose cap reaches the price of now, no other, and says which", async () => {
    const fixture = await loadFixture(deployMember);
    const { pool, manager } = fixture;
    await open(fixture, PRICE, PRICE);
    await open(fixture, PRICE, PRICE);
    await time.increase(100);
    const manage = pool.connect(manager);
    expect(await manage.reopen.staticCall(SOURCE, PRICE)).to.equal(false);
    await manage.reopen(SOURCE, PRICE);
    expect((await marketOf(pool)).openTasks).to.equal(2);
    expect(await manage.reopen.staticCall(SOURCE, 2n * PRICE)).to.equal(true);
    await manage.reopen(SOURCE, 2n * PRICE);
    expect((await marketOf(pool)).openTasks).to.equal(3);
  });

  it("never falls below the floor of the source, and leaves the parameters alone", async () => {
    const fixture = await loadFixture(deployMember);
    const { pool, manager, registry, publisher } = fixture;
    await open(fixture, PRICE, PRICE);
    await registry.connect(publisher).setFloorPrice(SOURCE, 2n * PRICE);
    const before = await marketOf(pool);
    await pool.connect(manager).reopen(SOURCE, 2n * PRICE - 1n);
    expect(await marketOf(pool)).to.deep.equal({
      ...before,
      price: 2n * PRICE,
      openTasks: 1n,
      touchedAt: BigInt(await time.latest()),
    });
    await pool.connect(manager).reopen(SOURCE, 2n * PRICE);
    expect((await marketOf(pool)).openTasks).to.equal(2);
  });

  it("works for a source that has been stopped", async () => {
    const fixture = await loadFixture(deployMember);
    const { pool, manager, registry, publisher } = fixture;
    await open(fixture, PRICE, PRICE);
    await registry.connect(publisher).setActive(SOURCE, false);
    await pool.connect(manager).reopen(SOURCE, 2n * PRICE);
    expect((await marketOf(pool)).openTasks).to.equal(2);
  });

  describe("when the caller is not TaskManager", () => {
    itIsForTheTaskManager((pool) => pool.reopen(SOURCE, 1));
  });
});
