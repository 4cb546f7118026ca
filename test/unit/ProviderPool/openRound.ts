import { expect } from "chai";
import { marketPriceAt } from "../../../src/protocol/market.js";
import { loadFixture, time } from "../../helpers/network.js";
import {
  at,
  deployMember,
  itIsForTheTaskManager,
  marketOf,
  PACKED_PRICES,
  PRICES,
  PROVIDER,
  SLOT_STAKE,
  SOURCE,
  X_KEY,
} from "../../helpers/pool.js";
import { mappingSlot, readSlot, slotOf, writeSlot } from "../../helpers/storage.js";

const PRICE = 10n ** 18n;
const parameters = { target: Number(PRICES.target), speed: Number(PRICES.speed), clamp: Number(PRICES.clamp) };

/** Adds members of one slot each until the pool has five, with six slots. */
async function deployCrowd() {
  const fixture = await deployMember();
  const { pool, stranger } = fixture;
  const bound = pool.connect(stranger);
  for (let provider = 3; provider <= 6; provider++) {
    await bound.register(stranger, X_KEY);
    await bound.stake(provider, SLOT_STAKE, { value: SLOT_STAKE });
    await bound.joinPool(provider, SOURCE, 1, 1, 2, 16);
  }
  return fixture;
}

type Crowd = Awaited<ReturnType<typeof deployCrowd>>;

const openRound = ({ pool, manager }: Crowd, cap: bigint, { floor = PRICE, seats = 3, packed = PACKED_PRICES } = {}) =>
  pool.connect(manager).openRound(SOURCE, cap, floor, packed, seats);

describe("ProviderPool.openRound", () => {
  it("begins at the floor, counts every seat, takes the parameters and tells price and slots", async () => {
    const fixture = await loadFixture(deployCrowd);
    const { pool, manager } = fixture;
    const bound = pool.connect(manager);
    const answer = await bound.openRound.staticCall(SOURCE, PRICE, PRICE, PACKED_PRICES, 3);
    expect([answer.price, answer.capacity]).to.deep.equal([PRICE, 6n]);
    const now = (await time.latest()) + 9;
    await at(now, () => openRound(fixture, PRICE));
    const touchedAt = BigInt(now);
    const counts = { utilisation: 5_000n, openTasks: 3n, capacity: 6n, members: 5n };
    expect(await marketOf(pool)).to.deep.equal({ price: PRICE, ...counts, touchedAt, ...PRICES });
    expect((await marketOf(pool, 2n)).openTasks).to.equal(0n);
  });

  it("counts an order whose cap is the price, not one below, and prices both alike", async () => {
    const fixture = await loadFixture(deployCrowd);
    const { pool } = fixture;
    await openRound(fixture, PRICE - 1n);
    expect(await marketOf(pool)).to.include({ price: PRICE, openTasks: 0n, ...PRICES });
    await openRound(fixture, PRICE);
    expect(await marketOf(pool)).to.include({ openTasks: 3n });
  });

  it("prices the time before by the utilisation that the last touch left", async () => {
    const fixture = await loadFixture(deployCrowd);
    const { pool } = fixture;
    for (let round = 0; round < 2; round++) await openRound(fixture, PRICE);
    const { price, touchedAt } = await marketOf(pool);
    await at(touchedAt + 100n, () => openRound(fixture, 2n * PRICE));
    const expected = marketPriceAt({ price, openTasks: 6n, capacity: 6n, touchedAt, parameters }, 1n, touchedAt + 100n);
    expect(await marketOf(pool)).to.include({ price: expected, openTasks: 9n, utilisation: 10_000n });
    expect(expected > PRICE + PRICE / 10n).to.be.true;
  });

  it("closes as many as it opened, whichever calls do it", async () => {
    const fixture = await loadFixture(deployCrowd);
    const { pool, manager } = fixture;
    await openRound(fixture, PRICE);
    await pool.connect(manager).close(SOURCE, 2);
    expect((await marketOf(pool)).openTasks).to.equal(1n);
    await expect(pool.connect(manager).close(SOURCE, 2)).to.be.revertedWithPanic(1);
    await pool.connect(manager).close(SOURCE, 1);
    expect(await marketOf(pool)).to.include({ openTasks: 0n, utilisation: 0n });
  });

  describe("when members are few", () => {
    for (const seats of [3, 4, 16]) {
      it(`needs two more than ${seats} seats`, async () => {
        const fixture = await loadFixture(deployCrowd);
        const before = await marketOf(fixture.pool);
        const act = openRound(fixture, PRICE, { seats });
        if (seats === 3) await act;
        else {
          await expect(act)
            .to.be.revertedWithCustomError(fixture.pool, "PoolTooSmall")
            .withArgs(SOURCE, 5, seats + 2);
          expect(await marketOf(fixture.pool)).to.deep.equal(before);
        }
      });
    }

    it("counts who left no more, and who came back", async () => {
      const fixture = await loadFixture(deployCrowd);
      const { pool, owner } = fixture;
      await pool.connect(owner).leavePool(PROVIDER, SOURCE);
      await expect(openRound(fixture, PRICE))
        .to.be.revertedWithCustomError(pool, "PoolTooSmall")
        .withArgs(SOURCE, 4, 5);
      await pool.connect(owner).joinPool(PROVIDER, SOURCE, 1, 1, 2, 16);
      await openRound(fixture, PRICE);
      expect((await marketOf(pool)).openTasks).to.equal(3n);
    });

    it("has no round in a pool without members", async () => {
      const { pool, manager } = await loadFixture(deployCrowd);
      await expect(pool.connect(manager).openRound(1, PRICE, PRICE, PACKED_PRICES, 3))
        .to.be.revertedWithCustomError(pool, "PoolTooSmall")
        .withArgs(1, 0, 5);
    });
  });

  it("refuses more open tasks than their field holds", async () => {
    const fixture = await loadFixture(deployCrowd);
    const { pool } = fixture;
    const slot = mappingSlot(await slotOf("ProviderPool", "_markets"), SOURCE);
    const most = (1n << 32n) - 1n;
    const word = await readSlot(pool, slot);
    await writeSlot(pool, slot, word | ((most - 2n) << 96n));
    await expect(openRound(fixture, 2n ** 96n - 1n))
      .to.be.revertedWithCustomError(pool, "PackedFieldOverflow")
      .withArgs(most + 1n, 32);
  });

  describe("when the caller is not TaskManager", () => {
    itIsForTheTaskManager((pool) => pool.openRound(SOURCE, 1, 1, PACKED_PRICES, 3));
  });
});
